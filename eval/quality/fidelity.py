"""How close a clip's pictures are to the real clip's, pixel by pixel (PSNR) and by local structure (SSIM).

SSIM is that of Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE
Transactions on Image Processing 13(4), 2004, with the defaults of scikit-image, which talking-face papers use: a
uniform window of 7 x 7 px and sample covariances; not the paper's Gaussian of 11 x 11 px, which gives other figures.
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import uniform_filter

from espressivo.eval.metric import Metric, NotMeasured, Value, Values

WINDOW_PX = 7

METRICS: tuple[Metric, ...] = (
    Metric(
        "psnr_db", "PSNR", "quality", "higher",
        "Peak signal-to-noise ratio against the real clip, from the squared error of 8-bit RGB averaged over all its "
        "frames. Peers who average the decibels of frames get the same or more. An identical clip has none.",
        "dB", 2,
    ),
    Metric(
        "ssim", "SSIM", "quality", "higher",
        "Structural similarity to the real clip (Wang et al. 2004; uniform 7 x 7 window, as scikit-image), mean over "
        "the channels of 8-bit RGB and over frames. 1 is identical.",
    ),
)  # fmt: skip

Frame = UInt8[np.ndarray, "height width 3"]


def fidelity(frames: Iterable[Frame], real: Iterable[Frame] | None) -> Values:
    """Measure a clip against the real one, frame by frame; the longer one is cut.

    Both must have one frame rate and show the same moments and the same part of the picture: a face a few pixels aside
    costs more than a blurred one.

    Args:
        frames: the generated clip, read once, one frame at a time.
        real: the real clip likewise; None gives `NotMeasured`.
    """
    if real is None:
        return _not_measured("there is no real clip of this name")
    errors: list[float] = []
    similarities: list[float] = []
    for ours, theirs in zip(frames, real, strict=False):
        if ours.shape != theirs.shape:
            sizes = [f"{frame.shape[1]} x {frame.shape[0]}" for frame in (ours, theirs)]
            return _not_measured(f"pictures of {sizes[0]} px cannot be laid on real ones of {sizes[1]} px")
        if min(ours.shape[:2]) < WINDOW_PX:
            return _not_measured(f"pictures are smaller than {WINDOW_PX} x {WINDOW_PX} px")
        errors.append(mean_squared_error(ours, theirs))
        similarities.append(ssim(ours, theirs))
    if not errors:
        return _not_measured("there are no frames to compare")
    return {"psnr_db": psnr_db(float(np.mean(errors))), "ssim": float(np.mean(similarities))}


def mean_squared_error(ours: Frame, theirs: Frame) -> float:
    """Return the squared difference of two pictures of one size, in grey levels, mean over pixels and channels."""
    return float(np.mean((ours.astype(np.float64) - theirs) ** 2))


def psnr_db(squared_error: float) -> Value:
    """Return the ratio of the full range of 8 bits to an error, in decibels; an error of 0 has no finite one."""
    if not squared_error:
        return NotMeasured("the clips are identical, so the ratio is infinite")
    return float(10 * np.log10(255.0**2 / squared_error))


def ssim(ours: Frame, theirs: Frame) -> float:
    """Return the structural similarity of two pictures of one size, `WINDOW_PX` or more on each side.

    Windows that stick out of the picture do not count.
    """
    return float(np.mean([_ssim(ours[..., k], theirs[..., k]) for k in range(ours.shape[2])]))


def _ssim(ours: UInt8[np.ndarray, "height width"], theirs: UInt8[np.ndarray, "height width"]) -> float:
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    mean_a, mean_b = _local_mean(a), _local_mean(b)
    sample = WINDOW_PX**2 / (WINDOW_PX**2 - 1)
    variances = sample * (_local_mean(a * a) - mean_a**2 + _local_mean(b * b) - mean_b**2)
    covariance = sample * (_local_mean(a * b) - mean_a * mean_b)
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    return float((luminance * (2 * covariance + _C2) / (variances + _C2)).mean())


def _local_mean(values: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "h w"]:
    margin = WINDOW_PX // 2
    return uniform_filter(values, WINDOW_PX)[margin : len(values) - margin, margin : values.shape[1] - margin]


def _not_measured(reason: str) -> Values:
    return {metric.name: NotMeasured(reason) for metric in METRICS}


_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # keep the ratios finite where a window is flat
