"""The joints of a body in SMPL-X order: 22 of the body, 3 of the face, 15 of each hand."""

_FINGERS = tuple(
    f"{finger}{number}" for finger in ("index", "middle", "pinky", "ring", "thumb") for number in (1, 2, 3)
)

BODY_JOINTS = (
    *("pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle"),
    *("spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder"),
    *("right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
)
"""The 22 joints of the body."""

JOINTS = (
    *BODY_JOINTS,
    *("jaw", "left_eye", "right_eye"),
    *(f"left_{name}" for name in _FINGERS),
    *(f"right_{name}" for name in _FINGERS),
)
"""All 55 joints."""

JOINT = {name: number for number, name in enumerate(JOINTS)}
"""Number of a joint by name."""


def _mirrored(name: str) -> str:
    if name.startswith("left_"):
        return name.replace("left_", "right_", 1)
    return name.replace("right_", "left_", 1)


MIRRORED = tuple(JOINT[_mirrored(name)] for name in JOINTS)
"""Number of the joint on the other side, for each joint."""
