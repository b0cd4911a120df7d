"""Does more of the emotion look like more of it? Clips that differ in nothing but the asked intensity, and time lines.

Two responses are followed: the probability that a judge gives to the asked emotion, and how far the face moves away
from the neutral clip of the same line (`mesh_distance`), which needs no judge and does not saturate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from espressivo.eval.control.sliders import monotonicity, rank_correlations, response_range, slopes
from espressivo.eval.control.timeline import curve_lag, rise_lag_ms
from espressivo.eval.emotion.accuracy import JUDGE
from espressivo.eval.metric import Metric, NotMeasured, Values
from espressivo.eval.results import SliderCurve

INTENSITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""The intensities that a benchmark asks for."""

FEWEST_STEPS = 3
"""Intensities, neutral among them, that make a ladder."""

Response = Literal["probability", "movement"]

_RESPONSES: dict[Response, tuple[str, str, str | None]] = {
    "probability": ("P(asked)", "", JUDGE),
    "movement": ("movement of the face", "% of eye distance", None),
}
"""What follows the intensity: title, unit, evaluator."""

# Points of the 468-point mesh that no expression moves much: eye corners and the bridge of the nose.
_STEADY = (33, 133, 362, 263, 168, 6, 197, 195)
_EYE_CORNERS = (33, 263)


def _metrics(response: Response) -> tuple[Metric, ...]:
    title, unit, evaluator = _RESPONSES[response]
    name = f"intensity_{{}}_{response}"
    return (
        Metric(
            name.format("spearman"),
            f"intensity → {title}: Spearman",
            "emotion",
            "higher",
            f"Rank correlation of asked intensity and {title}, mean over contents (a line and an emotion each).",
            evaluator=evaluator,
        ),
        Metric(
            name.format("r2"),
            f"intensity → {title}: R²",
            "emotion",
            "higher",
            f"R² of the line through {title} against asked intensity, mean over contents; 0 where nothing moves.",
            evaluator=evaluator,
        ),
        Metric(
            name.format("range"),
            f"intensity → {title}: range",
            "emotion",
            "higher",
            f"{title} at the strongest intensity minus at the weakest, mean over contents.",
            unit=unit,
            decimals=2,
            evaluator=evaluator,
        ),
        Metric(
            name.format("rising"),
            f"intensity → {title}: rising",
            "emotion",
            "higher",
            f"Share of contents on which {title} rises with the asked intensity (slope of the line above 0).",
            decimals=2,
            evaluator=evaluator,
        ),
    )


METRICS: tuple[Metric, ...] = (*_metrics("probability"), *_metrics("movement"))
"""Of a set of clips: a ladder of intensities on several contents."""

TIMELINE_METRICS: tuple[Metric, ...] = (
    Metric(
        "emotion_lag_ms",
        "emotion lag",
        "emotion",
        "zero",
        "Shift at which the measured curve (probability of the emotion, or movement of the face) correlates best with "
        "the asked one; positive: the face comes later.",
        unit="ms",
        decimals=0,
    ),
    Metric(
        "emotion_rise_lag_ms",
        "half-rise lag",
        "emotion",
        "zero",
        "How much later the measured curve is half-way up than the asked one, for a time line that rises once.",
        unit="ms",
        decimals=0,
    ),
)
"""Of one clip whose emotion changes."""


@dataclass(frozen=True)
class Rung:
    """One clip of a ladder: the same content and emotion as its neighbours, at another intensity."""

    content: str
    """Whatever tells lines, heads and seeds apart."""
    emotion: str
    intensity: float
    """0 for the neutral clip, which is a rung of the ladder of every emotion."""
    probability: float | None
    """Of `emotion`, mean over frames; None if the judge does not know it."""
    movement: float | None
    """Mean of `mesh_distance` over frames; None without a mesh."""


def measure_ladders(rungs: Sequence[Rung]) -> tuple[Values, dict[str, SliderCurve]]:
    """Apply `METRICS` to the ladders among the clips of one system, and return their curves by emotion and response.

    A ladder counts if it has a rung at every intensity that occurs.
    """
    asked = np.array(sorted({rung.intensity for rung in rungs}))
    ladders = _whole_ladders(rungs, len(asked))
    if len(asked) < FEWEST_STEPS or not ladders:
        few = NotMeasured(f"needs clips that differ in nothing but the intensity, at {FEWEST_STEPS} intensities")
        return {metric.name: few for metric in METRICS}, {}
    matrices: dict[Response, np.ndarray] = {}
    curves: dict[str, SliderCurve] = {}
    for response, (title, unit, _) in _RESPONSES.items():
        matrices[response] = _matrix(ladders, response)
        for emotion in sorted({ladder[0].emotion for ladder in ladders}):
            rows = _matrix([ladder for ladder in ladders if ladder[0].emotion == emotion], response)
            if len(rows):
                curves[f"{emotion}: {title}"] = SliderCurve(asked, rows * _scale(response), unit)
    return measure_intensity(asked, matrices["probability"], matrices["movement"]), curves


def mesh_distance(
    points_px: Float[np.ndarray, "frames 468 3"], neutral_px: Float[np.ndarray, "frames 468 3"]
) -> Float[np.ndarray, "frames"]:
    """Return how far a face differs from the neutral clip of the same line, frame by frame, as a share of eye distance.

    Both meshes are laid over each other by the similarity (turn, scale, shift) that fits eye corners and nose bridge
    best, so that head pose and camera distance do not count; what is left is averaged over the points of the mesh in
    the picture plane (depth read off one picture is too unsure). The longer clip is cut to the shorter one.

    Args:
        points_px: the mesh of `espressivo.conditioning.faces`.
        neutral_px: that of the neutral clip at the same frame rate.
    """
    frames = min(len(points_px), len(neutral_px))
    pairs = zip(points_px[:frames], neutral_px[:frames], strict=True)
    return np.array([_distance(points, neutral) for points, neutral in pairs])


def measure_intensity(
    asked: Float[np.ndarray, "steps"],
    probability: Float[np.ndarray, "contents steps"] | None,
    movement: Float[np.ndarray, "contents steps"] | None,
) -> Values:
    """Apply `METRICS` to a ladder.

    Args:
        asked: intensities, increasing, at least three.
        probability: of the asked emotion, mean over the frames of each clip; None if no judge knows the emotion.
        movement: `mesh_distance`, mean over frames; None without meshes.
    """
    responses: dict[Response, np.ndarray | None] = {"probability": probability, "movement": movement}
    missing: dict[Response, str] = {
        "probability": "no judge knows the emotion",
        "movement": "needs the face mesh of the clips",
    }
    values = {}
    for response, matrix in responses.items():
        if matrix is None or not len(matrix):
            values |= {metric.name: NotMeasured(missing[response]) for metric in _metrics(response)}
            continue
        values |= {
            f"intensity_spearman_{response}": float(rank_correlations(asked, matrix).mean()),
            f"intensity_r2_{response}": monotonicity(asked, matrix),
            f"intensity_range_{response}": response_range(matrix) * _scale(response),
            f"intensity_rising_{response}": float(np.mean(slopes(asked, matrix) > 0)),
        }
    return values


def measure_timeline(
    times_s: Float[np.ndarray, "times"], asked: Float[np.ndarray, "times"], measured: Float[np.ndarray, "times"]
) -> Values:
    """Apply `TIMELINE_METRICS` to one clip.

    Args:
        times_s: moments, at least 10 a second.
        asked: strength of the emotion in the track at those moments.
        measured: the movement of the face, or the judge's probability of the emotion less that in the neutral clip, at
            those moments. Speech moves the probability of every emotion, so its lag is the less sure of the two.
    """
    if np.ptp(asked) == 0:
        return {metric.name: NotMeasured("the asked emotion does not change") for metric in TIMELINE_METRICS}
    lag = curve_lag(times_s, asked, measured).value
    # Where nothing follows the asked curve, something still crosses the middle somewhere.
    rise = lag if isinstance(lag, NotMeasured) else rise_lag_ms(times_s, asked, measured)
    return {"emotion_lag_ms": lag, "emotion_rise_lag_ms": rise}


def _scale(response: Response) -> float:
    return 100.0 if response == "movement" else 1.0


def _whole_ladders(rungs: Sequence[Rung], height: int) -> list[list[Rung]]:
    """Rungs of the same content and emotion, from the lowest up, where there are `height` of them."""
    ladders: dict[tuple[str, str], dict[float, Rung]] = {}
    for rung in rungs:
        ladders.setdefault((rung.emotion, rung.content), {})[rung.intensity] = rung
    return [[steps[at] for at in sorted(steps)] for _, steps in sorted(ladders.items()) if len(steps) == height]


def _matrix(ladders: Sequence[Sequence[Rung]], response: Response) -> Float[np.ndarray, "contents steps"]:
    """One row per ladder on which the response was measured throughout."""
    rows = [[getattr(rung, response) for rung in ladder] for ladder in ladders]
    return np.array([row for row in rows if None not in row], float)


def _distance(points: Float[np.ndarray, "468 3"], neutral: Float[np.ndarray, "468 3"]) -> float:
    """Mean distance after the similarity that lays the steady points over each other, in eye distances."""
    here = _complex(points)
    there = _complex(neutral)
    steady = list(_STEADY)
    here_centre, there_centre = here[steady].mean(), there[steady].mean()
    source, goal = here[steady] - here_centre, there[steady] - there_centre
    # Least squares of goal ~ turn * source over complex numbers: one number holds turn and scale.
    turn = np.vdot(source, goal) / np.vdot(source, source).real
    laid = turn * (here - here_centre) + there_centre
    left, right = _EYE_CORNERS
    return float(np.abs(laid - there).mean() / abs(there[left] - there[right]))


def _complex(points: Float[np.ndarray, "468 3"]) -> np.ndarray:
    return points[:, 0].astype(float) + 1j * points[:, 1].astype(float)
