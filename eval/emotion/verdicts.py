"""Verdicts counted: confusion of what was asked with what was seen, F1, and how far two judges agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from espressivo.eval.results import EmotionReading


@dataclass(frozen=True, eq=False)
class Confusion:
    """What was asked for against what was seen."""

    labels: tuple[str, ...]
    """What the judge knows."""
    counts: Int[np.ndarray, "asked judged"]
    """Clips; rows and columns as `labels`."""
    excluded: Mapping[str, int]
    """Clips that asked for an emotion which the judge does not know, by emotion."""

    @property
    def accuracy(self) -> float:
        """Share on the diagonal; NaN without clips."""
        return float(np.trace(self.counts) / self.counts.sum()) if self.counts.any() else float("nan")


def confusion(asked: Sequence[str], readings: Sequence[EmotionReading]) -> Confusion:
    """Count the verdicts of one judge over clips.

    Raises:
        ValueError: there is no reading, or the readings are not all by one judge.
    """
    if len({(reading.judge, reading.labels) for reading in readings}) != 1:
        raise ValueError("A confusion matrix needs readings, all by one judge.")
    labels = readings[0].labels
    counts = np.zeros((len(labels), len(labels)), int)
    excluded = Counter(emotion for emotion in asked if emotion not in labels)
    for emotion, reading in zip(asked, readings, strict=True):
        if emotion in labels:
            counts[labels.index(emotion), labels.index(reading.verdict)] += 1
    return Confusion(labels, counts, dict(excluded))


def macro_f1(counts: Int[np.ndarray, "asked judged"]) -> float:
    """Return the mean F1 of the classes that were asked for (rows that hold a count); NaN if there is none."""
    hits, asked, judged = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    present = asked > 0
    return float(np.mean(2 * hits[present] / (asked + judged)[present])) if present.any() else float("nan")


def cohen_kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Return Cohen's kappa of two lists of verdicts; NaN if both give one and the same verdict throughout."""
    first, second = np.asarray(one), np.asarray(other)
    observed = float(np.mean(first == second))
    expected = sum(float(np.mean(first == label) * np.mean(second == label)) for label in set(one) | set(other))
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")
