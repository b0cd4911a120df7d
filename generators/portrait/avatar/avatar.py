"""A portrait that moves: everything that can be known beforehand, and the drawing of a frame."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8

from espressivo.conditioning.faces.pose import head_poses
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.avatar.background import fill_behind, read_matte
from espressivo.generators.portrait.avatar.crop import Crop
from espressivo.generators.portrait.avatar.eyes.eyes import EyeLayer
from espressivo.generators.portrait.avatar.fit import Fit, Pose
from espressivo.generators.portrait.avatar.layers import Layer, Relief, Stage
from espressivo.generators.portrait.avatar.liveliness import arriving, breath_px, settling
from espressivo.generators.portrait.avatar.mesh import LEFT_EYE, MOUTH, RIGHT_EYE, SKIN, load_face_mesh
from espressivo.generators.portrait.avatar.mouth.lip_edges import on_lip_edges
from espressivo.generators.portrait.avatar.mouth.mouth import MouthLayer
from espressivo.generators.portrait.avatar.photograph import Photograph
from espressivo.generators.portrait.avatar.raster import draw_map
from espressivo.generators.portrait.avatar.rings import Surround
from espressivo.generators.portrait.avatar.sampling import (
    compose,
    occupied_cells,
    person_layer,
    soften_folds,
    to_levels,
)
from espressivo.generators.portrait.avatar.spectacles import frames_on, held_under
from espressivo.generators.portrait.avatar.wrinkles.wrinkles import Wrinkles

DEFAULT_SIZE = 512
MAX_SIZE = 1280
"""Of frames that are drawn at the scale of the picture: a larger picture is made smaller."""
_BEHIND_CM = 1.0
"""How far behind the lids the eyes lie, for the depth test."""
_FOLD_CM = 0.2
"""Neighbouring pixels that come from places farther apart than this lie on both sides of an outline."""
_MOVES_PX = 1e-4
_NO_GAIN = np.empty((0, 0), np.float32)


class Avatar:
    """A portrait, ready to be drawn. Drawing changes nothing in it: threads may share one.

    Args:
        photograph: the picture and its face.
        crop: the square of it that is drawn.
    """

    def __init__(self, photograph: Photograph, crop: Crop) -> None:
        self.photograph, self.crop = photograph, crop
        self.still: UInt8[np.ndarray, "size size 3"] = crop.read(photograph.image)
        photo = self.still.astype(np.float32)
        fit = Fit.of(on_lip_edges(photo, crop.to_frame(photograph.points_px)))
        frames = frames_on(self.still, fit.points_px)
        self.fit = held_under(fit, frames) if frames else fit
        self.stage = Stage(photo, self.fit)
        matte = read_matte(self.still, self.fit.points_px)
        self._background = fill_behind(self.still, matte)
        self._person = person_layer(crop.read_fine(photograph.image), matte, self._background)
        self._occupied = occupied_cells(self._person)
        self._hue = self.stage.light.shade_hue
        self._surround = Surround.of(self.fit, crop.edges(photograph.image), (self.stage.photo, matte))
        self._source = np.concatenate([self.fit.points_px, self._surround.points_px])[:, :2].copy()
        self._layers: tuple[Layer, ...] = (EyeLayer(self.stage), MouthLayer(self.stage))
        self._reliefs: tuple[Relief, ...] = (Wrinkles(self.stage),)

    @classmethod
    def of(cls, photograph: Photograph, size: int | None = DEFAULT_SIZE) -> "Avatar":
        """Prepare a portrait.

        Args:
            photograph: the picture and its face.
            size: side of the frames, px; None: as many pixels as the picture has there, so that the whole picture can
                be given with a moving head. A picture whose head has more than `MAX_SIZE` is made smaller for it.
        """
        crop = _crop(photograph, size)
        if size is None and crop.size > MAX_SIZE:
            photograph = photograph.reduced(MAX_SIZE / crop.size)
            crop = _crop(photograph, size)
        return cls(photograph, crop)

    @property
    def size(self) -> int:
        """Side of the frames, px."""
        return self.crop.size

    def frames(
        self, motion: FaceMotion, whole: bool = False, breath: float = 1.0
    ) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """Draw a motion frame by frame; no frame is kept. The first frame is the photograph.

        Args:
            motion: what the face does; it has its way after a fraction of a second (`arriving`).
            whole: give the whole photograph with the moving head in it instead of the square around the head.
            breath: how much the head rises and sinks with the breath; 0: not at all.
        """
        motion = arriving(motion)
        lifts = breath * breath_px(motion.times_s, self.fit.px_per_cm)
        settled = settling(motion.times_s) if motion.weights.any() else np.zeros(len(motion))
        rows = zip(motion.weights, motion.head_rad, motion.gaze_rad, lifts, settled, strict=True)
        for weights, head_rad, gaze_rad, lift_px, share in rows:
            frame = self.draw(weights, head_rad, gaze_rad, lift_px, float(share))
            yield self.paste(frame) if whole else frame

    def draw(
        self,
        weights: Float[np.ndarray, "52"],
        head_rad: Float[np.ndarray, "3"] | tuple[float, ...] = (0.0, 0.0, 0.0),
        gaze_rad: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
        lift_px: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
        settled: float = 0.0,
    ) -> UInt8[np.ndarray, "size size 3"]:
        """Draw one frame. All zeros: the photograph, to the bit.

        Args:
            weights: ARKit weights, relative to the expression that the photograph shows.
            head_rad: as `FaceMotion.head_rad`, relative to how the photograph holds the head.
            gaze_rad: as `FaceMotion.gaze_rad`, relative to where the photograph looks.
            lift_px: shift of the head, x and y.
            settled: how far the lips of a photograph that shows them parted have come together, 0..1.
        """
        pose = self.fit.pose(weights, head_rad, gaze_rad, lift_px, settled)
        picture = self.skin(pose)
        for layer in self._layers:
            layer.draw(picture, pose)
        levels = np.empty(picture.shape, np.uint8)
        to_levels(picture, levels)
        return levels

    def paste(self, frame: UInt8[np.ndarray, "size size 3"]) -> UInt8[np.ndarray, "h w 3"]:
        """Return the whole photograph with a frame in its place; where nothing moves it stays as it is to the bit."""
        return self.crop.paste(self.photograph.image, self.still, frame)

    def skin(self, pose: Pose) -> Float32[np.ndarray, "size size 3"]:
        """Draw the person, without what the layers add, over the background: RGB, 0..255."""
        picture = self.stage.photo.copy()
        window = self._window(screen := self._screen(pose))
        if window is not None:
            origin, _ = self._trace(pose, screen, window)
            inner = picture[window]
            compose(self._person, self._occupied, self._background[window], self._gain(pose), self._hue, origin, inner)
            soften_folds(origin, inner, max(2.5, _FOLD_CM * self.fit.px_per_cm))
        return picture

    def trace(self, pose: Pose) -> tuple[Float32[np.ndarray, "size size 2"], Float32[np.ndarray, "size size"]]:
        """Return where in the photograph each pixel of the frame comes from, and its depth; infinite: from itself."""
        everything = np.s_[0 : self.size, 0 : self.size]
        return self._trace(pose, self._screen(pose), everything)

    def _trace(
        self, pose: Pose, screen: Float32[np.ndarray, "vertices 3"], window: tuple[slice, slice]
    ) -> tuple[Float32[np.ndarray, "rows columns 2"], Float32[np.ndarray, "rows columns"]]:
        origin = self._identity[window].copy()
        depth = np.full(origin.shape[:2], np.inf, np.float32)
        corner = np.array([window[1].start, window[0].start, 0], np.float32)
        behind = _BEHIND_CM * self.fit.px_per_cm
        here = screen - corner
        draw_map(here, self._source, self._skin_triangles, 0.0, origin, depth)
        # The eyes stay while lids move over them; where lids open farther than in the photograph, they stretch.
        draw_map(pose.turned(self.fit.points_px) - corner, self._source, self._eye_triangles, behind, origin, depth)
        draw_map(here, self._source, self._eye_triangles, 2 * behind, origin, depth)
        return origin, depth

    def _screen(self, pose: Pose) -> Float32[np.ndarray, "vertices 3"]:
        """Return where the vertices of face and surround are."""
        outer = self._surround.moved(self.fit.points_px, pose.flexed_px)
        if not pose.still:
            outer += self._surround.follow[:, np.newaxis] * (pose.turned(outer) - outer)
        return np.concatenate([pose.points_px, outer]).astype(np.float32)

    def _window(self, screen: Float32[np.ndarray, "vertices 3"]) -> tuple[slice, slice] | None:
        """Return the rows and columns of what moves; None if nothing does."""
        moves = np.asarray(np.abs(screen[:, :2] - self._source).max(axis=1) > _MOVES_PX)
        if not moves.any():
            return None
        near = self._neighbourhoods[moves]
        places = np.concatenate([screen[moves, :2], near[:, :2], near[:, 2:]])
        first = np.clip(np.floor(places.min(axis=0)) - 1, 0, self.size).astype(int)
        last = np.clip(np.ceil(places.max(axis=0)) + 1, 0, self.size).astype(int)
        return np.s_[first[1] : last[1], first[0] : last[0]] if (first < last).all() else None

    def _gain(self, pose: Pose) -> Float32[np.ndarray, "h w"]:
        gains = [gain for relief in self._reliefs if (gain := relief.gain(pose)) is not None]
        return np.multiply.reduce(gains) if gains else _NO_GAIN

    @cached_property
    def _skin_triangles(self) -> Int32[np.ndarray, "n 3"]:
        mesh = load_face_mesh()
        return np.concatenate([mesh.triangles_of(SKIN), mesh.triangles_of(MOUTH), self._surround.triangles])

    @cached_property
    def _eye_triangles(self) -> Int32[np.ndarray, "n 3"]:
        mesh = load_face_mesh()
        return np.concatenate([mesh.triangles_of(RIGHT_EYE), mesh.triangles_of(LEFT_EYE)])

    @cached_property
    def _neighbourhoods(self) -> Float32[np.ndarray, "vertices 4"]:
        """Left, top, right and bottom of the triangles around each vertex, as the photograph has them."""
        boxes = np.concatenate([self._source, self._source], axis=1)
        for triangle in (self._skin_triangles, self._eye_triangles):
            corners = self._source[triangle]
            for k in range(3):
                np.minimum.at(boxes[:, :2], triangle[:, k], corners.min(axis=1))
                np.maximum.at(boxes[:, 2:], triangle[:, k], corners.max(axis=1))
        return boxes

    @cached_property
    def _identity(self) -> Float32[np.ndarray, "size size 2"]:
        """The map of a head at rest."""
        centres = np.arange(self.size, dtype=np.float32) + np.float32(0.5)
        return np.stack(np.broadcast_arrays(centres, centres[:, np.newaxis]), axis=-1)


def _crop(photograph: Photograph, size: int | None) -> Crop:
    pose = head_poses(photograph.points_px)
    return Crop.around(photograph, pose.shift_px, float(pose.scale), size)
