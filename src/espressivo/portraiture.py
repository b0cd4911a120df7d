"""A portrait in a performance: checked before anything long starts, moved with the face, written beside it."""

import shutil
from collections.abc import Sized
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from espressivo.progress import ProgressCallback

if TYPE_CHECKING:
    from espressivo.media.video import Sound, Video

PHOTOGRAPH = "photograph.png"
VIDEO = "portrait.mp4"


def check_portrait(path: Path, face: int | None) -> None:
    """Look for the face that is to be moved; videos are only opened, they are looked through later.

    Raises:
        MediaError: the picture or video cannot be read.
        FaceError: the picture shows no face that can be moved.
    """
    from espressivo.generators.portrait.avatar.photograph import Photograph
    from espressivo.generators.portrait.redub.footage import is_footage
    from espressivo.media.video import probe

    if is_footage(path):
        probe(path)
    else:
        Photograph.read(path, face)


def kept_name(source: Path) -> str:
    """Return the name under which a take keeps a portrait."""
    from espressivo.generators.portrait.redub.footage import is_footage

    return f"footage{source.suffix.lower()}" if is_footage(source) else PHOTOGRAPH


def keep_portrait(source: Path, folder: Path) -> None:
    """Copy a portrait into a take: a video as it is; of a picture the pixels alone, not its camera and place."""
    from PIL import Image

    from espressivo.media.image import read_image

    kept = folder / kept_name(source)
    if kept.name == PHOTOGRAPH:
        Image.fromarray(read_image(source)).save(kept)
    else:
        shutil.copyfile(source, kept)


def write_portrait(
    folder: Path,
    video: "Video",
    sound: "Sound | None" = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Write the video of a portrait, with another sound than its own if one is given."""
    from espressivo.media.encode import write_mp4

    heard = video if sound is None else replace(video, sound=sound)
    write_mp4(folder / VIDEO, heard, progress, total_frames=len(video) if isinstance(video, Sized) else None)
