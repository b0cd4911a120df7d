"""Is the emotion that was asked for the one that both judges hear, and how far is that from real and from random music?

The judge of EMOPIA names a quadrant itself. The judge of VGMIDI says valence and arousal on the scale of its listeners;
pop piano lies off its zero, mostly on one side. So its signs are read twice: at its own zero, and at the two values
that part the signs of real EMOPIA clips best (balanced accuracy, training part only). It was not fitted on any of them.
Shares of right signs depend on such a zero. The chance that a piece of positive asking is heard above one of negative
asking (`auc`) does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from espressivo.eval.metric import NotMeasured, Pooled
from espressivo.eval.music.ceilings import JudgeFigures, Share, load_figures
from espressivo.eval.music.description import notes_per_s
from espressivo.eval.music.judges import EMOPIA, HIGH_AROUSAL, HIGH_VALENCE, VGMIDI, MusicJudge
from espressivo.eval.music.tonality import majorness
from espressivo.eval.statistics.agreement import spearman
from espressivo.eval.statistics.bootstrap import estimate
from espressivo.media.notes import Notes

OWN_ZERO, EMOPIA_ZERO = "own zero", "zero of real EMOPIA"
AXES = ("valence", "arousal")
_SHUFFLES = 2000


@dataclass(frozen=True, eq=False)
class LabelledMusic:
    """A set of pieces with the quadrant that was asked for, or that people named."""

    name: str
    notes: Sequence[Notes]
    quadrant: Int[np.ndarray, "n"]
    """Places in `judges.QUADRANTS`."""
    units: Sequence[str]
    """What is drawn anew in the bootstrap: the song, or the piece itself."""


@dataclass(frozen=True, eq=False)
class Opinions:
    """What a judge says of a set."""

    judge: str
    verdict: Int[np.ndarray, "n"]
    """Likeliest quadrant."""
    valence_arousal: Float[np.ndarray, "n 2"]

    def signs(self, zero: Float[np.ndarray, "2"]) -> Bool[np.ndarray, "n 2"]:
        """Return whether valence and arousal lie above `zero`."""
        return self.valence_arousal > zero

    def quadrants(self, zero: Float[np.ndarray, "2"] | None) -> Int[np.ndarray, "n"]:
        """Return the quadrant of both signs; the likeliest one at the judge's own zero (None)."""
        return self.verdict if zero is None else quadrant_places(self.signs(zero))


def opinions_of(judge: MusicJudge, music: LabelledMusic) -> Opinions:
    """Ask a judge about every piece."""
    verdicts = [int(np.argmax(judge.probabilities(notes))) for notes in music.notes]
    felt = [judge.valence_arousal(notes) for notes in music.notes]
    return Opinions(judge.id, np.array(verdicts), np.array(felt))


def signs_of(quadrant: Int[np.ndarray, "n"]) -> Bool[np.ndarray, "n 2"]:
    """Return whether valence and arousal of quadrants are high."""
    return np.stack([np.isin(quadrant, HIGH_VALENCE), np.isin(quadrant, HIGH_AROUSAL)], axis=1)


def quadrant_places(signs: Bool[np.ndarray, "n 2"]) -> Int[np.ndarray, "n"]:
    """Return places in `judges.QUADRANTS` of high valence and high arousal."""
    places = np.array([[2, 1], [3, 0]])
    return places[signs[:, 0].astype(int), signs[:, 1].astype(int)]


def best_zero(felt: Float[np.ndarray, "n"], high: Bool[np.ndarray, "n"]) -> float:
    """Return the value that parts high from low with the best balanced accuracy; the middle one of equally good ones.

    Raises:
        ValueError: all are high, or none is.
    """
    if high.all() or not high.any():
        raise ValueError("A zero can only be set between high and low examples.")
    order = np.sort(felt)
    between = (order[1:] + order[:-1]) / 2
    above = felt[high][:, None] > between
    below = felt[~high][:, None] <= between
    balanced = above.mean(axis=0) + below.mean(axis=0)
    return float(np.median(between[balanced >= balanced.max() - 1e-12]))


def area_under_curve(felt: Float[np.ndarray, "n"], high: Bool[np.ndarray, "n"]) -> float:
    """Return the chance that a high piece is heard above a low one, ties counting half (Mann and Whitney)."""
    ups, downs = int(high.sum()), int((~high).sum())
    if not ups or not downs:
        return float("nan")
    return float((rankdata(felt)[high].sum() - ups * (ups + 1) / 2) / (ups * downs))


def recognise(
    judges: Sequence[MusicJudge],
    generated: LabelledMusic,
    neutral: LabelledMusic | None,
    real_training: LabelledMusic,
    real_held_out: LabelledMusic,
) -> dict[str, Any]:
    """Return the table of recognition: generated pieces between real and random ones.

    Args:
        judges: those of EMOPIA and of VGMIDI.
        generated: with what was asked for.
        neutral: unconditioned pieces, with labels nobody asked them for.
        real_training: EMOPIA's training part: the zero of the judge of VGMIDI is set on it.
        real_held_out: EMOPIA's validation part, which no judge was fitted on.
    """
    rows: list[dict[str, Any]] = []
    zeros: dict[str, list[float]] = {}
    for judge in judges:
        readings: list[tuple[str, np.ndarray | None]] = [(OWN_ZERO, None)]
        if judge.id == VGMIDI:
            zero = _zero_on(judge, real_training)
            zeros[judge.id] = [round(value, 4) for value in zero.tolist()]
            readings.append((EMOPIA_ZERO, zero))
        sets = [generated, real_held_out] + ([neutral] if neutral else [])
        heard = {music.name: opinions_of(judge, music) for music in sets}
        for reading, zero in readings:
            rows += [_row(music, heard[music.name], reading, zero) for music in sets]
            rows.append(_shuffled_row(generated, heard[generated.name], reading, zero))
    rows += [_known_row(figures) for figures in load_figures() if _is_own_music(figures)]
    return {"zeros": zeros, "rows": rows, "without_judges": _without_judges(generated)}


def _zero_on(judge: MusicJudge, real: LabelledMusic) -> Float[np.ndarray, "2"]:
    felt, high = opinions_of(judge, real).valence_arousal, signs_of(real.quadrant)
    return np.array([best_zero(felt[:, axis], high[:, axis]) for axis in range(2)])


def _row(music: LabelledMusic, heard: Opinions, reading: str, zero: Float[np.ndarray, "2"] | None) -> dict[str, Any]:
    quadrants = heard.quadrants(zero)
    asked, signs = signs_of(music.quadrant), heard.signs(np.zeros(2) if zero is None else zero)
    confusion = np.zeros((4, 4), int)
    np.add.at(confusion, (music.quadrant, quadrants), 1)
    return {
        "judge": heard.judge,
        "reading": reading,
        "music": music.name,
        "pieces": len(music.notes),
        "quadrant": share(quadrants == music.quadrant, music.units),
        **{name: share(signs[:, axis] == asked[:, axis], music.units) for axis, name in enumerate(AXES)},
        "auc": {
            name: _rounded(area_under_curve(heard.valence_arousal[:, axis], asked[:, axis]))
            for axis, name in enumerate(AXES)
        },
        "median": [_rounded(value) for value in np.median(heard.valence_arousal, axis=0)],
        "confusion": confusion.tolist(),
    }


def _shuffled_row(
    music: LabelledMusic, heard: Opinions, reading: str, zero: Float[np.ndarray, "2"] | None
) -> dict[str, Any]:
    """Labels dealt out anew: what is right by chance, with the range of 95 % of all dealings."""
    random = np.random.default_rng(0)
    quadrants, signs = heard.quadrants(zero), heard.signs(np.zeros(2) if zero is None else zero)
    hits: dict[str, list[float]] = {"quadrant": [], "valence": [], "arousal": []}
    for _ in range(_SHUFFLES):
        dealt = random.permutation(music.quadrant)
        hits["quadrant"].append(float((quadrants == dealt).mean()))
        for axis, name in enumerate(AXES):
            hits[name].append(float((signs[:, axis] == signs_of(dealt)[:, axis]).mean()))
    found = {
        name: {
            "value": _rounded(float(np.mean(shares))),
            "interval_95": [_rounded(bound) for bound in np.percentile(shares, (2.5, 97.5))],
        }
        for name, shares in hits.items()
    }
    name = f"{music.name}, labels shuffled"
    return {"judge": heard.judge, "reading": reading, "music": name, "pieces": len(music.notes), **found}


def _known_row(figures: JudgeFigures) -> dict[str, Any]:
    """A row of `ceilings.json`: folds of the judge's own kind of music."""
    return {
        "judge": figures.judge,
        "reading": OWN_ZERO,
        "music": f"real {figures.data} (fitted on {figures.fitted_on})",
        "pieces": figures.pieces,
        **{name: _known_share(getattr(figures, name)) for name in ("quadrant", *AXES)},
        "confusion": [list(row) for row in figures.confusion],
    }


def _known_share(known: Share) -> dict[str, Any]:
    return {"value": known.accuracy, "interval_95": list(known.interval_95)}


def _is_own_music(figures: JudgeFigures) -> bool:
    return (
        figures.fitted_on
        == {EMOPIA: "the other folds, five by song", VGMIDI: "the other folds, five by game"}[figures.judge]
    )


def _without_judges(music: LabelledMusic) -> Mapping[str, Any]:
    """Rank correlations that nobody trained: asked arousal with density, asked valence with how major the music is."""
    asked = signs_of(music.quadrant).astype(float)
    pairs = {"arousal_density": (1, notes_per_s), "valence_majorness": (0, majorness)}
    found = {}
    for name, (axis, measure) in pairs.items():
        values = np.array([measure(notes) for notes in music.notes])
        known = np.isfinite(values)
        rho = spearman(asked[known, axis].tolist(), values[known].tolist())
        found[name] = (
            {"value": None, "interval_95": None}
            if isinstance(rho, NotMeasured)
            else {
                "value": _rounded(rho.rho),
                "interval_95": rho.interval and [_rounded(bound) for bound in rho.interval],
            }
        )
    return found


def share(hits: Bool[np.ndarray, "n"], units: Sequence[str]) -> dict[str, Any]:
    """Return a share of hits, and its interval of 95 % when whole units are drawn anew."""
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    rights, sizes = np.bincount(unit, hits).tolist(), np.bincount(unit).tolist()
    found = estimate([Pooled(right, size) for right, size in zip(rights, sizes, strict=True)])
    if isinstance(found, NotMeasured):
        return {"value": None, "interval_95": None}
    return {
        "value": _rounded(found.value),
        "interval_95": found.interval and [_rounded(bound) for bound in found.interval],
    }


def _rounded(number: float) -> float:
    return round(float(number), 3)
