"""Where the lids of a photographed eye end, and where its iris is.

The face mesh lays its lids through the middle of the lashes on most photographs, and through the white on some
paintings; MediaPipe's iris network (Ablavatski et al. 2020) finds irises and lower lids well, and upper lids but behind
spectacles. The upper edge is searched in the picture near both, where skin turns dark; the edge of the iris, where dark
turns white (Daugman 1993).
"""

from dataclasses import dataclass
from math import atan2, hypot

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

from espressivo.conditioning.faces.crops import Square
from espressivo.conditioning.faces.networks import load_network
from espressivo.generators.portrait.avatar.curves import Axis, smooth_curve
from espressivo.generators.portrait.avatar.light import luminance

KNOTS = 96
REACH = 0.62
"""The tables of an eye go this far to both sides of its middle, in widths of the eye."""

_SIZE = 64
_MARGIN = 2.3
_LOWER_POINTS, _UPPER_POINTS = slice(1, 8), slice(9, 16)
_IRIS_CM = 0.66
"""Largest radius of an iris in the standard face (11.7 mm across, Rufer et al. 2005, on a head that is 7 % larger)."""
_LASHES = 0.045
"""From the upper edge of the lashes down to the edge of the lid, in widths of the eye."""
_STEP_PX = 0.35


@dataclass(frozen=True, eq=False)
class Outline:
    """The opening of one eye at rest, over the line from its right corner to its left one, px."""

    axis: Axis
    width_px: float
    along: Float[np.ndarray, "knots"]
    upper: Float[np.ndarray, "knots"]
    """How far down the edge of the upper lid lies."""
    lower: Float[np.ndarray, "knots"]
    iris: Float[np.ndarray, "2"]
    """Middle of the iris, px of the photograph."""
    iris_px: float
    """Its radius."""

    @property
    def opening(self) -> float:
        """Largest distance of the lids, in widths of the eye: .25 to .4 in a wakeful eye, 0 in a closed one."""
        return float((self.lower - self.upper).max()) / self.width_px


def read_outline(
    photo: Float32[np.ndarray, "h w 3"],
    corners: Float[np.ndarray, "2 k"],
    upper: Float[np.ndarray, "7 k"],
    px_per_cm: float,
    mirrored: bool,
) -> Outline:
    """Find the lids and the iris.

    Args:
        photo: RGB, 0..255.
        corners: of the eye, the one to the left in the picture first, px.
        upper: the mesh's points of the upper lid, from left to right.
        px_per_cm: scale of the face.
        mirrored: whether this is the performer's left eye; the network knows right ones.
    """
    axis = Axis.between(corners[0], corners[1])
    width = float(hypot(*(corners[1] - corners[0])[:2]))
    contour, iris = _read_network(photo, corners, mirrored)
    along = np.linspace(-REACH, REACH, KNOTS) * width
    ends = axis.turn(corners[:, :2])
    above = axis.turn(contour[_UPPER_POINTS])
    above = above[np.argsort(above[:, 0])]
    # Where mesh and network disagree, the one that lies nearer to an edge is right.
    guesses = (axis.turn(upper[:, :2]), above[np.abs(above[:, 0]) < 0.46 * width])
    edges = [_upper_edge(photo, axis, width, np.concatenate([ends[:1], guess, ends[1:]])) for guess in guesses]
    _, places, heights = min(edges, key=lambda found: found[0])
    below = axis.turn(contour[_LOWER_POINTS])
    below = below[np.argsort(below[:, 0])]
    below = below[np.abs(below[:, 0]) < 0.46 * width]
    below = np.concatenate([ends[:1], below, ends[1:]])
    low = smooth_curve(below[:, 0], below[:, 1], along)
    high = np.interp(along, places, heights)
    inside = np.abs(along) < width / 2
    # Beyond the corners both lids are one.
    meet = np.where(inside, np.maximum(low, high), np.interp(along, ends[:, 0], ends[:, 1]))
    high = np.where(inside, np.minimum(high, meet), meet)
    most = _IRIS_CM * px_per_cm
    radius = float(np.clip(np.hypot(*(iris[1:] - iris[0]).T).mean(), 0.6 * most, most))
    middle, radius = _iris_edge(photo, axis, along, high + 0.03 * width, meet, iris[0], radius)
    return Outline(axis, width, along, high, meet, middle, min(radius, most))


def _iris_edge(
    photo: Float32[np.ndarray, "h w 3"],
    axis: Axis,
    along: Float[np.ndarray, "knots"],
    upper: Float[np.ndarray, "knots"],
    lower: Float[np.ndarray, "knots"],
    middle: Float[np.ndarray, "2"],
    radius: float,
) -> tuple[Float[np.ndarray, "2"], float]:
    """Return the circle near a first one over which the eye gets brightest, as far as the lids show it."""
    grey = gaussian_filter(luminance(np.asarray(photo, np.float32)), 0.6)
    shifts = np.linspace(-0.24, 0.24, 7) * radius
    radii = np.linspace(0.72, 1.12, 9) * radius
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    dx, dy, r = (grid.ravel() for grid in np.meshgrid(shifts, 0.6 * shifts, radii, indexing="ij"))
    rings = []
    for share in (0.86, 1.16):
        x = middle[0] + dx[:, None] + share * r[:, None] * np.cos(angles)
        y = middle[1] + dy[:, None] + share * r[:, None] * np.sin(angles)
        places = axis.turn(np.stack([x.ravel(), y.ravel()], axis=1))
        shown = (places[:, 1] > np.interp(places[:, 0], along, upper)) & (
            places[:, 1] < np.interp(places[:, 0], along, lower)
        )
        values = map_coordinates(grey, [y.ravel() - 0.5, x.ravel() - 0.5], order=1, mode="nearest")
        rings.append((values.reshape(x.shape), shown.reshape(x.shape)))
    (inner, inner_shown), (outer, outer_shown) = rings
    both = inner_shown & outer_shown
    # The highlight is no edge: a step counts up to the contrast of a whole eye.
    rise = np.where(both, np.clip(outer - inner, -80, 80), 0).sum(axis=1) / np.maximum(both.sum(axis=1), 12)
    cost = 6 * ((dx / radius) ** 2 + (dy / radius) ** 2) / 0.24**2 + 6 * (r / radius - 0.95) ** 2 / 0.2**2
    best = int((rise - cost).argmax())
    return middle + np.array([dx[best], dy[best]]), float(r[best])


def _read_network(
    photo: Float32[np.ndarray, "h w 3"], corners: Float[np.ndarray, "2 k"], mirrored: bool
) -> tuple[Float[np.ndarray, "71 2"], Float[np.ndarray, "5 2"]]:
    """Return the contour of the lids (0..8 the lower one from the outer corner, 9..15 the upper one) and the iris."""
    (x0, y0), (x1, y1) = corners[:, :2]
    square = Square(
        float(x0 + x1) / 2, float(y0 + y1) / 2, _MARGIN * float(hypot(x1 - x0, y1 - y0)), atan2(y1 - y0, x1 - x0)
    )
    view = square.read(np.clip(photo, 0, 255).astype(np.uint8), _SIZE)
    view = np.ascontiguousarray(view[:, ::-1] if mirrored else view) / np.float32(255)
    answers = [values.reshape(-1, 3).astype(np.float64) for values in load_network("iris_landmark")(view[np.newaxis])]
    contour, iris = sorted(answers, key=len, reverse=True)
    for points in (contour, iris):
        if mirrored:
            points[:, 0] = _SIZE - points[:, 0]
    return square.to_image(contour, _SIZE)[:, :2], square.to_image(iris, _SIZE)[:, :2]


def _upper_edge(
    photo: Float32[np.ndarray, "h w 3"], axis: Axis, width: float, knots: Float[np.ndarray, "k 2"]
) -> tuple[float, Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """Return the edge of the upper lid: what it costs, places along the axis, and how far down it lies there.

    The path with the steepest fall from skin to lashes that is smooth and near `knots` (dynamic programming).
    """
    along = np.linspace(-0.5, 0.5, 48) * width
    guess = smooth_curve(knots[:, 0], knots[:, 1], along)
    shifts = np.arange(-0.20 * width, 0.08 * width, _STEP_PX)
    pixels = axis.back(np.stack([np.repeat(along, len(shifts)), (guess[:, None] + shifts).ravel()], axis=1))
    grey = gaussian_filter(luminance(np.asarray(photo, np.float32)), 0.7)
    grey = map_coordinates(grey, [pixels[:, 1] - 0.5, pixels[:, 0] - 0.5], order=1, mode="nearest")
    grey = grey.reshape(len(along), -1)
    reach = max(round(0.035 * width / _STEP_PX), 1)
    fall = np.zeros_like(grey)
    fall[:, reach:-reach] = grey[:, : -2 * reach] - grey[:, 2 * reach :]
    fall = np.clip(fall / (np.quantile(np.abs(fall), 0.95) + 4), -0.3, 1)
    cost = 0.275 * (shifts / (0.10 * width)) ** 2 - fall
    steps = np.array([-2, -1, 0, 1, 2])
    total, came_from = cost.copy(), np.zeros(cost.shape, int)
    for k in range(1, len(along)):
        before = np.full((len(steps), len(shifts)), np.inf)
        for row, step in enumerate(steps):
            source = np.arange(len(shifts)) - step
            valid = (source >= 0) & (source < len(shifts))
            before[row, valid] = total[k - 1, source[valid]] + 0.12 * abs(step)
        came_from[k] = before.argmin(axis=0)
        total[k] += before.min(axis=0)
    path = np.empty(len(along), int)
    path[-1] = total[-1].argmin()
    for k in range(len(along) - 1, 0, -1):
        path[k - 1] = path[k] - steps[came_from[k, path[k]]]
    shift = gaussian_filter1d(shifts[path], 2.5)
    # Towards the corners the lashes run out.
    lashes = _LASHES * width * np.clip((0.5 - np.abs(along / width)) / 0.15, 0, 1)
    return float(total[-1].min()), along, guess + shift + lashes
