"""A head in front of a camera: everything both renderers need for one frame, computed once and alike."""

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.generators.face.render.camera import Camera
from espressivo.generators.face.render.geometry import move
from espressivo.generators.face.render.look import Look
from espressivo.generators.face.render.shadow import KeyShadow
from espressivo.generators.face.render.style import Style
from espressivo.generators.face.render.surface import crown_m, surface_of
from espressivo.generators.face.render.tracking import Tracker
from espressivo.generators.face.rig import Head

NOISE_SIZE = 32
LARGEST_PX = 4096


class Stage:
    """Poses the head, and derives normals, shadows and the scene table."""

    def __init__(self, head: Head, width: int, height: int, camera: Camera, style: Style) -> None:
        for name, size in (("width", width), ("height", height)):
            if size % 2 or not 16 <= size <= LARGEST_PX:
                raise InputError(
                    f"The picture's {name} is {size}, but video needs an even number of pixels from 16 to {LARGEST_PX}."
                )
        self.head, self.width, self.height, self.camera, self.look = head, width, height, camera, Look()
        self.surface = surface_of(head)
        self.noise = noise_table()
        self.backdrop = backdrop(width, height, style)
        self._style = style
        self._iris = tuple(head.iris) if style.iris is None else style.iris
        self._crown = crown_m(head)
        self._tracker = Tracker(head, _scalp_colour(head))
        self._shadow = KeyShadow(self.surface.triangles, self.surface.casts_shadow, self.look)

    def pose(
        self, weights: Float[np.ndarray, "52"], head_rad: Float[np.ndarray, "3"], gaze_rad: Float[np.ndarray, "2"]
    ) -> tuple[Float[np.ndarray, "vertices 20"], Float[np.ndarray, "slots"]]:
        """Return (table, scene): the vertex table (columns in `geometry`) and the scene table (slots in `look`)."""
        posed = np.ascontiguousarray(self.head.pose(weights, head_rad, gaze_rad), np.float32)
        table = self.surface.attributes.copy()
        move(posed, self.surface.triangles, self.surface.rest_area, table)
        self._shadow.cast(table)
        scene = self._tracker.scene(posed, self.camera.position_m, self._crown, self._iris, self._style.pupil)
        return table, scene


def noise_table() -> Float[np.ndarray, "32 32 32 3"]:
    """Periodic noise in [-1, 1]: three independent channels, a different value in every cell."""
    generator = np.random.default_rng(20)
    return generator.uniform(-1.0, 1.0, (NOISE_SIZE,) * 3 + (3,)).astype(np.float32)


def backdrop(width: int, height: int, style: Style) -> Float[np.ndarray, "height width 3"]:
    """Linear RGB of the empty studio: a pool of light behind the head."""
    colour = _to_linear(np.asarray(style.backdrop, np.float64))
    if style.plain_backdrop:
        return np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    y, x = np.mgrid[:height, :width]
    reach = min(width, height)
    distance = np.hypot((x + 0.5 - 0.5 * width) / reach, (y + 0.5 - 0.42 * height) / reach)
    light = 0.28 + 1.5 * np.exp(-((distance / 0.48) ** 2))
    return (light[..., None] * colour).astype(np.float32)


def srgb_table() -> np.ndarray:
    """sRGB byte for linear values k / 4095."""
    linear = np.arange(4096) / 4095
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * encoded).astype(np.uint8)


def _to_linear(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _scalp_colour(head: Head) -> Float[np.ndarray, "3"]:
    """Skin where the hair begins: the median of the skin above the brows."""
    skin = np.unique(head.triangles[head.triangle_region == list(head.regions).index("skin")])
    high = skin[head.vertices_m[skin, 1] > head.eye_centre_l[1] + 0.03]
    return np.median(np.asarray(head.albedo)[high], axis=0)
