"""The lip-sync measures find what was put there."""

import numpy as np
import pytest

from espressivo.eval.lipsync import BILABIALS, audio_mouth_lag, closed_at, frame_energy, intervals_of

RATE_HZ, FPS = 16_000, 30.0


def _bursts(seed: int = 0, seconds: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Noise whose loudness follows a random curve, and that curve per frame."""
    rng = np.random.default_rng(seed)
    frames = int(seconds * FPS)
    curve = np.convolve(rng.random(frames), np.hanning(7) / np.hanning(7).sum(), "same") ** 3
    loud = np.interp(np.arange(int(seconds * RATE_HZ)) / RATE_HZ, np.arange(frames) / FPS, curve)
    return (loud * rng.standard_normal(len(loud))).astype(np.float32), curve


@pytest.mark.parametrize("shift", range(-6, 7))
def test_a_known_lag_is_found(shift: int) -> None:
    samples, curve = _bursts()
    lag = audio_mouth_lag(np.roll(np.log(curve + 1e-3), shift), samples, RATE_HZ, FPS)
    assert lag.frames == shift
    assert lag.reliable


def test_a_still_mouth_has_no_reliable_lag() -> None:
    samples, curve = _bursts()
    assert not audio_mouth_lag(np.zeros_like(curve), samples, RATE_HZ, FPS).reliable


def test_another_sound_has_no_reliable_lag() -> None:
    _, curve = _bursts(0, 20.0)
    other, _ = _bursts(1, 20.0)
    assert not audio_mouth_lag(np.log(curve + 1e-3), other, RATE_HZ, FPS).reliable


def test_energy_is_taken_around_the_moment_a_frame_shows() -> None:
    samples = np.zeros(RATE_HZ, np.float32)
    samples[8000:8100] = np.sin(np.arange(100))
    assert int(np.argmax(frame_energy(samples, RATE_HZ, FPS, 30))) == 15


@pytest.mark.parametrize(("start_s", "end_s", "closed"), [(0.30, 0.36, True), (0.332, 0.335, True), (0.6, 0.7, False)])
def test_closure_is_looked_for_inside_the_interval(start_s: float, end_s: float, closed: bool) -> None:
    opening = np.full(30, 10.0)
    opening[10] = 0.5
    assert closed_at(opening, FPS, [(start_s, end_s)]).tolist() == [closed]


def test_intervals_are_those_of_the_labels() -> None:
    phones = [("P", 0.0, 0.1), ("AA", 0.1, 0.2), ("M", 0.2, 0.3)]
    assert intervals_of(phones, BILABIALS) == [(0.0, 0.1), (0.2, 0.3)]
