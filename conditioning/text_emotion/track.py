"""Text -> emotion track: each sentence's emotion exactly while it is spoken.

For a track with the dials of all recognisers (smoothing, contrast, ...) see `spoken` and `auto.track_of`.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.speech import Word
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.text_emotion.recogniser import TextRecogniser, load_text_recogniser
from espressivo.conditioning.text_emotion.timing import sentence_starts_s
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.errors import EmotionError
from espressivo.progress import ProgressCallback

TRANSITION_S = 0.6
"""How long one sentence's emotion takes to become the next one's (estimate)."""


def track_of_text(
    text: str,
    duration_s: float | None = None,
    words: Sequence[Word] | None = None,
    transition_s: float = TRANSITION_S,
    recogniser: TextRecogniser | None = None,
    progress: ProgressCallback | None = None,
) -> EmotionTrack:
    """Read a text and lay its sentences' emotions out in time.

    Args:
        text: what is spoken.
        duration_s: how long it takes; sentences share it by their number of words. 150 words a minute by default.
        words: when each word is spoken (`Speech.words`); goes before `duration_s`.
        transition_s: how long the emotion takes to change, half of it before the next sentence begins; 0 jumps.
        recogniser: another than the shipped one.
        progress: called while sentences are read.

    Raises:
        EmotionError: the text is too long, or a duration is negative or not finite.
    """
    if not (np.isfinite(transition_s) and transition_s >= 0):
        raise EmotionError(f"The transition of a text's track is {transition_s:g} s; it must be 0 s or more.")
    sentences = (recogniser or load_text_recogniser()).read(text, progress).sentences
    starts_s = sentence_starts_s(sentences, duration_s, words)
    if not sentences:
        return EmotionTrack.constant(EmotionState.neutral())
    return _laid_out([sentence.state for sentence in sentences], starts_s, transition_s)


def _laid_out(
    states: Sequence[EmotionState], starts_s: Float[np.ndarray, " edges"], transition_s: float
) -> EmotionTrack:
    """Hold each state and cross to the next around the edge between them, over at most half of either sentence."""
    keyframes = [Keyframe(0.0, states[0], "linear")]
    lengths_s = np.diff(starts_s)
    for (before, after), edge_s, (length_s, next_s) in zip(
        pairwise(states), starts_s[1:-1], pairwise(lengths_s), strict=True
    ):
        half_s = min(transition_s, length_s / 2, next_s / 2) / 2
        if half_s > 0:
            keyframes.append(Keyframe(float(edge_s - half_s), before, "smooth"))
        elif keyframes[-1].state is before:
            keyframes[-1] = Keyframe(keyframes[-1].t_s, before, "step")
        keyframes.append(Keyframe(float(edge_s + half_s), after, "linear"))
    return EmotionTrack(tuple(keyframes))
