"""Eight pieces to look at, two of each quadrant: `python -m espressivo.generators.music.gallery GENERATOR FOLDER`.

Writes `<generator>-rolls.png` and `<generator>-spectrograms.png`. Same generator, bars and seed: same pictures.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from espressivo.generators.base import Generator
from espressivo.generators.music.contact_sheet import Exhibit, draw_rolls, draw_spectrograms
from espressivo.generators.music.score import Score
from espressivo.generators.music.sound.render import Player, render
from espressivo.generators.registry import load_generator

QUADRANTS = {
    "Q1 glad": "vad:0.7,0.7,0",
    "Q2 angry": "vad:-0.7,0.7,0",
    "Q3 sad": "vad:-0.7,-0.7,0",
    "Q4 calm": "vad:0.7,-0.7,0",
}
"""Valence and arousal at the same distance from neutral, dominance in the middle."""
_EACH = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generator", help="name of a registered generator of music")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--bars", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--player", choices=("auto", "own", "soundfont"), default="own")
    chosen = parser.parse_args(arguments)
    generator = load_generator(chosen.generator, chosen.checkpoint)
    for path in draw_gallery(generator, chosen.folder, chosen.bars, chosen.seed, chosen.player, print):
        print(path)


def draw_gallery(
    generator: Generator,
    folder: Path,
    bars: int = 12,
    seed: int = 0,
    player: Player = "own",
    say: Callable[[str], None] = lambda line: None,
) -> tuple[Path, Path]:
    """Let `generator` write two pieces of each quadrant and draw them.

    Args:
        generator: of music.
        folder: where the pictures go; it is made if it is not there.
        bars: of each piece.
        seed: of the first piece of each quadrant; the second one has the next.
        player: what plays them.
        say: is told when a piece is written.

    Returns:
        The paths of the piano rolls and of the spectrograms.

    Raises:
        OutputError: a file cannot be written.
        MissingDependencyError: matplotlib, or what the generator needs, is not installed.
    """
    exhibits: list[Exhibit] = []
    for label, emotion in QUADRANTS.items():
        for number in range(seed, seed + _EACH):
            wishes: dict[str, Any] = {"emotion": emotion, "bars": bars, "seed": number}
            score: Score = generator.generate(generator.Request.model_validate(wishes))
            exhibits.append(Exhibit(f"{label}, seed {number}", score, render(score, player, stems=False)))
            say(f"{label}, seed {number}: {score.seconds:.0f} s")
    folder.mkdir(parents=True, exist_ok=True)
    name = generator.spec.name
    rolls, spectrograms = (folder / f"{name}-{kind}.png" for kind in ("rolls", "spectrograms"))
    title = f"{name}: {bars} bars for each quadrant of valence and arousal"
    draw_rolls(rolls, exhibits, title)
    draw_spectrograms(spectrograms, exhibits, title)
    return rolls, spectrograms


if __name__ == "__main__":
    main()
