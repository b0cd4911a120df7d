"""ARKit's shapes on a person: the standard ones in pixels, corrected for this person's eyes, brows and lips."""

from functools import cache

import numpy as np
from jaxtyping import Float32, Int32

from espressivo.generators.face.arkit import CHANNEL, SIDED
from espressivo.generators.portrait.avatar.contact import LID_SHARES, lid_rows
from espressivo.generators.portrait.avatar.gains import CORNERS_STAY, FROWNS, FROWNS_STILL, TAILS_FROWN, gains
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

_BROW_OVER_LID = np.array([[46, 53, 52, 65, 55], [246, 160, 159, 158, 173]])
"""The lower edge of the right brow, and the lid under it."""
_LOWEST_BROW = 0.62
"""Share of the way to the lid that a lowered brow may come down; on deep-set eyes it would cover them."""
_LIDS_FOLLOW_BROWS = {"browInnerUp": (0.0, 0.3), "browOuterUp": (0.0, 0.3), "browDown": (0.2, 0.6)}
"""What is left of a brow's pull at the edge of a lid and at the row beside it: whoever moves brows alone wants the eyes
as they were, and the standard shapes open and close them. A brow that comes down lies on the lid."""
_NOSE_TO_BROWS_CM = (2.4, 4.0)
"""Heights on the standard face between which skin goes over from what the nose pulls to what the brows do."""
_TO_TAILS_CM = (2.2, 5.0)
"""From the middle of the face: where brows begin to be tail and where they end."""
_BOTH_SIDES_CM = 1.2
"""From the middle of the face: within, shapes of both sides share the skin."""
_CORNER_DROPS_CM = 0.42
"""How much farther a dropped jaw takes the corners of the mouth than MakeHuman's does, which leaves them above the
cheek beside them and makes a box of the mouth (estimate, looked at: they lie at two fifths of an opened mouth)."""
_CORNERS = ((78, 1.0), (62, 0.95), (76, 0.85), (61, 0.75))
"""Points of the right corner from the inside outwards, and their share of it."""
_UPPER_LIP_SHARES, _LOWER_LIP_SHARES = (1.0, 0.9, 0.75, 0.6), (1.0, 0.75, 0.45, 0.2)
"""The same for the rows of lips, from the inner edge outwards."""
_TAPER = 3
"""Exponent of how fast lips that are drawn up or down come together towards the corners."""
_LOWER_LIP_ROUND = 2.4
"""Exponent of the line along which a dropped jaw bends the lower lip; 2 is an ellipse."""


def fitted_shapes(
    points: Float32[np.ndarray, "468 3"], axes: Float32[np.ndarray, "3 3"], px_per_cm: float
) -> Float32[np.ndarray, "52 468 3"]:
    """Return the offsets at weight 1, in pixels of the picture.

    Args:
        points: the face, px.
        axes: rows: where the head's left, up and front point in the picture.
        px_per_cm: scale.
    """
    mesh, down = load_face_mesh(), -axes[1]
    shapes = _parted_sides() * gains()[:, np.newaxis, np.newaxis]
    shapes[CHANNEL["jawOpen"], :, 1] += _rounded_opening()
    # Lips that close over a dropped jaw are not round.
    shapes[CHANNEL["mouthClose"], :, 1] -= _rounded_opening()
    _taper(shapes)
    _frown_with_heads_of_brows(shapes)
    for name, share in CORNERS_STAY.items():
        both = np.add.reduce([shapes[CHANNEL[f"{name}{side}"]] for side in SIDED])
        shapes[CHANNEL["jawOpen"]] += np.float32(share) * both
    shapes = (shapes @ axes) * np.float32(px_per_cm)
    for rows in (mesh.upper_lip_rows, mesh.lower_lip_rows):
        _round(shapes[CHANNEL["mouthFunnel"]], rows)
    for side, (upper, lower) in lid_rows().items():
        brow, lid = _BROW_OVER_LID if side == "Right" else mesh.mirror[_BROW_OVER_LID]
        for name, shares in _LIDS_FOLLOW_BROWS.items():
            channel = CHANNEL[name if name in CHANNEL else f"{name}{side}"]
            for row, share in zip(np.hstack([upper, lower]), shares, strict=True):
                shapes[channel, row] *= np.float32(share)
        _hold_above(shapes[CHANNEL[f"browDown{side}"]], points, brow, lid, down)
        blink = CHANNEL[f"eyeBlink{side}"]
        _narrow_like_eye(shapes, blink, points, upper, lower, down, px_per_cm)
        _let_meet(shapes[blink], points, upper, lower, down)
    return shapes


@cache
def _parted_sides() -> Float32[np.ndarray, "52 468 3"]:
    """Return the shapes in cm; those of a side keep to it. What the two sides do together stays what it is."""
    mesh = load_face_mesh()
    shapes = mesh.shapes_cm.copy()
    share = np.clip(0.5 + mesh.vertices_cm[:, :1] / (2 * _BOTH_SIDES_CM), 0, 1)
    share = (share * share * (3 - 2 * share)).astype(np.float32)
    for name, left in CHANNEL.items():
        if name.endswith("Left") and name not in ("jawLeft", "mouthLeft"):
            right = CHANNEL[f"{name.removesuffix('Left')}Right"]
            both = shapes[left] + shapes[right]
            shapes[left], shapes[right] = both * share, both * (1 - share)
    return shapes


@cache
def _rounded_opening() -> Float32[np.ndarray, "468"]:
    """Return what makes an opened mouth round, cm upwards at a weight of 1 of the jaw: corners that come down, an upper
    lip that bends to them, a lower lip without a wall beside the corner and a peak in the middle.
    """
    mesh, jaw = load_face_mesh(), load_face_mesh().shapes_cm[CHANNEL["jawOpen"], :, 1]
    right, middle = _CORNERS[0][0], len(mesh.lip_pairs) // 2
    added = np.zeros(len(jaw), np.float32)
    for corner, share in _CORNERS:
        added[[corner, mesh.mirror[corner]]] = -share * _CORNER_DROPS_CM
    outward = np.abs(mesh.vertices_cm[mesh.lip_pairs, 0] / mesh.vertices_cm[right, 0]).T
    bent = -_CORNER_DROPS_CM * outward[0] ** 2
    lowest, corner = jaw[mesh.lower_lip_rows[0, middle]], jaw[right] - _CORNER_DROPS_CM
    line = corner + (lowest - corner) * (1 - outward[1] ** _LOWER_LIP_ROUND)
    for rows, shares, moved in (
        (mesh.upper_lip_rows, _UPPER_LIP_SHARES, bent),
        (mesh.lower_lip_rows, _LOWER_LIP_SHARES, line - jaw[mesh.lower_lip_rows[0]]),
    ):
        for row, share in zip(rows, shares, strict=True):
            added[row] = np.float32(share) * moved
    return added


def _taper(shapes: Float32[np.ndarray, "52 468 3"]) -> None:
    """Let lips that are drawn up or down part from nothing at the corners: else they bare a bar of teeth."""
    mesh = load_face_mesh()
    upper, lower = mesh.upper_lip_rows, mesh.lower_lip_rows
    outward = np.abs(mesh.vertices_cm[mesh.lip_pairs, 0] / mesh.vertices_cm[_CORNERS[0][0], 0]).max(axis=1)
    for name, rows, shares in (
        ("mouthUpperUp", upper, _UPPER_LIP_SHARES),
        ("mouthLowerDown", lower, _LOWER_LIP_SHARES),
    ):
        for side in SIDED:
            shape = shapes[CHANNEL[f"{name}{side}"], :, 1]
            parts = shape[upper[0]] - shape[lower[0]]
            less = outward**_TAPER * (-parts if rows is upper else parts)
            for row, share in zip(rows, shares, strict=True):
                shape[row] += np.float32(share) * less


def _frown_with_heads_of_brows(shapes: Float32[np.ndarray, "52 468 3"]) -> None:
    """Give `browDown` what `noseSneer` does to brows, and leave their tails where they are; in cm."""
    standard = load_face_mesh().vertices_cm
    brows = np.interp(standard[:, 1], _NOSE_TO_BROWS_CM, (0, 1)).astype(np.float32)[:, np.newaxis]
    tails = np.interp(np.abs(standard[:, 0]), _TO_TAILS_CM, (0, 1)).astype(np.float32)[:, np.newaxis]
    for side in SIDED:
        sneer, frown = shapes[CHANNEL[f"noseSneer{side}"]], shapes[CHANNEL[f"browDown{side}"]]
        lowered = sneer * brows
        sneer -= np.float32(1 - FROWNS_STILL) * lowered
        frown[:, 1] += np.float32(FROWNS) * lowered[:, 1]
        frown *= 1 - np.float32(1 - TAILS_FROWN) * tails


def _let_meet(
    blink: Float32[np.ndarray, "468 3"],
    points: Float32[np.ndarray, "468 3"],
    upper: Int32[np.ndarray, "2 7"],
    lower: Int32[np.ndarray, "2 7"],
    down: Float32[np.ndarray, "3"],
) -> None:
    """Scale and correct a blink so that at weight 1 each point of the upper lid lies on its partner below."""
    gaps = (points[lower[0]] - points[upper[0]]) @ down
    closings = (blink[upper[0]] - blink[lower[0]]) @ down
    middle = slice(1, -1)
    blink *= np.float32(np.clip(gaps[middle].sum() / max(closings[middle].sum(), 1e-6), 0.2, 1.5))
    missing = gaps - (blink[upper[0]] - blink[lower[0]]) @ down
    for row, share in zip(upper, LID_SHARES, strict=True):
        blink[row] += np.float32(share) * missing[:, np.newaxis] * down


def _hold_above(
    shape: Float32[np.ndarray, "468 3"],
    points: Float32[np.ndarray, "468 3"],
    brow: Int32[np.ndarray, "pairs"],
    lid: Int32[np.ndarray, "pairs"],
    down: Float32[np.ndarray, "3"],
) -> None:
    """Lower a brow no farther than there is room for; what it is drawn inwards stays."""
    room = _LOWEST_BROW * np.maximum((points[lid] - points[brow]) @ down, 0).mean()
    held = np.float32(min(1.0, room / max(float((shape[brow] @ down).mean()), 1e-6)))
    shape -= (1 - held) * (shape @ down)[:, np.newaxis] * down


def _narrow_like_eye(
    shapes: Float32[np.ndarray, "52 468 3"],
    blink: int,
    points: Float32[np.ndarray, "468 3"],
    upper: Int32[np.ndarray, "2 7"],
    lower: Int32[np.ndarray, "2 7"],
    down: Float32[np.ndarray, "3"],
    scale: float,
) -> None:
    """Let every shape but the blink open or close an eye by the share that it does in the standard face, not by its
    centimetres: a squint of a wide eye shuts a narrow one.
    """
    standard = load_face_mesh().vertices_cm
    usual = float((standard[upper[0], 1] - standard[lower[0], 1]).mean()) * scale
    wider = float(np.clip(((points[lower[0]] - points[upper[0]]) @ down).mean() / usual, 0.3, 1.2)) - 1
    closings = (shapes[:, upper[0]] - shapes[:, lower[0]]) @ down
    closings[blink] = 0
    for row_up, row_down, share in zip(upper, lower, LID_SHARES, strict=True):
        change = np.float32(0.5 * wider * share) * closings[..., np.newaxis] * down
        shapes[:, row_up] += change
        shapes[:, row_down] -= change


def _round(shape: Float32[np.ndarray, "468 3"], rows: Int32[np.ndarray, "rows pairs"]) -> None:
    """Smooth a shape along the rows of a lip: a funnel that pulls at one point makes a beak."""
    for row in rows:
        for _ in range(6):
            padded = np.concatenate([shape[row[:1]], shape[row], shape[row[-1:]]])
            shape[row] = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
