"""LSE-C, LSE-D and AV offset: how well lips fit sound in SyncNet's opinion, exactly as the field computes them.

Constants are those that syncnet_python, Wav2Lip (`scores_LSE`), LatentSync (`eval/syncnet`) and EAT share (Chung &
Zisserman 2016, "Out of time"; Prajwal et al. 2020, section 4). The crop is not: see `crop_faces`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int16, UInt8
from PIL import Image
from scipy.ndimage import median_filter

from espressivo.eval.metric import Metric, NotMeasured, Value, Values

if TYPE_CHECKING:
    from espressivo.eval.nets.syncnet import SyncNet

EVALUATOR = "syncnet"
MOST_SHIFT = 15
"""Frames that sound is shifted by, at most, to either side."""
CROP_MODE = "cropped by mesh box"
"""What a report prints beside the figures: a clip scored as it is gets other ones."""

_FPS = 25
_SIDE_PX = 224
_SMOOTHED_FRAMES = 13
_CROP_SCALE = 0.4
_BORDER = 110
_DISTANCE_EPS = 1e-6
_CONFIDENCE_FRAMES = 9
# About what ffmpeg's default for still pictures comes to.
_JPEG_QUALITY = 75

_CAVEAT = (
    f"Faces are {CROP_MODE}. Not a headline: another video codec alone moves it by .4 to 1.2 (THEval, 2026), and "
    "systems that were trained on this very network lead it without looking better in sync."
)
METRICS: tuple[Metric, ...] = (
    Metric(
        name="lse_c",
        title="LSE-C",
        dimension="lip sync",
        better="higher",
        definition="SyncNet's confidence: median minus minimum, over shifts of +-15 frames, of the mean distance "
        f"between lip and sound features (Prajwal et al. 2020). {_CAVEAT}",
        evaluator=EVALUATOR,
    ),
    Metric(
        name="lse_d",
        title="LSE-D",
        dimension="lip sync",
        better="lower",
        definition="Smallest mean distance, over shifts of +-15 frames, between SyncNet's features of lips and of "
        f"sound (Prajwal et al. 2020). {_CAVEAT}",
        evaluator=EVALUATOR,
    ),
    Metric(
        name="lse_offset_frames",
        title="SyncNet offset",
        dimension="lip sync",
        better="zero",
        definition="Shift at which SyncNet's distance is smallest, in frames of 40 ms; negative: the sound comes "
        "later than the lips.",
        unit="frames",
        decimals=1,
        evaluator=EVALUATOR,
    ),
)


@dataclass(frozen=True, eq=False)
class LSE:
    """What SyncNet says of one clip."""

    lse_c: float
    lse_d: float
    offset_frames: int
    """Negative: the sound comes later than the lips."""
    mean_distances: Float[np.ndarray, "31"]
    """By shift; the mean includes windows in which the shifted sound lies outside the clip, as the peers' does."""
    confidence: Float[np.ndarray, "windows"]
    """Over time, smoothed: where in the clip lips and sound fit."""


def lse(
    net: "SyncNet",
    frames_bgr: UInt8[np.ndarray, "frames 224 224 3"],
    samples: Int16[np.ndarray, "samples"],
    jpeg: bool = False,
) -> LSE:
    """Score a clip.

    Args:
        net: with its weights loaded.
        frames_bgr: the face at 25 frames per second, blue first.
        samples: 16 kHz mono.
        jpeg: pass every frame through JPEG, as the peers do by way of ffmpeg. That step cannot be repeated exactly;
            this one has about its quality, to see how much a figure depends on it.

    Raises:
        ValueError: the clip has less than six frames, or frames are not 224 x 224.
    """
    from espressivo.eval.nets.syncnet import embed_audio, embed_lips, windows_of

    windows = windows_of(len(frames_bgr), len(samples))
    if not windows or frames_bgr.shape[1:] != (_SIDE_PX, _SIDE_PX, 3):
        raise ValueError(f"LSE needs six frames of 224 x 224 and their sound, got {frames_bgr.shape}.")
    seen = np.stack([_through_jpeg(frame) for frame in frames_bgr]) if jpeg else frames_bgr
    return score(embed_lips(net, seen, windows), embed_audio(net, samples, windows))


def score(lips: Float[np.ndarray, "windows 1024"], sound: Float[np.ndarray, "windows 1024"]) -> LSE:
    """Score features of lips and sound of the same windows."""
    distances = shifted_distances(lips, sound)
    means = distances.mean(axis=0)
    best = int(np.argmin(means))
    typical = float(np.median(means))
    confidence = median_filter(typical - distances[:, best], _CONFIDENCE_FRAMES, mode="constant")
    return LSE(typical - float(means[best]), float(means[best]), MOST_SHIFT - best, means, confidence)


def shifted_distances(
    lips: Float[np.ndarray, "windows dims"], sound: Float[np.ndarray, "windows dims"]
) -> Float[np.ndarray, "windows 31"]:
    """Return distances between lips and sound for every shift; beyond the clip's ends sound is all zeros.

    As torch's `pairwise_distance`, which adds 1e-6 to every difference.
    """
    padded = np.pad(sound, ((MOST_SHIFT, MOST_SHIFT), (0, 0)))
    shifts = [
        np.linalg.norm(lips - padded[shift : shift + len(lips)] + _DISTANCE_EPS, axis=1)
        for shift in range(2 * MOST_SHIFT + 1)
    ]
    return np.stack(shifts, axis=1)


def crop_faces(
    frames: Iterable[UInt8[np.ndarray, "height width 3"]], points_px: Float[np.ndarray, "frames 468 3"]
) -> Iterator[UInt8[np.ndarray, "224 224 3"]]:
    """Yield the face in every frame, cut as syncnet_python's `run_pipeline.py` cuts it around a detected box.

    The box is that of the face mesh instead of S3FD's, so figures are comparable among clips that are cropped here,
    and only nearly with the peers'. Its centre and half its longer side are smoothed by a median over 13 frames; the
    crop reaches .4 of that beyond the sides and .8 below; outside the picture it is grey.
    """
    low, high = points_px[:, :, :2].min(axis=1), points_px[:, :, :2].max(axis=1)
    half = median_filter((high - low).max(axis=1) / 2, _SMOOTHED_FRAMES, mode="nearest")
    centre = median_filter((low + high) / 2, (_SMOOTHED_FRAMES, 1), mode="nearest")
    for frame, size, (x, y) in zip(frames, half, centre, strict=False):
        yield _crop(frame, float(size), float(x), float(y))


def measure_lse(
    frames: Iterable[UInt8[np.ndarray, "height width 3"]],
    fps: float,
    points_px: Float[np.ndarray, "frames 468 3"],
    samples: Float[np.ndarray, "samples"],
    net: "SyncNet | NotMeasured",
) -> Values:
    """Measure `METRICS` on a clip with one face.

    Args:
        frames: RGB. Unless there are 25 per second, the frame that is shown at each 25th of a second counts.
        fps: frames per second.
        points_px: face mesh in every frame.
        samples: 16 kHz mono, between -1 and 1.
        net: with its weights, or why there is none.
    """
    if isinstance(net, NotMeasured):
        return dict.fromkeys((metric.name for metric in METRICS), net)
    crops = [crop[:, :, ::-1] for crop in _at_25_fps(crop_faces(frames, points_px), fps)]
    heard = np.round(np.clip(samples, -1, 1) * np.iinfo(np.int16).max).astype(np.int16)
    try:
        found = lse(net, np.stack(crops) if crops else np.zeros((0, _SIDE_PX, _SIDE_PX, 3), np.uint8), heard)
    except ValueError:
        too_short = NotMeasured("the clip is shorter than six frames of 40 ms")
        return dict.fromkeys((metric.name for metric in METRICS), too_short)
    if not np.isfinite(found.mean_distances).all():
        return dict.fromkeys((metric.name for metric in METRICS), NotMeasured("SyncNet's distances are not finite"))
    values: dict[str, Value] = {
        "lse_c": found.lse_c,
        "lse_d": found.lse_d,
        "lse_offset_frames": float(found.offset_frames),
    }
    return values


def _at_25_fps(crops: Iterable[np.ndarray], fps: float) -> Iterator[np.ndarray]:
    """Yield the frame nearest in time to each 25th of a second; a frame may come twice or not at all."""
    wanted = 0
    for index, crop in enumerate(crops):
        while round(wanted * fps / _FPS) == index:
            yield crop
            wanted += 1


def _crop(frame: np.ndarray, half: float, x: float, y: float) -> UInt8[np.ndarray, "224 224 3"]:
    import torch
    from torch.nn.functional import interpolate

    half = max(half, 1.0)
    x, y = float(np.clip(x, 0, frame.shape[1])), float(np.clip(y, 0, frame.shape[0]))
    border = int(half * (1 + 2 * _CROP_SCALE)) + 1
    padded = np.pad(frame, ((border, border), (border, border), (0, 0)), constant_values=_BORDER)
    x, y = x + border, y + border
    reach = half * (1 + _CROP_SCALE)
    rows = slice(int(y - half), int(y + half * (1 + 2 * _CROP_SCALE)))
    cut = padded[rows, int(x - reach) : int(x + reach)]
    # Bilinear without smoothing, as OpenCV resizes.
    picture = torch.from_numpy(cut.transpose(2, 0, 1)[np.newaxis].astype(np.float32))
    resized = interpolate(picture, (_SIDE_PX, _SIDE_PX), mode="bilinear", align_corners=False)
    return resized[0].permute(1, 2, 0).round().to(torch.uint8).numpy()


def _through_jpeg(frame_bgr: np.ndarray) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(frame_bgr[:, :, ::-1])).save(file, "JPEG", quality=_JPEG_QUALITY)
    return np.asarray(Image.open(file))[:, :, ::-1]
