"""Phones of speech whose words are known: forced alignment with pocketsphinx."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.phones.letters import pronounce, spell
from espressivo.conditioning.phones.recogniser import Recognition
from espressivo.conditioning.phones.sphinx import FRAME_S, frame_time_s, sphinx_label, sphinx_pcm
from espressivo.conditioning.phones.transcript import spoken_words
from espressivo.conditioning.phones_neural.inventory import INDEX
from espressivo.conditioning.phones_neural.recogniser import NeuralPhoneRecogniser
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, SILENCE, Phone, Speech, Word, fill_gaps
from espressivo.errors import InputError
from espressivo.progress import ProgressCallback, track

if TYPE_CHECKING:
    from pocketsphinx import Decoder

_CHUNK_S = 12.0
_LONGEST_CHUNK_S = 25.0
_CUTTING_PAUSE_S = 0.15
_LEAST_FIT = -2.5
"""Least mean log-probability of the aligned phones below the best phones, as the phone network hears the sound. Of 87
right transcripts (39 read, 48 acted with emotion) all lie above -2.1; of 20 wrong ones that can be aligned at all, all
lie below -2.8. `eval.transcript_fit` shows what is accepted."""


@dataclass(frozen=True)
class _Chunk:
    words: list[Word]
    start_s: float
    end_s: float


class PocketsphinxAligner:
    """Two passes: the words are found in the whole sound, then their phones in stretches cut at pauses.

    The second pass keeps a table of frames times phones, so its stretches are kept short and memory stays small
    however long the speech. Unknown words get a pronunciation from `letters`.
    """

    name: ClassVar[str] = "align"
    source: ClassVar[str] = "aligned"

    def recognise(self, speech: Speech, progress: ProgressCallback | None = None) -> Recognition:
        """Align `speech.transcript`.

        Raises:
            InputError: there is no transcript, it holds no English words, or it does not fit the sound.
        """
        words = spoken_words(speech.transcript or "")
        if not words:
            raise InputError("The speech has no transcript with English words to align; give its words.")
        decoder = _decoder()
        known = [_ensure_known(decoder, word) for word in words]
        found = _find_words(decoder, speech.samples, known)
        rows, timed = [], []
        chunks = _chunks(found, speech.duration_s)
        for chunk in track(chunks, "aligning", len(chunks), progress):
            chunk_rows, chunk_words = _align_chunk(decoder, speech.samples, chunk)
            rows += chunk_rows
            timed += chunk_words
        phones = fill_gaps(rows, speech.duration_s)
        if _fit(speech, phones) < _LEAST_FIT:
            raise InputError("The transcript does not fit what is heard in the sound; check its words.")
        return Recognition(phones, tuple(timed))


def _fit(speech: Speech, phones: tuple[Phone, ...]) -> float:
    """Mean over the spoken frames of the log-probability of the aligned phone below the likeliest one; 0 at best."""
    _, scores = NeuralPhoneRecogniser().hear(speech)
    log_posterior = scores.log_posterior
    aligned = _labels_at(phones, np.arange(len(log_posterior)) * FRAME_S)
    spoken = np.flatnonzero(aligned != SILENCE)
    if not len(spoken):
        return -np.inf
    columns = np.array([INDEX[label] for label in aligned[spoken]])
    return float((log_posterior[spoken, columns] - log_posterior[spoken].max(axis=1)).mean())


def _labels_at(phones: tuple[Phone, ...], times_s: np.ndarray) -> np.ndarray:
    places = np.searchsorted([phone.start_s for phone in phones], times_s, side="right") - 1
    return np.array([phone.label for phone in phones])[np.maximum(places, 0)]


def _decoder() -> "Decoder":
    from pocketsphinx import Decoder

    # bestpath: the default search over the word lattice fails on about one clip in five and gains nothing here.
    return Decoder(lm=None, bestpath=False, loglevel="FATAL")


def _ensure_known(decoder: "Decoder", word: str) -> str:
    """The word as the decoder knows it, taught where it is in no dictionary."""
    lower = word.lower()
    if decoder.lookup_word(lower) is not None:
        return lower
    base, possessive = lower.removesuffix("'s"), lower.endswith("'s")
    pronunciation = decoder.lookup_word(base) if possessive else None
    phones = pronunciation.split() if pronunciation else spell(word) if word.isupper() else pronounce(base)
    if possessive:
        phones = [*phones, *_possessive(phones[-1])]
    decoder.add_word(lower, " ".join(phones), True)
    return lower


def _possessive(last: str) -> tuple[str, ...]:
    if last in ("S", "Z", "SH", "ZH", "CH", "JH"):
        return ("IH", "Z")
    return ("S",) if last in ("P", "T", "K", "F", "TH") else ("Z",)


def _search(decoder: "Decoder", samples: Float[np.ndarray, "samples"]) -> None:
    decoder.start_utt()
    decoder.process_raw(sphinx_pcm(samples), full_utt=True)
    decoder.end_utt()


def _find_words(decoder: "Decoder", samples: Float[np.ndarray, "samples"], words: list[str]) -> list[Word]:
    """First pass: where each word lies."""
    try:
        decoder.set_align_text(" ".join(words))
        _search(decoder, samples)
        segments = [segment for segment in decoder.seg() or () if segment.word[0] not in "<[("]
    except RuntimeError:
        segments = []
    if len(segments) != len(words):
        raise InputError("The transcript could not be found in the sound; check the words.")
    limit_s = len(samples) / SAMPLE_RATE_HZ
    return [
        Word(word, *_inside(segment.start_frame, segment.end_frame + 1, limit_s))
        for word, segment in zip(words, segments, strict=True)
    ]


def _inside(start: int, end: int, limit_s: float) -> tuple[float, float]:
    """Times of a word; one that was found in the silence put around the sound (it is not spoken) gets one frame."""
    start_s = min(max(0.0, frame_time_s(start)), limit_s - FRAME_S)
    return start_s, max(start_s + FRAME_S, min(limit_s, frame_time_s(end)))


def _chunks(words: list[Word], duration_s: float) -> list[_Chunk]:
    """Stretches of about `_CHUNK_S`, cut in pauses where there are any."""
    chunks = []
    start_s, first = 0.0, 0
    for index, (word, later) in enumerate(pairwise(words), start=1):
        pause_s = later.start_s - word.end_s
        length_s = word.end_s - start_s
        if (length_s > _CHUNK_S and pause_s >= _CUTTING_PAUSE_S) or length_s > _LONGEST_CHUNK_S:
            end_s = word.end_s + pause_s / 2
            chunks.append(_Chunk(words[first:index], start_s, end_s))
            start_s, first = end_s, index
    return [*chunks, _Chunk(words[first:], start_s, duration_s)]


def _align_chunk(decoder: "Decoder", samples: Float[np.ndarray, "samples"], chunk: _Chunk) -> tuple[list, list[Word]]:
    """Second pass on a stretch: phone rows (label, start, end) and words."""
    piece = samples[round(chunk.start_s * SAMPLE_RATE_HZ) : round(chunk.end_s * SAMPLE_RATE_HZ)]
    try:
        decoder.set_align_text(" ".join(word.text for word in chunk.words))
        _search(decoder, piece)
        decoder.set_alignment()
        _search(decoder, piece)
        alignment = decoder.get_alignment()
    except RuntimeError:
        alignment = None
    if alignment is None:
        return _spread(decoder, chunk.words), chunk.words
    rows, words = [], []
    limit_s = chunk.end_s - chunk.start_s
    for entry in alignment:
        phones = [(sphinx_label(p.name), *_span(p.start, p.duration, limit_s)) for p in entry]
        rows += [(label, a + chunk.start_s, b + chunk.start_s) for label, a, b in phones if b > a]
        start_s, end_s = _span(entry.start, entry.duration, limit_s)
        if entry.name[0] not in "<[(" and end_s > start_s:
            words.append(Word(entry.name.partition("(")[0], start_s + chunk.start_s, end_s + chunk.start_s))
    return rows, words


def _span(start: int, duration: int, limit_s: float) -> tuple[float, float]:
    return max(0.0, frame_time_s(start)), min(limit_s, frame_time_s(start + duration))


def _spread(decoder: "Decoder", words: list[Word]) -> list[tuple[str, float, float]]:
    """The dictionary's phones, evenly over each word: for the rare stretch in which the second pass fails."""
    rows = []
    for word in words:
        phones = decoder.lookup_word(word.text).split()
        edges_s = np.linspace(word.start_s, word.end_s, len(phones) + 1)
        rows += [(p, float(a), float(b)) for p, (a, b) in zip(phones, pairwise(edges_s), strict=True)]
    return rows
