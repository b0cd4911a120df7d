"""How far a 3-D face is from a recorded one, vertex by vertex: lips, upper face, whole face.

The measures are those of the speech-driven face animation line: LVE and FDD as in CodeTalker (Xing et al., CVPR 2023;
`main/cal_metric.py`), MVE, the absolute FDD and the diversity as in FaceDiffuser (Stan et al., MIG 2023;
`evaluation/compute_objective_metrics.py`). They compare meshes of one topology only; `measure_motion` drives our own
head with both motions. Their vertex lists (BIWI, BEAT, FLAME) are other meshes', so figures compare within this head.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from espressivo.eval.metric import Metric, NotMeasured, Pooled, Value, Values
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import Head

METRICS: tuple[Metric, ...] = (
    Metric(
        "lve_mm2", "LVE", "3-D face", "lower",
        "Lip vertex error: in each frame the largest SQUARED distance of a lip vertex from the recorded face, averaged "
        "over the frames of all clips together (CodeTalker; many tables call it L2). Lips: the skin of our own head "
        "that mouthPucker moves by half of its most or more; so no figure on BIWI or FLAME compares.",
        "mm²", 2,
    ),
    Metric(
        "lve_l2_mm", "LVE (L2)", "3-D face", "lower",
        "The same with the distance itself instead of its square.", "mm", 2,
    ),
    Metric(
        "mve_mm", "MVE", "3-D face", "lower",
        "Mean vertex error: distance from the recorded face, averaged over the vertices of the skin that shapes "
        "move and the frames of all clips together (FaceDiffuser, which takes all vertices of its mesh).",
        "mm", 2,
    ),
    Metric(
        "fdd_mm2", "FDD", "3-D face", "zero",
        "Upper-face dynamics deviation: spread over time of the squared displacement from the neutral face, of the "
        "recorded face minus ours, averaged over the vertices that brow shapes move by a quarter of their most or more "
        "(CodeTalker). Positive: ours moves too little. Clips of opposite sign cancel out.",
        "mm²", 2,
    ),
    Metric(
        "fdd_abs_mm2", "FDD (absolute)", "3-D face", "lower",
        "The same with the size of each clip's deviation, so that clips do not cancel out (FaceDiffuser).", "mm²", 2,
    ),
)  # fmt: skip

DIVERSITY = Metric(
    "motion_diversity_mm", "diversity", "3-D face", "neither",
    "How far outputs for one line in different emotions or with different seeds are apart: mean distance of the face's "
    "vertices over all pairs (FaceDiffuser, over its style conditions). More is not better by itself.",
    "mm", 2,
)  # fmt: skip
"""Of a set of clips."""

LIP_SHAPES = ("mouthPucker",)
LIP_SHARE = 0.5
"""A vertex belongs to the lips from this share of the most that the shape moves any of the skin."""
BROW_SHAPES = tuple(name for name in ARKIT_NAMES if name.startswith("brow"))
BROW_SHARE = 0.25

Vertices = Float[np.ndarray, "frames vertices 3"]
VertexList = Int[np.ndarray, "members"]


def lip_vertex_error(predicted: Vertices, real: Vertices, lips: VertexList, squared: bool = True) -> Pooled:
    """Return the largest distance of a lip vertex per frame, summed over the frames of one clip, and their number.

    Args:
        predicted: in any unit; cut to the length of `real`, as peers do, and the other way round.
        real: the recorded face.
        lips: which vertices count.
        squared: the squared distance, as CodeTalker and FaceDiffuser; otherwise the distance itself.

    Raises:
        ValueError: there is no frame to compare, or meshes differ.
    """
    predicted, real = _cut(predicted, real)
    worst = _squares(predicted[:, lips] - real[:, lips]).max(axis=1)
    return Pooled(float((worst if squared else np.sqrt(worst)).sum()), len(worst))


def mean_vertex_error(predicted: Vertices, real: Vertices) -> Pooled:
    """Return the distance of all vertices, summed over one clip, and the number of vertices in all frames."""
    predicted, real = _cut(predicted, real)
    distances = np.sqrt(_squares(predicted - real))
    return Pooled(float(distances.sum()), distances.size)


def dynamics_deviation(
    predicted: Vertices, real: Vertices, neutral: Float[np.ndarray, "vertices 3"], upper: VertexList
) -> float:
    """Return how much more the upper face of one clip moves in `real` than in `predicted`: CodeTalker's FDD.

    The population standard deviation over time of the squared displacement from `neutral`, averaged over `upper`.
    A set's FDD is the mean over its clips; FaceDiffuser's absolute FDD the mean of absolute values.
    """
    predicted, real = _cut(predicted, real)
    theirs, ours = (_squares(face[:, upper] - neutral[upper]).std(axis=0).mean() for face in (real, predicted))
    return float(theirs - ours)


def diversity(outputs: Sequence[Vertices]) -> float:
    """Return how far outputs for one line under different style conditions are apart (FaceDiffuser).

    The distance of two outputs is averaged over vertices and frames, then over all pairs.

    Raises:
        ValueError: there are less than two outputs, or their meshes or lengths differ.
    """
    if len(outputs) < 2 or len({np.shape(output) for output in outputs}) > 1:
        raise ValueError("Diversity needs two or more outputs of the same shape.")
    return float(np.mean([np.sqrt(_squares(a - b)).mean() for a, b in combinations(outputs, 2)]))


def lip_vertices(head: Head) -> VertexList:
    """Return the lips and what surrounds them: where the skin follows `LIP_SHAPES`."""
    return _moved_by(head, LIP_SHAPES, LIP_SHARE)


def upper_face_vertices(head: Head) -> VertexList:
    """Return brows and forehead: where the skin follows `BROW_SHAPES`. Lids do not belong to them."""
    return _moved_by(head, BROW_SHAPES, BROW_SHARE)


def face_vertices(head: Head) -> VertexList:
    """Return the skin that some ARKit shape moves by 5 % of its most: no ears, scalp, shoulders or eyeballs."""
    return _moved_by(head, ARKIT_NAMES, _LEAST_SHARE)


def measure_motion(predicted: FaceMotion, real: FaceMotion | None, head: Head) -> Values:
    """Measure the face of one clip against the recorded one, both on `head` held upright, eyes ahead.

    `predicted` is read at the frames of `real`, by linear interpolation of its weights; the longer one is cut.

    Args:
        predicted: what was generated.
        real: what was recorded for the same line; None gives `NotMeasured` for every metric.
        head: whose surface is measured, in millimetres.
    """
    if real is None:
        return _not_measured("there is no recorded motion of this clip")
    ours, theirs = _on_the_same_frames(predicted, real)
    if len(theirs) < 2:
        return _not_measured("there are less than two frames to compare")
    members = face_vertices(head)
    predicted_mm, real_mm = (_posed_mm(weights, head, members) for weights in (ours, theirs))
    lips = np.searchsorted(members, lip_vertices(head))
    upper = np.searchsorted(members, upper_face_vertices(head))
    fdd = dynamics_deviation(predicted_mm, real_mm, head.vertices_m[members].astype(np.float64) * 1e3, upper)
    return {
        "lve_mm2": lip_vertex_error(predicted_mm, real_mm, lips),
        "lve_l2_mm": lip_vertex_error(predicted_mm, real_mm, lips, squared=False),
        "mve_mm": mean_vertex_error(predicted_mm, real_mm),
        "fdd_mm2": fdd,
        "fdd_abs_mm2": abs(fdd),
    }


def measure_diversity(lines: Iterable[Sequence[FaceMotion]], head: Head) -> Value:
    """Return `DIVERSITY`, mean over lines that were performed more than once, each cut to its shortest performance."""
    skin = face_vertices(head)
    found = []
    for motions in lines:
        if len(motions) > 1 and len({motion.fps for motion in motions}) == 1:
            shortest = min(map(len, motions))
            found.append(diversity([_posed_mm(motion.weights[:shortest], head, skin) for motion in motions]))
    return float(np.mean(found)) if found else NotMeasured("needs two performances of one line at one frame rate")


def _not_measured(reason: str) -> Values:
    return {metric.name: NotMeasured(reason) for metric in METRICS}


def _on_the_same_frames(
    predicted: FaceMotion, real: FaceMotion
) -> tuple[Float[np.ndarray, "frames 52"], Float[np.ndarray, "frames 52"]]:
    if not len(predicted) or not len(real):
        return predicted.weights[:0], real.weights[:0]
    times_s = real.times_s[real.times_s <= predicted.times_s[-1] + _SAME_MOMENT_S]
    columns = [np.interp(times_s, predicted.times_s, column) for column in predicted.weights.T]
    return np.stack(columns, axis=1), real.weights[: len(times_s)]


def _posed_mm(weights: Float[np.ndarray, "frames 52"], head: Head, members: VertexList) -> Vertices:
    return np.stack([head.pose(frame)[members] for frame in weights]).astype(np.float64) * 1e3


def _moved_by(head: Head, shapes: Iterable[str], share: float) -> VertexList:
    """The skin that one of `shapes` moves by at least `share` of the most that this shape moves any of it."""
    skin = head.region_vertices["skin"]
    offsets = head.shapes.tocsc()[:, [CHANNEL[name] for name in shapes]].toarray().reshape(len(head.vertices_m), 3, -1)
    travel = np.linalg.norm(offsets[skin], axis=1)
    most = travel.max(axis=0)
    return skin[((travel >= share * most) & (most > 0)).any(axis=1)]


def _cut(predicted: Vertices, real: Vertices) -> tuple[Vertices, Vertices]:
    frames = min(len(predicted), len(real))
    if not frames or predicted.shape[1:] != real.shape[1:]:
        raise ValueError(f"Meshes of shape {predicted.shape} and {real.shape} cannot be compared.")
    return predicted[:frames], real[:frames]


def _squares(offsets: Float[np.ndarray, "frames members 3"]) -> Float[np.ndarray, "frames members"]:
    return np.einsum("fvk,fvk->fv", offsets, offsets)


_LEAST_SHARE = 0.05
_SAME_MOMENT_S = 1e-6  # frame times of one clip at two rates differ by rounding
