"""Speech: a line as sound, with its words and phones on the time line."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError, MediaError
from espressivo.media.decode import SAMPLE_RATE_HZ, read_audio

__all__ = ["ARPABET", "SAMPLE_RATE_HZ", "SILENCE", "Phone", "Speech", "Word", "fill_gaps", "read_phones"]

SILENCE = "SIL"
ARPABET = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"),
    *("P", "B", "T", "D", "K", "G", "CH", "JH", "M", "N", "NG"),
    *("F", "V", "TH", "DH", "S", "Z", "SH", "ZH", "HH", "L", "R", "W", "Y"),
)
"""The 39 phones of the CMU pronouncing dictionary, without stress digits."""

_LABELS = frozenset((*ARPABET, SILENCE))
_SLACK_S = 1e-4


@dataclass(frozen=True)
class Phone:
    """One speech sound (an `ARPABET` label or `SILENCE`) from `start_s` to `end_s`."""

    label: str
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if self.label not in _LABELS:
            raise ValueError(f"Phone label {self.label!r} is not ARPABET without stress digit, nor {SILENCE}.")
        if not 0 <= self.start_s < self.end_s < float("inf"):
            raise ValueError(
                f"Phone {self.label} runs from {self.start_s} s to {self.end_s} s, expected 0 <= start < end."
            )


@dataclass(frozen=True)
class Word:
    """One word of the transcript from `start_s` to `end_s`."""

    text: str
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s < float("inf"):
            raise ValueError(
                f"Word {self.text!r} runs from {self.start_s} s to {self.end_s} s, expected 0 <= start < end."
            )


@dataclass(frozen=True, eq=False)
class Speech:
    """A mono waveform with, once known, its transcript, phones and words. Immutable: `with_phones` gives a new one."""

    samples: Float[np.ndarray, "samples"]
    """In [-1, 1] at `SAMPLE_RATE_HZ`, read-only."""
    transcript: str | None = None
    phones: tuple[Phone, ...] | None = None
    """Without gaps from 0 to `duration_s`, pauses as `SILENCE`."""
    words: tuple[Word, ...] | None = None
    phone_source: str | None = None
    """Where the phones come from: "aligned" (with the transcript), "recognised" (from sound alone) or "given"."""

    def __post_init__(self) -> None:
        samples = np.array(self.samples, np.float32)
        if samples.ndim != 1 or not len(samples):
            raise ValueError(f"Speech.samples has shape {samples.shape}, expected one axis with at least one sample.")
        if not np.isfinite(samples).all() or np.abs(samples).max() > 1.0:
            raise ValueError("Speech.samples holds values that are not in [-1, 1].")
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)
        if (self.phones is None) != (self.phone_source is None):
            raise ValueError("Speech.phones and Speech.phone_source are given together or not at all.")
        if self.phones is not None:
            object.__setattr__(self, "phones", _covering(self.phones, self.duration_s))
        if self.words is not None:
            object.__setattr__(self, "words", tuple(self.words))

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE_HZ

    @classmethod
    def read(cls, path: str | Path, transcript: str | None = None) -> Self:
        """Read the sound of an audio or video file. Raises `MediaError` (see `media.decode.read_audio`)."""
        return cls(read_audio(path), transcript)

    def with_phones(self, phones: Iterable[Phone], source: str, words: Iterable[Word] | None = None) -> Self:
        """The same line with phones (gap-free; see `fill_gaps`) and, where known, words."""
        return replace(self, phones=tuple(phones), words=None if words is None else tuple(words), phone_source=source)


def fill_gaps(rows: Iterable[Sequence[Any]], duration_s: float) -> tuple[Phone, ...]:
    """Phones that cover 0 to `duration_s` from rows `(label, start_s, end_s)`, in any order.

    Stress digits are dropped, gaps become `SILENCE`, an overlap ends where the next phone starts, what lies outside is
    cut off, neighbouring silences are joined.

    Raises:
        ValueError: a row is not a phone.
    """
    phones: list[Phone] = []
    reached_s = 0.0
    parsed = sorted((_parsed(row) for row in rows), key=lambda phone: phone.start_s)
    ends_s = [min(phone.end_s, later.start_s) for phone, later in pairwise(parsed)]
    ends_s += [phone.end_s for phone in parsed[-1:]]
    for phone, end_s in zip(parsed, ends_s, strict=True):
        start_s, end_s = max(phone.start_s, reached_s), min(end_s, duration_s)
        if end_s - start_s < _SLACK_S:
            continue
        if start_s - reached_s < _SLACK_S:
            start_s = reached_s
        else:
            _append(phones, SILENCE, reached_s, start_s)
        _append(phones, phone.label, start_s, end_s)
        reached_s = end_s
    if not phones or duration_s - reached_s >= _SLACK_S:
        _append(phones, SILENCE, reached_s, duration_s)
    phones[-1] = replace(phones[-1], end_s=duration_s)
    return tuple(phones)


def read_phones(path: str | Path, duration_s: float) -> tuple[Phone, ...]:
    """Phone times from a JSON file: `[[label, start_s, end_s], ...]`, or an object that holds such a list as "phones".

    Raises:
        InputError: the file cannot be read or does not hold phones.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        return fill_gaps(content["phones"] if isinstance(content, dict) else content, duration_s)
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"{path} does not hold phone times ({error}); expected [[ARPABET label, start in s, end in s], ...]."
        ) from error


def _parsed(row: Sequence[Any]) -> Phone:
    label, start_s, end_s = row
    return Phone(str(label).upper().rstrip("012"), float(start_s), float(end_s))


def _append(phones: list[Phone], label: str, start_s: float, end_s: float) -> None:
    """Add a phone, joining a silence to the one before."""
    if label == SILENCE and phones and phones[-1].label == SILENCE:
        phones[-1] = replace(phones[-1], end_s=end_s)
    else:
        phones.append(Phone(label, start_s, end_s))


def _covering(phones: Iterable[Phone], duration_s: float) -> tuple[Phone, ...]:
    """The phones, checked to run without gap from 0 to `duration_s`."""
    phones = tuple(phones)
    reached_s = 0.0
    for phone in phones:
        if abs(phone.start_s - reached_s) > _SLACK_S:
            raise ValueError(
                f"Speech.phones: {phone.label} starts at {phone.start_s:.4f} s, expected {reached_s:.4f} s (gap-free)."
            )
        reached_s = phone.end_s
    if abs(reached_s - duration_s) > _SLACK_S:
        raise ValueError(f"Speech.phones end at {reached_s:.4f} s, expected {duration_s:.4f} s.")
    return phones
