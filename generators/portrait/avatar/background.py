"""Who is in front of what: a soft outline of the person, and the background as it would be without them.

The outline comes from MediaPipe's selfie segmentation (`weights/portrait-matte`), brought to the edges that the picture
shows by a guided filter (He et al. 2010). What is behind the person continues the background inwards: its broad colours
by a pyramid of averages, its texture by reflection at the outline.
"""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from PIL import Image
from scipy.ndimage import (
    distance_transform_edt,
    gaussian_filter,
    grey_closing,
    label,
    map_coordinates,
    maximum_filter,
    uniform_filter,
)

from espressivo.conditioning.faces.networks import TfliteNetwork
from espressivo.weights.manifest import FOLDER as WEIGHTS

_SIZE = 256
_PLAIN = 7.0
"""Grey levels: the detail of a background up to which it is called plain."""
_LEAST_FACE = 0.9
"""Share of the face that the outline has to hold to be believed."""


def read_matte(
    photo: UInt8[np.ndarray, "size size 3"], points_px: Float[np.ndarray, "468 3"]
) -> Float32[np.ndarray, "size size"]:
    """Return how much of each pixel is the person: 1 inside, 0 outside, softly between.

    Where the outline cannot be trusted, as when it misses the face, all is taken for the person: then the background
    goes along with the head like a sheet of rubber.

    Args:
        photo: a square with a head in it.
        points_px: the face.
    """
    size = len(photo)
    field = np.asarray(Image.fromarray(photo).resize((_SIZE, _SIZE), Image.Resampling.BOX), np.float32) / 255
    person = np.clip(_network()(field[np.newaxis])[0].reshape(_SIZE, _SIZE), 0, 1)
    at = np.clip(points_px[:, :2] * (_SIZE / size), 0, _SIZE - 1).astype(int)
    person = grey_closing(person, 5)
    parts = np.zeros(person.shape, np.int32)
    label(person > 0.4, output=parts)
    main = np.bincount(parts[at[:, 1], at[:, 0]]).argmax()
    if main == 0 or (person[at[:, 1], at[:, 0]] > 0.5).mean() < _LEAST_FACE:
        return np.ones((size, size), np.float32)
    person = person * maximum_filter(parts == main, 9)
    rough = np.asarray(Image.fromarray(person).resize((size, size), Image.Resampling.BICUBIC))
    fine = _guided(photo.astype(np.float32).mean(axis=2) / 255, rough, max(2, size // 100), 1e-4)
    sharp = np.clip((fine - 0.15) / 0.7, 0, 1)
    return (sharp * sharp * (3 - 2 * sharp)).astype(np.float32)


def fill_behind(
    photo: UInt8[np.ndarray, "size size 3"], matte: Float32[np.ndarray, "size size"]
) -> Float32[np.ndarray, "size size 3"]:
    """Return the picture with the person taken out of it."""
    size = len(photo)
    picture = photo.astype(np.float32)
    hole = _hole(picture, matte)
    if not hole.any() or hole.all():
        return picture
    broad = _broad(picture, np.logical_not(hole))
    whole = np.where(hole[..., np.newaxis], broad, picture)
    texture = picture - _blurred(whole, size / 40)
    texture[hole] = 0
    depth = np.asarray(distance_transform_edt(hole))
    smooth = gaussian_filter(depth, max(1.0, size / 120))
    down, across = np.asarray(np.gradient(smooth, axis=0)), np.asarray(np.gradient(smooth, axis=1))
    rows, columns = np.nonzero(hole & (depth < size / 4))
    deep = depth[rows, columns]
    slope = np.stack([down[rows, columns], across[rows, columns]])
    slope /= np.maximum(np.linalg.norm(slope, axis=0), 1e-6)
    places = np.stack([rows, columns]) - slope * (2 * deep + 1)
    fade = np.exp(-deep / (size / 12)) * ((places >= 0) & (places <= size - 1)).all(axis=0)
    for k in range(3):
        whole[rows, columns, k] += fade * map_coordinates(texture[..., k], places, order=1, mode="nearest")
    return np.clip(whole, 0, 255)


@cache
def _network() -> TfliteNetwork:
    return TfliteNetwork(WEIGHTS / "portrait-matte" / "selfie_segmentation.tflite")


def _guided(
    guide: Float32[np.ndarray, "h w"], values: Float32[np.ndarray, "h w"], radius: int, softness: float
) -> Float32[np.ndarray, "h w"]:
    """Filter `values` so that its edges lie where `guide` has edges."""

    def mean(array: np.ndarray) -> np.ndarray:
        return uniform_filter(array, 2 * radius + 1, mode="nearest")

    guide_mean, value_mean = mean(guide), mean(values)
    slope = (mean(guide * values) - guide_mean * value_mean) / (mean(guide * guide) - guide_mean**2 + softness)
    return mean(slope) * guide + mean(value_mean - slope * guide_mean)


def _hole(
    picture: Float32[np.ndarray, "size size 3"], matte: Float32[np.ndarray, "size size"]
) -> Bool[np.ndarray, "size size"]:
    """Return where the background is filled in: a little more than the person.

    Before a plain background it reaches farther out, to wisps of hair that the outline leaves out. What lies between
    goes along with the head; before flags and shelves that would be seen.
    """
    size = len(matte)
    near = np.asarray(maximum_filter(matte > 0.02, max(3, size // 100)), bool)
    far = np.asarray(maximum_filter(matte > 0.02, max(3, size // 25)), bool)
    beyond = np.logical_not(far).astype(np.float32)
    detail = ((picture - _blurred(picture, size / 60)) ** 2).mean(axis=2) * beyond
    reach = size / 16
    seen = np.stack([detail, beyond], axis=-1)
    busy = _blurred(seen, reach)
    plain = np.sqrt(busy[..., 0] / np.maximum(busy[..., 1], 1e-3)) < _PLAIN
    return near | (far & plain)


def _broad(picture: Float32[np.ndarray, "h w 3"], known: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w 3"]:
    """Fill what is not known with averages of what is, the coarser the farther away (Gortler et al. 1996)."""
    weight = known.astype(np.float32)[..., np.newaxis]
    return _pull_push(picture * weight, weight)


def _pull_push(summed: Float32[np.ndarray, "h w 3"], weight: Float32[np.ndarray, "h w 1"]) -> np.ndarray:
    high, wide = weight.shape[:2]
    average = summed / np.maximum(weight, 1e-6)
    if min(high, wide) <= 1 or weight.min() >= 1:
        return average
    half_weight = _halved(weight)
    scale = np.minimum(half_weight * 4, 1) / np.maximum(half_weight, 1e-6)
    coarse = _enlarged(_pull_push(_halved(summed) * scale, half_weight * scale), high, wide)
    return coarse + np.minimum(weight, 1) * (average - coarse)


def _blurred(picture: Float32[np.ndarray, "h w 3"], sigma: float) -> Float32[np.ndarray, "h w 3"]:
    """Blur with a wide bell, at a quarter of the scale."""
    small = gaussian_filter(_halved(_halved(picture)), (sigma / 4, sigma / 4, 0))
    return _enlarged(small, *picture.shape[:2])


def _halved(array: Float32[np.ndarray, "h w n"]) -> Float32[np.ndarray, "half_h half_w n"]:
    high, wide = array.shape[:2]
    if high % 2 or wide % 2:
        array = np.pad(array, ((0, high % 2), (0, wide % 2), (0, 0)), mode="edge")
    return (array[::2, ::2] + array[1::2, ::2] + array[::2, 1::2] + array[1::2, 1::2]) / 4


def _enlarged(array: Float32[np.ndarray, "h w n"], high: int, wide: int) -> Float32[np.ndarray, "high wide n"]:
    planes = [Image.fromarray(np.ascontiguousarray(array[..., k])) for k in range(array.shape[2])]
    return np.stack([np.asarray(plane.resize((wide, high), Image.Resampling.BILINEAR)) for plane in planes], axis=-1)
