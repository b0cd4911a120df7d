"""How well the judges of music do on real music: what `train_judges` measured, and what it means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from espressivo.eval.results import Ceiling

_MEASURED = Path(__file__).with_name("ceilings.json")


@dataclass(frozen=True)
class Share:
    """How often a judge is right."""

    accuracy: float
    interval_95: tuple[float, float]
    """When songs (EMOPIA) or pieces (VGMIDI) are drawn anew."""
    spearman: float | None = None
    """Of the judge's number with the label; it does not mind where the judge puts its zero."""
    spearman_interval_95: tuple[float, float] | None = None
    """When clips or pieces are drawn anew."""
    pearson: float | None = None


@dataclass(frozen=True, eq=False)
class JudgeFigures:
    """One judge on one set of labelled music that it was not fitted on."""

    judge: str
    fitted_on: str
    data: str
    pieces: int
    quadrant: Share
    valence: Share
    """Of the sign."""
    arousal: Share
    majority: float
    """Accuracy of always answering the commonest quadrant."""
    calibration_error: float
    """Expected difference of probability and share of hits."""
    confusion: tuple[tuple[int, ...], ...]
    """Pieces; rows: label, columns: verdict."""

    @property
    def ceiling(self) -> Ceiling:
        """The same, as reports take it."""
        data = f"{self.data}; fitted on {self.fitted_on}"
        return Ceiling(self.judge, data, ("Q1", "Q2", "Q3", "Q4"), np.array(self.confusion, float))


@dataclass(frozen=True)
class JudgeAgreement:
    """How far both judges agree on real music that neither of them was fitted on."""

    data: str
    same_quadrant: float
    """Share of pieces."""
    kappa_quadrant: float
    """Cohen's; 0 is chance."""
    kappa_valence: float
    kappa_arousal: float
    accuracy_where_agreed: float


@cache
def load_figures() -> tuple[JudgeFigures, ...]:
    """Return every figure of both judges: on unseen music of their own kind first, then on the other's."""
    return tuple(_figures(row) for row in json.loads(_MEASURED.read_text(encoding="utf-8"))["judges"])


@cache
def load_agreements() -> tuple[JudgeAgreement, ...]:
    """Return how far both judges agree on real music."""
    return tuple(JudgeAgreement(**row) for row in json.loads(_MEASURED.read_text(encoding="utf-8"))["agreement"])


@cache
def load_music_ceilings() -> tuple[Ceiling, ...]:
    """Return the confusion counts of every figure, the first of a judge being the one to hold systems against."""
    return tuple(figures.ceiling for figures in load_figures())


def _figures(row: Mapping[str, Any]) -> JudgeFigures:
    shares = {name: _share(row[name]) for name in ("quadrant", "valence", "arousal")}
    confusion = tuple(tuple(counts) for counts in row["confusion"])
    return JudgeFigures(**{**row, **shares, "confusion": confusion})


def _share(row: Mapping[str, Any]) -> Share:
    intervals = {name: tuple(bounds) for name, bounds in row.items() if name.endswith("interval_95")}
    return Share(**{**row, **intervals})
