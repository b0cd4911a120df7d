"""Draws another line onto a filmed face.

Every frame is its own photograph. Its lower face is warped from what it was filmed saying to the face at rest, carried
by the filmed head, plus what the new motion asks for. Above the nose the filmed face stays, and the new emotion is
added. The inside of the mouth is drawn anew. Pixels that nothing moves stay as they are to the bit.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
from jaxtyping import Float, Float32, UInt8

from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.avatar.crop import Crop
from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.mesh import LEFT_EYE, MOUTH, RIGHT_EYE, SKIN, load_face_mesh
from espressivo.generators.portrait.avatar.mouth.mouth import MouthLayer
from espressivo.generators.portrait.avatar.raster import draw_map
from espressivo.generators.portrait.avatar.rings import Surround
from espressivo.generators.portrait.redub.carrying import Carriage, CarriedPose
from espressivo.generators.portrait.redub.cubic import sample_cubic
from espressivo.generators.portrait.redub.footage import Footage
from espressivo.media.video import read_video_frames

_MARGIN: Final = 0.6
"""Around the faces of all frames, in heights of the face: what the warp may reach."""
_BEHIND_CM: Final = 1.0
_LIPS_CM: Final = (0.9, 2.6)
"""Nearer to the lips than the first, all is new; farther than the second, only up and down."""
_LOWER_CM: Final = (-1.5, 0.5)
"""Heights above the mouth's own, less `_NOSE_CM`: below the first the lower face is new, above the second it is not."""
_NOSE_CM: Final = 2.2
_UPPER_LIP, _LOWER_LIP = 13, 14
_APART_CM: Final = 0.3
_SHY: Final = 0.6
"""The mesh lays the edge of parted lips a little onto the teeth. Lips that come together leave out so much of the way
from the edge to the next row."""
_MOVES_PX: Final = 0.02
_FILMED: Final = np.array([name.startswith(("eyeBlink", "eyeLook")) for name in ARKIT_NAMES])
"""Lids and eyes do what they were filmed doing."""


class Redub:
    """A filmed face, ready to say something else."""

    def __init__(self, footage: Footage) -> None:
        self.footage = footage
        self._crop = _around(footage)
        self._corner = np.array([self._crop.left, self._crop.top, 0.0], np.float32)
        self._fit = Fit.of(self._points(footage.rest))
        self._mouth = MouthLayer(Stage(self._crop.read(footage.rest_image()).astype(np.float32), self._fit))

    def frames(self, motion: FaceMotion) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """Give the frames of the footage with another line in them, as many as `motion` has."""
        for number, (image, weights) in enumerate(
            zip(read_video_frames(self.footage.path), motion.weights, strict=False)
        ):
            yield self.draw(number, image, weights)

    def draw(
        self, number: int, image: UInt8[np.ndarray, "h w 3"], weights: Float[np.ndarray, "52"]
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Draw one frame; one in which no face was seen is left as it is.

        Args:
            number: of the frame.
            image: the frame as it was filmed.
            weights: ARKit weights; those of blinks and of the gaze are not looked at.
        """
        if not self.footage.face.found[number]:
            return image
        filmed = Fit.of(self._points(number))
        carriage = Carriage.between(self.footage.poses, self.footage.rest, number)
        pose = self._pose(filmed, carriage, np.where(_FILMED, 0.0, weights))
        square = self._crop.read(image)
        picture = square.astype(np.float32)
        self._warp(square, picture, filmed, pose.points_px)
        self._mouth.draw(picture, pose)
        drawn = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
        return self._crop.paste(image, square, drawn)

    def _pose(self, filmed: Fit, carriage: Carriage, weights: Float[np.ndarray, "52"]) -> CarriedPose:
        at_rest = self._fit.pose(np.zeros_like(weights), settled=1.0)
        asked = self._fit.pose(weights, settled=1.0)
        rest_px, corner = at_rest.flexed_px + self._corner, self._corner
        away = carriage(rest_px) - corner - filmed.points_px
        lips, lower = _shares()
        down = -filmed.axes[1]
        along = (away @ down)[:, np.newaxis] * down
        points = filmed.points_px + lips * away + (lower - lips) * along
        points += carriage.offsets(asked.flexed_px - at_rest.flexed_px)
        local = Carriage(carriage.turn, corner @ carriage.turn + carriage.shift_px - corner)
        return CarriedPose(**vars(asked) | {"points_px": points, "flexed_px": points}, carriage=local)

    def _warp(
        self,
        square: UInt8[np.ndarray, "size size 3"],
        picture: Float32[np.ndarray, "size size 3"],
        filmed: Fit,
        points_px: Float32[np.ndarray, "468 3"],
    ) -> None:
        surround = Surround.of(filmed)
        outer = surround.points_px + _below(surround.points_px, filmed) * (
            surround.moved(filmed.points_px, points_px) - surround.points_px
        )
        screen = np.concatenate([points_px, outer]).astype(np.float32)
        source = np.concatenate([filmed.points_px, surround.points_px])[:, :2].astype(np.float32)
        mesh = load_face_mesh()
        inner, next_row = (np.concatenate([mesh.upper_lip_rows[k], mesh.lower_lip_rows[k]]) for k in (0, 1))
        flesh = source[next_row] - source[inner]
        source[inner] += np.float32(_SHY) * _closes(filmed.points_px, points_px, filmed.px_per_cm) * flesh
        skin = np.concatenate([mesh.triangles_of(SKIN), surround.triangles])
        moves = np.abs(screen[:, :2] - source).max(axis=1) > _MOVES_PX
        touched = skin[moves[skin].any(axis=1)].ravel()
        if not len(touched):
            return
        places = np.concatenate([screen[touched, :2], source[touched]])
        left, top = np.clip(np.floor(places.min(axis=0)) - 1, 0, self._crop.size).astype(int)
        right, bottom = np.clip(np.ceil(places.max(axis=0)) + 1, 0, self._crop.size).astype(int)
        if right <= left or bottom <= top:
            return
        rows, columns = np.mgrid[top:bottom, left:right].astype(np.float32) + np.float32(0.5)
        origin = np.stack([columns, rows], axis=-1)
        depth = np.full(rows.shape, np.inf, np.float32)
        here = screen - np.array([left, top, 0], np.float32)
        draw_map(here, source, skin, 0.0, origin, depth)
        # Between lips that meet no filmed teeth may show: the slit has the colour of the lips.
        slit = source.copy()
        slit[inner] = source[next_row]
        draw_map(here, slit, mesh.triangles_of(MOUTH), 0.0, origin, depth)
        eyes = np.concatenate([mesh.triangles_of(RIGHT_EYE), mesh.triangles_of(LEFT_EYE)])
        behind = _BEHIND_CM * filmed.px_per_cm
        draw_map(filmed.points_px - np.array([left, top, 0], np.float32), source, eyes, behind, origin, depth)
        sample_cubic(square, origin, picture[top:bottom, left:right])

    def _points(self, number: int) -> Float32[np.ndarray, "468 3"]:
        return self.footage.face.points_px[number] - self._corner


def _closes(
    filmed_px: Float32[np.ndarray, "468 3"], points_px: Float32[np.ndarray, "468 3"], px_per_cm: float
) -> np.float32:
    """How much lips that were filmed apart come together, 0..1."""
    gaps = [np.linalg.norm(points[_LOWER_LIP, :2] - points[_UPPER_LIP, :2]) for points in (filmed_px, points_px)]
    return np.float32(np.clip((gaps[0] - gaps[1]) / (_APART_CM * px_per_cm), 0.0, 1.0))


def _below(points_px: Float32[np.ndarray, "n 3"], filmed: Fit) -> Float32[np.ndarray, "n 1"]:
    """How far points around the face lie beside or under its lower half: a jaw that moves pulls no hair along."""
    lips = filmed.points_px[[_UPPER_LIP, _LOWER_LIP]].mean(axis=0)
    height_cm = (points_px - lips) @ filmed.axes[1] / filmed.px_per_cm
    return _fade(height_cm - _NOSE_CM, *_LOWER_CM)[:, np.newaxis].astype(np.float32)


def _around(footage: Footage) -> Crop:
    """The square that the face stays in, pixel on pixel."""
    points = footage.face.points_px[footage.face.found, :, :2]
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    margin = _MARGIN * float(np.median(np.ptp(points[:, :, 1], axis=1)))
    side = float(np.ceil((high - low).max() + 2 * margin))
    left, top = np.floor((low + high - side) / 2)
    return Crop(float(left), float(top), side, int(side))


@cache
def _shares() -> tuple[Float32[np.ndarray, "468 1"], Float32[np.ndarray, "468 1"]]:
    """How much of each point is new altogether (lips), and how much up and down (the lower face)."""
    mesh = load_face_mesh()
    ring = mesh.vertices_cm[np.unique(np.concatenate([mesh.upper_lip_rows, mesh.lower_lip_rows]).ravel())]
    distance = np.linalg.norm(mesh.vertices_cm[:, np.newaxis] - ring, axis=2).min(axis=1)
    height = mesh.vertices_cm[:, 1] - ring[:, 1].mean() - _NOSE_CM
    lower = _fade(height, *_LOWER_CM)
    lips = _fade(distance, *_LIPS_CM) * lower
    return lips[:, np.newaxis].astype(np.float32), lower[:, np.newaxis].astype(np.float32)


def _fade(values: Float[np.ndarray, "n"], near: float, far: float) -> Float[np.ndarray, "n"]:
    share = np.clip((values - near) / (far - near), 0.0, 1.0)
    return 1.0 - share * share * (3.0 - 2.0 * share)
