"""Does more of the emotion look like more of it? Clips that differ in nothing but the asked intensity, and time lines.

Two responses are followed: the probability that a judge gives to the asked emotion, and how far the face moves away
from the neutral clip of the same line (`mesh_distance`), which needs no judge and does not saturate.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

from espressivo.eval.control.sliders import monotonicity, rank_correlations, response_range, slopes
from espressivo.eval.control.timeline import curve_lag, rise_lag_ms
from espressivo.eval.emotion.accuracy import JUDGE
from espressivo.eval.metric import Metric, NotMeasured, Values

INTENSITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""The intensities that a benchmark asks for."""

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
        scale = 100.0 if response == "movement" else 1.0
        values |= {
            f"intensity_spearman_{response}": float(rank_correlations(asked, matrix).mean()),
            f"intensity_r2_{response}": monotonicity(asked, matrix),
            f"intensity_range_{response}": response_range(matrix) * scale,
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
        measured: the judge's probability of it, or the movement of the face, at those moments.
    """
    if np.ptp(asked) == 0:
        return {metric.name: NotMeasured("the asked emotion does not change") for metric in TIMELINE_METRICS}
    return {
        "emotion_lag_ms": curve_lag(times_s, asked, measured).value,
        "emotion_rise_lag_ms": rise_lag_ms(times_s, asked, measured),
    }


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
