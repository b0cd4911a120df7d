"""The measures of phone recognition: what perfect, late and energy-only methods score."""

import numpy as np
import pytest

from espressivo.conditioning.speech import Phone, Speech
from espressivo.eval.phone_recogniser import Line, Reading, energy_method, measure, viseme_frames
from espressivo.generators.face.articulation.segments import visemes_of
from espressivo.generators.face.visemes import VISEME

LINE = [("SIL", 0.0, 0.5), ("M", 0.5, 0.8), ("AA", 0.8, 1.4), ("P", 1.4, 1.6), ("IY", 1.6, 2.0), ("SIL", 2.0, 2.5)]
VISEMES = [("sil", 0.0, 0.5), ("PP", 0.5, 0.8), ("aa", 0.8, 1.4), ("PP", 1.4, 1.6), ("I", 1.6, 2.0), ("sil", 2.0, 2.5)]
PHONES = [Phone(*row) for row in LINE]


def line() -> Line:
    """A line whose level is its mouth opening."""
    level = np.repeat([0.0, 0.003, 0.3, 0.003, 0.05, 0.0], [8000, 4800, 9600, 3200, 6400, 8000])
    tone = np.sin(2 * np.pi * 200 * np.arange(40_000) / 16_000)
    return Line(Speech((level * tone).astype(np.float32)), VISEMES)


def test_what_is_labelled_scores_full_marks() -> None:
    def perfect(_: Speech, times_s: np.ndarray) -> Reading:
        return Reading(viseme_frames(visemes_of(PHONES), times_s), {})

    figures = measure([line()], {"perfect": perfect})["perfect"]
    assert figures["accuracy"] == figures["accuracy_speech"] == figures["silence_recall"] == 1.0
    assert figures["bilabial_recall"] == figures["bilabial_precision"] == 1.0


def test_lateness_and_a_closed_mouth_are_seen() -> None:
    def late(_: Speech, times_s: np.ndarray) -> Reading:
        return Reading(viseme_frames(visemes_of(PHONES), times_s - 0.4), {})

    def closed(_: Speech, times_s: np.ndarray) -> Reading:
        return Reading(np.full(len(times_s), VISEME["PP"]), {})

    figures = measure([line()], {"late": late, "closed": closed})
    assert figures["late"]["accuracy_speech"] < 0.5
    assert figures["late"]["bilabial_recall"] < 1.0
    assert figures["closed"]["bilabial_recall"] == figures["closed"]["bilabial_at_vowels"] == 1.0
    assert figures["closed"]["accuracy_speech"] == pytest.approx(1 / 3, abs=0.03)


def test_energy_follows_the_level() -> None:
    figures = measure([line()], {"energy": energy_method})["energy"]
    assert figures["r_energy"] > 0.8


def test_diphthongs_split_and_h_takes_the_next_sound() -> None:
    phones = [Phone("HH", 0.0, 0.1), Phone("AY", 0.1, 0.2), Phone("HH", 0.2, 0.3)]
    shown = viseme_frames(visemes_of(phones), np.array([0.05, 0.12, 0.15, 0.17, 0.25]))
    assert [list(VISEME)[i] for i in shown] == ["aa", "aa", "aa", "I", "sil"]
