"""How fast, how jerky and how large the hands move, and whether feet that stand stay where they are."""

import numpy as np
from jaxtyping import Bool, Float

from espressivo.eval.metric import Pooled
from espressivo.generators.gesture.joints import JOINT
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.rotations import matrices_from, without_heading
from espressivo.generators.gesture.skeleton import forward_kinematics, load_skeleton

WRISTS = (JOINT["left_wrist"], JOINT["right_wrist"])
TOES = (JOINT["left_foot"], JOINT["right_foot"])

_LEGS = tuple(JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("hip", "knee", "ankle", "foot"))
_FLOOR_PERCENTILE = 2.0
_TOE_ABOVE_FLOOR_M = 0.025
_CONTACT_HEIGHT_M = 0.03
_CONTACT_RISE_M_S = 0.2


def body_positions(motion: BodyMotion) -> Float[np.ndarray, "frames 22 3"]:
    """Return the joints as seen from the pelvis: it is the origin, and +Z is where the body faces in each frame."""
    skeleton = load_skeleton()
    local = matrices_from(motion.poses_rad[:, [JOINT[name] for name in skeleton.names]])
    local[:, 0] = without_heading(local[:, 0])
    return forward_kinematics(local, np.zeros((len(motion), 3)), skeleton)


def derivative(track: Float[np.ndarray, "frames *values"], fps: float, order: int) -> Float[np.ndarray, "less *values"]:
    """Return the differences of neighbouring frames, `order` times over, per second each; `order` frames are lost."""
    return np.diff(track, n=order, axis=0) * fps**order


def magnitude(
    positions_m: Float[np.ndarray, "frames joints 3"], fps: float, order: int, joints: tuple[int, ...] = WRISTS
) -> Float[np.ndarray, "values"]:
    """Return the lengths of the derivatives of `joints`: order 1 is speed (m/s), 2 acceleration, 3 jerk (m/s^3)."""
    return np.linalg.norm(derivative(positions_m[:, list(joints)], fps, order), axis=-1).ravel()


def mean_magnitude(
    positions_m: Float[np.ndarray, "frames joints 3"], fps: float, order: int, joints: tuple[int, ...] = WRISTS
) -> Pooled:
    """Return the mean of `magnitude`. More than `order` frames are needed."""
    lengths = magnitude(positions_m, fps, order, joints)
    return Pooled(float(lengths.sum()), len(lengths))


def extent_m(positions_m: Float[np.ndarray, "frames joints 3"]) -> float:
    """Return the side of a cube as large as the box that a wrist stays in for 90 % of the time; mean of both wrists."""
    low, high = np.percentile(positions_m[:, list(WRISTS)], [5, 95], axis=0)
    return float(np.cbrt((high - low).prod(axis=1)).mean())


def reach_m(positions_m: Float[np.ndarray, "frames joints 3"]) -> float:
    """Return how far from the axis of the body the farther wrist comes: 95th percentile of its level distance."""
    level = np.linalg.norm(positions_m[:, list(WRISTS)][..., [0, 2]], axis=-1)
    return float(np.percentile(level.max(axis=1), 95))


def floor_m(world_m: Float[np.ndarray, "frames joints 3"]) -> float:
    """Return how high the floor is: 2.5 cm below the 2nd percentile of the lower toe joint."""
    lowest = world_m[:, list(TOES), 1].min(axis=1)
    return float(np.percentile(lowest, _FLOOR_PERCENTILE)) - _TOE_ABOVE_FLOOR_M


def legs_move(motion: BodyMotion) -> bool:
    """Whether any joint of the legs turns at all; a motion of the upper body alone has none that does."""
    legs = motion.poses_rad[:, list(_LEGS)]
    return bool((legs != legs[0]).any())


def foot_contacts(world_m: Float[np.ndarray, "frames joints 3"], fps: float) -> Bool[np.ndarray, "less feet"]:
    """Return between which frames each foot stands: its toe joint stays within 3 cm of its lowest height (2nd
    percentile) in both and rises or sinks by less than 0.2 m/s. Level speed does not count, or no foot could slide.
    """
    height = world_m[:, list(TOES), 1]
    low = height < np.percentile(height, _FLOOR_PERCENTILE, axis=0) + _CONTACT_HEIGHT_M
    level = np.abs(derivative(height, fps, 1)) < _CONTACT_RISE_M_S
    return low[1:] & low[:-1] & level


def foot_slide(world_m: Float[np.ndarray, "frames joints 3"], fps: float) -> Pooled | None:
    """Return the mean level speed (m/s) of the feet while they stand; None if they never do."""
    contacts = foot_contacts(world_m, fps)
    if not contacts.any():
        return None
    speed = np.linalg.norm(derivative(world_m[:, list(TOES)][..., [0, 2]], fps, 1), axis=-1)
    return Pooled(float(speed[contacts].sum()), int(contacts.sum()))
