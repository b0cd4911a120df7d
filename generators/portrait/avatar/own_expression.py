"""The expression that a photograph shows already, and the way from it to a face at rest."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.portrait.avatar.contact import LIP_SHARES, hold_apart
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_OPENING = ("jawOpen", "mouthUpperUp", "mouthLowerDown")
_SMILING = ("mouthSmile", "mouthDimple")
_OTHER = ("mouthStretch", "mouthFrown", "mouthPucker", "browInnerUp", "browOuterUp", "eyeSquint", "eyeWide")
"""Shapes that explain how a face differs from the standard one. Only the first two kinds are believed to be expression;
the third keeps them from explaining what is the person's build."""
_BUILD, _EXPRESSION = 0.15, 0.35
"""A weight below the first is put down to the person's build, one above the second is believed."""
_HELD_SMALL = 5.0
"""Of the least squares, cm^2: as much as a weight of 1 costs."""
_SWEEPS = 500
_REMAINS = 0.35
"""Share of a smile that stays when the face comes to rest: a smiling person remains one."""
_FARTHER = 0.8
"""A sober mouth goes farther by so much of the smile that was found: what the smile did to cheeks and lids stays in the
photograph, and outweighs a mouth at rest."""
_PLAIN = 0.45
_NOT_DOUBLED = 0.7
"""Share of what the photograph shows already by which a like weight counts less."""
_SOBER = {
    "mouthFrown": 1.5,
    "noseSneer": 2.5,
    "mouthPress": 1.0,
    "mouthShrugLower": 1.0,
    "mouthStretch": 0.8,
}
"""How fast these take away the rest of the smile: nobody smiles in anger or grief. Brows have no say: an edit of brows
alone leaves the mouth as it was."""
_GASP, _GASPING = 0.4, 2.0
"""A jaw that is open farther than the first does the same, as fast as the second; speech hardly does."""


@dataclass(frozen=True, eq=False)
class OwnExpression:
    """What a photograph shows, as far as a smile and open lips can be told from the person's build."""

    weights: Float32[np.ndarray, "52"]
    rest_px: Float32[np.ndarray, "468 3"]
    """What brings the face to rest: lips that meet, most of a smile gone. All 0 where it is at rest."""
    sober_px: Float32[np.ndarray, "468 3"]
    """What takes the rest of the smile away."""

    @classmethod
    def of(
        cls,
        landmarks: Float[np.ndarray, "468 3"],
        points: Float32[np.ndarray, "468 3"],
        standard: Float32[np.ndarray, "468 3"],
        shapes: Float32[np.ndarray, "52 468 3"],
        down: Float32[np.ndarray, "3"],
        px_per_cm: float,
    ) -> "OwnExpression":
        """Read it from the mesh of the photograph.

        Args:
            landmarks: the mesh as it was read, px.
            points: the mesh as it is drawn.
            standard: the standard face, laid over it.
            shapes: offsets at weight 1, px.
            down: towards the chin.
            px_per_cm: scale.
        """
        weights = _explained((landmarks - standard)[:, :2] / px_per_cm, shapes / px_per_cm)
        smile = np.tensordot(weights * _mask(_SMILING), shapes, 1)
        opening = np.tensordot(weights * _mask(_OPENING), shapes, 1)
        relaxed = points - opening - np.float32(1 - _REMAINS) * smile
        mesh = load_face_mesh()
        hold_apart(relaxed, np.zeros_like(relaxed), mesh.upper_lip_rows, mesh.lower_lip_rows, LIP_SHARES, down, 1.0)
        return cls(weights, relaxed - points, np.float32(-_REMAINS - _FARTHER) * smile)

    def at(
        self, points: Float32[np.ndarray, "468 3"], settled: float, asked: Float32[np.ndarray, "52"]
    ) -> Float32[np.ndarray, "468 3"]:
        """Return the face that `asked` is added to, when it has come to rest by the share `settled`."""
        if not settled:
            return points
        return points + np.float32(settled) * (self.rest_px + np.float32(_sober(asked)) * self.sober_px)

    def folds_lost(self, settled: float, asked: Float32[np.ndarray, "52"]) -> float:
        """Return how far the folds of a plain smile (a weight of `_PLAIN`) that the photograph shows have gone, 0..1.

        They go with the smile, but a sneer folds the same places.
        """
        smile = min(float(self.weights[_channels("mouthSmile")].mean()) / _PLAIN, 1.0)
        sneer = min(float(asked[_channels("noseSneer")].mean()), 1.0)
        return smile * settled * (1 - _REMAINS * (1 - _sober(asked))) * (1 - sneer)

    def not_doubled(self, asked: Float32[np.ndarray, "52"], settled: float) -> Float32[np.ndarray, "52"]:
        """Return the weights to add: less of what the photograph shows and has not yet lost."""
        return asked * (1 - np.float32(_NOT_DOUBLED * (1 - settled)) * self.weights)


def _sober(asked: Float32[np.ndarray, "52"]) -> float:
    """Return how far what is asked for takes away the rest of a smile, 0..1."""
    sober = sum(gain * asked[_channels(name)].mean() for name, gain in _SOBER.items())
    sober += _GASPING * max(0.0, float(asked[CHANNEL["jawOpen"]]) - _GASP)
    return float(np.clip(sober - 2.0 * asked[_channels("mouthSmile")].mean(), 0, 1))


def _explained(
    away_cm: Float[np.ndarray, "468 2"], shapes_cm: Float32[np.ndarray, "52 468 3"]
) -> Float32[np.ndarray, "52"]:
    """Explain how a face differs from the standard one by a few shapes, none of them negative."""
    names = (*_OPENING, *_SMILING, *_OTHER)
    matrix = np.stack([shapes_cm[_channels(name)].sum(axis=0)[:, :2].ravel() for name in names], axis=1)
    amounts = _least_squares(matrix.astype(np.float64), away_cm.ravel())
    found = dict(zip(names, amounts, strict=True))
    found["mouthSmile"] -= found["mouthFrown"]
    weights = np.zeros(len(shapes_cm), np.float32)
    for name in (*_OPENING, *_SMILING):
        belief = np.clip((found[name] - _BUILD) / (_EXPRESSION - _BUILD), 0, 1)
        weights[_channels(name)] = np.clip(belief * found[name], 0, 1)
    return weights


def _least_squares(matrix: Float[np.ndarray, "rows n"], target: Float[np.ndarray, "rows"]) -> Float[np.ndarray, "n"]:
    """Solve for amounts of 0 and more that are held small, one after the other until none changes."""
    square = matrix.T @ matrix + _HELD_SMALL * np.eye(matrix.shape[1])
    toward = matrix.T @ target
    amounts = np.zeros(len(toward))
    for _ in range(_SWEEPS):
        before = amounts.copy()
        for k in range(len(amounts)):
            amounts[k] = max(0.0, amounts[k] + (toward[k] - square[k] @ amounts) / square[k, k])
        if np.abs(amounts - before).max() < 1e-6:
            break
    return amounts


def _mask(names: tuple[str, ...]) -> Float32[np.ndarray, "52"]:
    mask = np.zeros(len(CHANNEL), np.float32)
    mask[[channel for name in names for channel in _channels(name)]] = 1
    return mask


def _channels(name: str) -> list[int]:
    """Return the channel of a shape, or both of one with sides."""
    return [CHANNEL[name]] if name in CHANNEL else [CHANNEL[f"{name}Left"], CHANNEL[f"{name}Right"]]
