"""Sizes of PC-Talk's networks; the defaults are those of the released checkpoints."""

from dataclasses import dataclass

LIPS = (6, 12, 14, 17, 19, 20)
"""The keypoints of LivePortrait that speech moves."""
EMOTIONS = ("neutral", "happy", "sad", "angry", "fear", "disgusted", "surprised", "contempt")
"""In the order of the network's input."""


@dataclass(frozen=True)
class MotionDecoderSize:
    """The lips' decoder (LAC), and with 63 coordinates the whole face's (EMC)."""

    coordinates: int = 3 * len(LIPS)
    feature_dim: int = 512
    period: int = 25
    """Frames after which positions repeat; a window is never longer."""
    person_num: int = 204
    person_bias: bool = False
    heads: int = 4

    @property
    def feed_forward(self) -> int:
        """Width between attentions."""
        return 2 * self.feature_dim


@dataclass(frozen=True)
class StyleSize:
    """The style encoder."""

    feature_dim: int = 512
    period: int = 100
    """Frames of lips that a style is read from."""
    person_num: int = 204
    heads: int = 4
    layers: int = 2

    @property
    def feed_forward(self) -> int:
        """Width between attentions."""
        return 2 * self.feature_dim
