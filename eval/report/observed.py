"""What figures are drawn from: the observations of single clips, put together per system."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from espressivo.conditioning.vocabulary import CATEGORIES, MEANS
from espressivo.eval.control.sliders import monotonicity, rank_correlations
from espressivo.eval.report.model import (
    CircumplexPoint,
    ConfusionMatrix,
    Curve,
    IntensityCurve,
    LagCurves,
    Observed,
    SliderRecord,
)
from espressivo.eval.report.tables import Party
from espressivo.eval.results import Ceiling, ClipResult, EmotionReading, SetResult, SliderCurve
from espressivo.eval.statistics.agreement import Correlation, confusion_counts, spearman

_FEWEST_INTENSITIES = 3


def build_observed(
    clips: Sequence[ClipResult], sets: Sequence[SetResult], ceilings: Sequence[Ceiling], parties: Sequence[Party]
) -> Observed:
    """Put the observations together, per party in the order of `parties`.

    Emotions are those that the first judge of each clip saw, the one whose figures are reported. Only ceilings of
    judges that have seen a clip are kept.
    """
    of: dict[Party, list[ClipResult]] = {party: [] for party in parties}
    for clip in clips:
        of[clip.role, clip.system].append(clip)
    matrices = [matrix for party, members in of.items() if (matrix := _confusion(party, members)) is not None]
    judges = {matrix.judge for matrix in matrices}
    systems = {party[1]: members for party, members in of.items() if party[0] == "system"}
    return Observed(
        lag_curves=tuple(curve for party, members in of.items() if (curve := _lag_curve(party, members)) is not None),
        confusions=tuple(matrices),
        ceilings=tuple(_ceiling(ceiling) for ceiling in ceilings if ceiling.judge in judges),
        intensities=tuple(curve for name, members in systems.items() for curve in _intensities(name, members)),
        circumplex=tuple(point for name, members in systems.items() for point in _circumplex(name, members)),
        sliders=tuple(
            _slider(result.system, name, curve)
            for result in sets
            if result.role == "system"
            for name, curve in result.curves.items()
        ),
    )


def _lag_curve(party: Party, clips: Sequence[ClipResult]) -> LagCurves | None:
    curves = [clip.observations.lag_curve for clip in clips if clip.observations.lag_curve is not None]
    usable = [curve for curve in curves if np.isfinite(curve).any()]
    if not usable:
        return None
    stacked = np.array(usable, float)
    counted = np.isfinite(stacked).sum(axis=0)
    mean = np.where(counted > 0, np.nansum(stacked, axis=0) / np.maximum(counted, 1), np.nan)
    return LagCurves(system=party[1], role=party[0], mean=_curve(mean), clips=len(usable))


def _judged(clips: Sequence[ClipResult]) -> list[tuple[str, EmotionReading, ClipResult]]:
    """The asked emotion and the first judge's reading of every clip that has both."""
    return [
        (clip.observations.asked_emotion, clip.observations.readings[0], clip)
        for clip in clips
        if clip.observations.asked_emotion is not None and clip.observations.readings
    ]


def _confusion(party: Party, clips: Sequence[ClipResult]) -> ConfusionMatrix | None:
    judged = _judged(clips)
    known = [(asked, reading) for asked, reading, _ in judged if asked in reading.labels]
    if not known:
        return None
    labels = known[0][1].labels
    counts = confusion_counts([asked for asked, _ in known], [reading.verdict for _, reading in known], labels)
    excluded: defaultdict[str, int] = defaultdict(int)
    for asked, reading, _ in judged:
        if asked not in reading.labels:
            excluded[asked] += 1
    return ConfusionMatrix(
        source=party[1],
        role=party[0],
        judge=known[0][1].judge,
        labels=labels,
        counts=_rows(counts),
        excluded=dict(excluded),
    )


def _ceiling(ceiling: Ceiling) -> ConfusionMatrix:
    return ConfusionMatrix(
        source=ceiling.data,
        role="ceiling",
        judge=ceiling.judge,
        labels=ceiling.labels,
        counts=_rows(ceiling.confusion),
    )


def _intensities(system: str, clips: Sequence[ClipResult]) -> list[IntensityCurve]:
    """Follow every emotion that was asked for in at least three intensities. Neutral clips are not among them."""
    steps: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for asked, reading, clip in _judged(clips):
        intensity = clip.observations.asked_intensity
        if intensity is not None and asked in reading.labels and asked != "neutral":
            steps[asked].append((intensity, float(reading.clip[reading.labels.index(asked)])))
    return [
        _intensity(system, emotion, pairs)
        for emotion, pairs in steps.items()
        if len({intensity for intensity, _ in pairs}) >= _FEWEST_INTENSITIES
    ]


def _intensity(system: str, emotion: str, pairs: Sequence[tuple[float, float]]) -> IntensityCurve:
    asked, measured = np.array(pairs).T
    steps = np.unique(asked)
    correlation = spearman(asked.tolist(), measured.tolist())
    found = isinstance(correlation, Correlation)
    return IntensityCurve(
        system=system,
        emotion=emotion,
        asked=_numbers(steps),
        measured=tuple(float(measured[asked == step].mean()) for step in steps),
        clips=len(pairs),
        rho=correlation.rho if found else None,
        rho_interval=correlation.interval if found else None,
        r2=monotonicity(asked, measured[None]),
    )


def _circumplex(system: str, clips: Sequence[ClipResult]) -> list[CircumplexPoint]:
    """Place what was asked and what was seen: categories at their VAD prototypes, weighted by probability."""
    places: dict[str, list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
    for emotion, reading, clip in _judged(clips):
        if emotion in CATEGORIES and all(label in CATEGORIES for label in reading.labels):
            prototypes = MEANS[[CATEGORIES.index(label) for label in reading.labels]]
            intensity = clip.observations.asked_intensity
            asked = clip.observations.asked_vad
            if asked is None:
                asked = MEANS[CATEGORIES.index(emotion)] * (1.0 if intensity is None else intensity)
            places[emotion].append((np.asarray(asked), reading.clip @ prototypes))
    return [
        CircumplexPoint(
            system=system,
            emotion=emotion,
            asked=_place([asked for asked, _ in pairs]),
            measured=_place([measured for _, measured in pairs]),
            clips=len(pairs),
        )
        for emotion, pairs in places.items()
    ]


def _slider(system: str, name: str, curve: SliderCurve) -> SliderRecord:
    return SliderRecord(
        system=system,
        name=name,
        unit=curve.unit,
        asked=_numbers(curve.asked),
        measured=tuple(_numbers(row) for row in curve.measured),
        rho=float(rank_correlations(curve.asked, curve.measured).mean()),
        r2=monotonicity(curve.asked, curve.measured),
    )


def _place(points: Sequence[np.ndarray]) -> tuple[float, float]:
    valence, arousal = np.mean(points, axis=0)[:2]
    return float(valence), float(arousal)


def _rows(counts: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(count) for count in row) for row in counts)


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _curve(values: np.ndarray) -> Curve:
    return tuple(float(value) if np.isfinite(value) else None for value in values)
