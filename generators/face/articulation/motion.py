"""SpeechMotion: what speech alone asks of the mouth."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.arkit import ARKIT_NAMES

_CURVES = ("closure", "labiodental", "sibilant", "times_s")


@dataclass(frozen=True, eq=False)
class SpeechMotion:
    """Mouth motion of one line, before emotion is added and before contacts are enforced.

    The lips in `weights` do not touch yet: add the emotion first, then call `enforce_closures`.
    """

    weights: Float[np.ndarray, "frames 52"]
    """ARKit weights in [0, 1]; only jaw, lips and tongue are ever above 0."""
    closure: Float[np.ndarray, "frames"]
    """How strongly both lips have to be shut (P, B, M): 0 free, 1 shut."""
    labiodental: Float[np.ndarray, "frames"]
    """How strongly the lower lip has to touch the upper teeth (F, V)."""
    sibilant: Float[np.ndarray, "frames"]
    """How strongly the jaw has to stay up (S, Z, SH, ZH, CH, JH)."""
    times_s: Float[np.ndarray, "frames"]
    """The moment each frame shows, in seconds."""

    def __post_init__(self) -> None:
        frames = len(self.times_s)
        shapes = {"weights": (frames, len(ARKIT_NAMES)), **dict.fromkeys(_CURVES, (frames,))}
        for name, shape in shapes.items():
            array = np.array(getattr(self, name), np.float64 if name == "times_s" else np.float32)
            if array.shape != shape:
                raise ValueError(f"SpeechMotion.{name} has shape {array.shape}, expected {shape}.")
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.times_s)
