"""Hair as a shell combed from the crown: a grid of strands around the head, shaped by a style."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.face.bake.body import Body
from espressivo.generators.face.bake.grid import grid_triangles

_STRANDS, _ROWS = 68, 17
_INNER_ROWS = 2
_CENTRE_M = np.array([0.0, 0.035, 0.040])
_SEEN_DEG = 16.0
_AROUND_DEG = (0, 20, 40, 55, 66, 74, 82, 98, 107, 125, 150, 180)


@dataclass(frozen=True)
class Style:
    """A haircut. The three rows are given at `_AROUND_DEG`, the angle from the face around to the nape."""

    hairline_deg: tuple[float, ...]
    """Where the hair ends on the scalp: angle from straight up, seen from the middle of the skull."""
    volume_mm: tuple[float, ...]
    """Thickness over the scalp half-way to the hairline."""
    hang_mm: tuple[float, ...] = (0.0,) * len(_AROUND_DEG)
    """How far it hangs down below the hairline."""
    top_mm: float = 14.0
    tufts: float = 0.10


_HAIRLINE = (65, 65, 64.5, 71, 93, 111, 105, 113, 133, 143, 147, 148)
STYLES = {
    "cropped": Style(_HAIRLINE, (6, 6, 5.5, 4.5, 4, 3.6, 3.6, 4, 4.5, 5, 5, 5), top_mm=7.0, tufts=0.06),
    "short": Style(_HAIRLINE, (13, 12, 10, 7.5, 6, 5, 4.5, 5, 5.5, 6, 6, 5.5), top_mm=14.0, tufts=0.16),
    "bob": Style(
        (64, 64.5, 67, 76, 90, 95, 96, 98, 99, 100, 100, 100),
        (12, 13, 12, 8, 6, 8, 13, 17, 16, 14, 13, 12),
        (0, 0, 0, 30, 84, 98, 106, 112, 113, 110, 106, 104),
        top_mm=14.0,
        tufts=0.07,
    ),
}


def under_hair(points_m: Float[np.ndarray, "vertices 3"]) -> np.ndarray:
    """Whether a point of the scalp lies so far inside every style's hairline that it is never seen."""
    offset = points_m - _CENTRE_M
    polar = np.degrees(np.arctan2(np.hypot(offset[:, 0], offset[:, 2]), offset[:, 1]))
    around = np.degrees(np.arctan2(np.abs(offset[:, 0]), offset[:, 2]))
    hairline = np.min([np.interp(around, _AROUND_DEG, style.hairline_deg) for style in STYLES.values()], axis=0)
    return polar < hairline - _SEEN_DEG


class Hair:
    """The hair of one person. It does not move with the face."""

    region = "hair"

    def __init__(self, style: Style, ears: Float[np.ndarray, "body"]) -> None:
        self._style = style
        self._ears = ears
        self.triangles: Int[np.ndarray, "triangles 3"] = grid_triangles(_ROWS + _INNER_ROWS, _STRANDS, closed=True)

    def place(self, body: Body) -> Float[np.ndarray, "vertices 3"]:
        """The shell on a body's head."""
        style = self._style
        around = np.linspace(-np.pi, np.pi, _STRANDS, endpoint=False)
        degrees = np.degrees(np.abs(around))

        def knots(values: tuple[float, ...]) -> Float[np.ndarray, "strands"]:
            return np.interp(degrees, _AROUND_DEG, values)

        end = np.radians(knots(style.hairline_deg))
        hang = knots(style.hang_mm) * 1e-3
        share = np.linspace(0, 1, _ROWS)[:, None]
        scalp_length = 0.095 * end
        travelled = share * (scalp_length + hang)
        polar = np.minimum(travelled, scalp_length) / 0.095
        fall = np.maximum(travelled - scalp_length, 0.0)

        direction = _directions(around, polar)
        scalp = self._scalp(body, direction)
        volume = knots(style.volume_mm) * 1e-3 * (1 + 0.15 * np.sin(around + 0.6))  # more to one side, as if combed
        middle = style.top_mm * 1e-3 + (volume - style.top_mm * 1e-3) * _ramp(0.10, 0.62, share)
        tufts = _tufts(around, travelled)
        hangs = np.clip(hang / 0.02, 0, 1)
        edge = 1 - (1 - hangs) * _ramp(0.50, 1.0, share) ** 1.3
        thick = middle * (1 + style.tufts * tufts) * edge + 0.0009 - (1 - hangs) * 0.0019 * _ramp(0.93, 1.0, share)
        points = _CENTRE_M + direction * (scalp + thick)[..., None]
        points[..., 1] -= fall
        inward = (fall / 0.11) ** 2 * 0.014 - 0.0105 * np.sin(np.clip(fall / 0.07, 0, 1) * np.pi)
        points[..., [0, 2]] -= inward[..., None] * direction[..., [0, 2]]

        last = points[-1]
        radial = np.stack([np.sin(around), 0 * around, np.cos(around)], axis=-1)
        turned = [last - radial * (0.012 * hangs)[:, None] + (0, 1, 0) * (0.004 * hangs)[:, None]]
        turned.append(last - radial * (0.018 * hangs)[:, None] + (0, 1, 0) * (0.6 * hang)[:, None])
        return np.concatenate([points, np.stack(turned)]).reshape(-1, 3)

    @property
    def skin_share(self) -> Float[np.ndarray, "vertices"]:
        """How much skin shows between the hairs: along the forehead hair begins thinly."""
        around = np.degrees(np.abs(np.linspace(-np.pi, np.pi, _STRANDS, endpoint=False)))
        rows = np.zeros(_ROWS + _INNER_ROWS)
        rows[_ROWS - 3 :] = (0.10, 0.35, 0.70, 0.70, 0.70)
        return (rows[:, None] * (1 - _ramp(38, 50, around))).ravel()

    def carry(self, offsets: Float[np.ndarray, "body 3"]) -> Float[np.ndarray, "vertices 3"]:
        """Nothing: the scalp is still."""
        return np.zeros(((_ROWS + _INNER_ROWS) * _STRANDS, 3))

    def _scalp(self, body: Body, direction: Float[np.ndarray, "rows strands 3"]) -> Float[np.ndarray, "rows strands"]:
        """Distance of the scalp from `_CENTRE_M` along `direction`, smoothed over the nearest vertices."""
        from scipy.spatial import KDTree

        numbers = np.unique(body.wheel.quads["body"])
        points = body.points_m[numbers] - _CENTRE_M
        radius = np.linalg.norm(points, axis=1)
        head = (points[:, 1] > -0.14) & (self._ears[numbers] < 0.2) & (radius > 0.06) & (radius < 0.16)
        tree = KDTree(points[head] / radius[head, None])
        distance, nearest = tree.query(direction.reshape(-1, 3), k=10)
        weight = 1 / (distance**2 + 1e-3)
        return ((radius[head][nearest] * weight).sum(axis=1) / weight.sum(axis=1)).reshape(direction.shape[:2])


def _directions(around: np.ndarray, polar: Float[np.ndarray, "rows strands"]) -> Float[np.ndarray, "rows strands 3"]:
    across = np.sin(polar)
    return np.stack([across * np.sin(around), np.cos(polar), across * np.cos(around)], axis=-1)


def _tufts(around: np.ndarray, travelled: np.ndarray) -> Float[np.ndarray, "rows strands"]:
    """Locks: ridges along the strands that drift sideways on their way, in [-1, 1]."""
    drift = around + 4.0 * travelled
    wide = np.sin(11 * drift + 3 * np.sin(2 * around)) + 0.7 * np.sin(17 * drift + 40 * travelled)
    fine = 0.5 * np.sin(31 * drift + 60 * travelled + 2 * np.sin(5 * around))
    return (wide + fine) / 2.2 * _ramp(0.015, 0.05, travelled)


def _ramp(start: float, end: float, value: np.ndarray) -> np.ndarray:
    share = np.clip((value - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)
