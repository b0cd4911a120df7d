"""The expression layer: emotion curves become ARKit weights that live, and are exactly zero without emotion."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.track import EmotionCurves
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.expression.controls import ExpressionControls
from espressivo.generators.face.expression.dynamics import UPPER_LEAD_S, shape_onsets
from espressivo.generators.face.expression.table import load_table
from espressivo.generators.face.liveliness.noise import pink_noise

STREAM: Final = 11
"""Number of this component's random stream."""

VARIATION_LIMIT: Final = 1.5
"""A performer differs from the mean face by at most so many deviations."""
ASYMMETRY: Final = 0.05
"""Largest share by which one side of the face is stronger."""
DRIFT: Final = 0.08
"""Largest share by which a held expression drifts."""
DRIFT_BAND_HZ: Final = (0.03, 0.5)
REGION_PREFIXES: Final = {
    "mouth": ("mouth", "jaw", "cheekPuff", "tongue", "noseSneer"),
    "brows": ("brow",),
    "eyes": ("eye", "cheekSquint"),
}
"""Which channels each of the `ExpressionControls` turns."""
_TEMPLATE_LIMIT: Final = 1 / (1 + DRIFT)

_LOWER: Final = np.array([name.startswith(REGION_PREFIXES["mouth"]) for name in ARKIT_NAMES])
_MUSCLES: Final = sorted({name.removesuffix("Left").removesuffix("Right") for name in ARKIT_NAMES})
_MUSCLE_OF: Final = np.array([_MUSCLES.index(name.removesuffix("Left").removesuffix("Right")) for name in ARKIT_NAMES])
_SIDE: Final = np.array([name.endswith("Left") * 1.0 - name.endswith("Right") for name in ARKIT_NAMES])


@dataclass(frozen=True, eq=False)
class Expression:
    """What the emotion alone does to the face."""

    weights: Float[np.ndarray, "frames 52"]
    """ARKit weights in [0, 1]; gaze channels are 0 (gaze has its own layer)."""
    curves: EmotionCurves
    """The emotion with the face's onsets and offsets, for layers that move along (head, gaze)."""


def express(curves: EmotionCurves, fps: float, seed: int = 0, controls: ExpressionControls | None = None) -> Expression:
    """Play the fitted table.

    Weights are linear in the strengths: sum over emotions of strength x the performer's own face of that emotion, times
    a slow drift. The performer (drawn from the table's spread) and the drift depend on the seed alone. So neutral gives
    exact zeros, more strength gives more of everything, and a mix lies between its parts.

    Args:
        curves: Emotion at every frame.
        fps: Frames per second of `curves`.
        seed: Chooses the performer and the drift.
        controls: Gains by region.
    """
    rng = np.random.default_rng([seed, STREAM])
    faces = performer_faces(rng)
    drift = 1 + DRIFT * np.tanh(pink_noise(curves.times_s, len(_MUSCLES), DRIFT_BAND_HZ, rng) * 0.7)[:, _MUSCLE_OF]

    upper = shape_onsets(curves.strengths, fps, lead_s=UPPER_LEAD_S)
    lower = shape_onsets(curves.strengths, fps, lead_s=-UPPER_LEAD_S)
    weights = np.where(_LOWER, lower @ faces, upper @ faces) * drift * _channel_gains(controls or ExpressionControls())

    smooth = EmotionCurves(
        strengths=((upper + lower) / 2).astype(np.float32),
        vad=shape_vad(curves.vad, fps),
        times_s=curves.times_s,
    )
    return Expression(np.clip(weights, 0, 1).astype(np.float32), smooth)


def performer_faces(rng: np.random.Generator) -> Float[np.ndarray, "10 52"]:
    """Draw one performer: their face of every emotion at full intensity."""
    table = load_table()
    person = np.clip(rng.standard_normal((len(table.mean), len(_MUSCLES))), -VARIATION_LIMIT, VARIATION_LIMIT)
    lean = np.clip(rng.standard_normal(len(_MUSCLES)) / 2, -1, 1)[_MUSCLE_OF]
    faces = (table.mean + table.spread * person[:, _MUSCLE_OF]) * (1 + ASYMMETRY * _SIDE * lean)
    return np.clip(faces, 0, _TEMPLATE_LIMIT)


def shape_vad(vad: Float[np.ndarray, "frames 3"], fps: float) -> Float[np.ndarray, "frames 3"]:
    """Give valence, arousal and dominance the same onsets and offsets, away from and back to 0."""
    vad = np.asarray(vad, float)
    shaped = [shape_onsets(np.maximum(sign * vad[:, [k]], 0), fps) * sign for k in range(3) for sign in (1, -1)]
    return (np.concatenate(shaped[::2], 1) + np.concatenate(shaped[1::2], 1)).astype(np.float32)


def _channel_gains(controls: ExpressionControls) -> Float[np.ndarray, "52"]:
    gains = np.ones(len(ARKIT_NAMES))
    for region, prefixes in REGION_PREFIXES.items():
        gains[[name.startswith(prefixes) for name in ARKIT_NAMES]] = getattr(controls, region)
    return gains
