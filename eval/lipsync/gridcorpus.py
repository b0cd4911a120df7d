"""Clips of the GRID audiovisual corpus (Cooke, Barker, Cunningham & Shao, JASA 2006) with faces and aligned phones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.faces.track import FaceTrack, track_face
from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import Phone, Speech
from espressivo.errors import InputError
from espressivo.media.video import probe, read_video_frames

_COMMANDS = {"b": "bin", "l": "lay", "p": "place", "s": "set"}
_COLOURS = {"b": "blue", "g": "green", "r": "red", "w": "white"}
_PREPOSITIONS = {"a": "at", "b": "by", "i": "in", "w": "with"}
_DIGITS = {"z": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven"}
_DIGITS |= {"8": "eight", "9": "nine"}
_ADVERBS = {"a": "again", "n": "now", "p": "please", "s": "soon"}


@dataclass(frozen=True, eq=False)
class GridClip:
    """One sentence of one speaker."""

    name: str
    track: FaceTrack
    samples: Float[np.ndarray, "samples"]
    phones: tuple[Phone, ...]
    """By forced alignment with the sentence that the name encodes."""


def read_grid(folder: Path) -> Iterator[GridClip]:
    """Yield every `NAME.mpg` of `folder` (or `.mp4`), read with its own sound.

    Raises:
        InputError: there are none, or a name is not of GRID.
    """
    videos = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".mpg", ".mpeg", ".mp4"})
    if not videos:
        raise InputError(f"{folder} holds no videos; give a folder of GRID clips such as bbaf2n.mpg.")
    for video in videos:
        track = track_face(read_video_frames(video), probe(video).fps)
        sound = video.with_suffix(".wav")
        speech = recognise_phones(Speech.read(sound if sound.is_file() else video, sentence(video.stem)))
        yield GridClip(video.stem, track, speech.samples, speech.phones or ())


def sentence(name: str) -> str:
    """Return the words that a clip's name encodes.

    Raises:
        InputError: the name has not the form of GRID's.
    """
    tables = (_COMMANDS, _COLOURS, _PREPOSITIONS, None, _DIGITS, _ADVERBS)
    try:
        return " ".join(letter if table is None else table[letter] for letter, table in zip(name, tables, strict=True))
    except (KeyError, ValueError):
        raise InputError(
            f"{name} is not the name of a GRID clip; one is bbaf2n, for 'bin blue at f two now'."
        ) from None
