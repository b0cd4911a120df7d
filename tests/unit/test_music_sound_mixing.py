"""Loudness after BS.1770, the limiter, and music under speech."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.errors import InputError
from espressivo.generators.music.sound.ducking import duck, gain_under
from espressivo.generators.music.sound.loudness import CEILING_DBTP, integrated_lufs, normalised, true_peak_db

RATE_HZ = 48_000


def sine(hz: float, level_db: float, seconds: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    return 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


@pytest.mark.parametrize("rate_hz", [32_000, 44_100, 48_000, 96_000])
def test_a_sine_in_one_channel(rate_hz: int) -> None:
    # BS.1770-5, annex 1: 0 dB FS at 997 Hz in one front channel reads -3.01.
    tone = sine(997, -20, 5, rate_hz)
    assert integrated_lufs(np.stack([tone, 0 * tone], axis=1), rate_hz) == pytest.approx(-23.01, abs=0.02)
    assert integrated_lufs(tone[:, None], rate_hz) == pytest.approx(-23.01, abs=0.02)


def test_gates_as_in_ebu_tech_3341() -> None:
    # Its minimum requirements, cases 1 to 4: stereo sines of 1 kHz that all read -23 (or -33) within 0.1 LU.
    def stereo(*parts: tuple[float, float]) -> np.ndarray:
        tone = np.concatenate([sine(1000, level, seconds) for level, seconds in parts])
        return np.stack([tone, tone], axis=1)

    assert integrated_lufs(stereo((-23, 20)), RATE_HZ) == pytest.approx(-23, abs=0.1)
    assert integrated_lufs(stereo((-33, 20)), RATE_HZ) == pytest.approx(-33, abs=0.1)
    assert integrated_lufs(stereo((-36, 10), (-23, 60), (-36, 10)), RATE_HZ) == pytest.approx(-23, abs=0.1)
    case_4 = stereo((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10))
    assert integrated_lufs(case_4, RATE_HZ) == pytest.approx(-23, abs=0.1)


def test_peaks_between_the_samples_count() -> None:
    # A quarter of the rate, sampled beside its peaks: every sample is 3 dB below them.
    tone = np.sin(2 * np.pi * 12_000 * np.arange(4800) / RATE_HZ + np.pi / 4)[:, None]
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_db(tone[400:-400]) == pytest.approx(0, abs=0.5)


def test_silence_and_the_shortest() -> None:
    assert integrated_lufs(np.zeros((RATE_HZ, 2)), RATE_HZ) == -np.inf
    assert integrated_lufs(np.zeros((0, 2)), RATE_HZ) == -np.inf
    quiet, gain_db = normalised(np.zeros((RATE_HZ, 2)), RATE_HZ)
    assert not quiet.any()
    assert gain_db == 0
    short, _ = normalised(sine(500, -40, 0.1)[:, None], RATE_HZ)
    assert np.isfinite(short).all()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.floats(-24, -14))
def test_the_target_is_met_with_safe_peaks(seed: int, target_lufs: float) -> None:
    draw = np.random.default_rng(seed)
    # Strokes of noise that die away: as peaky as percussion.
    shape = np.exp(-((np.arange(3 * RATE_HZ) % 24_000) / 6000))
    sound = (draw.standard_normal((3 * RATE_HZ, 2)) * shape[:, None] * 0.01).astype(np.float32)
    result, _ = normalised(sound, RATE_HZ, target_lufs)
    assert integrated_lufs(result, RATE_HZ) == pytest.approx(target_lufs, abs=0.3)
    assert true_peak_db(result) <= CEILING_DBTP + 0.05


def test_a_periodic_limiter_goes_round() -> None:
    # A peak at the very beginning turns down the end of a loop as well.
    sound = np.full((RATE_HZ, 1), 0.01)
    sound[:96] = sine(1000, 0, 0.002)[:, None]
    sound += sine(440, -40, 1)[:, None]
    for periodic, turned_down in ((True, True), (False, False)):
        result, gain_db = normalised(sound, RATE_HZ, -12, periodic=periodic)
        ratio = result[-5:, 0] / (sound[-5:, 0] * 10 ** (gain_db / 20))
        assert (ratio < 0.9).all() == turned_down


def spoken() -> np.ndarray:
    """A second of silence, two words with a gap of 100 ms, four seconds of silence."""
    word = sine(300, -12, 0.7)
    return np.concatenate([np.zeros(RATE_HZ), word, np.zeros(RATE_HZ // 10), word, np.zeros(4 * RATE_HZ)])


@pytest.mark.parametrize("depth_db", [-6.0, -12.0, -24.0])
def test_music_makes_room_and_comes_back(depth_db: float) -> None:
    speech = spoken()
    music = np.ones((len(speech), 2), np.float32)
    gain_db = 20 * np.log10(duck(music, speech, RATE_HZ, depth_db)[:, 0])
    at = [float(gain_db[round(time_s * RATE_HZ)]) for time_s in (0.5, 1.02, 1.75, 2.3, 3.6, 5.0)]
    assert at == pytest.approx([0, depth_db, depth_db, depth_db, 0, 0], abs=0.1)
    assert np.abs(np.diff(gain_db)).max() < -depth_db / (0.14 * RATE_HZ)
    assert gain_db.min() >= depth_db - 1e-3


def test_silent_speech_and_other_lengths_leave_music_alone() -> None:
    music = np.ones((RATE_HZ, 2), np.float32)
    for speech in (np.zeros(0), np.zeros(10 * RATE_HZ), np.full(100, np.nan)):
        np.testing.assert_array_equal(duck(music, speech, RATE_HZ), music)
    assert len(gain_under(spoken(), 100, RATE_HZ)) == 100
    assert len(duck(music[:0], spoken(), RATE_HZ)) == 0


def test_impossible_dials() -> None:
    music = np.ones((10, 2))
    for dials in ({"depth_db": 3.0}, {"depth_db": -100.0}, {"attack_s": 0.0}, {"release_s": np.nan}):
        with pytest.raises(InputError):
            duck(music, np.zeros(10), RATE_HZ, **dials)
    with pytest.raises(InputError):
        normalised(music, RATE_HZ, np.nan)
