"""Contacts that no emotion and no gain may undo: shut lips, lip on teeth, jaw up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from
from espressivo.generators.face.articulation.motion import SpeechMotion

_JAW: Final = CHANNEL["jawOpen"]
_CLOSE: Final = CHANNEL["mouthClose"]

_SHUT_GAP_MM: Final = -0.8
"""Shut lips press into each other a little: contact that just touches shows a dark line."""
_TEETH_GAP_MM: Final = 2.2
"""Lip gap with the lower lip on the upper teeth (the FF viseme at rest: 2.4 mm)."""
_LABIODENTAL_JAW: Final = 0.15
_SIBILANT_JAW: Final = 0.25

_SHUT_FLOOR: Final = weights_from(mouthPress=0.3, mouthRollLower=0.15, mouthRollUpper=0.1)
_TEETH_FLOOR: Final = weights_from(mouthRollLower=0.5, mouthShrugLower=0.15, mouthUpperUp=0.2)
_TEETH_RELEASED: Final = weights_from(
    mouthFunnel=0.8, mouthPucker=0.5, mouthLowerDown=1.0, mouthUpperUp=0.7, mouthShrugUpper=1.0
)
"""Share of each channel that gives way to a lip on the teeth."""


@dataclass(frozen=True, eq=False)
class LipGap:
    """The vertical gap of the inner mid-lip in mm, linear in the weights; 0 = lips touch, below 0 = pressed."""

    per_weight_mm: Float[np.ndarray, "52"]
    neutral_mm: float

    def __call__(self, weights: Float[np.ndarray, "frames 52"]) -> Float[np.ndarray, "frames"]:
        """Return the gap of every frame."""
        return weights @ self.per_weight_mm + self.neutral_mm

    @classmethod
    def of(cls, lip_gap_mm: Callable[[np.ndarray], np.ndarray]) -> "LipGap":
        """Read the law off a rig's own gap function, which has to be linear in the weights (n, 52)."""
        channels = len(ARKIT_NAMES)
        probes = np.vstack([np.zeros(channels), np.eye(channels)]).astype(np.float32)
        gaps_mm = np.asarray(lip_gap_mm(probes), np.float64)
        return cls(per_weight_mm=gaps_mm[1:] - gaps_mm[0], neutral_mm=float(gaps_mm[0]))


def enforce_closures(
    weights: Float[np.ndarray, "frames 52"], speech: SpeechMotion, lip_gap: LipGap
) -> Float[np.ndarray, "frames 52"]:
    """Return `weights` with every contact of `speech` made, whatever emotion and gains did to the mouth.

    mouthClose undoes jawOpen exactly on a rig whose gap is linear, so shut lips are solved for, not guessed: channels
    that part the lips give way, the lips press, and mouthClose takes up what gap remains. It never exceeds jawOpen,
    which would push the lips through each other. Frames without contact keep their weights.
    """
    w = np.clip(np.asarray(weights, np.float64), 0.0, 1.0)
    shut = speech.closure.astype(np.float64)
    teeth = speech.labiodental * (1.0 - shut)

    _hold_jaw(w, speech.sibilant, _SIBILANT_JAW)
    _hold_jaw(w, teeth, _LABIODENTAL_JAW)
    w *= 1.0 - teeth[:, None] * _TEETH_RELEASED
    w = np.maximum(w, teeth[:, None] * _TEETH_FLOOR)
    w[:, _CLOSE] = np.minimum(w[:, _CLOSE], w[:, _JAW])
    _lower_gap(w, teeth, _TEETH_GAP_MM, lip_gap)

    before_mm = lip_gap(w)
    openers = lip_gap.per_weight_mm > 0.0
    openers[_JAW] = False
    w *= 1.0 - shut[:, None] * openers
    w = np.maximum(w, shut[:, None] * _SHUT_FLOOR)
    _lower_gap(w, shut, _SHUT_GAP_MM, lip_gap, before_mm)
    return np.clip(w, 0.0, 1.0).astype(np.float32)


def _hold_jaw(w: np.ndarray, hold: np.ndarray, at_most: float) -> None:
    excess = np.maximum(w[:, _JAW] - at_most, 0.0)
    w[:, _JAW] -= hold * excess


def _lower_gap(
    w: np.ndarray, contact: np.ndarray, contact_mm: float, lip_gap: LipGap, before_mm: np.ndarray | None = None
) -> None:
    """Set mouthClose so that the gap moves from `before_mm` to at most `contact_mm` as `contact` goes from 0 to 1."""
    now_mm = lip_gap(w) if before_mm is None else before_mm
    wanted_mm = now_mm + contact * np.minimum(contact_mm - now_mm, 0.0)
    close = w[:, _CLOSE] + (wanted_mm - lip_gap(w)) / lip_gap.per_weight_mm[_CLOSE]
    w[:, _CLOSE] = np.where(contact > 0.0, np.clip(close, 0.0, w[:, _JAW]), w[:, _CLOSE])
