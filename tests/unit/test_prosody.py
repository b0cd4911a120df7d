from pathlib import Path

import numpy as np
import pytest

from espressivo import conditioning
from espressivo.conditioning.prosody import Prosody, analyse_prosody, sounds_like_speech
from espressivo.conditioning.speech import Speech

DEMO = Path(conditioning.__file__).resolve().parents[1] / "assets" / "speech"
TIMES_S = np.arange(48_000) / 16_000
SOUNDS = {
    "silence": np.zeros(48_000),
    "one sample": np.ones(1),
    "a tenth of a second": np.full(1600, 0.1),
    "noise": np.random.default_rng(0).normal(0, 0.1, 48_000),
    "chord": sum(np.sin(2 * np.pi * hz * TIMES_S) for hz in (220, 277, 330)) / 4,
}


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_without_speech_gives_finite_curves(name: str) -> None:
    prosody = analyse_prosody(Speech(SOUNDS[name]))
    assert len(prosody) == -(-len(SOUNDS[name]) // 160)
    for curve in (prosody.energy_db, prosody.loudness, prosody.high_band):
        assert np.isfinite(curve).all()
    assert prosody.loudness.min() >= 0
    assert prosody.loudness.max() <= 1
    assert not sounds_like_speech(prosody)


def test_f0_of_a_known_pitch() -> None:
    phase = 2 * np.pi * np.cumsum(np.linspace(120, 240, 48_000)) / 16_000
    sound = sum(np.sin(k * phase) / k for k in range(1, 9)) / 4 * (TIMES_S > 0.5)
    prosody = analyse_prosody(Speech(sound))
    expected_hz = np.interp(prosody.times_s, TIMES_S, np.linspace(120, 240, 48_000))
    inner = slice(70, 290)
    np.testing.assert_allclose(prosody.f0_hz[inner], expected_hz[inner], rtol=0.02)
    assert np.isnan(prosody.f0_hz[:40]).all()


def test_a_line_has_speech_pauses_and_accents() -> None:
    prosody = analyse_prosody(Speech.read(DEMO / "joy.wav"))
    assert sounds_like_speech(prosody)
    assert prosody.pauses[0][0] == 0.0
    assert prosody.at("speaking", np.array([0.05, 0.6, 2.1, 4.9])).tolist() == [False, True, True, False]
    assert len(prosody.accents_s) > 0
    fricative, vowel = prosody.at("high_band", np.array([1.45, 0.7]))  # the s of "this" and the o of "not"
    assert fricative > vowel + 0.1


def test_curves_do_not_depend_on_the_recording_level() -> None:
    speech = Speech.read(DEMO / "calm.wav")
    loud, soft = analyse_prosody(speech), analyse_prosody(Speech(speech.samples * 0.2))
    np.testing.assert_allclose(loud.loudness, soft.loudness, atol=0.02)
    assert (loud.speaking == soft.speaking).mean() > 0.98


def test_at_holds_the_ends() -> None:
    prosody = analyse_prosody(Speech.read(DEMO / "joy.wav"))
    assert prosody.at("loudness", np.array([-1.0, 99.0])).tolist() == [prosody.loudness[0], prosody.loudness[-1]]
    assert Prosody.rate_hz == 100.0
