"""Emotions on parts of the face: several at once, each with a region of its own.

```
lips=happiness:0.8                     a smile, whatever the eyes do
brows=@0 neutral @1.5 anger:0.9        any emotion of the command line's notation, keyframes as well
```
"""

from dataclasses import dataclass
from typing import cast, get_args

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import EmotionError
from espressivo.generators.portrait.pctalk.regions import RegionName


@dataclass(frozen=True)
class Condition:
    """An emotion, and the part of the face that shows it; the strengths are the track's."""

    emotion: EmotionTrack
    region: RegionName = "all"


def parse_condition(text: str) -> Condition:
    """Read a condition in the notation of this module.

    Raises:
        EmotionError: there is no such region, or the emotion cannot be understood.
    """
    name, equals, emotion = text.partition("=")
    name = name.strip().lower()
    if not equals:
        raise EmotionError(f"{text.strip()!r} names no region and emotion; write for example lips=happiness:0.8.")
    if name not in get_args(RegionName):
        raise EmotionError(f"{name!r} is no region of the face; there are {', '.join(get_args(RegionName))}.")
    return Condition(parse_emotion(emotion), cast(RegionName, name))
