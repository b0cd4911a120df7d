"""Emotion of words in time: of a text as long as reading it takes, or of the words of a line as they are spoken."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.recognition import RecognisedEmotion
from espressivo.conditioning.speech import Speech, Word
from espressivo.conditioning.text_emotion.recogniser import TextEmotion, TextRecogniser, load_text_recogniser
from espressivo.conditioning.text_emotion.timing import sentence_starts_s
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError
from espressivo.progress import ProgressCallback

HOP_S = 0.25

_NEUTRAL = np.eye(1, len(CATEGORIES), CATEGORIES.index("neutral"))


def recognise_text(
    text: str,
    progress: ProgressCallback | None = None,
    *,
    duration_s: float | None = None,
    recogniser: TextRecogniser | None = None,
) -> RecognisedEmotion:
    """Read a text and say when it expresses what, about every `HOP_S`; `auto.track_of` makes a track of it.

    The posterior is that of lines as they come, most of them neutral or pleasant; it does not take all categories to
    be as likely beforehand, as it does for voices.

    Args:
        text: what is read; each sentence expresses one emotion throughout.
        progress: called while sentences are read.
        duration_s: how long reading takes; 150 words a minute by default.
        recogniser: another than the shipped one.

    Raises:
        EmotionError: the text is too long, or the duration is negative or not finite.
    """
    sentences = (recogniser or load_text_recogniser()).read(text, progress).sentences
    starts_s = sentence_starts_s(sentences, duration_s)
    return _in_time(sentences, starts_s, float(starts_s[-1]))


def recognise_spoken_words(speech: Speech, recogniser: TextRecogniser | None = None) -> RecognisedEmotion:
    """Read the words of a line, in its time; before the first and after the last there is nothing to recognise.

    Args:
        speech: with a transcript; where its words have no times they are taken to fill the line evenly.
        recogniser: another than the shipped one.

    Raises:
        EmotionError: the line has no transcript, or too long a one.
    """
    if speech.transcript is None:
        raise EmotionError("The words of a line without a transcript are not known; give its transcript.")
    words: Sequence[Word] = speech.words or ()
    sentences = (recogniser or load_text_recogniser()).read(speech.transcript).sentences
    return _in_time(sentences, sentence_starts_s(sentences, speech.duration_s, words), speech.duration_s)


def _in_time(
    sentences: Sequence[TextEmotion], starts_s: Float[np.ndarray, " edges"], duration_s: float
) -> RecognisedEmotion:
    times_s = np.linspace(0.0, duration_s, 1 + int(np.ceil(duration_s / HOP_S)))
    posterior = np.repeat(_NEUTRAL, len(times_s), axis=0)
    vad = np.zeros((len(times_s), 3))
    confidence, intensity = np.zeros((2, len(times_s)))
    for sentence, (start_s, end_s) in zip(sentences, pairwise(starts_s), strict=True):
        spoken = (times_s >= start_s) & (times_s <= end_s)
        posterior[spoken] = list(sentence.posterior.values())
        vad[spoken], confidence[spoken], intensity[spoken] = sentence.vad, sentence.confidence, sentence.intensity
    return RecognisedEmotion(
        source="text", times_s=times_s, posterior=posterior, vad=vad, confidence=confidence, intensity=intensity
    )
