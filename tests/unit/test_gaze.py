"""Gaze has the published statistics, and eyes, lids and exports agree."""

import numpy as np
import pytest

from espressivo.conditioning.notation import parse_emotion
from espressivo.eval.liveliness import PUBLISHED, animate, measure_liveliness, monologue
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.liveliness.gaze import (
    HEAD_COMPENSATION,
    LARGEST_TALKING_DEG,
    Glances,
    gaze_motion,
    look_channels,
    schedule_glances,
)
from espressivo.generators.face.rig import GAZE_AT_FULL_WEIGHT_RAD

SECONDS = 600.0
PROSODY = monologue(SECONDS)
GLANCES = schedule_glances(PROSODY, SECONDS, seed=0)


def gaze(emotion: str, seconds: float = 60.0, gain: float = 1.0) -> np.ndarray:
    curves = parse_emotion(emotion).sample(np.arange(round(seconds * 30)) / 30)
    return gaze_motion(GLANCES, curves, 0, gain)


@pytest.mark.parametrize("seed", range(3))
def test_glances_have_the_published_sizes_and_shares(seed: int):
    figures = measure_liveliness(animate(PROSODY, "neutral", SECONDS, seed=seed))
    for name in ("glance_deg", "away_share"):
        least, most, _ = PUBLISHED[name]
        assert least <= getattr(figures, name) <= most


def test_sizes_before_scaling_follow_the_logarithmic_law():
    away = np.concatenate([schedule_glances(PROSODY, SECONDS, seed).yaw_deg[0::2] for seed in range(6)])
    up_down = np.concatenate([schedule_glances(PROSODY, SECONDS, seed).pitch_deg[0::2] for seed in range(6)])
    size = np.hypot(away, up_down)
    assert size.max() <= LARGEST_TALKING_DEG + 1e-6
    assert np.mean(size) == pytest.approx(6.9 * (1 + np.log(15.7 / 15)), rel=0.12)
    assert np.median(size) == pytest.approx(-6.9 * np.log(7.5 / 15.7), rel=0.15)


def test_the_seed_fixes_the_glances():
    same = schedule_glances(PROSODY, SECONDS, seed=0)
    assert np.array_equal(same.starts_s, GLANCES.starts_s)
    assert not np.array_equal(schedule_glances(PROSODY, SECONDS, seed=1).yaw_deg[:9], GLANCES.yaw_deg[:9])


def test_intensity_zero_is_neutral_to_the_bit_and_gain_zero_is_still():
    assert np.array_equal(gaze("sadness:0"), gaze("neutral"))
    assert not gaze("fear", gain=0.0).any()


def test_sadness_looks_down_more_with_intensity_and_fear_glances_further():
    pitch = [gaze(f"sadness:{i}")[:, 1].mean() for i in (0, 0.5, 1)]
    assert pitch[0] < pitch[1] < pitch[2]
    assert np.degrees(pitch[2] - pitch[0]) > 8
    assert gaze("fear").std() > gaze("neutral").std() > gaze("anger").std()


def test_a_saccade_lasts_as_long_as_its_size_asks():
    times_s = np.arange(2000) / 2000
    yaw = Glances(np.array([0.5]), np.array([20.0]), np.array([0.0])).at(times_s)[:, 0]
    moving = times_s[(yaw > 0) & (yaw < 20)]
    assert moving[0] == pytest.approx(0.5, abs=0.001)
    assert moving[-1] - moving[0] == pytest.approx(0.025 + 0.0024 * 20, abs=0.002)


def test_eyes_stay_on_the_viewer_while_the_head_turns():
    curves = parse_emotion("neutral").sample(np.arange(30) / 30)
    head = np.tile(np.array([0.1, -0.2, 0.0], np.float32), (30, 1))
    turned = gaze_motion(GLANCES, curves, 0, head_rad=head) - gaze_motion(GLANCES, curves, 0)
    assert np.allclose(turned, [0.2 * HEAD_COMPENSATION, -0.1 * HEAD_COMPENSATION], atol=1e-6)


def test_look_channels_say_what_the_gaze_says():
    side, vertical = GAZE_AT_FULL_WEIGHT_RAD
    left_and_down = np.array([[side / 2, vertical / 4]], np.float32)
    weights = look_channels(np.zeros((1, 52), np.float32), left_and_down)[0]
    expected: dict[str, float] = {
        "eyeLookOutLeft": 0.5,
        "eyeLookInRight": 0.5,
        "eyeLookDownLeft": 0.25,
        "eyeLookDownRight": 0.25,
    }
    assert {n: pytest.approx(float(weights[c])) for n, c in CHANNEL.items() if weights[c]} == expected
    mirrored = look_channels(np.zeros((1, 52), np.float32), -left_and_down)[0]
    assert mirrored[CHANNEL["eyeLookInLeft"]] == pytest.approx(0.5)
    assert mirrored[CHANNEL["eyeLookUpRight"]] == pytest.approx(0.25)
