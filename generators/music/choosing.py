"""Which draft of a phrase is kept: the first that the rule-based reader of music finds near enough to what was asked.

None of the judges that grade generators has a say in it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.music_emotion.recogniser import feeling_of, load_reader
from espressivo.generators.music.moods import Mood
from espressivo.media.notes import Notes

PHRASE_BARS = 4
"""Bars that are drafted together."""
_NEAR = 0.3
"""Of -1..1: drafts that are nearer than this are alike. The nearest would only be the most extreme."""
PLAIN, AS_REAL = (1.0, 1.0), (0.4, 0.6)
"""How much of the valence and arousal that are asked for has to be heard: all, or as much as in real music. Half of
EMOPIA's training clips are heard between .2 and .75 of one, and between .4 and .95 of the other."""
_HOP_S = 4.0
"""Windows that overlap by half say enough of a phrase."""


class Draft(NamedTuple):
    """Some bars that could be kept."""

    notes: Notes
    bars: Sequence[tuple[Mood, float]]
    """What was asked of each bar, and how many seconds it has."""


def nearest(drafts: Iterable[Draft], reach: tuple[float, float] = PLAIN) -> int:
    """Return which draft is heard nearest to what was asked: the first that is near, or the first if nothing was.

    Drafts after it are not taken from the iterable: they need not be written.

    Args:
        drafts: of one phrase.
        reach: `PLAIN` or `AS_REAL`.
    """
    distances: list[float] = []
    for draft in drafts:
        if not any(mood.intensity > 0 for mood, _ in draft.bars):
            return 0
        distances.append(_distance(draft, reach))
        if distances[-1] < _NEAR:
            break
    return int(np.argmin(distances))


def _distance(draft: Draft, reach: tuple[float, float]) -> float:
    if not len(draft.notes.pitched):
        return np.inf
    places, seconds = zip(*((mood.place, seconds) for mood, seconds in draft.bars), strict=True)
    asked = np.average(places, axis=0, weights=seconds)
    feeling = feeling_of(listen(draft.notes, _HOP_S), load_reader())
    off = np.array([feeling.valence, feeling.arousal]) - asked * reach
    # More than was asked counts the less the more was asked: music of no emotion is often livelier than half of joy.
    off *= np.where(off * asked > 0, 1 - np.abs(asked), 1.0)
    return float(np.hypot(*off))
