"""A score as sound."""

import functools
import io
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.music.score import Instrument, Score
from espressivo.generators.music.sound import additive, sampled
from espressivo.generators.music.sound.loudness import TARGET_LUFS, normalised
from espressivo.generators.music.sound.room import in_room
from espressivo.media.notes import Notes
from espressivo.media.whole_file import write_whole
from espressivo.progress import ProgressCallback, track

RATE_HZ = 48_000
LONGEST_S = 30 * 60
_TAIL_S = 3.0
_FADE_S = 0.3
Player = Literal["auto", "own", "soundfont"]
_Play = Callable[[Notes, Instrument, int], Float32[np.ndarray, "samples 2"]]


@dataclass(frozen=True, eq=False)
class Sound:
    """A rendered score, 48 kHz stereo."""

    mix: Float32[np.ndarray, "samples 2"]
    """At the loudness asked for, true peaks below -1 dB."""
    stems: tuple[Float32[np.ndarray, "samples 2"], ...]
    """By track, before loudness: their sum is the mix but for its gain and limiter."""
    gain_db: float
    """From the sum of the stems to the mix."""
    player: str
    """`own`, or the name of the soundfont."""
    rate_hz: int = RATE_HZ

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.mix) / self.rate_hz


def render(
    score: Score,
    player: Player = "auto",
    soundfont: Path | None = None,
    target_lufs: float = TARGET_LUFS,
    *,
    loop: bool = False,
    progress: ProgressCallback | None = None,
) -> Sound:
    """Play a score.

    `auto` plays a soundfont where tinysoundfont and a soundfont are installed, else the own synthesiser. With `loop`
    the sound ends with the last bar and what rings on is added to its beginning, so that it repeats without a seam.

    Raises:
        InputError: the score has no notes or is longer than 30 minutes, or the soundfont cannot be used.
        MissingDependencyError: a soundfont is asked for and none, or no tinysoundfont, is installed.
    """
    if not len(score.notes):
        raise InputError("The score has no notes, so there is nothing to hear; compose or give one with some.")
    if score.seconds > LONGEST_S:
        raise InputError(
            f"The score lasts {score.seconds / 60:.0f} minutes; at most {LONGEST_S // 60} are played: take some bars."
        )
    name, play = _player(player, soundfont)
    end_s = float(score.notes.seconds_at(score.notes.bar_edges[-1:])[0]) if loop else score.seconds
    length, tail = round(end_s * RATE_HZ), round(_TAIL_S * RATE_HZ)
    fade = np.clip((length + tail - 1 - np.arange(length + tail)) / (_FADE_S * RATE_HZ), 0, 1).astype(np.float32)
    stems = []
    for number, instrument in enumerate(track(score.instruments, "sound", len(score.instruments), progress)):
        own = score.notes.where(score.notes.track == number)
        stem = play(own, instrument, length + tail) * fade[:, None]
        stems.append(_wrapped(stem, length) if loop else stem)
    mix, gain_db = normalised(np.asarray(sum(stems)), RATE_HZ, target_lufs, periodic=loop)
    return Sound(mix, tuple(stems), gain_db, name)


def write_stereo_wav(path: Path, sound: Float32[np.ndarray, "samples 2"], rate_hz: int = RATE_HZ) -> None:
    """Write stereo sound (louder than full scale is clipped) as a 24-bit WAV file.

    Raises:
        OutputError: the file cannot be written.
    """
    whole = np.clip(np.rint(sound.astype(np.float64) * 2**23), -(2**23), 2**23 - 1).astype("<i4")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(rate_hz)
        file.writeframes(whole.reshape(-1, 1).view(np.uint8)[:, :3].tobytes())
    write_whole(path, content.getvalue())


def _player(player: Player, soundfont: Path | None) -> tuple[str, _Play]:
    """Return the name of what plays, and how it plays a track."""
    if player == "own" or (player == "auto" and soundfont is None and not sampled.is_installed()):
        return "own", _play_own
    font = soundfont or sampled.found_soundfont()
    if font is not None:
        return font.name, functools.partial(_play_soundfont, font)
    if player == "soundfont":
        raise MissingDependencyError(
            "No soundfont is installed; give one (.sf2), install MuseScore_General, or play with the own synthesiser."
        )
    return "own", _play_own


def _play_own(notes: Notes, instrument: Instrument, samples: int) -> Float32[np.ndarray, "samples 2"]:
    return in_room(additive.play(notes, instrument, samples, RATE_HZ), RATE_HZ)


def _play_soundfont(font: Path, notes: Notes, instrument: Instrument, samples: int) -> Float32[np.ndarray, "samples 2"]:
    return sampled.play(notes, instrument, samples, RATE_HZ, font)


def _wrapped(sound: Float32[np.ndarray, "samples 2"], length: int) -> Float32[np.ndarray, "length 2"]:
    """Return the first `length` samples with all that follows added to them from the beginning, again and again."""
    rounds = -(-len(sound) // length)
    padded = np.pad(sound, ((0, rounds * length - len(sound)), (0, 0)))
    return padded.reshape(rounds, length, 2).sum(axis=0)
