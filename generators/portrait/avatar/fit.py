"""How the standard face lies over a portrait, and where its points go when the portrait moves.

Coordinates are those of a picture: x right, y down, z away from the viewer, pixels of the frame that is drawn; 0 is
the outer edge of the first pixel, whose centre lies at 0.5.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float, Float32, Int32
from numba import njit

from espressivo.conditioning.faces.pose import head_poses
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.rig import load_head, rotation
from espressivo.generators.portrait.avatar.gains import CORNERS_STAY, gains
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.unfold import unfolded

MAX_WEIGHT = 1.5
"""Weights beyond are taken for this: shapes are straight lines, and a face is not."""
PIVOT_CM = (0.0, -3.5, -4.5)
"""What the head turns about, in the standard face: between the joint of the skull and the middle of the neck."""
CAMERA_CM = 70.0
"""From the pivot to the camera. Portraits are taken from 60 to 150 cm; nearer than 50 cm a turned nose swells."""

MAX_TURN_DEG = ((10.0, 14.0), (15.0, 22.0), (14.0, 22.0))
"""Pitch, yaw and roll: up to the first the head turns as asked, beyond it less and less, never by more than the second.
A photograph holds no more of the sides of a head."""
MAX_YAW_DEG = 42.0
"""The same for the yaw of the photograph and what is added to it, together."""

_SIGNS = np.array([1.0, -1.0, -1.0])
_UPPER_LID_ROWS = np.array([[246, 161, 160, 159, 158, 157, 173], [247, 30, 29, 27, 28, 56, 190]])
_LOWER_LID_ROWS = np.array([[7, 163, 144, 145, 153, 154, 155], [25, 110, 24, 23, 22, 26, 112]])
"""Of the right eye, from the edge outwards; the left one's are their mirror."""
_LID_SHARES = np.array([1.0, 0.4])
_BROW_OVER_LID = np.array([[46, 53, 52, 65, 55], [246, 160, 159, 158, 173]])
"""The lower edge of the right brow, and the lid under it."""
_LOWEST_BROW = 0.42
"""Share of the way to the lid that a lowered brow may come down; on deep-set eyes it would cover them."""
_LIP_SHARES = np.array([1.0, 0.75, 0.45, 0.2])
"""How much of a correction of the edge each row follows."""
_OPENING = ("jawOpen", "mouthUpperUp", "mouthLowerDown")
_SMILING = ("mouthSmile", "mouthDimple")
_OTHER = ("mouthStretch", "mouthFrown", "mouthPucker", "browInnerUp", "browOuterUp", "eyeSquint", "eyeWide")
"""Shapes that explain how a face differs from the standard one. Only the first two kinds are believed to be expression;
the third keeps them from explaining what is the person's build."""
_DOUBT = 0.2
"""Of each such weight so much is put down to the person's build."""
_RELAXED = {"opening": 1.0, "smiling": 0.6}
"""Share of the photograph's own expression that a settled face has lost: lips close, a smiling person remains one."""
_NOT_DOUBLED = 0.7
"""Share of what the photograph shows already by which a like weight counts less."""
_BOTH_SIDES_CM = 1.2
"""From the middle of the face: within, shapes of both sides share the skin."""
_SHUT_MM, _APART_MM = 0.2, 1.2
"""Below the first, weights mean shut lips; above the second, the lips are left where the shapes put them."""


@dataclass(frozen=True, eq=False)
class Pose:
    """The points of a portrait in one frame."""

    weights: Float32[np.ndarray, "52"]
    """As asked, held to [0, `MAX_WEIGHT`]."""
    gaze_rad: Float32[np.ndarray, "2"]
    """As `FaceMotion.gaze_rad`."""
    points_px: Float32[np.ndarray, "468 3"]
    """With expression and turn of the head."""
    flexed_px: Float32[np.ndarray, "468 3"]
    """With expression alone."""
    turn: Float32[np.ndarray, "3 3"]
    """What the head is turned by, for row vectors in picture axes about the pivot: q' = q @ turn."""
    pivot_px: Float32[np.ndarray, "3"]
    camera_px: float
    lift_px: Float32[np.ndarray, "2"]
    """Shift of the whole head (sway and breath)."""

    @property
    def still(self) -> bool:
        """Whether the head is where the photograph has it."""
        return not self.lift_px.any() and bool((self.turn == np.eye(3, dtype=np.float32)).all())

    def turned(self, points_px: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Carry points of the photograph (`Fit.place`) with the head, without any expression."""
        points = np.asarray(points_px, np.float32)
        return points if self.still else _turned(points, self.turn, self.pivot_px, self.camera_px, self.lift_px)


@dataclass(frozen=True, eq=False)
class Fit:
    """The standard face, laid over a portrait."""

    points_px: Float32[np.ndarray, "468 3"]
    """The face as it is in the photograph, its rim laid out (`unfolded`)."""
    axes: Float32[np.ndarray, "3 3"]
    """Rows: where the head's left, up and front point, in picture axes; unit vectors."""
    px_per_cm: float
    origin_px: Float32[np.ndarray, "3"]
    """Where the origin of the standard face lies."""
    shapes_px: Float32[np.ndarray, "52 468 3"]
    """Offsets at weight 1: turned, scaled, with `gains`, and with lids that meet at a blink of 1."""
    own: Float32[np.ndarray, "52"]
    """The expression that the photograph shows, as far as smile and open lips can be told from the person's build."""
    settle_px: Float32[np.ndarray, "468 3"]
    """What brings `points_px` to rest: lips that meet, most of a smile gone. All 0 where the photograph is at rest."""

    @classmethod
    def of(cls, points_px: Float[np.ndarray, "468 3"]) -> "Fit":
        """Lay the standard face over the mesh of a portrait."""
        pose = head_poses(points_px)
        axes = (_SIGNS[:, np.newaxis] * pose.rotation).astype(np.float32)
        mesh, scale = load_face_mesh(), float(pose.scale)
        points = unfolded(points_px, scale)
        shapes = _parted_sides() * gains()[:, np.newaxis, np.newaxis]
        for name, share in CORNERS_STAY.items():
            sides = shapes[CHANNEL[f"{name}Left"]] + shapes[CHANNEL[f"{name}Right"]]
            shapes[CHANNEL["jawOpen"]] += np.float32(share) * sides
        shapes = (shapes @ axes) * np.float32(scale)
        for rows in (mesh.upper_lip_rows, mesh.lower_lip_rows):
            _round(shapes[CHANNEL["mouthFunnel"]], rows)
        for side, (upper, lower) in _lids().items():
            brow, lid = _BROW_OVER_LID if side == "Right" else mesh.mirror[_BROW_OVER_LID]
            _hold_above(shapes[CHANNEL[f"browDown{side}"]], points, brow, lid, -axes[1])
            blink = CHANNEL[f"eyeBlink{side}"]
            _narrow_like_eye(shapes, blink, points, upper, lower, -axes[1], scale)
            _let_meet(shapes[blink], points, upper, lower, -axes[1])
        own = _own_expression(points_px, shapes, axes, scale, pose.shift_px)
        settle = _settling(points, shapes, own, -axes[1])
        return cls(points, axes, scale, pose.shift_px.astype(np.float32), shapes, own, settle)

    @property
    def pivot_px(self) -> Float32[np.ndarray, "3"]:
        """The point the head turns about."""
        return self.place(np.array([PIVOT_CM]))[0]

    @property
    def camera_px(self) -> float:
        """From the pivot to the camera."""
        return CAMERA_CM * self.px_per_cm

    def place(self, points_cm: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Return where points of the standard face (cm; teeth, eyeballs) lie in the photograph."""
        return (np.asarray(points_cm) @ self.axes * self.px_per_cm + self.origin_px).astype(np.float32)

    def offsets(self, offsets_cm: Float[np.ndarray, "*m n 3"]) -> Float32[np.ndarray, "*m n 3"]:
        """Turn and scale offsets of the standard face (shapes of teeth, tongue) to pixels."""
        return (np.asarray(offsets_cm) @ self.axes * self.px_per_cm).astype(np.float32)

    def turn(self, head_rad: Float[np.ndarray, "3"]) -> Float32[np.ndarray, "3 3"]:
        """Return `Pose.turn` of a head rotation as in `FaceMotion`, about the axes of the portrait's own head."""
        if not np.any(head_rad):
            return np.eye(3, dtype=np.float32)
        return (self.axes.T @ rotation(self._held(np.asarray(head_rad))).T @ self.axes).astype(np.float32)

    def _held(self, head_rad: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        """Return the rotation that the photograph has enough sides for (`MAX_TURN_DEG`)."""
        aside_deg = np.degrees(np.arcsin(np.clip(self.axes[2, 0], -1, 1)))
        held = np.empty(3)
        for axis, (free, most) in enumerate(MAX_TURN_DEG):
            asked = float(np.nan_to_num(np.degrees(head_rad[axis])))
            room = most if axis != 1 else float(np.clip(MAX_YAW_DEG - np.sign(asked) * aside_deg, 3.0, most))
            easy = free * room / most
            over = max(abs(asked) - easy, 0.0)
            held[axis] = np.sign(asked) * (min(abs(asked), easy) + (room - easy) * np.tanh(over / (room - easy)))
        return np.radians(held)

    def pose(
        self,
        weights: Float[np.ndarray, "52"],
        head_rad: Float[np.ndarray, "3"] | tuple[float, ...] = (0.0, 0.0, 0.0),
        gaze_rad: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
        lift_px: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
        settled: float = 0.0,
    ) -> Pose:
        """Return where everything goes. All zeros: where the photograph has it, to the bit.

        Args:
            weights: ARKit weights.
            head_rad: as in `FaceMotion`, relative to the photograph.
            gaze_rad: as in `FaceMotion`, relative to the photograph.
            lift_px: shift of the whole head.
            settled: how much of the photograph's own expression is taken away first (`settle_px`), 0..1.
        """
        held = np.clip(np.nan_to_num(np.asarray(weights)), 0, MAX_WEIGHT).astype(np.float32)
        rest = self.points_px + np.float32(settled) * self.settle_px if settled else self.points_px
        flexed = self._flexed(rest, held * (1 - np.float32(_NOT_DOUBLED * (1 - settled)) * self.own))
        turn, lift = self.turn(np.asarray(head_rad)), np.asarray(lift_px, np.float32)
        gaze = np.asarray(gaze_rad, np.float32)
        pose = Pose(held, gaze, flexed, flexed, turn, self.pivot_px, self.camera_px, lift)
        return pose if pose.still else replace(pose, points_px=pose.turned(flexed))

    def _flexed(
        self, rest: Float32[np.ndarray, "468 3"], weights: Float32[np.ndarray, "52"]
    ) -> Float32[np.ndarray, "468 3"]:
        """Add the shapes; lids and lips meet, but do not pass each other."""
        used = np.flatnonzero(weights)
        if not len(used):
            return rest
        points = rest + np.tensordot(weights[used], self.shapes_px[used], 1)
        down, mesh = -self.axes[1], load_face_mesh()
        for upper, lower in _lids().values():
            _hold_apart(points, rest, upper, lower, _LID_SHARES, down, 0.0)
        shut = float(np.clip((_APART_MM - weights @ _lip_gap_mm()) / (_APART_MM - _SHUT_MM), 0, 1))
        _hold_apart(points, rest, mesh.upper_lip_rows, mesh.lower_lip_rows, _LIP_SHARES, down, shut)
        return points


@cache
def _lip_gap_mm() -> Float32[np.ndarray, "52"]:
    """By how much each weight parts the lips of the head that articulation was made with."""
    return load_head().lip_gap_coefficients


@cache
def _lids() -> dict[str, tuple[Int32[np.ndarray, "2 7"], Int32[np.ndarray, "2 7"]]]:
    """Return rows of the upper and the lower lid by side, from the edge outwards."""
    mirror = load_face_mesh().mirror
    return {
        "Right": (_UPPER_LID_ROWS.astype(np.int32), _LOWER_LID_ROWS.astype(np.int32)),
        "Left": (mirror[_UPPER_LID_ROWS], mirror[_LOWER_LID_ROWS]),
    }


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
    for row, share in zip(upper, _LID_SHARES, strict=True):
        blink[row] += np.float32(share) * missing[:, np.newaxis] * down


def _hold_above(
    shape: Float32[np.ndarray, "468 3"],
    points: Float32[np.ndarray, "468 3"],
    brow: Int32[np.ndarray, "pairs"],
    lid: Int32[np.ndarray, "pairs"],
    down: Float32[np.ndarray, "3"],
) -> None:
    """Scale a shape that lowers a brow to what there is room for."""
    room = _LOWEST_BROW * np.maximum((points[lid] - points[brow]) @ down, 0).mean()
    shape *= np.float32(min(1.0, room / max(float((shape[brow] @ down).mean()), 1e-6)))


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
    for row_up, row_down, share in zip(upper, lower, _LID_SHARES, strict=True):
        change = np.float32(0.5 * wider * share) * closings[..., np.newaxis] * down
        shapes[:, row_up] += change
        shapes[:, row_down] -= change


def _round(shape: Float32[np.ndarray, "468 3"], rows: Int32[np.ndarray, "rows pairs"]) -> None:
    """Smooth a shape along the rows of a lip: a funnel that pulls at one point makes a beak."""
    for row in rows:
        for _ in range(2):
            padded = np.concatenate([shape[row[:1]], shape[row], shape[row[-1:]]])
            shape[row] = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4


def _own_expression(
    points: Float[np.ndarray, "468 3"],
    shapes: Float32[np.ndarray, "52 468 3"],
    axes: Float32[np.ndarray, "3 3"],
    scale: float,
    shift: Float[np.ndarray, "3"],
) -> Float32[np.ndarray, "52"]:
    """Explain how the face differs from the standard one by a few shapes, none of them negative (Lawson and Hanson)."""
    from scipy.optimize import nnls

    names = (*_OPENING, *_SMILING, *_OTHER)
    columns = [[CHANNEL[side] for side in _sides(name)] for name in names]
    away = (points - (load_face_mesh().vertices_cm @ axes * scale + shift))[:, :2] / scale
    matrix = np.stack([shapes[column].sum(axis=0)[:, :2].ravel() / scale for column in columns], axis=1)
    held_small = np.sqrt(5.0) * np.eye(len(names))
    found, _ = nnls(np.concatenate([matrix, held_small]), np.concatenate([away.ravel(), np.zeros(len(names))]))
    found = dict(zip(names, found, strict=True))
    found["mouthSmile"] -= found["mouthFrown"]
    own = np.zeros(len(shapes), np.float32)
    for name in (*_OPENING, *_SMILING):
        for side in _sides(name):
            own[CHANNEL[side]] = np.clip((found[name] - _DOUBT) / (1 - _DOUBT), 0, 1)
    return own


def _settling(
    points: Float32[np.ndarray, "468 3"],
    shapes: Float32[np.ndarray, "52 468 3"],
    own: Float32[np.ndarray, "52"],
    down: Float32[np.ndarray, "3"],
) -> Float32[np.ndarray, "468 3"]:
    """Return the way to a face whose lips meet and that smiles less."""
    share = np.zeros(len(own), np.float32)
    for names, part in ((_OPENING, _RELAXED["opening"]), (_SMILING, _RELAXED["smiling"])):
        share[[CHANNEL[side] for name in names for side in _sides(name)]] = part
    relaxed = points - np.tensordot(share * own, shapes, 1)
    mesh = load_face_mesh()
    _hold_apart(relaxed, relaxed * 0, mesh.upper_lip_rows, mesh.lower_lip_rows, _LIP_SHARES, down, 1.0)
    return relaxed - points


def _sides(name: str) -> tuple[str, ...]:
    return (name,) if name in CHANNEL else (f"{name}Left", f"{name}Right")


@njit(cache=True, nogil=True)
def _hold_apart(points, rest, upper, lower, shares, down, shut):
    """Keep edges from crossing, and where `shut` is 1 bring them as near as they are in the photograph.

    Args:
        points: (n, 3) changed in place.
        rest: (n, 3) the photograph's.
        upper: (rows, pairs) from the edge outwards.
        lower: (rows, pairs).
        shares: (rows,) how much of the correction each row follows.
        down: (3,) unit vector.
        shut: 0..1.
    """
    for k in range(upper.shape[1]):
        a, b = upper[0, k], lower[0, k]
        gap = 0.0
        had = 0.0
        for axis in range(3):
            gap += (points[b, axis] - points[a, axis]) * down[axis]
            had += (rest[b, axis] - rest[a, axis]) * down[axis]
        least = min(had, 0.0)
        move = 0.0
        if gap < least:
            move = least - gap
        elif gap > max(had, 0.0):
            move = shut * (max(had, 0.0) - gap)
        if move == 0.0:
            continue
        for row in range(len(shares)):
            for axis in range(3):
                half = np.float32(0.5 * move * shares[row] * down[axis])
                points[upper[row, k], axis] -= half
                points[lower[row, k], axis] += half


@njit(cache=True, nogil=True)
def _turned(points, turn, pivot, camera, lift):
    """Turn points about the pivot as a camera sees them that looks at it."""
    out = np.empty_like(points)
    for k in range(len(points)):
        z = points[k, 2] - pivot[2]
        depth = 1.0 + z / camera
        x = (points[k, 0] - pivot[0]) * depth
        y = (points[k, 1] - pivot[1]) * depth
        new_z = x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2]
        new_depth = 1.0 + new_z / camera
        out[k, 0] = pivot[0] + (x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0]) / new_depth + lift[0]
        out[k, 1] = pivot[1] + (x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1]) / new_depth + lift[1]
        out[k, 2] = pivot[2] + new_z
    return out
