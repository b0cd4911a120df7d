"""Blinks, read off the shape of the eyes.

EmoFace's rule counts an eye aspect ratio below .21 over three frames, whatever the frame rate and the face. On the
face mesh some people's open eyes stay near that value, while the lids of the mesh without attention follow a blink only
part of the way: in the real blinks of GRID clips the ratio falls to .60-.76 of its median, not to .12-.18 as with
refined landmarks. A nod of 15 degrees takes it as low, but slowly. So the default rule looks for short dips below what
the eyes do around them; the peer's rule is `PEER`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float
from scipy.ndimage import median_filter

from espressivo.conditioning.faces.track import FaceTrack
from espressivo.eval.face.landmarks68 import MESH_TO_68
from espressivo.eval.metric import Metric, NotMeasured, Pooled, Value, Values

METRICS: tuple[Metric, ...] = (
    Metric(
        "blinks_per_min",
        "blinks",
        "face",
        "reference",
        "Closures of both eyes per minute that last 80 ms to about half a second: the eye aspect ratio dips below 85 % "
        "of its running median over 1 s. People blink about 15 to 25 times a minute while they talk; in a clip of a "
        "few seconds the figure is coarse, and vigorous nodding counts as blinks.",
        unit="/min",
        decimals=1,
    ),
    Metric(
        "blink_interval_s",
        "blink interval",
        "face",
        "reference",
        "Mean time between the ends of neighbouring blinks.",
        unit="s",
        decimals=2,
    ),
)


@dataclass(frozen=True)
class BlinkRule:
    """When an eye counts as having blinked."""

    threshold: float
    """Aspect ratio below which it is closed: as it is, or as a share of the running median."""
    least_s: float
    """How long it has to stay closed."""
    around_s: float | None
    """Width of the running median; closures longer than half of it are no dips. None takes the ratio as it is."""


OURS: Final = BlinkRule(0.85, least_s=0.08, around_s=1.0)
"""The threshold lies midway between the shallowest real blink and the deepest other dip of six GRID clips."""
PEER: Final = BlinkRule(0.21, least_s=0.12, around_s=None)
"""EmoFace's rule at 25 fps: three frames."""

_SHORTEST_S = 0.5  # the longest blink


def eye_aspect_ratio(eyes: Float[np.ndarray, "frames 2 6 2"]) -> Float[np.ndarray, "frames"]:
    """Return (|p2-p6| + |p3-p5|) / (2 |p1-p4|), mean of both eyes (Soukupova and Cech 2016)."""
    points = np.asarray(eyes, np.float64)
    heights = [np.linalg.norm(points[:, :, a] - points[:, :, b], axis=2) for a, b in ((1, 5), (2, 4))]
    return (sum(heights) / (2 * np.linalg.norm(points[:, :, 0] - points[:, :, 3], axis=2))).mean(axis=1)


def eyes_of(points_px: Float[np.ndarray, "frames 468 _"]) -> Float[np.ndarray, "frames 2 6 2"]:
    """Return the six landmarks of either eye from a mesh."""
    eyes = points_px[:, list(MESH_TO_68[36:48]), :2]
    return eyes.reshape(len(eyes), 2, 6, 2)


def find_blinks(ratio: Float[np.ndarray, "frames"], fps: float, rule: BlinkRule = OURS) -> list[int]:
    """Return the frames in which an eye opens again after a blink; one that is still closed at the end does not count.

    Args:
        ratio: eye aspect ratio.
        fps: its rate.
        rule: what a blink is.
    """
    open_eyes = 1.0 if rule.around_s is None else median_filter(ratio, round(rule.around_s * fps) | 1, mode="nearest")
    least = max(1, round(rule.least_s * fps))
    closed = np.concatenate([[False], ratio < rule.threshold * open_eyes, [False]])
    starts, stops = np.flatnonzero(np.diff(closed.astype(int)) == 1), np.flatnonzero(np.diff(closed.astype(int)) == -1)
    return [int(stop) for start, stop in zip(starts, stops, strict=True) if stop - start >= least and stop < len(ratio)]


def measure_blinks(track: FaceTrack) -> Values:
    """Apply `METRICS` to a face."""
    if len(track.points_px) / track.fps < _SHORTEST_S:
        return {metric.name: NotMeasured("the clip is shorter than half a second") for metric in METRICS}
    blinks = find_blinks(eye_aspect_ratio(eyes_of(track.points_px)), track.fps)
    minutes = len(track.points_px) / track.fps / 60
    interval: Value = NotMeasured("fewer than two blinks")
    if len(blinks) > 1:
        interval = Pooled((blinks[-1] - blinks[0]) / track.fps, len(blinks) - 1)
    return {"blinks_per_min": Pooled(float(len(blinks)), minutes), "blink_interval_s": interval}
