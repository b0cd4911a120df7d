"""Carries takes of other rigs over to the joints of a body, by the orientation of every bone.

Each joint turns by G = R C in the world: R is what the source joint does, C the constant turn between the axes that the
two rigs give to the same piece of anatomy. So the twist of forearms survives, and straight elbows do not flip.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.generators.gesture.bvh import BvhTake, read_bvh
from espressivo.generators.gesture.joints import BODY_JOINTS
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.rotations import matrices_from, vectors_from
from espressivo.generators.gesture.skeleton import Skeleton, load_skeleton

# Bandai-Namco Research Motiondataset (arXiv:2306.08861): which axis of the source joint points left, up and forward.
_TRUNK_AXES = "+Z +X +Y"
_ARM_AXES = {"L": "+X +Y +Z", "R": "+X -Y -Z"}
_LEG_AXES = {"L": "+Y -X +Z", "R": "+Y +X -Z"}
_FOOT_AXES = {"L": "+Y +Z +X", "R": "+Y -Z -X"}

_HEAD_PITCH_DEG = {"Neck": -3.9, "Head": -8.4}
_FOOT_PITCH_DEG = {"Foot": -39.6, "Toes": -21.5}
"""Turns that make a neutral stance look straight ahead with flat soles."""
_COLLAR_YAW_DEG = {"L": -17.2, "R": 17.2}

_HANDS = {"L": (0.997, -0.072, -0.035), "R": (-0.997, -0.072, -0.035)}
_SOURCE_LEG_M = 0.8007
_SIDES = {"L": "left", "R": "right"}

_ARM_BONES = {"UpperArm": ("shoulder", "elbow"), "LowerArm": ("elbow", "wrist")}
_LEG_BONES = {"UpperLeg": ("hip", "knee"), "LowerLeg": ("knee", "ankle")}
_FEET = {"Foot": "ankle", "Toes": "foot"}


def read_body_bvh(path: Path) -> BodyMotion:
    """Read a BVH take whose joints are named as in the Bandai-Namco Research Motiondataset, in centimetres.

    Raises:
        InputError: the file is no BVH, or its joints have other names.
    """
    take = read_bvh(path)
    skeleton = load_skeleton()
    axes = _joint_axes(skeleton)
    missing = [source for source in {"Hips", "Spine", "Chest", *axes} if source not in take.names]
    if missing:
        raise InputError(f"{path} has no joint {min(missing)}; rename its joints as in the Bandai-Namco dataset.")
    try:
        return _to_body(take, axes, skeleton)
    except ValueError as error:
        raise InputError(f"{path} holds no body motion ({error}); export the take again.") from error


def _to_body(take: BvhTake, axes: dict[str, tuple[str, np.ndarray]], skeleton: Skeleton) -> BodyMotion:
    source = take.world_rotations()
    turns = {target: source[:, take.names.index(name)] @ axis for name, (target, axis) in axes.items()}
    trunk = _axes(_TRUNK_AXES)
    # The pelvis has the axes -Y +X +Z of its joint on the left, up and front.
    turns["pelvis"] = source[:, take.names.index("Hips")] @ _axes("-Y +X +Z")
    spine, chest = (source[:, take.names.index(name)] @ trunk for name in ("Spine", "Chest"))
    turns |= {"spine1": _halfway(turns["pelvis"], spine), "spine2": _halfway(spine, chest), "spine3": chest}
    world = np.stack([turns[name] for name in BODY_JOINTS], axis=1)
    local = world.copy()
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        local[:, joint] = np.swapaxes(world[:, parent], -1, -2) @ world[:, joint]
    return BodyMotion.from_body(vectors_from(local), _pelvis_m(take, turns["pelvis"], skeleton), take.fps)


def _pelvis_m(
    take: BvhTake, pelvis: Float[np.ndarray, "frames 3 3"], skeleton: Skeleton
) -> Float[np.ndarray, "frames 3"]:
    """Place the pelvis so that the centre of the hips is over the same ground, scaled by the length of the legs."""
    places = take.world_places()
    centre = (places[:, take.names.index("UpperLeg_L")] + places[:, take.names.index("UpperLeg_R")]) / 200
    bones = [skeleton.names.index(f"left_{name}") for name in ("knee", "ankle")]
    leg = sum(float(np.linalg.norm(skeleton.offsets_m[bone])) for bone in bones)
    rest = skeleton.offsets_m[[skeleton.names.index("left_hip"), skeleton.names.index("right_hip")]].mean(axis=0)
    return centre * (leg / _SOURCE_LEG_M) - pelvis @ rest


def _joint_axes(skeleton: Skeleton) -> dict[str, tuple[str, np.ndarray]]:
    """Return for each source joint the joint it drives, and the constant turn C between them."""
    found = {name: (name.lower(), _axes(_TRUNK_AXES) @ _pitch(degrees)) for name, degrees in _HEAD_PITCH_DEG.items()}
    for side, word in _SIDES.items():
        sign = 1.0 if side == "L" else -1.0
        for source, (joint, child) in _ARM_BONES.items():
            bone = skeleton.offsets_m[skeleton.names.index(f"{word}_{child}")]
            found[f"{source}_{side}"] = (f"{word}_{joint}", _axes(_ARM_AXES[side]) @ _frame_x(sign * bone).T)
        turn = matrices_from(np.array([0.0, np.deg2rad(_COLLAR_YAW_DEG[side]), 0.0]))
        found[f"Shoulder_{side}"] = (f"{word}_collar", _axes(_ARM_AXES[side]) @ turn)
        hand = _axes(_ARM_AXES[side]) @ _frame_x(sign * np.array(_HANDS[side])).T
        found[f"Hand_{side}"] = (f"{word}_wrist", hand)
        for source, (joint, child) in _LEG_BONES.items():
            bone = skeleton.offsets_m[skeleton.names.index(f"{word}_{child}")]
            found[f"{source}_{side}"] = (f"{word}_{joint}", _axes(_LEG_AXES[side]) @ _frame_y(-bone).T)
        for source, joint in _FEET.items():
            turn = _axes(_FOOT_AXES[side]) @ _pitch(_FOOT_PITCH_DEG[source])
            found[f"{source}_{side}"] = (f"{word}_{joint}", turn)
    return found


def _axes(directions: str) -> Float[np.ndarray, "3 3"]:
    columns = [np.eye(3)["XYZ".index(word[1])] * (1 if word[0] == "+" else -1) for word in directions.split()]
    return np.stack(columns, axis=1)


def _pitch(degrees: float) -> Float[np.ndarray, "3 3"]:
    return matrices_from(np.array([np.deg2rad(degrees), 0.0, 0.0]))


def _frame_x(along: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Return axes of which x lies along a bone, and y as near to up as it can."""
    x = along / np.linalg.norm(along)
    y = np.array([0.0, 1.0, 0.0]) - x[1] * x
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _frame_y(along: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Return axes of which y lies along a bone, and x as near to the left as it can."""
    y = along / np.linalg.norm(along)
    x = np.array([1.0, 0.0, 0.0]) - y[0] * y
    x /= np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _halfway(
    first: Float[np.ndarray, "frames 3 3"], second: Float[np.ndarray, "frames 3 3"]
) -> Float[np.ndarray, "frames 3 3"]:
    return first @ matrices_from(vectors_from(np.swapaxes(first, -1, -2) @ second) / 2)
