"""How far portraits are moved for an emotion: `python -m espressivo.eval.portrait.fit_amplitudes DATA_DIR PORTRAITS...`

A free search for a classifier's favour finds grimaces. This one stays within the spread of real, labelled faces
(`labelled_faces`), pays for every step away from the usual face, looks at many people at once, and asks two networks of
different making: mini-Xception, and this project's own expression-swin, since the former hardly heeds brows and does
not know disgust. The network that is reported (face-api's) has no part in it, and neither have the portraits that are
not given here.

The search is the cross-entropy method (Rubinstein 1999): faces are drawn around the best so far, and the next ones
around the mean of those that do best. Faces are also looked at while they speak, with the share of the emotion that a
speaking mouth keeps, so that the upper face does its part.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from jaxtyping import Float

from espressivo.conditioning.expression_swin.recogniser import ID, load_judge
from espressivo.conditioning.face_emotion.judges import JUDGED, MINI_XCEPTION, ExpressionJudge, face_crop, load_judges
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.eval.portrait.faces import EMOTIONS
from espressivo.eval.portrait.labelled_faces import Spread, read_spreads
from espressivo.eval.portrait.sitters import read_sitters
from espressivo.eval.portrait.sitting import Sitting
from espressivo.eval.portrait.tables import write_json
from espressivo.generators.face.arkit import CHANNEL, MOUTH_CHANNELS, weights_from
from espressivo.generators.face.expression.compose import SPEAKING_SHARE
from espressivo.generators.face.expression.fit import FACES_FILE, UNITS_FILE
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.visemes import VISEME_WEIGHTS, VISEMES
from espressivo.weights.manifest import FOLDER

SIZE = 160
GENERATIONS, FACES, BEST = 9, 20, 5
PEOPLE = 18
"""Portraits that a generation is shown on, drawn anew for each."""
SPEAKERS = 5
"""The first of them are also seen speaking."""
SPEAKING_WEIGHT = 0.3
STRANGENESS_WEIGHT = 0.35
"""What one unit of `Spread.strangeness` costs, in nats."""
SURE = 0.9
"""More than this probability earns nothing: it is how a face turns into a mask."""
UNSURE = 1e-3
"""Less costs no more: somebody who laughs in the photograph will not look sad, and must not lead the search."""
_SPOKEN = ("aa", "E", "I", "O")
_LEAST = 0.02


def main(
    data_dir: tyro.conf.Positional[Path],
    portraits: tyro.conf.Positional[tuple[Path, ...]],
    out: Path,
    emotions: tuple[str, ...] = EMOTIONS,
    seed: int = 0,
) -> None:
    """Fit what every emotion adds on a portrait.

    Args:
        data_dir: folder that holds arkit_by_emotion/ and au_by_emotion/.
        portraits: folders with portraits to look at, or single pictures.
        out: the table to write; emotions that are not fitted now keep what it holds of them.
        emotions: which ones.
        seed: of the search.
    """
    spreads = read_spreads(data_dir, emotions)
    sittings = [Sitting.of(sitter, SIZE) for sitter in read_sitters(portraits)]
    mini_xception = next(judge for judge in load_judges() if judge.id == MINI_XCEPTION)
    judges = (mini_xception, load_judge(FOLDER / ID))
    content: dict[str, Any] = json.loads(out.read_text("utf-8")) if out.is_file() else {"gains": {}, "added": {}}
    for emotion in emotions:
        face, strangeness = search(emotion, spreads[emotion], sittings, judges, np.random.default_rng(seed))
        content["added"][emotion] = added(emotion, spreads[emotion], face)
        print(f"{emotion}: strangeness {strangeness:.2f}, added {content['added'][emotion]}", flush=True)
    content["provenance"] = {
        "command": "python -m espressivo.eval.portrait.fit_amplitudes DATA_DIR PORTRAITS... --out FILE",
        "judges": content.get("provenance", {}).get("judges", {})
        | {emotion: [judge.id for judge in judges] for emotion in emotions},
        "portraits": len(sittings),
        "people": {
            str(name): hashlib.sha256((data_dir / name).read_bytes()).hexdigest() for name in (FACES_FILE, UNITS_FILE)
        },
        "base": "generators/face/expression/table.json",
    }
    write_json(out, {key: content[key] for key in ("provenance", "gains", "added")})


def search(
    emotion: str,
    spread: Spread,
    sittings: Sequence[Sitting],
    judges: Sequence[ExpressionJudge],
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "channels"], float]:
    """Look for the face within `spread` that `judges` take most surely for `emotion`, on many people.

    Returns:
        The face, by the channels of `spread`, and its strangeness.
    """
    middle, deviation = spread.usual.copy(), spread.half / 2
    for generation in range(GENERATIONS):
        shown = [sittings[place] for place in rng.permutation(len(sittings))[:PEOPLE]]
        drawn = middle + deviation * rng.standard_normal((FACES, len(middle)))
        drawn[0] = middle
        faces = np.clip(drawn, spread.low, spread.high)
        worth = np.array([merit(emotion, spread, face, shown, judges) for face in faces])
        best = faces[np.argsort(worth)[-BEST:]]
        middle = 0.3 * middle + 0.7 * best.mean(axis=0)
        deviation = 0.5 * deviation + 0.5 * best.std(axis=0)
        print(f"{emotion} {generation + 1}/{GENERATIONS}: {worth[0]:.3f}", flush=True)
    return middle, spread.strangeness(middle)


def merit(
    emotion: str,
    spread: Spread,
    face: Float[np.ndarray, "channels"],
    sittings: Sequence[Sitting],
    judges: Sequence[ExpressionJudge],
) -> float:
    """Return how well a face serves: mean log-probability of the emotion, at rest and speaking, less its price."""
    weights = load_table().mean[CATEGORIES.index(emotion)].astype(np.float32)
    for name, value in zip(spread.channels, face, strict=True):
        weights[weights_from(**{name: 1.0}) > 0] = value
    at_rest = _log_probability(emotion, [weights] * len(sittings), sittings, judges)
    speaking = weights.copy()
    speaking[list(MOUTH_CHANNELS)] *= SPEAKING_SHARE
    spoken = [speaking + VISEME_WEIGHTS[VISEMES.index(sound)] for sound in _SPOKEN]
    speakers = sittings[:SPEAKERS]
    talk = _log_probability(emotion, [spoken[k % len(spoken)] for k in range(len(speakers))], speakers, judges)
    return at_rest + SPEAKING_WEIGHT * talk - STRANGENESS_WEIGHT * spread.strangeness(face)


def added(emotion: str, spread: Spread, face: Float[np.ndarray, "channels"]) -> dict[str, float]:
    """Return what a face has more (or less) than the expression table's, as `expression.json` spells it."""
    mean = load_table().mean[CATEGORIES.index(emotion)]
    found = {}
    for name, value in zip(spread.channels, face, strict=True):
        left = mean[CHANNEL[name if name in CHANNEL else f"{name}Left"]]
        if abs(value - left) >= _LEAST:
            found[name] = round(float(value - left), 2)
    return found


def _log_probability(
    emotion: str,
    weights: Sequence[Float[np.ndarray, "52"]],
    sittings: Sequence[Sitting],
    judges: Sequence[ExpressionJudge],
) -> float:
    crops = [
        face_crop(sitting.frame(face), sitting.points_px(face)) for sitting, face in zip(sittings, weights, strict=True)
    ]
    asked = np.stack([judge.probabilities(crops)[:, JUDGED.index(emotion)] for judge in judges])
    return float(np.log(np.clip(asked, UNSURE, SURE)).mean())


if __name__ == "__main__":
    tyro.cli(main)
