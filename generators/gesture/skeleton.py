"""The skeleton that carries a motion: bone lengths, and where the joints are."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.generators.gesture.joints import JOINT
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.rotations import matrices_from

SKELETON_FILE = Path(__file__).resolve().parents[2] / "assets" / "skeletons" / "skeleton22.json"


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Joints, each hanging on one that comes before it. The first is the root."""

    names: tuple[str, ...]
    """Each one of `JOINTS`."""
    parents: tuple[int, ...]
    """Number of the joint that each hangs on; -1 for the root."""
    offsets_m: Float[np.ndarray, "joints 3"]
    """From the parent, at rest: +Y up, +Z front, +X left."""

    def __post_init__(self) -> None:
        offsets = np.array(self.offsets_m, np.float64)
        if offsets.shape != (len(self.names), 3) or len(self.parents) != len(self.names):
            raise ValueError(f"Skeleton.offsets_m has shape {offsets.shape}, expected ({len(self.names)}, 3).")
        if self.parents[0] != -1 or any(not 0 <= up < down for down, up in enumerate(self.parents) if down):
            raise ValueError("Skeleton.parents must start with -1 and name a joint before each of the others.")
        unknown = set(self.names) - set(JOINT)
        if unknown:
            raise ValueError(f"Skeleton.names holds {', '.join(sorted(unknown))}, expected SMPL-X joints.")
        offsets.setflags(write=False)
        object.__setattr__(self, "offsets_m", offsets)

    def positions(self, motion: BodyMotion) -> Float[np.ndarray, "frames joints 3"]:
        """Return where each joint of `names` is, in metres."""
        local = matrices_from(motion.poses_rad[:, [JOINT[name] for name in self.names]])
        return forward_kinematics(local, motion.translation_m, self)

    def orientations(self, motion: BodyMotion) -> Float[np.ndarray, "frames joints 3 3"]:
        """Return the rotation of each joint of `names` in the world."""
        local = matrices_from(motion.poses_rad[:, [JOINT[name] for name in self.names]])
        return _chained(local, self.parents)


def forward_kinematics(
    local: Float[np.ndarray, "frames joints 3 3"], root_m: Float[np.ndarray, "frames 3"], skeleton: Skeleton
) -> Float[np.ndarray, "frames joints 3"]:
    """Follow the bones from the root: G_j = G_parent R_j, p_j = p_parent + G_parent offset_j."""
    world = _chained(local, skeleton.parents)
    places = np.empty(local.shape[:3])
    places[:, 0] = root_m
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        places[:, joint] = places[:, parent] + world[:, parent] @ skeleton.offsets_m[joint]
    return places


@cache
def load_skeleton() -> Skeleton:
    """Return the skeleton that ships: 22 joints, bone lengths of a neutral adult."""
    stored = json.loads(SKELETON_FILE.read_text(encoding="utf-8"))
    return Skeleton(tuple(stored["names"]), tuple(stored["parents"]), np.array(stored["offsets"]))


def _chained(local: Float[np.ndarray, "frames joints 3 3"], parents: tuple[int, ...]) -> np.ndarray:
    world = np.array(local)
    for joint, parent in enumerate(parents[1:], start=1):
        world[:, joint] = world[:, parent] @ local[:, joint]
    return world
