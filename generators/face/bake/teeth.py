"""Two rows of teeth in their gums, modelled tooth by tooth along a dental arch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.generators.face.bake.body import Body
from espressivo.generators.face.bake.grid import grid_triangles

CELLS = 7.5
"""Teeth per unit of the arch coordinate in `teeth_st`."""
_ACROSS = np.array([0.0, 0.12, 0.37, 0.63, 0.88])
# Rows from behind the crown over the biting edge down the front into the gum: height as a share of the crown, depth.
_ROWS = (
    # (share of crown, metres beyond the crown, forward m, t)
    (1.0, 0.004, -0.0075, 1.0),
    (0.6, 0.0, -0.0055, 0.6),
    (0.08, 0.0, -0.0026, 0.05),
    (0.0, 0.0, -0.0010, 0.0),
    (0.06, 0.0, -0.0001, 0.05),
    (0.35, 0.0, 0.0006, 0.3),
    (0.70, 0.0, 0.0006, 0.55),
    (1.0, 0.0, 0.0001, 0.82),
    (1.0, 0.0015, 0.0006, 0.95),
    (1.0, 0.0070, -0.0002, 1.0),
)


@dataclass(frozen=True)
class Arch:
    """Sizes of one row, from the middle outward (averages of human teeth, rounded)."""

    widths_mm: tuple[float, ...]
    heights_mm: tuple[float, ...]
    half_width_m: float
    depth_m: float
    front_z_m: float
    edge_y_m: float
    up: int


UPPER = Arch((8.4, 6.6, 7.6, 7.0, 6.8, 9.5), (10.0, 8.8, 9.8, 8.4, 7.8, 7.2), 0.0280, 0.040, 0.1358, -0.0688, 1)
LOWER = Arch((5.3, 5.9, 6.7, 6.9, 7.1, 10.5), (8.6, 8.8, 9.6, 8.4, 7.8, 7.2), 0.0258, 0.038, 0.1330, -0.0680, -1)


class TeethRow:
    """A row of teeth: built in the average head, fitted into other heads by the affine map of MakeHuman's own teeth."""

    def __init__(self, region: str, arch: Arch, mean: Body) -> None:
        self.region = region
        self._helper = np.unique(mean.wheel.quads[f"helper-{'upper' if arch.up > 0 else 'lower'}-teeth"])
        self._mean_helper = mean.points_m[self._helper]
        self.points_m, self.teeth_st = _row(arch)
        self.triangles = grid_triangles(len(_ROWS), len(self.points_m) // len(_ROWS))

    def place(self, body: Body) -> Float[np.ndarray, "vertices 3"]:
        """The row in a body's mouth."""
        return self.points_m + self._moved(body.points_m[self._helper] - self._mean_helper)

    def carry(self, offsets: Float[np.ndarray, "body 3"]) -> Float[np.ndarray, "vertices 3"]:
        """How the row moves with an ARKit shape: as one block, without bending."""
        return self._moved(offsets[self._helper])

    def _moved(self, offsets: Float[np.ndarray, "helper 3"]) -> Float[np.ndarray, "vertices 3"]:
        if not offsets.any():
            return np.zeros_like(self.points_m)
        centre = self._mean_helper.mean(axis=0)
        columns = np.column_stack([self._mean_helper - centre, np.ones(len(self._helper))])
        affine = np.linalg.lstsq(columns, offsets, rcond=None)[0]
        return np.column_stack([self.points_m - centre, np.ones(len(self.points_m))]) @ affine


def _row(arch: Arch) -> tuple[Float[np.ndarray, "vertices 3"], Float[np.ndarray, "vertices 2"]]:
    widths, heights = np.array(arch.widths_mm) * 1e-3, np.array(arch.heights_mm) * 1e-3
    starts = np.concatenate([[0.0], np.cumsum(widths)])
    half = [(tooth, u) for tooth in range(len(widths)) for u in _ACROSS] + [(len(widths) - 1, 1.0)]
    tooth = np.array([t for t, _ in half])
    local = np.array([u for _, u in half])
    along = starts[tooth] + local * widths[tooth]
    theta = np.linspace(0, np.pi / 2, 2000)
    curve = np.column_stack([arch.half_width_m * np.sin(theta), arch.front_z_m - arch.depth_m * (1 - np.cos(theta))])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    angle = np.interp(along, length, theta)
    side = np.concatenate([-np.ones(len(half) - 1), np.ones(len(half))])
    order = np.concatenate([np.arange(len(half))[:0:-1], np.arange(len(half))])
    angle, local, tooth = angle[order] * side, local[order], tooth[order]
    ground = np.column_stack([arch.half_width_m * np.sin(angle), arch.front_z_m - arch.depth_m * (1 - np.cos(angle))])
    outward = np.column_stack([np.sin(angle) / arch.half_width_m, np.cos(angle) / arch.depth_m])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    edge = np.abs(2 * local - 1)
    # Neighbouring teeth share a column; its height is the mean of the two.
    crown = np.interp(np.abs(along[order]), starts[:-1] + widths / 2, heights)
    s = side * (tooth + local) / CELLS

    points, st = [], []
    for share, beyond, forward, t in _ROWS:
        on_crown = 1.0 - max(0.0, min(1.0, beyond / 0.0015))
        bulge = forward + on_crown * (-0.0011 * edge**3 * min(1.0, 1.3 - 0.5 * share))
        height = share * crown + beyond + (1 - share) * 0.0011 * edge**4
        if share == 1.0:
            height = height - 0.0016 * edge**2 * on_crown  # the gum reaches down between the teeth
        place = ground + outward * bulge[:, None]
        points.append(np.column_stack([place[:, 0], arch.edge_y_m + arch.up * height, place[:, 1]]))
        st.append(np.column_stack([s, np.full_like(s, t)]))
    if arch.up > 0:  # keeps the front outward: rows run the other way than in the lower row
        points.reverse()
        st.reverse()
    return np.concatenate(points), np.concatenate(st)
