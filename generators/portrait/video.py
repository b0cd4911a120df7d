"""TalkingPortrait: the video of a portrait that speaks, and the motion that it shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from espressivo.generators.face.motion import FaceMotion
from espressivo.media.video import Video

Frame = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TalkingPortrait(Video):
    """Frames are drawn while they are asked for, and again when they are asked for again."""

    motion: FaceMotion
    """ARKit weights in [0, 1], for exports and other rigs."""
    drawn: FaceMotion
    """The same as the renderer was given it: emotions stronger, by its own measure; weights may go beyond 1."""

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.motion)


@dataclass(frozen=True, eq=False)
class DrawnFrames:
    """Frames of an even size, which can be gone through more than once."""

    draw: Callable[[], Iterator[Frame]]
    finish: Callable[[Frame], Frame] = lambda frame: frame
    """What is done to each frame at last; it may change it in place."""

    def __iter__(self) -> Iterator[Frame]:
        for frame in self.draw():
            height, width = (length // 2 * 2 for length in frame.shape[:2])
            yield self.finish(np.ascontiguousarray(frame[:height, :width]))
