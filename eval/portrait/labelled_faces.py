"""How strongly real people move what, when they show an emotion: the bounds that amplitudes are looked for in.

The same two instruments as the expression table's (`generators.face.expression.fit`): ARKit scores of labelled still
faces, and action units of actors. A channel that neither of them sees may vary about the recipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import InputError
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.expression.fit import (
    FACES_FILE,
    FULL_SCORE_QUANTILE,
    PEAK_SHARE,
    READER_RANGE,
    UNITS_FILE,
    Reading,
    frontal_faces,
    read_units,
)
from espressivo.generators.face.expression.recipes import RECIPES
from espressivo.generators.face.expression.table import load_table

TAILS: Final = (0.1, 0.9)
"""Quantiles of the faces that show the emotion most plainly."""
UNIT_DEVIATIONS: Final = 1.5
RECIPE_RANGE: Final = (0.6, 1.4)
LEAST: Final = 0.15
"""A channel that is never moved by so much takes no part."""
LEFT_OUT: Final = ("eyeLook", "jawLeft", "jawRight", "mouthLeft", "mouthRight", "mouthRoll", "mouthClose",
                   "mouthPucker", "mouthPress", "cheekPuff", "tongueOut")  # fmt: skip
"""Readings that come from looking elsewhere, talking and chewing, or that the reader confuses with other channels."""
TAKEN_IN: Final[Mapping[str, tuple[str, ...]]] = {"surprise": ("mouthPucker",)}
"""What is not left out in one emotion: a mouth that opens round tells surprise from fear."""
READ_AS: Final = {"mouthFunnel": "mouthPucker"}
"""The reader hardly knows the first, and calls mouths that are open and round by the second's name."""
MOST: Final = {"jawOpen": 0.55, "mouthLowerDown": 0.7, "mouthFunnel": 0.4, "mouthPucker": 0.35, "mouthDimple": 0.4,
               "mouthUpperUp": 0.75, "mouthSmile": 0.85, "mouthFrown": 0.9, "eyeWide": 0.9, "eyeBlink": 0.3,
               "eyeSquint": 0.7, "browDown": 1.0, "noseSneer": 1.0}  # fmt: skip
"""Ceilings, chosen by looking at portraits: a mouth that can still speak and that a person would make, eyes that still
look. All others end at 1.1."""
MOST_IN: Final[Mapping[str, Mapping[str, float]]] = {
    "happiness": {"mouthUpperUp": 0.5, "mouthLowerDown": 0.5},
    "surprise": {"jawOpen": 0.85},
    "sadness": {"mouthFrown": 1.3, "browInnerUp": 1.25},
    "anger": {"jawOpen": 0.4},
    "fear": {"jawOpen": 0.45, "browInnerUp": 1.3},
    "disgust": {"mouthUpperUp": 0.9, "mouthFrown": 0.3, "eyeBlink": 0.36},
}
"""Other ceilings of one emotion. A wider smile shows the gums; a mouth that gasps is open farther than any other, one
that is open as far in anger shouts and in fear looks surprised; grief draws its corners down farthest, and raises the
heads of the brows as fear does (of large pictures, where less was taken for nothing, and this still looks like a
person); disgust lifts a lip like nothing else, nearly shuts the eyes, and looks angry with a frown besides."""
_MOST: Final = 1.1


@dataclass(frozen=True, eq=False)
class Spread:
    """How people differ in one emotion at its plainest, channel by channel (names without side)."""

    channels: tuple[str, ...]
    usual: Float[np.ndarray, "channels"]
    """What the expression table shows."""
    low: Float[np.ndarray, "channels"]
    high: Float[np.ndarray, "channels"]
    correlation: Float[np.ndarray, "channels channels"]
    """Of the channels among people; 1 on the diagonal alone where it was not seen."""

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Return the least and the most of every channel."""
        least, most = self.low.round(3).tolist(), self.high.round(3).tolist()
        return {name: (low, high) for name, low, high in zip(self.channels, least, most, strict=True)}

    @property
    def half(self) -> Float[np.ndarray, "channels"]:
        """Half of the range, which is about 1.3 deviations."""
        return (self.high - self.low) / 2

    def strangeness(self, face: Float[np.ndarray, "channels"]) -> float:
        """Return how unusual a face is: its mean squared distance from the usual one, in halves of the range.

        Channels that go together among people may do so at a lower price than others.
        """
        away = (face - self.usual) / self.half
        return float(away @ np.linalg.solve(self.correlation, away) / len(away))


def read_spreads(data_dir: Path, emotions: tuple[str, ...]) -> dict[str, Spread]:
    """Read the spread of people in each emotion.

    Args:
        data_dir: folder that holds arkit_by_emotion/ and au_by_emotion/.
        emotions: canonical categories that both data sets know.

    Raises:
        InputError: a data file is missing.
    """
    for name in (FACES_FILE, UNITS_FILE):
        if not (data_dir / name).is_file():
            raise InputError(f"{data_dir} holds no {name}; give the folder that holds both data sets.")
    scores, label, classes, names = frontal_faces(data_dir / FACES_FILE)
    muscles = sorted({_muscle(name) for name in names} - {"_neutral"})
    scores = np.stack([scores[:, [_muscle(name) == m for name in names]].mean(1) for m in muscles], 1)
    centres = np.stack([scores[label == k].mean(0) for k in range(len(classes))])
    within = np.mean([np.cov(scores[label == k].T) for k in range(len(classes))], axis=0) + 1e-3 * np.eye(len(muscles))
    rest = centres[classes.index("neutral")]
    span = np.quantile(scores, FULL_SCORE_QUANTILE, axis=0) - rest
    seen = {muscle: place for place, muscle in enumerate(muscles) if span[place] >= READER_RANGE}
    seen |= {muscle: seen[read_as] for muscle, read_as in READ_AS.items()}
    units, _, _ = read_units(data_dir / UNITS_FILE, full_smile=_table_value("happiness", "mouthSmile"))
    spreads = {}
    for emotion in emotions:
        k = classes.index(emotion)
        own = scores[label == k]
        place = own @ np.linalg.solve(within, centres[k] - np.delete(centres, k, axis=0).mean(0))
        peak = (own[place > np.quantile(place, 1 - PEAK_SHARE)] - rest) / np.where(span > 0, span, 1)
        spreads[emotion] = _spread(emotion, peak, seen, units[emotion])
    return spreads


def _spread(
    emotion: str, peak: Float[np.ndarray, "faces muscles"], seen: Mapping[str, int], units: Mapping[str, Reading]
) -> Spread:
    rows = []
    for muscle in sorted({*seen, *units, *RECIPES[emotion]}):
        if muscle.startswith(LEFT_OUT) and muscle not in TAKEN_IN.get(emotion, ()):
            continue
        usual = _table_value(emotion, muscle)
        ends = [usual]
        if muscle in seen:
            ends += list(np.quantile(peak[:, seen[muscle]], TAILS))
        if muscle in units:
            reading = units[muscle]
            ends += [reading.mean - UNIT_DEVIATIONS * reading.spread, reading.mean + UNIT_DEVIATIONS * reading.spread]
        ends += [share * RECIPES[emotion].get(muscle, usual) for share in RECIPE_RANGE]
        ceilings = {**MOST, **MOST_IN.get(emotion, {})}
        low, high = max(0.0, min(ends)), min(max(ends), ceilings.get(muscle, _MOST))
        common = muscle in seen and np.median(peak[:, seen[muscle]]) >= LEAST / 2
        if high - low >= LEAST / 2 and high >= LEAST and (usual > 0 or common):
            rows.append((muscle, min(usual, high), low, high))
    channels = tuple(row[0] for row in rows)
    usual, low, high = (np.array([row[k] for row in rows]) for k in (1, 2, 3))
    correlation = np.eye(len(channels))
    both = [place for place, name in enumerate(channels) if name in seen]
    correlation[np.ix_(both, both)] = np.corrcoef(peak[:, [seen[channels[place]] for place in both]].T)
    # A share of independence: labels are noisy, and the reader's channels leak into each other.
    return Spread(channels, usual, low, high, 0.7 * correlation + 0.3 * np.eye(len(channels)))


def _table_value(emotion: str, muscle: str) -> float:
    name = muscle if muscle in CHANNEL else f"{muscle}Left"
    return float(load_table().mean[CATEGORIES.index(emotion), CHANNEL[name]])


def _muscle(name: str) -> str:
    if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        return name
    return name.removesuffix("Left").removesuffix("Right")
