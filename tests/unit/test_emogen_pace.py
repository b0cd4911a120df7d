"""Tempi by emotion."""

import numpy as np
import pytest

from espressivo.generators.music.emogen.pace import Paces, moved_octaves
from espressivo.generators.music.emogen.tokens import bpm_of, piano
from espressivo.generators.music.moods import Mood

IDS = piano().ids
PACES = Paces(piano())


def likeliest_bpm(mood: Mood) -> float:
    lean = PACES.of(mood)
    tempi = {token: number for token, number in IDS.items() if token[0] == "t"}
    return bpm_of(int(max(tempi, key=lambda token: lean[tempi[token]])[2:]))


def test_glad_music_is_fast_and_sad_music_slow() -> None:
    glad, angry, sad, calm = (likeliest_bpm(Mood.quadrant(f"Q{number}")) for number in (1, 2, 3, 4))
    assert glad > angry > 80 > 70 > sad == calm


def test_without_an_emotion_every_tempo_is_alike() -> None:
    assert not PACES.of(Mood(1.0, 1.0, 0.0)).any()


def test_more_of_it_leans_more_and_only_tempi_lean() -> None:
    spreads = [np.ptp(PACES.of(Mood(-1.0, -1.0, share))) for share in (0.2, 0.6, 1.0)]
    assert np.all(np.diff(spreads) > 0)
    others = [number for token, number in IDS.items() if token[0] != "t"]
    assert not PACES.of(Mood(-1.0, -1.0))[others].any()


def test_tempo_goes_along_where_the_emotion_changes() -> None:
    sad, glad = Mood.quadrant("Q3"), Mood.quadrant("Q1")
    assert moved_octaves(sad, glad) == -moved_octaves(glad, sad) > 0.5
    steps = [Mood(0.0, arousal) for arousal in np.linspace(-1, 1, 33)]
    assert sum(map(moved_octaves, steps, steps[1:])) == pytest.approx(moved_octaves(steps[0], steps[-1]))
    begun = PACES.octaves(IDS["t-24"])
    assert PACES.nearest(begun) == IDS["t-24"]
    assert PACES.nearest(begun + 0.5) == IDS["t-30"]
