"""Emotions on parts of the face: several at once, each with a region of its own.

```
lips=happiness:0.8                     a smile, whatever the eyes do
brows=@0 neutral @1.5 anger:0.9        any emotion of the command line's notation, keyframes as well
```
"""

from dataclasses import dataclass
from typing import cast, get_args

from espressivo.conditioning.borrowed import parse_borrowed
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
        EmotionError: there is no such region, or the emotion cannot be understood or is one that has to be recognised.
        InputError: it is to be recognised in a clip that does not exist.
    """
    name, equals, emotion = text.partition("=")
    name = name.strip().lower()
    if not equals:
        raise EmotionError(f"{text.strip()!r} names no region and emotion; write for example lips=happiness:0.8.")
    if name not in get_args(RegionName):
        raise EmotionError(f"{name!r} is no region of the face; there are {', '.join(get_args(RegionName))}.")
    if parse_borrowed(emotion) is not None:
        raise EmotionError(
            f"{emotion.strip()!r} is recognised for the whole face, with --emotion; name what the {name} "
            "show in words, or give an EmotionML file."
        )
    return Condition(parse_emotion(emotion), cast(RegionName, name))
