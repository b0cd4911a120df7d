"""What every music generator owes an emotion, measured on what it writes, over several seeds: chance has its part."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from espressivo.generators.music.score import Score
from espressivo.generators.registry import list_generators, load_generator
from espressivo.media.notes import Notes

NAMES = [listing.name for listing in list_generators() if listing.spec and listing.spec.kind == "music"]
SEEDS = range(6)
BARS = 8


@cache
def _loaded(name: str) -> Any:
    return load_generator(name)


@cache
def _pieces(name: str, emotion: str, bars: int = BARS) -> tuple[Score, ...]:
    generator = _loaded(name)
    return tuple(generator.generate(generator.Request(emotion=emotion, bars=bars, seed=seed)) for seed in SEEDS)


def _energy(notes: Notes) -> float:
    """What listeners hear as arousal before all else: notes per second, and loudness."""
    return float(np.log(max(len(notes), 1) / notes.seconds) + notes.velocity.mean() / 40) if len(notes) else -1.0


def _mean_energy(name: str, emotion: str) -> float:
    return float(np.mean([_energy(score.notes) for score in _pieces(name, emotion)]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("emotion", "sign"), [("vad:-0.6,0.6,0", 1), ("vad:0.4,-0.6,0", -1)])
def test_more_of_an_emotion_is_heard_as_more(name: str, emotion: str, sign: int) -> None:
    axes, levels = emotion.removeprefix("vad:").split(","), (0.0, 0.5, 1.0)
    asked = ["vad:" + ",".join(f"{float(axis) * level + 0.0:g}" for axis in axes) for level in levels]  # no -0
    energies = [_mean_energy(name, emotion) for emotion in asked]
    assert np.all(np.diff(energies) * sign > 0), energies


@pytest.mark.parametrize("name", NAMES)
def test_a_mix_lies_between_its_parts(name: str) -> None:
    one, other = "anger", "calm"
    mixed = _mean_energy(name, f"{one}:0.5+{other}:0.5")
    assert _mean_energy(name, other) < mixed < _mean_energy(name, one)


@pytest.mark.parametrize("name", NAMES)
def test_the_time_line_is_followed(name: str) -> None:
    generator, changes = _loaded(name), []
    for seed in SEEDS:
        request = generator.Request(emotion="@0~step calm @12 anger", seconds=24, seed=seed)
        notes = generator.generate(request).notes
        # A bar begun before the turn belongs to what was before.
        calm, angry = notes.where(notes.start_s < 11), notes.where(notes.start_s > 14)
        changes.append(_energy(angry) - _energy(calm))
    assert np.mean(np.array(changes) > 0) > 0.8, changes
    assert np.mean(changes) > 0.3
