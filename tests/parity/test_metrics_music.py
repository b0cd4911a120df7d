"""Measures of music give what muspy 0.5.0 gives."""

import json
from pathlib import Path

import pytest

from espressivo.eval.metric import NotMeasured
from espressivo.eval.music import piano_roll
from espressivo.eval.music.description import describe
from espressivo.media.notes import read_notes

FIXTURES = Path(__file__).parents[1] / "fixtures" / "metrics_music"
GOLDEN = json.loads((FIXTURES / "muspy.json").read_text(encoding="utf-8"))
MEASURES = {
    "pitch_range": "pitch_range",
    "n_pitch_classes_used": "pitch_classes",
    "n_pitches_used": "pitches",
    "polyphony": "polyphony",
    "polyphony_rate": "polyphony_rate",
    "pitch_class_entropy": "pitch_class_entropy",
    "pitch_entropy": "pitch_entropy",
    "scale_consistency": "scale_consistency",
    "empty_beat_rate": "empty_beats",
    "groove_consistency_bar": "groove_consistency",
}


@pytest.mark.parametrize("peer_name", MEASURES)
@pytest.mark.parametrize("piece", GOLDEN)
def test_equals_muspy(piece: str, peer_name: str) -> None:
    value = describe(read_notes(FIXTURES / f"{piece}.mid"))[MEASURES[peer_name]]
    assert not isinstance(value, NotMeasured)
    assert float(value) == pytest.approx(GOLDEN[piece][peer_name], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("piece", GOLDEN)
def test_the_same_notes_are_read(piece: str) -> None:
    notes = read_notes(FIXTURES / f"{piece}.mid")
    assert (len(notes), notes.ticks_per_quarter) == (GOLDEN[piece]["notes"], GOLDEN[piece]["resolution"])


def test_a_rate_above_two_pitches_is_not_one_above_one() -> None:
    notes = read_notes(FIXTURES / "emogen_piano_1.mid")
    assert piano_roll.polyphony_rate(notes, threshold=1) > piano_roll.polyphony_rate(notes)
