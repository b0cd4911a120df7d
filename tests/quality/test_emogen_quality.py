"""The weights of EmoGen that ship are worth what their cards say, on a small sample of pieces."""

import json
from functools import cache

import numpy as np
import pytest

from espressivo.eval.music.judges import load_music_judges
from espressivo.generators.music.emogen.generator import EmoGen, EmoGenEmopia
from espressivo.generators.music.emogen.mode import mode_of
from espressivo.generators.music.score import Score
from espressivo.weights.manifest import FOLDER

FOLDERS = {EmoGen: "emogen-pop", EmoGenEmopia: "emogen-emopia-nc"}
SIGNS = {"Q1": (1, 1), "Q2": (-1, 1), "Q3": (-1, -1), "Q4": (1, -1)}
PIECES = 4


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda variant: variant.spec.name)
def variant(request: pytest.FixtureRequest) -> type[EmoGen]:
    return request.param


@cache
def loaded(variant: type[EmoGen]) -> EmoGen:
    return variant.from_pretrained()


@cache
def composed(variant: type[EmoGen], emotion: str, seed: int) -> Score:
    return loaded(variant).generate(variant.Request.model_validate({"emotion": emotion, "seed": seed, "bars": 8}))


def test_notes_are_foreseen_as_well_as_the_card_says(variant: type[EmoGen]) -> None:
    config = json.loads((FOLDER / FOLDERS[variant] / "config.json").read_text("utf-8"))
    loss = config["loss_on_held_out_pieces"]
    assert loss["told"] < loss["hidden"] < 1.52


def test_quadrants_are_heard_by_a_judge_that_had_no_part_in_them(variant: type[EmoGen]) -> None:
    judge, _ = load_music_judges()
    right = []
    for quadrant, signs in SIGNS.items():
        for seed in range(PIECES):
            heard = judge.valence_arousal(composed(variant, quadrant, seed).notes)
            right.append(np.sign(heard) == signs)
    valence, arousal = np.mean(right, axis=0)
    assert arousal >= 0.8
    assert valence >= 0.6


def test_a_musician_could_tell_them_apart(variant: type[EmoGen]) -> None:
    pieces = {name: [composed(variant, name, seed) for seed in range(PIECES)] for name in SIGNS}
    pace = {name: np.mean([len(score.notes) / score.seconds for score in scores]) for name, scores in pieces.items()}
    assert min(pace["Q1"], pace["Q2"]) > 1.5 * max(pace["Q3"], pace["Q4"])
    minor = {name: np.mean([mode_of(score.notes) for score in scores]) for name, scores in pieces.items()}
    assert minor["Q2"] >= 0.5 > max(minor["Q1"], minor["Q4"])


def test_sad_music_is_in_minor(variant: type[EmoGen]) -> None:
    assert np.mean([mode_of(composed(variant, "Q3", seed).notes) for seed in range(PIECES)]) >= 0.5
