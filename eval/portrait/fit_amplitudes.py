"""How far portraits are moved for an emotion: `python -m espressivo.eval.portrait.fit_amplitudes DATA_DIR PORTRAITS...`

A free search for a classifier's favour finds grimaces. This one stays within the spread of real, labelled faces
(`labelled_faces`), pays for every step away from the usual face and for stretched skin (`strain`), looks at many people
at once, and asks three judges of different making: mini-Xception, this project's own expression-swin, since the former
hardly heeds brows and does not know disgust, and what labelled faces do by their landmarks alone (`readings`). The
network that is reported (face-api's) has no part in it, and neither have the portraits that are not given here.

The search is Hooke and Jeeves' (1961): one channel after the other is tried with a little more and a little less, what
is better stays, and steps get finer. Faces are also looked at half-way, so that more of an emotion is seen as more of
it, and while they speak, with what a speaking mouth keeps of it, so that the upper face does its part.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from jaxtyping import Float

from espressivo.conditioning.expression_swin.recogniser import ID, load_judge
from espressivo.conditioning.face_emotion.judges import JUDGED, MINI_XCEPTION, ExpressionJudge, face_crop, load_judges
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.eval.portrait.faces import EMOTIONS, face_of
from espressivo.eval.portrait.labelled_faces import Spread, read_spreads
from espressivo.eval.portrait.pattern_search import pattern_search
from espressivo.eval.portrait.readings import READ_BY, READER_FILE, LabelledReadings
from espressivo.eval.portrait.sitters import read_sitters
from espressivo.eval.portrait.sitting import Sitting
from espressivo.eval.portrait.strain import strain
from espressivo.eval.portrait.tables import write_json
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.expression.fit import FACES_FILE, UNITS_FILE
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.visemes import VISEME_WEIGHTS, VISEMES
from espressivo.generators.portrait.avatar.expression import expression_from
from espressivo.weights.manifest import FOLDER

SIZE = 192
STEPS = (0.5, 0.5, 0.25, 0.25)
"""Of the rounds, in halves of the range."""
HALF_EVERY, SPEAKS_EVERY = 3, 3
"""Every so manieth portrait is also seen half-way, and speaking."""
HALF_WEIGHT, SPEAKING_WEIGHT = 0.2, 0.3
"""Of the log-probability half-way and speaking; the rest is that of the whole face."""
STRANGENESS_WEIGHT = 0.15
"""What one unit of `Spread.strangeness` costs, in nats."""
EASY_STRAIN, STRAIN_WEIGHT = 0.205, 5.0
"""So much strain is free; what one unit beyond costs, in nats."""
SURE, UNSURE = 0.9, 0.005
"""More than the first earns nothing: it is how a face turns into a mask. Less than the second costs no more: somebody
who laughs in the photograph will not look sad, and must not lead the search."""
_SPOKEN = ("aa", "E", "I", "O")
_LEAST = 0.02


def main(
    data_dir: tyro.conf.Positional[Path],
    portraits: tyro.conf.Positional[tuple[Path, ...]],
    out: Path,
    emotions: tuple[str, ...] = EMOTIONS,
) -> None:
    """Fit what every emotion adds on a portrait.

    Args:
        data_dir: folder that holds arkit_by_emotion/, au_by_emotion/ and landmarker/.
        portraits: folders with portraits to look at, or single pictures.
        out: the table to write; emotions that are not fitted now keep what it holds of them.
        emotions: which ones.
    """
    spreads = read_spreads(data_dir, emotions)
    sittings = [Sitting.of(sitter, SIZE) for sitter in read_sitters(portraits)]
    panel = Panel.of(data_dir, sittings)
    content: dict[str, Any] = json.loads(out.read_text("utf-8")) if out.is_file() else {"gains": {}, "added": {}}
    made = content.get("provenance", {})
    asked, ranges = made.get("judges", {}), made.get("ranges", {})
    people = {
        str(name): hashlib.sha256((data_dir / name).read_bytes()).hexdigest()
        for name in (FACES_FILE, UNITS_FILE, READER_FILE)
    }
    for emotion in emotions:
        stands = merit(emotion, spreads[emotion], held(content, emotion, spreads[emotion]), sittings, panel)
        print(f"{emotion} as it stands: {stands:.3f}", flush=True)
        face, strangeness = search(emotion, spreads[emotion], sittings, panel)
        content["added"][emotion] = added(emotion, spreads[emotion], face)
        asked |= {emotion: panel.ids}
        ranges |= {emotion: spreads[emotion].ranges}
        content["provenance"] = {
            "command": "python -m espressivo.eval.portrait.fit_amplitudes DATA_DIR PORTRAITS... --out FILE",
            "judges": asked,
            "ranges": ranges,
            "portraits": len(sittings),
            "people": people,
            "base": "generators/face/expression/table.json",
        }
        write_json(out, {key: content[key] for key in ("provenance", "gains", "added")})
        print(f"{emotion}: strangeness {strangeness:.2f}, added {content['added'][emotion]}", flush=True)


@dataclass(frozen=True, eq=False)
class Panel:
    """Those who are asked."""

    judges: tuple[ExpressionJudge, ...]
    readings: LabelledReadings
    neutral: Mapping[str, Float[np.ndarray, "muscles"]]
    """Reading of every portrait at rest."""

    @classmethod
    def of(cls, data_dir: Path, sittings: Sequence[Sitting]) -> "Panel":
        """Load the judges, and read every portrait at rest."""
        mini_xception = next(judge for judge in load_judges() if judge.id == MINI_XCEPTION)
        readings = LabelledReadings.of(data_dir)
        rest = {s.sitter.name: readings.read(s.neutral, s.points_px(np.zeros(len(CHANNEL)))) for s in sittings}
        return cls((mini_xception, load_judge(FOLDER / ID)), readings, rest)

    @property
    def ids(self) -> list[str]:
        """Who they are."""
        return [*(judge.id for judge in self.judges), READ_BY]

    def log_probability(
        self, emotion: str, weights: Sequence[Float[np.ndarray, "52"]], sittings: Sequence[Sitting]
    ) -> float:
        """Return how sure they are of an emotion, mean over portraits and judges, within `UNSURE` and `SURE`."""
        frames = [sitting.frame(face) for sitting, face in zip(sittings, weights, strict=True)]
        points = [sitting.points_px(face) for sitting, face in zip(sittings, weights, strict=True)]
        crops = [face_crop(frame, places) for frame, places in zip(frames, points, strict=True)]
        read = [self.readings.read(frame, places) for frame, places in zip(frames, points, strict=True)]
        said = [judge.probabilities(crops) for judge in self.judges]
        said.append(self.readings.probabilities(read, [self.neutral[sitting.sitter.name] for sitting in sittings]))
        asked = np.stack([rows[:, JUDGED.index(emotion)] for rows in said])
        return float(np.log(np.clip(asked, UNSURE, SURE)).mean())


def search(
    emotion: str, spread: Spread, sittings: Sequence[Sitting], panel: Panel
) -> tuple[Float[np.ndarray, "channels"], float]:
    """Look for the face within `spread` that `panel` takes most surely for `emotion`, on many people.

    Returns:
        The face, by the channels of `spread`, and its strangeness.
    """
    face = pattern_search(
        lambda tried: merit(emotion, spread, tried, sittings, panel),
        spread.usual,
        spread.low,
        spread.high,
        STEPS,
        lambda number, best: print(f"{emotion} {number}/{len(STEPS)}: {best:.3f}", flush=True),
    )
    return face, spread.strangeness(face)


def merit(
    emotion: str, spread: Spread, face: Float[np.ndarray, "channels"], sittings: Sequence[Sitting], panel: Panel
) -> float:
    """Return how well a face serves: mean log-probability of the emotion, whole, half and speaking, less its price."""
    table = expression_from({"provenance": {}, "gains": {}, "added": {emotion: added(emotion, spread, face)}})
    whole, half = face_of(table, emotion, 1.0), face_of(table, emotion, 0.5)
    speaking = [face_of(table, emotion, 1.0, speaking=True) + VISEME_WEIGHTS[VISEMES.index(one)] for one in _SPOKEN]
    halves, speakers = sittings[::HALF_EVERY], sittings[1::SPEAKS_EVERY]
    said = (1 - HALF_WEIGHT - SPEAKING_WEIGHT) * panel.log_probability(emotion, [whole] * len(sittings), sittings)
    said += HALF_WEIGHT * panel.log_probability(emotion, [half] * len(halves), halves)
    spoken = [speaking[k % len(speaking)] for k in range(len(speakers))]
    said += SPEAKING_WEIGHT * panel.log_probability(emotion, spoken, speakers)
    stretched = np.mean([strain(s.points_px(whole), s.points_px(np.zeros(len(CHANNEL)))) for s in sittings])
    price = STRANGENESS_WEIGHT * spread.strangeness(face) + STRAIN_WEIGHT * max(0.0, float(stretched) - EASY_STRAIN)
    return said - price


def added(emotion: str, spread: Spread, face: Float[np.ndarray, "channels"]) -> dict[str, float]:
    """Return what a face has more (or less) than the expression table's, as `expression.json` spells it."""
    mean = load_table().mean[CATEGORIES.index(emotion)]
    found = {}
    for name, value in zip(spread.channels, face, strict=True):
        left = mean[_channel(name)]
        if abs(value - left) >= _LEAST:
            found[name] = round(float(value - left), 2)
    return found


def held(content: Mapping[str, Any], emotion: str, spread: Spread) -> Float[np.ndarray, "channels"]:
    """Return the face that a table has now, by the channels of `spread`."""
    shown = face_of(expression_from({"provenance": {}, **content}), emotion, 1.0)
    return np.array([shown[_channel(name)] for name in spread.channels])


def _channel(name: str) -> int:
    """Return the channel of a name without side, the left one's where there are two."""
    return CHANNEL[name if name in CHANNEL else f"{name}Left"]


if __name__ == "__main__":
    tyro.cli(main)
