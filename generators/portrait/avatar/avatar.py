"""A portrait that moves: everything that can be known beforehand, and the drawing of a frame."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float32, UInt8

from espressivo.conditioning.faces.pose import head_poses
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.avatar.background import fill_behind, read_matte
from espressivo.generators.portrait.avatar.crop import Crop
from espressivo.generators.portrait.avatar.fit import Fit, Pose
from espressivo.generators.portrait.avatar.layers import Layer, Relief, Stage
from espressivo.generators.portrait.avatar.mesh import LEFT_EYE, MOUTH, RIGHT_EYE, SKIN, load_face_mesh
from espressivo.generators.portrait.avatar.photograph import Photograph
from espressivo.generators.portrait.avatar.raster import draw_map
from espressivo.generators.portrait.avatar.rings import Surround
from espressivo.generators.portrait.avatar.sampling import compose, person_layer

_BEHIND_CM = 1.0
"""How far behind the lids the eyes lie, for the depth test."""


class Avatar:
    """A portrait, ready to be drawn.

    Args:
        photograph: the picture and its face.
        crop: the square of it that is drawn.
    """

    def __init__(self, photograph: Photograph, crop: Crop) -> None:
        self.photograph, self.crop = photograph, crop
        mesh = load_face_mesh()
        self.fit = Fit.of(crop.to_frame(photograph.points_px))
        self._still = crop.read(photograph.image)
        matte = read_matte(self._still, self.fit.points_px)
        self._background = fill_behind(self._still, matte)
        self._person = person_layer(crop.read_fine(photograph.image), matte, self._background)
        self.stage = Stage(self._still.astype(np.float32), self.fit)
        self._surround = Surround.of(self.fit)
        self._triangles = np.concatenate([mesh.triangles_of(SKIN), mesh.triangles_of(MOUTH), self._surround.triangles])
        self._eye_triangles = np.concatenate([mesh.triangles_of(RIGHT_EYE), mesh.triangles_of(LEFT_EYE)])
        self._source = np.concatenate([self.fit.points_px, self._surround.points_px])[:, :2].copy()
        self._layers: list[Layer] = []
        self._reliefs: list[Relief] = []

    @classmethod
    def of(cls, photograph: Photograph, size: int | None = 512) -> "Avatar":
        """Prepare a portrait.

        Args:
            photograph: the picture and its face.
            size: side of the frames, px; None: as many pixels as the picture has there.
        """
        pose = head_poses(photograph.points_px)
        return cls(photograph, Crop.around(photograph, pose.shift_px, float(pose.scale), size))

    @property
    def size(self) -> int:
        """Side of the frames, px."""
        return self.crop.size

    def draw(
        self,
        weights: Float[np.ndarray, "52"],
        head_rad: Float[np.ndarray, "3"] | tuple[float, ...] = (0.0, 0.0, 0.0),
        gaze_rad: Float[np.ndarray, "2"] | tuple[float, ...] = (0.0, 0.0),
    ) -> UInt8[np.ndarray, "size size 3"]:
        """Draw one frame. All zeros: the photograph, to the bit.

        Args:
            weights: ARKit weights, relative to the expression that the photograph shows.
            head_rad: as `FaceMotion.head_rad`, relative to how the photograph holds the head.
            gaze_rad: as `FaceMotion.gaze_rad`, relative to where the photograph looks.
        """
        pose = self.fit.pose(weights, head_rad, gaze_rad)
        picture = self._skin(pose)
        for layer in self._layers:
            layer.draw(picture, pose)
        return np.clip(picture + 0.5, 0, 255).astype(np.uint8)

    def frames(self, motion: FaceMotion, whole: bool = False) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """Draw a motion frame by frame.

        Args:
            motion: what the face does.
            whole: give the whole photograph with the moving head in it instead of the square around the head.
        """
        for weights, head_rad, gaze_rad in zip(motion.weights, motion.head_rad, motion.gaze_rad, strict=True):
            frame = self.draw(weights, head_rad, gaze_rad)
            yield self.paste(frame) if whole else frame

    def paste(self, frame: UInt8[np.ndarray, "size size 3"]) -> UInt8[np.ndarray, "h w 3"]:
        """Return the whole photograph with a frame in its place."""
        return self.crop.paste(self.photograph.image, self._still, frame)

    def _skin(self, pose: Pose) -> Float32[np.ndarray, "size size 3"]:
        face = self.fit.points_px if not pose.weights.any() else pose.points_px
        flexed = face if pose.still else self.fit.pose(pose.weights).points_px
        outer = self._surround.moved(self.fit.points_px, flexed)
        turned = pose.turned(outer)
        outer = outer + self._surround.follow[:, np.newaxis] * (turned - outer)
        screen = np.concatenate([pose.points_px, outer]).astype(np.float32)
        size = self.size
        origin = np.empty((size, size, 2), np.float32)
        depth = np.full((size, size), np.inf, np.float32)
        rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) + 0.5
        origin[..., 0], origin[..., 1] = columns, rows
        draw_map(screen, self._source, self._triangles, 0.0, origin, depth)
        behind = _BEHIND_CM * self.fit.px_per_cm
        draw_map(screen[:468], self._source, self._eye_triangles, 2 * behind, origin, depth)
        draw_map(pose.turned(self.fit.points_px), self._source, self._eye_triangles, behind, origin, depth)
        picture = np.empty((size, size, 3), np.float32)
        compose(self._person, self._background, np.empty((0, 0), np.float32), origin, picture)
        return picture
