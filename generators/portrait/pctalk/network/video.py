"""The video of a portrait that LivePortrait draws, and the keypoints that move it."""

from dataclasses import dataclass

from espressivo.generators.portrait.liveportrait.template import MotionTemplate
from espressivo.media.video import Video


@dataclass(frozen=True, eq=False, kw_only=True)
class KeypointPortrait(Video):
    """Frames are drawn while they are asked for, and again when they are asked for again."""

    template: MotionTemplate
    """What the face does, to be kept or given to another portrait."""

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.template)
