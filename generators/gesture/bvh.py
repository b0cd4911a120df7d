"""Reads BVH files: a hierarchy of joints, and what their channels do over time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError

_MAX_BYTES = 256 << 20
_CHANNELS = {
    f"{axis}{kind}": (kind, column) for kind in ("position", "rotation") for column, axis in enumerate(("X", "Y", "Z"))
}


@dataclass(frozen=True, eq=False)
class BvhTake:
    """What a BVH file holds, with Euler angles already turned into matrices."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    """-1 for the root."""
    places: Float[np.ndarray, "frames joints 3"]
    """Of each joint in the frame of its parent, in the unit of the file."""
    rotations: Float[np.ndarray, "frames joints 3 3"]
    """Of each joint in the frame of its parent."""
    fps: float

    def world_rotations(self) -> Float[np.ndarray, "frames joints 3 3"]:
        """Return the rotation of each joint in the world."""
        world = self.rotations.copy()
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                world[:, joint] = world[:, parent] @ self.rotations[:, joint]
        return world

    def world_places(self) -> Float[np.ndarray, "frames joints 3"]:
        """Return where each joint is, in the unit of the file."""
        world, places = self.world_rotations(), self.places.copy()
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                turned = (world[:, parent] @ self.places[:, joint, :, None])[..., 0]
                places[:, joint] = places[:, parent] + turned
        return places


@dataclass(frozen=True)
class _Joint:
    name: str
    parent: int
    offset: tuple[float, ...]
    channels: tuple[str, ...]


def read_bvh(path: Path) -> BvhTake:
    """Read a BVH file.

    Raises:
        InputError: the file is missing, too large or no BVH.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is larger than {_MAX_BYTES >> 20} MiB; give one take at a time.")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give a BVH file.") from error
    hierarchy, found, motion = text.partition("MOTION")
    try:
        if not found:
            raise ValueError("it has no MOTION part")
        joints = _read_hierarchy(hierarchy.split())
        frames, fps = _read_frames(motion.split())
        return _take(joints, frames, fps)
    except (ValueError, IndexError, StopIteration) as error:
        reason = str(error) or "it ends too early"
        raise InputError(f"{path} is no BVH that can be read ({reason}); export the take again.") from error


def _read_hierarchy(words: list[str]) -> list[_Joint]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    stream = iter(words)
    name, offset = "", (0.0, 0.0, 0.0)
    for word in stream:
        if word in ("ROOT", "JOINT", "End"):
            name = next(stream)
        elif word == "{":
            open_joints.append(-1)
        elif word == "}":
            open_joints.pop()
        elif word == "OFFSET":
            offset = tuple([float(next(stream)) for _ in range(3)])
        elif word == "CHANNELS":
            channels = tuple([next(stream) for _ in range(int(next(stream)))])
            strange = set(channels) - set(_CHANNELS)
            if strange:
                raise ValueError(f"channel {min(strange)} is unknown")
            joints.append(_Joint(name, open_joints[-2] if len(open_joints) > 1 else -1, offset, channels))
            open_joints[-1] = len(joints) - 1
        elif word != "HIERARCHY":
            raise ValueError(f"{word[:40]!r} is not expected in the hierarchy")
    if not joints:
        raise ValueError("it names no joints")
    return joints


def _read_frames(words: list[str]) -> tuple[Float[np.ndarray, "frames channels"], float]:
    if words[0] != "Frames:" or words[2:4] != ["Frame", "Time:"]:
        raise ValueError("it has no Frames and Frame Time")
    count, step = int(words[1]), float(words[4])
    values = np.array(words[5:], np.float64)
    if count < 1 or not step > 0 or len(values) % count or not np.isfinite(values).all():
        raise ValueError(f"{len(values)} finite values do not make {count} frames of {step} s")
    # Frame Time is written with few digits: 0.0333333 means 30 frames a second.
    return values.reshape(count, -1), round(1 / step, 3)


def _take(joints: list[_Joint], frames: Float[np.ndarray, "frames channels"], fps: float) -> BvhTake:
    from scipy.spatial.transform import Rotation

    if frames.shape[1] != sum(len(joint.channels) for joint in joints):
        raise ValueError(f"{frames.shape[1]} values a frame do not fit the channels of its joints")
    places = np.tile(np.array([joint.offset for joint in joints]), (len(frames), 1, 1))
    rotations = np.tile(np.eye(3), (len(frames), len(joints), 1, 1))
    first = 0
    for number, joint in enumerate(joints):
        columns = frames[:, first : first + len(joint.channels)]
        first += len(joint.channels)
        turns = [column for column, channel in enumerate(joint.channels) if channel.endswith("rotation")]
        if turns:
            order = "".join(joint.channels[column][0] for column in turns)
            rotations[:, number] = Rotation.from_euler(order, columns[:, turns], degrees=True).as_matrix()
        for column, channel in enumerate(joint.channels):
            kind, axis = _CHANNELS[channel]
            if kind == "position":
                places[:, number, axis] = columns[:, column]
    return BvhTake(
        tuple(joint.name for joint in joints), tuple(joint.parent for joint in joints), places, rotations, fps
    )
