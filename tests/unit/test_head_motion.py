"""The head sways, nods on accents, and carries the emotion; nothing else about it knows the emotion."""

import dataclasses

import numpy as np
import pytest

from espressivo.conditioning.notation import parse_emotion
from espressivo.eval.liveliness import PUBLISHED, animate, measure_liveliness, monologue
from espressivo.generators.face.liveliness.controls import LivelinessControls
from espressivo.generators.face.liveliness.enliven import enliven
from espressivo.generators.face.liveliness.head import NOD_DEG, head_motion
from espressivo.generators.face.liveliness.noise import pink_noise

SECONDS = 600.0
PROSODY = monologue(SECONDS)


def head(emotion: str, seconds: float = 60.0, seed: int = 0, gain: float = 1.0, fps: float = 30.0) -> np.ndarray:
    curves = parse_emotion(emotion).sample(np.arange(round(seconds * fps)) / fps)
    return head_motion(PROSODY, curves, seed, gain)


@pytest.mark.parametrize("seed", range(3))
def test_sway_and_range_are_peoples(seed: int):
    figures = measure_liveliness(animate(PROSODY, "neutral", SECONDS, seed=seed))
    for name in ("head_pitch_sd_deg", "head_yaw_sd_deg", "head_roll_sd_deg", "head_range_deg"):
        least, most, _ = PUBLISHED[name]
        assert least <= getattr(figures, name) <= most


def test_intensity_zero_is_neutral_to_the_bit_and_gain_zero_is_still():
    assert np.array_equal(head("anger:0"), head("neutral"))
    assert not head("anger", gain=0.0).any()


def test_the_seed_fixes_the_motion_whatever_the_frame_rate():
    assert np.array_equal(head("neutral", seed=1), head("neutral", seed=1))
    assert np.abs(head("neutral", seed=1) - head("neutral", seed=2)).max() > 0.01
    assert np.allclose(head("neutral", fps=60)[::2], head("neutral", fps=30), atol=1e-6)


def test_postures_have_the_signs_of_face_motion():
    sad, scornful, neutral = (np.degrees(head(e).mean(0)) for e in ("sadness", "contempt", "neutral"))
    assert sad[0] - neutral[0] > 4  # chin down
    assert scornful[0] - neutral[0] < -3  # chin up
    assert scornful[2] - neutral[2] > 2


def test_anger_moves_more_than_sadness():
    assert head("anger").std(0)[1] > 2 * head("sadness").std(0)[1]


def test_the_chin_goes_down_on_accents():
    unstressed = dataclasses.replace(PROSODY, accents_s=np.empty(0))
    curves = parse_emotion("neutral").sample(np.arange(1800) / 30)
    nods = np.degrees(head_motion(PROSODY, curves, 0) - head_motion(unstressed, curves, 0))
    assert not nods[:, 1:].any()
    assert nods.min() == 0
    at = [round(t * 30) for t in PROSODY.accents_s if t < 59]
    assert np.mean(nods[at, 0] > 0.4 * NOD_DEG[0] * 0.6) > 0.9
    assert nods.max() <= NOD_DEG[1]


def test_noise_is_slow_and_of_unit_variance():
    noise = pink_noise(np.arange(60_000) / 100, 4, (0.08, 1.5), np.random.default_rng(0))
    assert noise.std(0) == pytest.approx(np.ones(4), abs=0.1)
    power = np.abs(np.fft.rfft(noise, axis=0)) ** 2
    hz = np.fft.rfftfreq(len(noise), 0.01)
    assert power[hz > 2].sum() < 0.01 * power.sum()
    assert power[(hz > 0.1) & (hz < 0.2)].sum() == pytest.approx(power[(hz > 0.4) & (hz < 0.8)].sum(), rel=0.8)


def test_a_face_without_liveliness_keeps_its_weights():
    weights = np.random.default_rng(0).uniform(0, 1, (90, 52)).astype(np.float32)
    weights[:, [c for c in range(52) if c in (1, 2, 3, 4, 8, 9, 10, 11)]] = 0
    curves = parse_emotion("anger").sample(np.arange(90) / 30)
    still = enliven(weights, curves, PROSODY, 30.0, 0, LivelinessControls(blinks=0, gaze=0, head=0))
    assert np.array_equal(still.weights, weights)
    assert not still.head_rad.any()
    assert not still.gaze_rad.any()
