"""Phones to viseme segments: the score that coarticulation plays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.speech import Phone
from espressivo.generators.face.visemes import DIPHTHONG_SPLIT, PHONE_TO_VISEME, VISEME

SHORTEST_SILENCE_S = 0.27
"""A shorter pause between sounds does not close the mouth: its neighbours take its time."""


@dataclass(frozen=True, eq=False)
class VisemeSegments:
    """Visemes without gaps: segment i shows `viseme[i]` (index into `VISEMES`) from `start_s[i]` to `end_s[i]`."""

    viseme: Int[np.ndarray, "segments"]
    start_s: Float[np.ndarray, "segments"]
    end_s: Float[np.ndarray, "segments"]

    def __len__(self) -> int:
        return len(self.viseme)

    @property
    def duration_s(self) -> Float[np.ndarray, "segments"]:
        """Length of each segment in seconds."""
        return self.end_s - self.start_s


def viseme_segments(phones: Sequence[Phone]) -> VisemeSegments:
    """Turn phones into visemes: split diphthongs, let HH form the next sound, absorb short pauses, merge repeats."""
    return _from_rows(_merge_repeats(_absorb_pauses(_merge_repeats(visemes_of(phones)))))


def visemes_of(phones: Sequence[Phone]) -> list[tuple[str, float, float]]:
    """Return (viseme, start_s, end_s) of every phone: a diphthong is two of them, HH is the one that follows."""
    rows: list[tuple[str, float, float]] = []
    following = "sil"
    for phone in reversed(phones):
        visemes = PHONE_TO_VISEME[phone.label] or (following,)
        middle = phone.start_s + DIPHTHONG_SPLIT * (phone.end_s - phone.start_s)
        edges = [phone.start_s, middle, phone.end_s] if len(visemes) == 2 else [phone.start_s, phone.end_s]
        rows.extend(reversed(list(zip(visemes, edges, edges[1:], strict=False))))
        following = visemes[0]
    return rows[::-1]


def _absorb_pauses(rows: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """Share out short pauses between two sounds. Pauses at the ends stay: there the mouth is shut, however short."""
    kept: list[tuple[str, float, float]] = []
    carry_from: float | None = None
    for index, (viseme, start_s, end_s) in enumerate(rows):
        inner = 0 < index < len(rows) - 1 and kept and kept[-1][0] != "sil" and rows[index + 1][0] != "sil"
        if viseme == "sil" and inner and end_s - start_s < SHORTEST_SILENCE_S:
            middle = 0.5 * (start_s + end_s)
            kept[-1] = (*kept[-1][:2], middle)
            carry_from = middle
            continue
        kept.append((viseme, start_s if carry_from is None else carry_from, end_s))
        carry_from = None
    return kept


def _merge_repeats(rows: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    merged: list[tuple[str, float, float]] = []
    for viseme, start_s, end_s in rows:
        if merged and merged[-1][0] == viseme:
            merged[-1] = (viseme, merged[-1][1], end_s)
        else:
            merged.append((viseme, start_s, end_s))
    return merged


def _from_rows(rows: list[tuple[str, float, float]]) -> VisemeSegments:
    return VisemeSegments(
        viseme=np.array([VISEME[viseme] for viseme, _, _ in rows], np.int64),
        start_s=np.array([start_s for _, start_s, _ in rows], np.float64),
        end_s=np.array([end_s for _, _, end_s in rows], np.float64),
    )
