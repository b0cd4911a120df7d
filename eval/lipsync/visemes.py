"""Whether the mouth takes the shape of the sound: four classes of mouth shapes, told by two distances.

A clip's own curves of inner opening and mouth width are z-scored, so that neither the face nor its size matters, and
averaged over 40 ms around the middle of each phone. The nearest of four prototypes says which shape is seen.
Only sounds that settle the shape of the lips are asked: T, D, N, K, G, L, HH and TH leave it to their neighbours.
F and V are measured on their own (`closure.labiodental_gap`), as two distances do not tell them from closed lips.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.speech import Phone
from espressivo.eval.lipsync.closure import inner_opening
from espressivo.eval.lipsync.lag import EYE_CORNERS, distance, standard

SHAPES = ("closed", "open", "spread", "rounded")
SHAPE_OF = {
    phone: shape
    for shape, phones in {
        "closed": "P B M",
        "open": "AA AE AH AY AW EH AO ER",
        "spread": "IY IH EY S Z",
        "rounded": "UW OW UH OY W R SH CH JH ZH",
    }.items()
    for phone in phones.split()
}
CHANCE = 1 / len(SHAPES)
PROTOTYPES = Path(__file__).with_name("prototypes.json")
"""Written by `python -m espressivo.eval.lipsync.prototypes`."""

_MOUTH_CORNERS = (61, 291)
_AROUND_S = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])


def mouth_shapes(points: Float[np.ndarray, "frames points 3"]) -> Float[np.ndarray, "frames 2"]:
    """Return inner opening and mouth width of every frame, z-scored over the clip."""
    width = distance(points, *_MOUTH_CORNERS) / distance(points, *EYE_CORNERS)
    return np.stack([standard(inner_opening(points)), standard(width)], axis=1)


def shapes_at_phones(
    points: Float[np.ndarray, "frames points 3"], fps: float, phones: Sequence[Phone]
) -> tuple[Float[np.ndarray, "n 2"], Int[np.ndarray, "n"]]:
    """Return the measured shape at every phone that settles one, and the index in `SHAPES` of the shape it asks for."""
    curves = mouth_shapes(points)
    asked = [phone for phone in phones if phone.label in SHAPE_OF]
    frames = [(phone.start_s + phone.end_s) / 2 * fps + _AROUND_S * fps for phone in asked]
    places = np.array(frames).reshape(-1, len(_AROUND_S))
    seen = [np.interp(places, np.arange(len(curves)), curve).mean(axis=1) for curve in curves.T]
    wanted = [SHAPES.index(SHAPE_OF[phone.label]) for phone in asked]
    return np.stack(seen, axis=1), np.array(wanted, int)


def nearest_shape(
    seen: Float[np.ndarray, "n 2"], prototypes: Float[np.ndarray, "4 2"] | None = None
) -> Int[np.ndarray, "n"]:
    """Return the index of the nearest prototype; of the shipped ones if none are given."""
    table = load_prototypes() if prototypes is None else prototypes
    return np.argmin(((seen[:, np.newaxis] - table) ** 2).sum(axis=2), axis=1)


def agreement(seen: Int[np.ndarray, "n"], wanted: Int[np.ndarray, "n"]) -> float:
    """Return balanced accuracy: the share of right shapes per shape that is asked for, averaged over those shapes."""
    return float(np.mean([(seen[wanted == shape] == shape).mean() for shape in np.unique(wanted)]))


@cache
def load_prototypes() -> Float[np.ndarray, "4 2"]:
    """Return the shipped prototypes, in the order of `SHAPES`."""
    table = json.loads(PROTOTYPES.read_text(encoding="utf-8"))["prototypes"]
    return np.array([table[shape] for shape in SHAPES])
