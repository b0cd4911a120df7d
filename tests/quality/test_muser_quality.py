"""The weights of MusER that ship are worth what their card says, on a small sample of pieces."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.music_emotion.recogniser import feeling_of, load_reader
from espressivo.generators.music.muser.generator import MusER
from espressivo.generators.music.score import Score, read_score, write_midi
from espressivo.weights.manifest import FOLDER

WEIGHTS = FOLDER / "muser-emopia"
SIGNS = {"Q1": (1, 1), "Q2": (-1, 1), "Q3": (-1, -1), "Q4": (1, -1)}
PIECES = 4


@cache
def generator() -> MusER:
    return MusER.from_pretrained()


@cache
def composed(emotion: str, seed: int) -> Score:
    return generator().generate(MusER.Request.model_validate({"emotion": emotion, "seed": seed, "bars": 8}))


def test_the_codebook_is_in_use() -> None:
    config = json.loads((WEIGHTS / "config.json").read_text("utf-8"))
    assert config["perplexity_of_codes"] > 150
    assert config["loss_on_held_out_songs"]["pitch"] < 1.0
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) < 15_000_000


def test_emotions_are_heard_as_asked() -> None:
    reader = load_reader()
    right = []
    for quadrant, (valence, arousal) in SIGNS.items():
        for seed in range(PIECES):
            feeling = feeling_of(listen(composed(quadrant, seed).notes), reader)
            right.append((feeling.valence * valence > 0, feeling.arousal * arousal > 0))
    valence, arousal = np.mean(right, axis=0)
    assert arousal >= 0.75
    assert valence >= 0.6


def test_lively_quadrants_have_more_notes_than_quiet_ones() -> None:
    pace = {
        name: np.mean([len(composed(name, seed).notes) / composed(name, seed).seconds for seed in range(PIECES)])
        for name in SIGNS
    }
    assert min(pace["Q1"], pace["Q2"]) > max(pace["Q3"], pace["Q4"])


def test_every_bar_is_played_and_the_length_is_met() -> None:
    for name in SIGNS:
        notes = composed(name, 0).notes
        bars = notes.start_tick // (4 * notes.ticks_per_quarter)
        assert set(bars.tolist()) == set(range(8))
        assert notes.end == 8 * 4 * notes.ticks_per_quarter


@pytest.mark.parametrize("element", ["velocity", "duration"])
def test_elements_of_another_piece_move_a_piece_towards_it(element: str, tmp_path: Path) -> None:
    """Measured on both ways between a quiet and a lively piece, whose own other elements stay as they are."""
    paths = {}
    for name in ("Q3", "Q2"):
        paths[name] = tmp_path / f"{name}.mid"
        write_midi(paths[name], composed(name, 1))
    moves = []
    for one, other in (("Q3", "Q2"), ("Q2", "Q3")):
        request = {"melody_of": paths[one], "elements_of": paths[other], "elements": [element], "temperature": 0.5}
        result = generator().generate(MusER.Request.model_validate(request))
        before, donor = read_score(paths[one]), read_score(paths[other])
        wanted = described(donor, element) - described(before, element)
        moves.append((described(result, element) - described(before, element)) / wanted)
        assert result.notes.pitch.tolist() == before.notes.pitch.tolist()
    assert min(moves) > 0.3
    assert max(moves) < 2.0


def described(score: Score, element: str) -> float:
    notes = score.notes
    return float(np.mean(notes.velocity if element == "velocity" else notes.end_tick - notes.start_tick))
