"""Distances between sets of pictures in the features of networks that users bring: FID, FVD, E-FID and CSIM.

None of these networks ships. Whatever is missing is said in the place of the figure.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.eval.brought import why_missing
from espressivo.eval.metric import Metric, NotMeasured, Value, Values, measured
from espressivo.eval.quality.frechet import frechet_distance

COEFFICIENTS = 64
"""Expression coefficients of Deep3DFaceRecon in a frame."""
_NO_REAL = NotMeasured("needs real clips (--real)")
_NOT_FINITE = NotMeasured("features are not finite")
_NO_COEFFICIENTS = NotMeasured("needs expression coefficients of Deep3DFaceRecon of both sets, (frames, 64)")

Sets = tuple[Float[np.ndarray, "n dims"], Float[np.ndarray, "..."] | None]
"""Features of the set that is measured, and of the real one; None without real clips."""

METRICS: tuple[Metric, ...] = (
    Metric(
        "fid",
        "FID",
        "quality",
        "lower",
        "Fréchet distance of the 2048 Inception features of all frames from those of the real clips (Heusel et al. "
        "2017; as pytorch-fid). With fewer than 10,000 frames it is biased upwards: compare equal numbers of frames.",
        decimals=2,
        evaluator="fid-inception",
    ),
    Metric(
        "fvd",
        "FVD",
        "quality",
        "lower",
        "Fréchet distance of the 400 I3D features of each clip's face in frames 20 to 35 from those of the real clips "
        "(Unterthiner et al. 2018; as LatentSync). With fewer than 2,000 clips it is biased upwards, and frame rates "
        "count: compare equal numbers of clips at one rate.",
        decimals=2,
        evaluator="i3d",
    ),
    Metric(
        "e_fid",
        "E-FID",
        "emotion",
        "lower",
        "Fréchet distance of the 64 expression coefficients of Deep3DFaceRecon from those of the real clips, which "
        "the user reads off with that project (Tian et al. 2024, EMO).",
    ),
    Metric(
        "csim",
        "CSIM",
        "identity",
        "higher",
        "Mean cosine of ArcFace features of frames with those of the real clip's first frame, faces aligned by eyes, "
        "nose and mouth of the face mesh (Deng et al. 2019).",
        evaluator="arcface",
    ),
)


def fid(features: Float[np.ndarray, "n 2048"], real: Float[np.ndarray, "m 2048"]) -> float:
    """Return FID of two sets of Inception features, of all frames each.

    Raises:
        ValueError: a set has less than two frames.
    """
    return frechet_distance(features, real)


def fvd(features: Float[np.ndarray, "n 400"], real: Float[np.ndarray, "m 400"]) -> float:
    """Return FVD of two sets of I3D features, one row for each clip.

    Raises:
        ValueError: a set has less than two clips.
    """
    return frechet_distance(features, real)


def e_fid(coefficients: Float[np.ndarray, "n 64"], real: Float[np.ndarray, "m 64"]) -> float:
    """Return E-FID of two sets of expression coefficients, of all frames each.

    Raises:
        ValueError: a set has less than two frames.
    """
    return frechet_distance(coefficients, real)


def csim(features: Float[np.ndarray, "n dims"], reference: Float[np.ndarray, "dims"]) -> float:
    """Return the mean cosine of features with a reference; NaN if one of them is all zeros."""
    with np.errstate(invalid="ignore", divide="ignore"):
        lengths = np.linalg.norm(features, axis=1) * np.linalg.norm(reference)
        return float(np.mean(features @ reference / lengths))


def read_coefficients(path: Path) -> Float[np.ndarray, "frames 64"]:
    """Read expression coefficients from an `.npz` with one array; nothing in it is run.

    Raises:
        InputError: the file cannot be read, or does not hold one finite array (frames, 64).
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = [archive[name] for name in archive.files]
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} cannot be read as .npz ({error}); save one array (frames, 64) with np.savez."
        ) from None
    shapes = ", ".join(str(array.shape) for array in arrays) or "nothing"
    if len(arrays) != 1 or arrays[0].ndim != 2 or arrays[0].shape[1] != COEFFICIENTS or arrays[0].dtype.kind != "f":
        raise InputError(f"{path} holds {shapes}, not one array of floats (frames, 64); save expression only.")
    if not np.isfinite(arrays[0]).all():
        raise InputError(f"{path} holds coefficients that are not finite; leave frames without a face out.")
    return arrays[0].astype(np.float64)


def measure_feature_distances(
    inception: Sets | NotMeasured | None = None,
    identity: Sets | NotMeasured | None = None,
    coefficients: Sets | None = None,
    motion: Sets | NotMeasured | None = None,
) -> Values:
    """Measure `METRICS` on one set of clips against the real ones.

    Args:
        inception: Inception features of all frames of both sets, or why there are none; None: it was not brought.
        identity: ArcFace features of frames, and of the one real face that they should show; likewise.
        coefficients: expression coefficients of all frames of both sets; None: they were not brought.
        motion: I3D features of all clips of both sets, or why there are none; None: it was not brought.
    """
    return {
        "fid": _compare(fid, why_missing("fid-inception") if inception is None else inception),
        "fvd": _compare(fvd, why_missing("i3d") if motion is None else motion, "clips"),
        "e_fid": _compare(e_fid, _NO_COEFFICIENTS if coefficients is None else coefficients),
        "csim": _compare(csim, why_missing("arcface") if identity is None else identity),
    }


def _compare(
    distance: Callable[[np.ndarray, np.ndarray], float], sets: Sets | NotMeasured, rows: str = "frames"
) -> Value:
    if isinstance(sets, NotMeasured):
        return sets
    ours, real = sets
    if real is None:
        return _NO_REAL
    if len(ours) < 2 or len(real) < 2:
        return NotMeasured(f"needs two {rows} of either set")
    if not (np.isfinite(ours).all() and np.isfinite(real).all()):
        return _NOT_FINITE
    return measured(distance(ours, real), _NOT_FINITE.reason)
