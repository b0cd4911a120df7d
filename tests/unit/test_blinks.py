"""Blinks come at people's rates and do not know the emotion except through arousal."""

import numpy as np
import pytest

from espressivo.conditioning.track import EmotionCurves
from espressivo.eval.liveliness import PUBLISHED, animate, measure_liveliness, monologue
from espressivo.generators.face.arkit import CHANNEL, weights_from
from espressivo.generators.face.liveliness.blinks import (
    AROUSAL_GAIN,
    DOUBLE_GAP_S,
    REFRACTORY_S,
    Blink,
    close_lids,
    lid_curves,
    schedule_blinks,
)

MINUTES = 10
PROSODY = monologue(60 * MINUTES)


def aroused(arousal: float, fps: float = 30.0) -> EmotionCurves:
    times_s = np.arange(round(60 * MINUTES * fps)) / fps
    vad = np.zeros((len(times_s), 3), np.float32)
    vad[:, 1] = arousal
    return EmotionCurves(times_s, np.zeros((len(times_s), 10), np.float32), vad)


def starts_s(*args: object, **kwargs: object) -> np.ndarray:
    return np.array([blink.start_s for blink in schedule_blinks(*args, **kwargs)])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("seed", range(4))
def test_rate_and_intervals_are_peoples(seed: int):
    figures = measure_liveliness(animate(PROSODY, "neutral", 60 * MINUTES, seed=seed))
    for name in ("blinks_per_min", "blink_interval_s"):
        least, most, _ = PUBLISHED[name]
        assert least <= getattr(figures, name) <= most


def test_the_seed_fixes_the_blinks_whatever_the_frame_rate():
    first, again, other = (starts_s(PROSODY, aroused(0), seed) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.allclose(starts_s(PROSODY, aroused(0, fps=60), 5), first, atol=0.05)


def test_arousal_quickens_and_gain_scales_the_rate():
    def count(arousal: float, gain: float = 1.0) -> float:
        return float(np.mean([len(starts_s(PROSODY, aroused(arousal), seed, gain)) for seed in range(6)]))

    assert 1.05 < count(0.8) / count(0) < 1 + AROUSAL_GAIN
    assert count(-0.6) < count(0)
    assert count(0, gain=0.5) < 0.75 * count(0)
    assert count(0, gain=0) == 0


def test_no_blink_follows_within_the_refractory_time_but_doubles():
    gaps = np.diff(starts_s(PROSODY, aroused(0.5), 1))
    double = np.isclose(gaps, DOUBLE_GAP_S)
    assert 0 < double.mean() < 0.2
    assert (gaps[~double] >= REFRACTORY_S - DOUBLE_GAP_S - 1e-9).all()


def test_phrase_ends_and_large_gaze_shifts_attract_blinks():
    starts = starts_s(PROSODY, aroused(0), 2)
    ends = np.array([start for start, _ in PROSODY.pauses if start < 599])
    hit = (np.abs(ends[:, None] + 0.05 - starts[None]) < 0.1).any(1).mean()
    assert 0.4 < hit < 0.8
    shifts = np.array([100.0, 200.0, 300.0])
    with_shifts = starts_s(PROSODY, aroused(0), 2, gaze_shifts_s=shifts)
    assert (np.abs(shifts[:, None] - with_shifts[None]).min(1) <= REFRACTORY_S).all()


def test_a_lid_closes_faster_than_it_opens_and_the_right_one_lags():
    times_s = np.arange(1000) / 1000
    left, right = lid_curves((Blink(0.2, 1.0, 0.07, 0.03, 0.18, 0.008),), times_s).T
    closed = np.flatnonzero(left > 0.999)
    assert left.max() == pytest.approx(1, abs=1e-3)
    assert times_s[closed[0]] == pytest.approx(0.27, abs=0.003)
    assert times_s[np.flatnonzero(left > 0)[-1]] == pytest.approx(0.48, abs=0.005)
    assert np.argmax(right > 0.5) - np.argmax(left > 0.5) == 8


def test_lids_combine_with_the_emotion_and_never_leave_the_range():
    face = np.tile(weights_from(eyeBlink=0.3, eyeWide=0.8), (3, 1))
    closed = close_lids(face, np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]))
    assert closed[:, CHANNEL["eyeBlinkLeft"]] == pytest.approx([0.3, 0.65, 1.0])
    assert closed[:, CHANNEL["eyeWideRight"]] == pytest.approx([0.8, 0.4, 0.0])
    assert np.array_equal(close_lids(face, np.zeros((3, 2))), face)
