"""The lips of whoever speaks in a video, as the style encoder reads them."""

from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.conditioning.faces.track import track_face
from espressivo.errors import InputError
from espressivo.generators.portrait.liveportrait.crop import DRIVING_RISE, DRIVING_SCALE, face_square
from espressivo.generators.portrait.liveportrait.portrait import LivePortrait
from espressivo.generators.portrait.pctalk.network.mel import FPS
from espressivo.generators.portrait.pctalk.network.talker import lips_of
from espressivo.media.video import probe, read_video_frames

_LEAST_S = 1.0


def read_lips(path: Path, live_portrait: LivePortrait, frames: int) -> Float[np.ndarray, "frames 6 3"]:
    """Return how expression deforms the lips in the first `frames` frames of a video, 25 of them per second.

    Raises:
        MediaError: the file is no video.
        FaceError: no face is seen in most of it.
        InputError: it is shorter than a second.
    """
    pictures = _pictures(path, frames)
    if len(pictures) < _LEAST_S * FPS:
        raise InputError(f"{path} is {len(pictures) / FPS:.1f} s long; a style needs at least {_LEAST_S:g} s.")
    # One square for all frames: one that followed the mesh would tremble with it.
    square = face_square(track_face(pictures, FPS).points_px.mean(0), DRIVING_SCALE, DRIVING_RISE)
    motions = [live_portrait.read([(picture, square)]) for picture in pictures]
    return np.concatenate([lips_of(motion.keypoints - motion.undeformed) for motion in motions])


def _pictures(path: Path, count: int) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Return frames of the video at 25 per second, each the one that is shown at its time."""
    fps = probe(path).fps or FPS
    wanted = [int(k * fps / FPS) for k in range(count)]
    shown = enumerate(islice(read_video_frames(path), wanted[-1] + 1))
    kept = {number: picture for number, picture in shown if number in wanted}
    return [kept[number] for number in wanted if number in kept]
