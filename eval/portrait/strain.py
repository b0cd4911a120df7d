"""How much the skin of a face is stretched and squeezed: what makes a moved portrait look like somebody else.

A dropped jaw moves far and leaves the face what it was; a sneer moves little and changes it. So what is measured is not
how far points move but how much longer or shorter the edges between them get.
"""

from functools import cache

import numpy as np
from jaxtyping import Float, Int

from espressivo.generators.portrait.avatar.contact import lid_rows
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_SHORTEST = 0.2
"""Edges of lips that close count as no shorter than this share of what they were."""


def strain(points_px: Float[np.ndarray, "468 3"], rest_px: Float[np.ndarray, "468 3"]) -> float:
    """Return the root mean square of the logarithms by which edges change in the picture, long ones counting more."""
    ends = _edges()
    before, after = (np.linalg.norm(np.diff(points[ends, :2], axis=1)[:, 0], axis=1) for points in (rest_px, points_px))
    changes = np.log(np.maximum(after, _SHORTEST * before) / before)
    return float(np.sqrt((before * changes**2).sum() / before.sum()))


@cache
def _edges() -> Int[np.ndarray, "edges 2"]:
    sides = load_face_mesh().triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    lids = np.concatenate([row.ravel() for rows in lid_rows().values() for row in rows])
    return np.unique(np.sort(sides[~np.isin(sides, lids).any(axis=1)], axis=1), axis=0)
