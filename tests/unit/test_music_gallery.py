"""Sheets of several pieces, and the command that has a generator fill one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib")

from espressivo.errors import InputError
from espressivo.generators.base import GeneratorSpec
from espressivo.generators.music.contact_sheet import Exhibit, draw_rolls, draw_spectrograms, facts_of
from espressivo.generators.music.gallery import QUADRANTS, draw_gallery
from espressivo.generators.music.request import MusicRequest
from espressivo.generators.music.score import Score
from espressivo.generators.music.sound.render import render
from espressivo.media.notes import Notes, Tempo
from espressivo.progress import ProgressCallback


class Steps:
    """A generator without a model: a step up or down for each bar, as quick as the arousal asks."""

    spec: ClassVar = GeneratorSpec("steps", "music", "steps", "none")
    Request: ClassVar = MusicRequest

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        return cls()

    def generate(self, request: MusicRequest, progress: ProgressCallback | None = None) -> Score:
        valence, arousal, _ = request.emotion.state_at(0.0).vad
        way = 1 if valence > 0 else -1
        return piece_of(
            [60 + request.seed + way * step for step in range(request.bars_or_usual or 1)], 240 + 100 * arousal
        )


def piece_of(pitches: list[int], bpm: float = 120.0, velocity: int = 80) -> Score:
    count = len(pitches)
    start = np.arange(count) * 480
    columns = (np.array(pitches, np.int64), np.full(count, velocity), start, start + 400, np.zeros(count, np.int64))
    return Score.of(Notes(*columns, np.zeros(count, bool), 480, tempi=(Tempo(0, bpm),)))


def exhibit(pitches: list[int]) -> Exhibit:
    score = piece_of(pitches)
    return Exhibit("a piece", score, render(score, "own", stems=False))


def test_facts_are_those_of_the_notes() -> None:
    scale = [60, 62, 64, 65, 67, 69, 71, 72]
    assert facts_of(piece_of(scale)) == "120 bpm, C major, 2.0 notes/s, mean pitch 66, velocity 80±0"
    assert "1.0 notes/s, mean pitch 66, velocity 30" in facts_of(piece_of(scale, 60.0, 30))
    # A tempo counts for as long as it holds: here three quarters and one quarter of the ticks.
    notes = replace(piece_of(scale).notes, tempi=(Tempo(0, 100.0), Tempo(2820, 200.0)))
    assert facts_of(Score.of(notes)).startswith("125 bpm")


@pytest.mark.parametrize("draw", [draw_rolls, draw_spectrograms])
def test_a_sheet_shows_each_piece_and_is_small(draw: Callable[[Path, Sequence[Exhibit]], None], tmp_path: Path) -> None:
    three = [exhibit([60, 64, 67]), exhibit([48, 52, 55]), exhibit([72, 76, 79])]
    for name, exhibits in (("three", three), ("other", [*three[:2], exhibit([60, 70, 79])]), ("again", three)):
        draw(tmp_path / f"{name}.png", exhibits)
    found = [np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")).astype(int) for name in ("three", "other")]
    assert found[0].shape == found[1].shape
    # Few colours are not always the same ones: a few pixels of the first row, with the same pieces, change theirs.
    differ = (np.abs(found[0] - found[1]).max(axis=2) > 80).sum(axis=1)
    upper, lower = np.split(differ, [4 * len(differ) // 10])
    assert lower.sum() > 20 * upper.sum()
    assert (tmp_path / "three.png").stat().st_size < 200_000
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "three.png").read_bytes()


def test_what_cannot_be_shown(tmp_path: Path) -> None:
    silent = replace(exhibit([60]), score=piece_of([]))
    for few in ([], [silent]):
        with pytest.raises(InputError, match="contact sheet"):
            draw_rolls(tmp_path / "x.png", few)


def test_a_generator_fills_a_sheet(tmp_path: Path) -> None:
    said: list[str] = []
    paths = draw_gallery(Steps(), tmp_path / "docs", bars=3, seed=4, say=said.append)
    assert [path.name for path in paths] == ["steps-rolls.png", "steps-spectrograms.png"]
    assert [line.split(":")[0] for line in said] == [f"{label}, seed {seed}" for label in QUADRANTS for seed in (4, 5)]
    assert all(path.stat().st_size < 400_000 for path in paths)
