"""Fit the expression table on labelled real faces: `python -m espressivo.generators.face.expression.fit DATA_DIR`.

Two instruments look at people. Each leads where it sees, and the recipe leads where neither does:

* *arkit faces*: ARKit scores of labelled still faces. It sees raised brows, wide eyes, smiles and open mouths, hardly
  frowns and presses, and no sneers or cheeks.
* *action units*: OpenFace units of acted, talking faces, emotion minus the actor's own neutral. They see frowned brows,
  tightened lids, cheeks and upper lips, and are blind to wide eyes and raised brows. Only group means and the standard
  deviation between actors are used.

Full intensity is what the upper tenth of people shows: a posed maximum, not the average face.
"""

import argparse
import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from espressivo.errors import InputError
from espressivo.generators.face.arkit import CHANNEL, SIDED
from espressivo.generators.face.expression.recipes import AU_TO_ARKIT, RECIPES
from espressivo.generators.face.expression.table import FILE_NAME, Source

FACES_FILE: Final = Path("arkit_by_emotion", "arkit_scores.npz")
UNITS_FILE: Final = Path("au_by_emotion", "ravdess_au_mean.csv")

FRONTAL_RAD: Final = 0.3
PEAK_SHARE: Final = 0.2
"""Faces beyond the 80th percentile of their emotion's discriminant; their mean lies at about its 90th."""
FULL_SCORE_QUANTILE: Final = 0.995
"""The score that the reader gives to this share of all faces or less counts as weight 1."""
READER_RANGE: Final = 0.3
"""A channel whose full score rises less than this above rest is not answered by the reader at all."""
UNIT_SEEN: Final = 0.45
"""A unit whose strongest emotion differs less than this from neutral (0-5 scale) is not seen in this footage."""
Z_90: Final = 1.2816
MILD: Final = frozenset({"calm", "boredom"})
"""Shown as people show them on average; there is no posed maximum of calm."""

UNDERREAD: Final = 2 / 3
"""A reading below this share of the recipe means that the instrument misses the channel: the recipe leads."""
ADDED_FLOOR: Final = 0.15
"""A channel outside the recipe joins when people show this much of it on average."""
NOT_ADDED: Final = ("eyeLook", "eyeBlink", "jaw", "mouthLowerDown", "mouthFunnel", "mouthPucker", "mouthRoll",
                    "mouthSmile", "mouthDimple", "mouthUpperUp")  # fmt: skip
"""Readings outside the recipe that come from shouting, talking, looking down and misjudged smiles."""
CEILINGS: Final[Mapping[str, float]] = {
    "jawOpen": 0.35,
    "mouthLowerDown": 0.4,
    "mouthUpperUp": 0.6,
    "mouthDimple": 0.25,
    "eyeBlink": 0.2,
    "eyeSquint": 0.6,
}
"""Above these a face cannot also speak (mouth) or look at the viewer (lids)."""
CEILINGS_BESIDE: Final[Mapping[str, Mapping[str, float]]] = {
    "browInnerUp": {"browDown": 0.12},
    "mouthSmile": {"mouthSmile": 0.7, "mouthUpperUp": 0.45},
}
"""Further ceilings where a recipe has the first channel. Unit 4 draws raised inner brows together, but browDown lowers
them; a larger smile lifts the rig's upper lip off the teeth and shows the gum."""
CEILING: Final = 0.9
"""Leaves the drift of the layer room below 1."""

SPREAD_RANGE: Final = (0.05, 0.25)
"""The spread is held to these shares of the mean: less looks cloned, more no longer looks like the emotion."""
RECIPE_SPREAD: Final = 0.12
SCORE_NOISE: Final = 0.5
"""Share of the variation among peak faces that is taken for people; the rest is label and reading noise (estimate)."""


class Reading(NamedTuple):
    """What one instrument says of one channel at full intensity."""

    mean: float
    spread: float
    source: Source
    typical: float = 0.0
    """What people show on average; 0 where they disagree on it."""


Readings = Mapping[str, Mapping[str, Reading]]
"""Category -> channel without side -> reading."""


def main() -> None:
    """Fit and write the table that ships."""
    parser = argparse.ArgumentParser(description="Fit the expression table on labelled faces.")
    parser.add_argument("data_dir", type=Path, help="folder that holds arkit_by_emotion/ and au_by_emotion/")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name(FILE_NAME))
    options = parser.parse_args()
    table = fit_table(options.data_dir)
    options.out.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    count = sum(len(channels) for channels in table["emotions"].values())
    print(f"{options.out.name}: {len(table['emotions'])} emotions, {count} channel values")


def fit_table(data_dir: Path) -> dict[str, Any]:
    """Return the content of `table.json`.

    Raises:
        InputError: a data file is missing.
    """
    for name in (FACES_FILE, UNITS_FILE):
        if not (data_dir / name).is_file():
            raise InputError(f"{data_dir} holds no {name}; give the folder that holds both data sets.")
    faces, frontal_count = read_faces(data_dir / FACES_FILE)
    units, clip_count, gain = read_units(data_dir / UNITS_FILE, full_smile=faces["happiness"]["mouthSmile"].mean)
    emotions = {category: _sided(_lead(category, recipe, (faces, units))) for category, recipe in RECIPES.items()}
    provenance = {
        "command": "python -m espressivo.generators.face.expression.fit DATA_DIR",
        "arkit faces": {
            "what": "ARKit scores of FER2013 training faces (Google face landmarker, mediapipe 1.2.2)",
            "frontal_faces": frontal_count,
            "sha256": _sha256(data_dir / FACES_FILE),
        },
        "action units": {
            "what": "means and between-actor deviations of OpenFace 2 units, RAVDESS speech, actors 1-16 "
            "(Luna-Jimenez et al., Appl. Sci. 2022, 12(1), 327; recordings: Livingstone & Russo 2018, CC BY-NC-SA 4.0)",
            "clips": clip_count,
            "weight_per_unit": round(gain, 4),
            "sha256": _sha256(data_dir / UNITS_FILE),
        },
        "recipe": "EMFACS combinations with estimated amplitudes (recipes.py)",
    }
    return {"provenance": provenance, "emotions": emotions}


class FrontalFaces(NamedTuple):
    """What a landmarker reads off labelled faces that look into the camera."""

    scores: Float[np.ndarray, "faces names"]
    """0..1, not calibrated."""
    label: Int[np.ndarray, "faces"]
    """Index into `classes`."""
    classes: list[str]
    names: list[str]
    """ARKit's, one per column."""


def frontal_faces(path: Path) -> FrontalFaces:
    """Read the labelled faces of `FACES_FILE` whose head turns by less than `FRONTAL_RAD` about each axis."""
    with np.load(path) as archive:
        frontal = (np.abs(archive["pose_rad"].astype(float)) < FRONTAL_RAD).all(1)
        return FrontalFaces(
            archive["scores_u8"][frontal] / 255.0,
            archive["label"][frontal],
            [str(name) for name in archive["classes"]],
            [str(name) for name in archive["names"]],
        )


def read_faces(path: Path) -> tuple[Readings, int]:
    """Read peaks of labelled still faces, in shares of the reader's own range above rest.

    A face's place is its projection on the linear discriminant of its emotion against all other classes in equal parts
    (Fisher 1936): that direction holds what sets the emotion apart, not what all posed faces share.

    Returns:
        Readings of the channels that the reader answers, and the number of faces used.
    """
    scores, label, classes, names = frontal_faces(path)
    muscles = sorted({_muscle(name) for name in names} - {"_neutral"})
    scores = np.stack(
        [scores[:, [n for n, name in enumerate(names) if _muscle(name) == m]].mean(1) for m in muscles], 1
    )
    centres = np.stack([scores[label == k].mean(0) for k in range(len(classes))])
    within = np.mean([np.cov(scores[label == k].T) for k in range(len(classes))], axis=0) + 1e-3 * np.eye(len(muscles))
    rest = centres[classes.index("neutral")]
    span = np.quantile(scores, FULL_SCORE_QUANTILE, axis=0) - rest

    readings: dict[str, dict[str, Reading]] = {}
    for k, category in enumerate(classes):
        others = np.delete(centres, k, axis=0).mean(0)
        own = scores[label == k]
        place = own @ np.linalg.solve(within, centres[k] - others)
        peak = own[place > np.quantile(place, 1 - PEAK_SHARE)]
        readings[category] = {
            muscle: Reading(
                mean=(peak[:, m].mean() - rest[m]) / span[m],
                spread=SCORE_NOISE * peak[:, m].std() / span[m],
                source="arkit faces",
                typical=(centres[k, m] - rest[m]) / span[m],
            )
            for m, muscle in enumerate(muscles)
            if span[m] >= READER_RANGE
        }
    return readings, len(scores)


def read_units(path: Path, full_smile: float) -> tuple[Readings, int, float]:
    """Read peaks of acted, talking faces: mean plus 1.28 deviations between actors, instructed strength "strong".

    Where the actors disagree more than they change (mean below deviation), the mean alone is taken.

    Units become weights by one gain, chosen so that the smile (unit 12), which both instruments see, is as large as on
    the still faces.

    Returns:
        Readings of the channels whose units are seen, the number of clips, and the gain in weight per unit.
    """
    by_actor: dict[tuple[str, str, str], list[list[float]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_actor[row["emotion"], row["intensity"], row["actor"]].append(
                [float(row[_column(au)]) for au in AU_TO_ARKIT]
            )
    actors = sorted({actor for _, _, actor in by_actor})
    neutral = np.stack([np.mean(by_actor["neutral", "normal", a], axis=0) for a in actors])
    change = {
        category: np.stack([np.mean(by_actor[category, "strong", a], axis=0) for a in actors]) - neutral
        for category in {emotion for emotion, _, _ in by_actor} - {"neutral"}
    }
    means = {category: values.mean(0) for category, values in change.items()}
    spreads = {category: values.std(0) for category, values in change.items()}
    seen = np.max(list(means.values()), axis=0) >= UNIT_SEEN
    order = list(AU_TO_ARKIT)
    smile = order.index(12)
    gain = full_smile / (means["happiness"][smile] + Z_90 * spreads["happiness"][smile])

    readings: dict[str, dict[str, Reading]] = {}
    for category in means:
        agreed = means[category] >= spreads[category]
        peak = means[category] + (0.0 if category in MILD else Z_90) * agreed * spreads[category]
        readings[category] = {}
        for u, au in enumerate(order):
            for muscle, share in AU_TO_ARKIT[au].items() if seen[u] else ():
                scale = share * gain
                reading = Reading(
                    mean=scale * peak[u],
                    spread=scale * spreads[category][u],
                    source="action units",
                    typical=scale * means[category][u] * agreed[u],
                )
                readings[category][muscle] = max(readings[category].get(muscle, reading), reading)
    return readings, sum(map(len, by_actor.values())), float(gain)


def _lead(category: str, recipe: Mapping[str, float], instruments: tuple[Readings, ...]) -> dict[str, Reading]:
    """Choose who leads on every channel: the instrument that reads most, unless it plainly misses what is there."""
    best: dict[str, Reading] = {}
    for readings in instruments:
        for muscle, reading in readings.get(category, {}).items():
            best[muscle] = max(best.get(muscle, reading), reading)
    chosen = {
        muscle: best[muscle]
        if muscle in best and best[muscle].mean >= UNDERREAD * value
        else Reading(value, RECIPE_SPREAD * value, "recipe")
        for muscle, value in recipe.items()
    }
    added = {
        muscle: reading
        for muscle, reading in best.items()
        if reading.typical >= ADDED_FLOOR and muscle not in recipe and not muscle.startswith(NOT_ADDED)
    }
    ceilings = dict(CEILINGS)
    for channel in recipe:
        ceilings |= CEILINGS_BESIDE.get(channel, {})
    return {
        muscle: _held(reading, ceilings.get(muscle, CEILING)) for muscle, reading in sorted((chosen | added).items())
    }


def _held(reading: Reading, ceiling: float) -> Reading:
    mean = min(reading.mean, ceiling)
    least, most = (share * mean for share in SPREAD_RANGE)
    return Reading(mean, min(max(reading.spread, least), most), reading.source)


def _sided(cells: Mapping[str, Reading]) -> dict[str, dict[str, float | str]]:
    """Spell channels without side out, in ARKit's order."""
    sided = {
        name: cell
        for muscle, cell in cells.items()
        for name in ([muscle] if muscle in CHANNEL else [muscle + side for side in SIDED])
    }
    return {
        name: {"mean": round(float(cell.mean), 3), "spread": round(float(cell.spread), 3), "source": cell.source}
        for name, cell in sorted(sided.items(), key=lambda item: CHANNEL[item[0]])
    }


def _muscle(name: str) -> str:
    """`browDownLeft` -> `browDown`; jaw and mouth shifts to a side keep their name."""
    if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        return name
    return name.removesuffix("Left").removesuffix("Right")


def _column(au: int) -> str:
    return f"AU{au:02d}_r"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
