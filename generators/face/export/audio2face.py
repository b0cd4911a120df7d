"""Blend weights as NVIDIA Audio2Face exports and imports them: one JSON object with the weights frame by frame."""

import json
from pathlib import Path

from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.motion import FaceMotion
from espressivo.media.whole_file import write_whole


def write_audio2face_json(path: Path, motion: FaceMotion, track_path: str = "") -> None:
    """Write the 52 weights of `motion`; the format has no head rotation and no gaze.

    Args:
        path: Where to write.
        motion: The face.
        track_path: The sound file that belongs to it, as the receiving program knows it.

    Raises:
        OutputError: the file cannot be written.
    """
    document = {
        "exportFps": motion.fps,
        "trackPath": track_path,
        "numPoses": len(ARKIT_NAMES),
        "numFrames": len(motion),
        "facsNames": list(ARKIT_NAMES),
        "weightMat": [[round(value, 7) for value in frame] for frame in motion.weights.tolist()],
    }
    write_whole(path, json.dumps(document, separators=(",", ":")).encode("ascii"))
