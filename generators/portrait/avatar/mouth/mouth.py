"""The inside of a mouth, drawn where the lips part beyond the photograph."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter1d

from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.portrait.avatar.curves import Axis, smooth_curve
from espressivo.generators.portrait.avatar.fit import Pose
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.light import Light, luminance
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.mouth.dentition import lower_arch, upper_arch
from espressivo.generators.portrait.avatar.mouth.interior import blend, draw_interior
from espressivo.generators.portrait.avatar.mouth.own_teeth import OwnTeeth, enamel_share

_RIGHT_CORNER, _LEFT_CORNER = 78, 308
_UPPER, _LOWER = 13, 14
_TONGUE = (186.0, 92.0, 90.0)
_FLESH = (104.0, 40.0, 38.0)
_TONGUE_OUT, _JAW_OPEN = CHANNEL["tongueOut"], CHANNEL["jawOpen"]
_JAW_FOLLOWS = 1.2
"""How much farther the lower teeth go with an opened jaw than those of the shapes do, which stay behind the lower lip
by a fifth: a lip that goes with its teeth covers most of them."""
_TONGUE_OUT_CM = np.array([0.0, 0.12, 2.6])
_FRONT_CM = np.array([0.0, -4.2, 4.5])
"""On the front teeth, where the photograph's own ones are laid."""
_OWN_HIGHER_CM = 0.5
"""Own teeth end no farther than this from where drawn ones would."""
_TEETH_TAKE_HUE = np.float32(0.65)
_SHUT_CM = 0.2
"""Up to so much the mesh sees lips apart that are shut."""
_LIP_CM, _SEAM_CM, _SEAM_DARK = 0.45, 0.14, 0.8
"""How far down a lower lip is looked at, how far the dark line above may reach into it, and how dark that is to it."""
_SAMPLES = 2
_KNOTS = 96
_GRAIN = 64


class MouthLayer:
    """What is behind the lips of one photograph. A `Layer`."""

    def __init__(self, stage: Stage) -> None:
        """Prepare teeth, gums and tongue in the light of the photograph."""
        fit, light = stage.fit, stage.light
        self._rest = fit.points_px
        self._size, self._px_per_cm = stage.size, fit.px_per_cm
        self._to_rest = _affine(fit.place, np.zeros(3))
        lips = load_face_mesh().vertices_cm[[_UPPER, _LOWER]].mean(axis=0)
        now = self._to_rest[:, :3] @ lips + self._to_rest[:, 3]
        # Teeth lie behind lips that are shut: those that stand open in the photograph have left their place.
        shut = self._rest + fit.own.rest_px
        self._to_rest[:2, 3] += shut[[_UPPER, _LOWER], :2].mean(axis=0) - now[:2]
        axis, knots, lines = _lips(self._rest)
        self._gap_at_rest = lines[:, 1] - lines[:, 0]
        self._seam_px = _seam_px(stage.photo, axis, knots, lines[:, 1], fit.px_per_cm)
        own = OwnTeeth.of(stage.photo, axis, knots, lines, self._to_rest, light)
        upper, lower = upper_arch(), lower_arch()
        share = enamel_share(stage.photo, axis, knots, lines, light)
        self._upper, self._upper_form = _tinted(upper.picture, light, share), upper.form
        self._lower, self._lower_form = _tinted(lower.picture, light, np.float32(0.97) * share), lower.form
        self._higher_cm = np.float32(0)
        if own:
            # Drawn teeth stand in beside and above the own ones: let their edges lie at the same height.
            drawn = (
                self._to_rest[:2, :3] @ (0.0, upper.bottom_cm, upper.back_cm + upper.depth_cm) + self._to_rest[:2, 3]
            )
            up = self._to_rest[:2, 1]
            self._higher_cm = np.float32(
                np.clip((own.edge_px - drawn) @ up / (up @ up), -_OWN_HIGHER_CM, _OWN_HIGHER_CM)
            )
            self._upper_form[3:] += self._higher_cm
            self._lower_form[3:] += self._higher_cm
        self._own = own if own and own.picture.size else None
        self._colours = light.colour(np.array([_TONGUE, _FLESH]))
        self._hue = light.shade_hue
        self._kernel = _gaussian(max(light.blur_px - 0.2, 0.4))
        self._grain = np.random.default_rng(0).standard_normal((_GRAIN, _GRAIN)).astype(np.float32)
        self._grain *= np.float32(light.grain)
        self._soft_px = 1.0 + light.blur_px

    def draw(self, picture: Float32[np.ndarray, "size size 3"], pose: Pose) -> None:
        """Draw the inside of the mouth into a warped photograph whose lips, and what is between them, moved already.

        A mouth that is as open as the photograph's stays as it is to the bit.
        """
        axis, knots, lines = _lips(pose.points_px)
        margin = 2 * self._soft_px
        at = np.linspace(knots[0] - margin, knots[-1] + margin, _KNOTS)
        curves = smooth_curve(knots, lines, at)
        gap = curves[:, 1] - curves[:, 0]
        if self._own is None:
            # What a photograph shows between parted lips goes as they come together, and does not come back.
            had = np.maximum(np.interp(at, knots, self._gap_at_rest), 0)
            had -= pose.settled * np.maximum(had - _SHUT_CM * self._px_per_cm, 0)
            covers = _smoothstep(((gap - had) / self._size - 0.002) / 0.008).astype(np.float32)
        else:
            ring = load_face_mesh().mouth_ring
            moved = np.abs((pose.points_px[ring] - pose.turned(self._rest[ring]))[:, :2]).max()
            covers = np.full(len(gap), _smoothstep(moved / (0.006 * self._size)), np.float32)
        if covers.max() <= 0 or gap.max() <= 0.3:
            return
        curves[:, 1] += covers * np.interp(at, knots, self._seam_px)
        corners = axis.back(np.stack([np.repeat(at[[0, -1]], 2), np.tile([curves.min(), curves.max()], 2)], axis=1))
        left, top = np.maximum(np.floor(corners.min(axis=0) - margin).astype(int), 0)
        right, bottom = np.minimum(np.ceil(corners.max(axis=0) + margin).astype(int), self._size)
        if right <= left or bottom <= top:
            return
        to_picture = _affine(lambda points: pose.turned(self._place(points)), _FRONT_CM)
        turn, shift = _jaw(pose.weights)
        jaw = _inverse(np.column_stack([to_picture[:, :3] @ turn, to_picture[:, :3] @ shift + to_picture[:, 3]]))
        tongue = jaw.copy()
        tongue[:, 3] -= pose.weights[_TONGUE_OUT] * _TONGUE_OUT_CM
        tongue[1, 3] -= self._higher_cm
        inside = np.empty(((bottom - top) * _SAMPLES, (right - left) * _SAMPLES, 3), np.float32)
        where = np.array([axis.x, axis.y, axis.cos, axis.sin])
        first, step = float(at[0]), float(at[1] - at[0])
        draw_interior(
            inside, left, top, _SAMPLES, _inverse(to_picture), jaw, tongue, self._upper_form, self._upper,
            self._lower_form, self._lower, self._colours, self._hue, curves, first, step,
            knots[[0, -1]].astype(np.float32), where, float(np.cbrt(abs(np.linalg.det(to_picture[:, :3])))),
        )  # fmt: skip
        own = self._own
        blend(
            picture, inside, left, top, _SAMPLES, self._kernel, curves, covers, first, step, where, self._soft_px,
            own.picture if own else _NOTHING, own.corner if own else _ORIGIN, self._to_photo(to_picture),
            float(own is not None), self._grain,
        )  # fmt: skip

    def _place(self, points_cm: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        return points_cm @ self._to_rest[:, :3].T + self._to_rest[:, 3]

    def _to_photo(self, to_picture: Float[np.ndarray, "3 4"]) -> Float[np.ndarray, "2 3"]:
        """From pixels of the frame to those of the photograph, on the plane of the front teeth."""
        here = to_picture[:2, 2] * _FRONT_CM[2] + to_picture[:2, 3]
        there = self._to_rest[:2, 2] * _FRONT_CM[2] + self._to_rest[:2, 3]
        turn = self._to_rest[:2, :2] @ np.linalg.inv(to_picture[:2, :2])
        return np.column_stack([turn, there - turn @ here])


def _jaw(weights: Float[np.ndarray, "52"]) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """How the jaw turned and shifted, cm: the rigid motion nearest to that of the lower teeth (Kabsch 1976)."""
    part = load_face_mesh().parts["teeth_lower"]
    rest, weights = part.vertices_cm.astype(np.float64), weights.copy()
    weights[_JAW_OPEN] *= _JAW_FOLLOWS
    moved = rest + np.tensordot(weights, part.shapes_cm, 1)
    a, b = rest.mean(axis=0), moved.mean(axis=0)
    u, _, v = np.linalg.svd((moved - b).T @ (rest - a))
    turn = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v
    return turn, b - turn @ a


def _lips(
    points: Float[np.ndarray, "468 k"],
) -> tuple[Axis, Float[np.ndarray, "11"], Float[np.ndarray, "11 2"]]:
    """The inner edges of the lips over the line between the corners: axis, knots along it, upper and lower edge.

    On a head that is turned aside a point of the lower lip does not lie across from its partner above: each edge is
    read where the knots are.
    """
    pairs = load_face_mesh().lip_pairs
    axis = Axis.between(points[_RIGHT_CORNER], points[_LEFT_CORNER])
    edges = [axis.turn(points[np.concatenate([[_RIGHT_CORNER], pairs[:, edge], [_LEFT_CORNER]])]) for edge in (0, 1)]
    knots = (edges[0][:, 0] + edges[1][:, 0]) / 2
    return axis, knots, np.stack([smooth_curve(edge[:, 0], edge[:, 1], knots) for edge in edges], axis=1)


def _seam_px(
    photo: Float32[np.ndarray, "size size 3"],
    axis: Axis,
    knots: Float[np.ndarray, "11"],
    edge: Float[np.ndarray, "11"],
    px_per_cm: float,
) -> Float[np.ndarray, "11"]:
    """How far the dark line between shut lips reaches over the edge of the lower one, at each knot.

    Nothing of it is left on a lip that has parted from the other.
    """
    down = np.linspace(0, _LIP_CM, 31)
    places = np.stack([np.repeat(knots, len(down)), (edge[:, np.newaxis] + down * px_per_cm).ravel()], axis=1)
    grey = axis.read(luminance(photo)[..., np.newaxis], places).reshape(len(knots), -1)
    dark = grey < _SEAM_DARK * np.median(grey[:, down > _SEAM_CM], axis=1, keepdims=True)
    reach = np.where(dark & (down <= _SEAM_CM), down, 0).max(axis=1)
    reach[[0, -1]] = 0
    return gaussian_filter1d(reach, 1.0, mode="nearest") * px_per_cm


def _affine(
    carry: Callable[[Float[np.ndarray, "n 3"]], Float[np.ndarray, "n 3"]], around: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "3 4"]:
    """The affine map that `carry` is near a point."""
    points = np.asarray(carry(np.concatenate([around[None], around + np.eye(3)])), np.float64)
    turn = (points[1:] - points[0]).T
    return np.column_stack([turn, points[0] - turn @ around])


def _inverse(affine: Float[np.ndarray, "3 4"]) -> Float[np.ndarray, "3 4"]:
    back = np.linalg.inv(affine[:, :3])
    return np.column_stack([back, -back @ affine[:, 3]])


def _tinted(
    picture: Float32[np.ndarray, "rows columns 4"], light: Light, share: Float32[np.ndarray, "3"]
) -> Float32[np.ndarray, "rows columns 4"]:
    """A sheet of teeth in the photograph's light."""
    lit, white = light.colour(picture[..., :3]), picture[..., :3]
    # The hue of skin is that of its pigment, too: teeth take only a part of it, and all of the brightness.
    plain = white * (luminance(lit) / np.maximum(luminance(white), 1e-3))[..., np.newaxis]
    colour = plain + (1 - np.float32(light.colourful) * (1 - _TEETH_TAKE_HUE)) * (lit - plain)
    return np.concatenate([colour * share, picture[..., 3:]], axis=2).astype(np.float32)


def _gaussian(deviation: float) -> Float32[np.ndarray, "k"]:
    """Half of a blur's weights, the middle one first."""
    reach = np.arange(int(np.ceil(2.5 * deviation)) + 1)
    weights = np.exp(-(reach**2) / (2 * deviation**2))
    return (weights / (weights[0] + 2 * weights[1:].sum())).astype(np.float32)


def _smoothstep(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


_NOTHING, _ORIGIN = np.zeros((0, 0, 4), np.float32), np.zeros(2)
