"""Both eyes of a portrait, drawn over the warped skin."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from espressivo.generators.portrait.avatar.curves import smooth_curve
from espressivo.generators.portrait.avatar.eyes.drawing import (
    BROW,
    CREASE,
    CREASE_REST,
    LOWER,
    LOWER_REST,
    UPPER,
    UPPER_REST,
    draw_eye,
)
from espressivo.generators.portrait.avatar.eyes.eyeball import FINE, Eyeball
from espressivo.generators.portrait.avatar.eyes.outline import Outline, read_outline
from espressivo.generators.portrait.avatar.fit import Pose
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.light import Light
from espressivo.generators.portrait.avatar.mesh import load_face_mesh

EYEBALL_CM = 1.3
"""From the middle of the eyeball to the iris, in the standard face."""
MAX_SHIFT = 0.25
"""An iris moves by at most so many widths of the eye."""
MIN_OPENING = 0.10
"""An eye that the photograph shows less open, in its widths, has nothing to look with."""

_UPPER_LID = np.array([246, 161, 160, 159, 158, 157, 173])
_LOWER_LID = np.array([7, 163, 144, 145, 153, 154, 155])
_ABOVE_LID = np.array([247, 30, 29, 27, 28, 56, 190])
_UNDER_BROW = np.array([46, 46, 53, 52, 65, 55, 55])
_CORNERS = np.array([33, 133])
"""Of the performer's right eye, from left to right in the picture; the left one's are their mirror, reversed."""
_FOLLOWS = 0.65
"""How much of a look up or down the upper lid follows; the lower one follows a third of it."""
_CREASE_FOLLOWS = 0.45
"""How much of the brow's way the crease of the lid goes along."""
_MAX_RISE, _RISE_UNDER_BROW = 0.28, 0.18
"""An upper lid rises by at most so many openings of the eye; the second under a brow that comes down."""
_BROW_HOLDS = 0.08
"""So many widths of the eye a brow comes down to hold the lid fully."""
_GRAIN = 64


class EyeLayer:
    """The eyes of one photograph. A `Layer`."""

    def __init__(self, stage: Stage) -> None:
        """Find lids and irises, and take the eyes apart."""
        light = stage.light
        mirror = load_face_mesh().mirror
        rows = (_UPPER_LID, _LOWER_LID, _ABOVE_LID, _UNDER_BROW, _CORNERS)
        others = (mirror[row][::-1] for row in rows)
        self._eyes = [_Eye.of(stage, light, *rows, mirrored=False), _Eye.of(stage, light, *others, mirrored=True)]
        self._axes = stage.fit.axes
        self._reach_px = EYEBALL_CM * stage.fit.px_per_cm
        self._rest = stage.fit.points_px
        self._grain = np.random.default_rng(1).standard_normal((_GRAIN, _GRAIN)).astype(np.float32)
        self._grain *= np.float32(0.7 * light.grain)

    def draw(self, picture: Float32[np.ndarray, "size size 3"], pose: Pose) -> None:
        """Draw lids, eyeballs and irises where they differ from the photograph's."""
        yaw, pitch = (float(angle) for angle in pose.gaze_rad)
        shift = self._reach_px * (np.sin(yaw) * self._axes[0, :2] - np.sin(pitch) * self._axes[1, :2])
        most = MAX_SHIFT * min(eye.outline.width_px for eye in self._eyes)
        length = float(np.hypot(*shift))
        if length > 0:
            # Softly limited, the same for both eyes.
            shift = shift / length * most * np.tanh(length / most)
        for eye in self._eyes:
            eye.draw(picture, pose, self._rest, shift, self._grain)


@dataclass(frozen=True, eq=False)
class _Eye:
    outline: Outline
    eyeball: Eyeball
    upper_lid: Int[np.ndarray, "7"]
    lower_lid: Int[np.ndarray, "7"]
    under_brow: Int[np.ndarray, "7"]
    corners: Int[np.ndarray, "2"]
    crease: Float[np.ndarray, "knots"]
    """How far down the new skin of a closing lid begins, at rest, px."""

    @classmethod
    def of(
        cls,
        stage: Stage,
        light: Light,
        upper_lid: Int[np.ndarray, "7"],
        lower_lid: Int[np.ndarray, "7"],
        above_lid: Int[np.ndarray, "7"],
        under_brow: Int[np.ndarray, "7"],
        corners: Int[np.ndarray, "2"],
        mirrored: bool,
    ) -> "_Eye":
        points = stage.fit.points_px
        outline = read_outline(stage.photo, points[corners], points[upper_lid], stage.fit.px_per_cm, mirrored)
        row = outline.axis.turn(points[above_lid])
        crease = smooth_curve(row[:, 0], row[:, 1], outline.along)
        crease = np.minimum(crease, outline.upper - 0.11 * outline.width_px)
        eyeball = Eyeball.of(stage.photo, outline, light)
        return cls(outline, eyeball, upper_lid, lower_lid, under_brow, corners, crease)

    def draw(
        self,
        picture: Float32[np.ndarray, "size size 3"],
        pose: Pose,
        rest: Float32[np.ndarray, "468 3"],
        shift: Float[np.ndarray, "2"],
        grain: Float32[np.ndarray, "n n"],
    ) -> None:
        outline, width = self.outline, self.outline.width_px
        to_rest = self._to_rest(pose, rest)
        gap = outline.lower - outline.upper
        upper, lower, brow = self._moved(pose, rest)
        if outline.opening < MIN_OPENING:
            shift = np.zeros(2)
        follow = float(shift @ (-outline.axis.sin, outline.axis.cos)) / max(float(gap.max()), 1.0)
        upper = upper + _FOLLOWS * follow
        lower = lower + _FOLLOWS / 3 * follow
        moved = float(max(np.abs(upper * gap).max(), np.abs(lower * gap).max(), np.hypot(*shift)))
        covers = _smoothstep(moved / (0.03 * width))
        if covers <= 0:
            return
        # Lids meet, but do not cross.
        table = np.empty((len(gap), 7), np.float32)
        table[:, UPPER_REST], table[:, LOWER_REST] = outline.upper, outline.lower
        table[:, LOWER] = outline.lower + np.clip(lower, -1, 1) * gap
        table[:, UPPER] = np.minimum(outline.upper + _held(upper, brow / width) * gap, table[:, LOWER])
        table[:, BROW] = brow
        table[:, CREASE_REST] = self.crease
        table[:, CREASE] = np.minimum(self.crease + _CREASE_FOLLOWS * brow, table[:, UPPER] - 0.085 * width)
        wide = float(np.max(outline.upper - table[:, UPPER])) / (0.03 * width)
        opening = _smoothstep(wide)
        lowered = _smoothstep(float(np.max(table[:, LOWER] - outline.lower)) / (0.03 * width))
        looks = max(_smoothstep(float(np.hypot(*shift)) / (0.04 * width)), opening, lowered)
        # Lowered brows and squints move the lids a little, too; there the warp's own skin is best.
        closing = _smoothstep((float(np.max(upper)) - 0.15) / 0.35)
        # A look down lowers the lid here alone.
        closing = max(closing, _smoothstep(_FOLLOWS * follow / 0.12))
        step = float(outline.along[1] - outline.along[0])
        box = self._box(to_rest, table, picture.shape[0])
        ball = self.eyeball
        draw_eye(
            picture, box, to_rest, np.array([outline.axis.x, outline.axis.y, outline.axis.cos, outline.axis.sin]),
            float(outline.along[0]), step, table, ball.lid, width, ball.corner, float(FINE), ball.photo, ball.white,
            ball.iris, ball.mirrored, np.asarray(shift, np.float64), looks, covers, closing, opening, grain,
        )  # fmt: skip

    def _to_rest(self, pose: Pose, rest: Float32[np.ndarray, "468 3"]) -> Float[np.ndarray, "2 3"]:
        """From pixels of the frame to those of the photograph: what the head's turn did to the eye."""
        ring = np.concatenate([self.corners, self.upper_lid, self.lower_lid])
        if pose.still:
            return np.eye(2, 3)
        there = np.column_stack([pose.turned(rest[ring])[:, :2], np.ones(len(ring))]).astype(np.float64)
        return np.linalg.lstsq(there, rest[ring, :2].astype(np.float64), rcond=None)[0].T

    def _moved(
        self, pose: Pose, rest: Float32[np.ndarray, "468 3"]
    ) -> tuple[Float[np.ndarray, "knots"], Float[np.ndarray, "knots"], Float[np.ndarray, "knots"]]:
        """How far down the lids went, in openings of the eye, and the skin under the brow, px; over the axis."""
        axis = self.outline.axis
        rows = np.concatenate([self.upper_lid, self.lower_lid, self.under_brow])
        along, before = axis.turn(rest[rows]).T.reshape(2, 3, 7)
        down = axis.turn(pose.flexed_px[rows])[:, 1].reshape(3, 7) - before
        gap = before[1] - before[0]
        gap = np.maximum(gap, 0.3 * max(float(gap.max()), 0.5))
        at = self.outline.along
        return (
            np.interp(at, along[0], down[0] / gap),
            np.interp(at, along[1], down[1] / gap),
            np.interp(at, along[2], down[2]),
        )

    def _box(
        self, to_rest: Float[np.ndarray, "2 3"], table: Float32[np.ndarray, "knots 7"], size: int
    ) -> Int[np.ndarray, "4"]:
        """The pixels that may change: left, top, right, bottom."""
        outline, width = self.outline, self.outline.width_px
        low, high = float(table[:, CREASE].min()) - 0.3 * width, float(table[:, LOWER].max()) + 0.12 * width
        ends = np.repeat(np.array([-0.56, 0.56]) * width, 2)
        corners = outline.axis.back(np.stack([ends, np.tile([low, high], 2)], axis=1))
        corners = (corners - to_rest[:, 2]) @ np.linalg.inv(to_rest[:, :2]).T
        least = np.clip(np.floor(corners.min(axis=0)), 0, size)
        most = np.clip(np.ceil(corners.max(axis=0)), 0, size)
        return np.concatenate([least, most]).astype(np.int64)


def _held(upper: Float[np.ndarray, "knots"], brow: Float[np.ndarray, "knots"]) -> Float[np.ndarray, "knots"]:
    """Let the upper lid rise softly and not far: eyes are balls, lids end at their crease, and brows lie on them."""
    most = _MAX_RISE - (_MAX_RISE - _RISE_UNDER_BROW) * np.clip(brow / _BROW_HOLDS, 0, 1)
    return np.where(upper < 0, -most * np.tanh(-upper / most), upper)


def _smoothstep(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)
