"""Which emotion a piece of music expresses, over time and as a whole, read from its notes.

What is read is what listeners of piano music said they perceive, not what anybody feels. Reads any instruments as if
they were pianos, and nothing that is not in the notes: no timbre, no words.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.music_emotion.cues import CueReader
from espressivo.conditioning.music_emotion.listening import Listening, listen
from espressivo.conditioning.music_emotion.meaning import categories_of, intensity_of, quadrants_of, vad_of
from espressivo.conditioning.music_emotion.network import NetworkReader
from espressivo.conditioning.recognition import RecognisedEmotion, Source
from espressivo.errors import InputError
from espressivo.media.notes import Notes, read_notes
from espressivo.weights.manifest import FOLDER

DEFAULT = CueReader.id
NON_COMMERCIAL = "music-emotion-nc"
"""Trained on EMOPIA (CC BY-NC-SA 4.0) and VGMIDI (research). It knows half of the music that the judges know."""
_WHOLE_SAYS = 0.5
"""Share of the whole piece in what is read at a moment: windows are noisy, and most pieces have one mood."""


class MusicReader(Protocol):
    """Anything that reads valence and arousal from features."""

    @property
    def id(self) -> str:
        """Name of the reader."""
        ...

    def log_odds(self, features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n 2"]:
        """Log-odds that valence, and that arousal, is high rather than low."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True)
class MusicEmotion(RecognisedEmotion):
    """What was read in a piece, every `listening.HOP_S`; arrays are read-only."""

    source: Source = "music"
    quadrants: Float[np.ndarray, "times 4"]
    """Probability of each of `meaning.QUADRANTS`, calibrated; all alike where nothing sounds."""


@dataclass(frozen=True)
class Feeling:
    """Of a whole piece: what a generator is steered and its drafts are ranked by."""

    valence: float
    arousal: float
    """-1..1: twice the probability that it is high, minus 1."""
    quadrants: tuple[float, float, float, float]
    """Probabilities, as `meaning.QUADRANTS`."""


@cache
def load_reader(name: str = DEFAULT) -> MusicReader:
    """Return a reader that ships: `DEFAULT`, or `NON_COMMERCIAL`, which may not be used commercially.

    Raises:
        InputError: there is none of that name, or its weights are missing.
    """
    if name == DEFAULT:
        return CueReader()
    if name != NON_COMMERCIAL:
        raise InputError(f"{name!r} is no reader of music; there are {DEFAULT} and {NON_COMMERCIAL}.")
    return NetworkReader.load(FOLDER / name)


def recognise_music(music: Path | Notes, reader: MusicReader | None = None) -> MusicEmotion:
    """Read the emotion of a piece over time, with the default reader unless another is given.

    Args:
        music: a MIDI file, or notes.
        reader: one of `load_reader`.

    Raises:
        InputError: the file is no MIDI, holds no pitched notes, or is longer than half an hour.
        MissingDependencyError: a file is given and symusic is not installed.
    """
    return emotion_of(listen(music if isinstance(music, Notes) else read_notes(music)), reader or load_reader())


def emotion_of(heard: Listening, reader: MusicReader) -> MusicEmotion:
    """Read what was listened to."""
    whole = heard.whole[None]
    evidence = heard.evidence[:, None]
    log_odds = (1.0 - _WHOLE_SAYS) * reader.log_odds(heard.windows) + _WHOLE_SAYS * reader.log_odds(whole)
    vad = vad_of(log_odds, 0.5 * (heard.windows + whole)) * evidence
    quadrants = quadrants_of(log_odds * evidence)
    categories = categories_of(quadrants, vad)
    silence = np.eye(1, categories.shape[1])
    categories = evidence * categories + (1.0 - evidence) * silence
    return MusicEmotion(
        times_s=heard.times_s,
        posterior=categories,
        vad=vad,
        confidence=heard.evidence * categories.max(axis=1),
        intensity=intensity_of(categories, vad),
        quadrants=quadrants,
    )


def feeling_of(heard: Listening, reader: MusicReader) -> Feeling:
    """Read a piece as a whole."""
    first, second, third, fourth = (float(share) for share in quadrants_of(log_odds_of(heard, reader)[None])[0])
    return Feeling(2 * (first + fourth) - 1, 2 * (first + second) - 1, (first, second, third, fourth))


def log_odds_of(heard: Listening, reader: MusicReader) -> Float[np.ndarray, "2"]:
    """Log-odds of a piece: half as one passage, half as the mean over its windows where something sounds."""
    windows = reader.log_odds(heard.windows[heard.evidence > 0]).mean(axis=0)
    return _WHOLE_SAYS * reader.log_odds(heard.whole[None])[0] + (1.0 - _WHOLE_SAYS) * windows
