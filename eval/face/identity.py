"""Is it still the same person? Distances of 128-d descriptors of faces (face-api's clone of dlib's recogniser).

Raw cosine misleads here: the descriptors of all faces point the same way, two different people have .84 on average
(measured, 31 clips; the same person .98). So the Euclidean distance is given, with its usual threshold of .6; it is no
ArcFace CSIM.
"""

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import Metric, NotMeasured, Pooled, Value, Values

SAME_PERSON = 0.6
"""Descriptors nearer than this are taken for one person (dlib's convention)."""
EVALUATOR = "faceapi-identity"

METRICS: tuple[Metric, ...] = (
    Metric(
        "identity_drift",
        "identity drift",
        "identity",
        "lower",
        "Mean Euclidean distance of the 128-d face descriptors of frames of the clip from that of its first frame. "
        "Real clips of one person: about .27; different people: about .83.",
        evaluator=EVALUATOR,
    ),
    Metric(
        "identity_kept",
        "identity kept",
        "identity",
        "higher",
        f"Share of those frames nearer than {SAME_PERSON}, the distance below which dlib takes two faces for one.",
        evaluator=EVALUATOR,
        decimals=2,
    ),
    Metric(
        "identity_distance",
        "distance to real clip",
        "identity",
        "lower",
        "Mean Euclidean distance of the descriptors from the real clip's mean descriptor. It is no CSIM: raw cosine of "
        "these descriptors is .84 for different people.",
        evaluator=EVALUATOR,
    ),
)


def distances(descriptors: Float[np.ndarray, "n 128"], reference: Float[np.ndarray, "128"]) -> Float[np.ndarray, "n"]:
    """Return Euclidean distances from a reference."""
    return np.linalg.norm(np.asarray(descriptors, np.float64) - reference, axis=1)


def measure_identity(descriptors: Float[np.ndarray, "n 128"], real: Float[np.ndarray, "m 128"] | None) -> Values:
    """Apply `METRICS` to descriptors of frames in time order, and those of the real clip."""
    drift: Value = NotMeasured("needs two frames with a face")
    kept: Value = drift
    if len(descriptors) > 1:
        moved = distances(descriptors[1:], descriptors[0])
        drift, kept = float(moved.mean()), Pooled(float((moved < SAME_PERSON).sum()), len(moved))
    distance: Value = NotMeasured("needs the real clip (--real)")
    if real is not None and len(real) and len(descriptors):
        distance = float(distances(descriptors, real.mean(axis=0)).mean())
    return {"identity_drift": drift, "identity_kept": kept, "identity_distance": distance}
