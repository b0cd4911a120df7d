"""Verdicts counted: what was asked for against what was seen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from espressivo.eval.results import EmotionReading
from espressivo.eval.statistics.agreement import accuracy, confusion_counts


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
        return accuracy(self.counts)


def confusion(asked: Sequence[str], readings: Sequence[EmotionReading]) -> Confusion:
    """Count the verdicts of one judge over clips.

    Raises:
        ValueError: there is no reading, or the readings are not all by one judge.
    """
    if len({(reading.judge, reading.labels) for reading in readings}) != 1:
        raise ValueError("A confusion matrix needs readings, all by one judge.")
    labels = readings[0].labels
    known = [(emotion, reading) for emotion, reading in zip(asked, readings, strict=True) if emotion in labels]
    counts = confusion_counts([emotion for emotion, _ in known], [reading.verdict for _, reading in known], labels)
    return Confusion(labels, counts, dict(Counter(emotion for emotion in asked if emotion not in labels)))
