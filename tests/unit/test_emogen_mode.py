"""Major or minor as an attribute that a model is told."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.emogen.composing import Composer
from espressivo.generators.music.emogen.emotion import command_of
from espressivo.generators.music.emogen.lengths import Length
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.mode import MODE, in_minor, mode_of, with_mode
from espressivo.generators.music.emogen.network import UNSET, EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.emogen.sampling import Plan, told
from espressivo.generators.music.emogen.streaming import stream
from espressivo.generators.music.emogen.tokens import piano
from espressivo.generators.music.keys import Key
from espressivo.generators.music.moods import Mood
from espressivo.media.notes import Notes

SIZE = EmoGenSize(width=16, feed_forward=16, layers=1, heads=2, attribute_width=2, attributes=MODE + 1)


def scale(key: Key) -> Notes:
    pitch = np.array([60 + key.tonic + step for step in (0, 3 if in_minor(key) else 4, 7, 12)] * 4)
    start, ones = 12 * np.arange(16), np.ones(16, int)
    return Notes(pitch, 70 * ones, start, start + 12, 0 * ones, ones < 0, 12)


@pytest.mark.parametrize("tonic", range(12))
def test_the_mode_is_that_of_the_key(tonic: int) -> None:
    assert mode_of(scale(Key(tonic, "minor"))) == 1
    assert mode_of(scale(Key(tonic, "major"))) == 0


def test_modes_with_a_minor_third_are_minor() -> None:
    assert [in_minor(Key(2, mode)) for mode in ("dorian", "phrygian", "lydian", "mixolydian")] == [1, 1, 0, 0]


def test_valence_decides_and_neutral_leaves_it_open() -> None:
    commands = with_mode(table().commands)
    told = [command_of(Mood(valence, 0.5), commands)[MODE] for valence in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    assert told == [1, 1, UNSET, 0, 0]
    assert (command_of(Mood(1.0, 1.0), commands)[:MODE] == command_of(Mood(1.0, 1.0))).all()


@pytest.mark.parametrize("valence", [-0.7, 0.0, 0.7])
def test_a_user_who_chooses_the_key_chooses_the_mode(valence: float) -> None:
    commands = with_mode(table().commands)
    for key in (Key(9, "minor"), Key(0, "major")):
        assert told(Mood(valence, 1.0), Locks(key=key), commands)[MODE] == in_minor(key)


def test_a_model_that_knows_modes_is_told_them(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = EmoGenLanguageModel(SIZE)
    with torch.no_grad():  # to whom nothing matters but the mode
        model.decoder.command_project.weight[:, :-2] = 0
        model.decoder.command_project.weight[:, -2:] *= 30
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"size": asdict(SIZE)}))
    composer = Composer.load(tmp_path)
    plan = Plan(Length(bars=2), Mood(0.7, 1.0), locks=Locks(key=Key(0), tempo_bpm=90, most_per_quarter=4))

    def tokens(plan: Plan) -> list[tuple[int, ...]]:
        return list(composer.drafts(plan, seed=3)[0].bars)

    minor = replace(plan, locks=replace(plan.locks, key=Key(9, "minor"), strictness=0.0))
    major = replace(plan, locks=replace(plan.locks, key=Key(0, "major"), strictness=0.0), cadence=False)
    assert tokens(replace(minor, cadence=False)) != tokens(major)
    heard = list(stream(composer.model, piano(), major, seed=3))
    assert [each.bar.tokens for each in heard] == tokens(major), "streams are told, too"
