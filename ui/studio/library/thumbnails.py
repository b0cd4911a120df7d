"""A small picture of a take: a frame of its video, or its notes."""

import io
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from espressivo.media.whole_file import write_whole
from espressivo.take import Take

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 320, 240
"""Of notes, px."""
_LONGEST_PX = 480
"""Side of a frame, which players show until they play."""
_VIDEOS = ("portrait.mp4", "face.mp4", "body.mp4", "performance.mp4")
_MOMENT = 0.4
"""Of a clip: past its beginning, which is neutral, and before its end, which rests."""
_LATEST_S = 8.0
"""Frames before the chosen one have to be decoded."""
_PAPER, _INK, _STAFF = (24, 26, 34), ((240, 178, 92), (226, 96, 92)), (44, 48, 60)
_QUALITY = 82


def write_thumbnail(take: Take, path: Path) -> bool:
    """Write a JPEG to `path`, a video's in its own proportions, and say whether there was something to show.

    Raises:
        EspressivoError: its video or its notes cannot be read, or the picture not be written.
    """
    video = next((take.file(name) for name in _VIDEOS if take.file(name).is_file()), None)
    if video is not None:
        picture = _of_video(video)
    elif take.file("music.mid").is_file():
        picture = _of_notes(take.file("music.mid"))
    else:
        return False
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY)
    write_whole(path, content.getvalue())
    return True


def _of_video(path: Path) -> "Image":
    from PIL import Image, ImageOps

    from espressivo.errors import MediaError
    from espressivo.media.video import probe, read_video_frames

    info = probe(path)
    place = int(min(info.duration_s * _MOMENT, _LATEST_S) * info.fps)
    every = max(place, 1)
    frames = list(islice(read_video_frames(path, every), 2))
    if not frames:
        raise MediaError(f"{path.name} holds no picture; make the take again.")
    return ImageOps.contain(Image.fromarray(frames[-1]), (_LONGEST_PX, _LONGEST_PX))


def _of_notes(path: Path) -> "Image":
    from PIL import Image, ImageDraw

    from espressivo.media.notes import read_notes

    notes = read_notes(path).pitched
    picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(picture)
    if not len(notes):
        return picture
    low, high = int(notes.pitch.min()) - 2, int(notes.pitch.max()) + 2
    step, scale = HEIGHT / (high - low + 1), WIDTH / max(float(notes.end_s.max()), 1e-3)
    for octave in range(-(-low // 12) * 12, high + 1, 12):
        pen.line((0, HEIGHT - (octave - low) * step, WIDTH, HEIGHT - (octave - low) * step), fill=_STAFF)
    for pitch, velocity, start_s, end_s in zip(notes.pitch, notes.velocity, notes.start_s, notes.end_s, strict=True):
        top = HEIGHT - (pitch - low + 1) * step
        right = max(end_s * scale - 1, start_s * scale + 1)
        pen.rectangle((start_s * scale, top, right, top + max(step - 1, 1.5)), fill=_colour(int(velocity)))
    return picture


def _colour(velocity: int) -> tuple[int, int, int]:
    soft, loud = (np.array(colour) for colour in _INK)
    red, green, blue = (soft + (loud - soft) * velocity / 127).astype(int).tolist()
    return red, green, blue
