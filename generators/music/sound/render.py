"""A score as sound."""

import functools
import io
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.music.score import Instrument, Score
from espressivo.generators.music.sound import additive, fluid, sampled
from espressivo.generators.music.sound.loudness import TARGET_LUFS, normalised
from espressivo.generators.music.sound.room import in_room
from espressivo.media.notes import Notes
from espressivo.media.whole_file import write_whole
from espressivo.progress import ProgressCallback, track

RATE_HZ = 48_000
LONGEST_S = 30 * 60
_MOST_NOTES = 50_000
_MOST_STEMS_S = 3600.0
"""Of all stems together: 1.4 GB."""
_TAIL_S = 3.0
"""What may ring on after the last note."""
_INAUDIBLE = 10 ** (-66 / 20)
"""Of the loudest sample: what lies below it at the end is cut off, after a fade."""
_FADE_S = 0.3
Player = Literal["auto", "own", "soundfont"]
_Play = Callable[[Notes, Instrument, int], Float32[np.ndarray, "samples 2"]]
_Finish = Callable[[Float32[np.ndarray, "samples 2"]], Float32[np.ndarray, "samples 2"]]


@dataclass(frozen=True, eq=False)
class Sound:
    """A rendered score, 48 kHz stereo."""

    mix: Float32[np.ndarray, "samples 2"]
    """At the loudness asked for, true peaks below -1 dB."""
    stems: tuple[Float32[np.ndarray, "samples 2"], ...]
    """By track, before loudness: their sum is the mix but for its gain and limiter. Empty where none were asked for."""
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
    stems: bool = True,
    progress: ProgressCallback | None = None,
) -> Sound:
    """Play a score.

    `auto` plays a soundfont where one is installed and fluidsynth or, failing that, tinysoundfont with it; else the
    own synthesiser. The sound ends when the last notes have rung out. With `loop` it ends with the last bar and what
    rings on is added to its beginning, so that it repeats without a seam. Without `stems` tracks are not kept apart,
    which takes less time and memory.

    Raises:
        InputError: the score has no notes, is too long or has too many tracks for stems, or the soundfont cannot be
            used.
        MissingDependencyError: a soundfont is asked for, and none or nothing that plays it is installed.
    """
    if not len(score.notes):
        raise InputError("The score has no notes, so there is nothing to hear; compose or give one with some.")
    if score.seconds > LONGEST_S:
        raise InputError(
            f"The score lasts {score.seconds / 60:.0f} minutes; at most {LONGEST_S // 60} are played: take some bars."
        )
    if len(score.notes) > _MOST_NOTES:
        raise InputError(f"The score has {len(score.notes)} notes; at most {_MOST_NOTES} are played: take some bars.")
    if stems and len(score.instruments) * (score.seconds + _TAIL_S) > max(_MOST_STEMS_S, score.seconds + _TAIL_S):
        raise InputError(
            f"{len(score.instruments)} tracks of {score.seconds / 60:.0f} minutes are too much to keep apart; "
            "play the score without stems, or some bars of it."
        )
    name, play, finish = _player(player, soundfont)
    end_s = float(score.notes.seconds_at(score.notes.bar_edges[-1:])[0]) if loop else score.seconds
    length, tail = round(end_s * RATE_HZ), round(_TAIL_S * RATE_HZ)
    mixed = np.zeros((length + tail, 2), np.float32)
    kept: list[Float32[np.ndarray, "samples 2"]] = []
    for number, instrument in enumerate(track(score.instruments, "sound", len(score.instruments), progress)):
        dry = play(score.notes.where(score.notes.track == number), instrument, length + tail)
        if stems:
            kept.append(finish(dry))
        else:
            mixed += dry
        del dry
    mixed = _sum(kept) if stems else finish(mixed)
    end = _rung_out(mixed, length)
    kept = [_ended(stem[:end], length, loop) for stem in kept]
    mixed = _sum(kept) if stems else _ended(mixed[:end], length, loop)
    mix, gain_db = normalised(mixed, RATE_HZ, target_lufs, periodic=loop)
    return Sound(mix, tuple(kept), gain_db, name)


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


def _player(player: Player, soundfont: Path | None) -> tuple[str, _Play, _Finish]:
    """Return the name of what plays, how it plays a track, and what is done to tracks or to their sum."""
    can_play = sampled.is_installed() or fluid.is_installed()
    if player == "own" or (player == "auto" and soundfont is None and not can_play):
        return "own", _play_own, _in_room
    font = soundfont or sampled.found_soundfont()
    if font is not None:
        return font.name, functools.partial(_play_soundfont, font), _as_it_is
    if player == "soundfont":
        raise MissingDependencyError(
            "No soundfont is installed; give one (.sf2), install MuseScore_General, or play with the own synthesiser."
        )
    return "own", _play_own, _in_room


def _play_own(notes: Notes, instrument: Instrument, samples: int) -> Float32[np.ndarray, "samples 2"]:
    return additive.play(notes, instrument, samples, RATE_HZ)


def _in_room(sound: Float32[np.ndarray, "samples 2"]) -> Float32[np.ndarray, "samples 2"]:
    return in_room(sound, RATE_HZ)


def _play_soundfont(font: Path, notes: Notes, instrument: Instrument, samples: int) -> Float32[np.ndarray, "samples 2"]:
    play = fluid.play if fluid.is_installed() else sampled.play
    return play(notes, instrument, samples, RATE_HZ, font)


def _as_it_is(sound: Float32[np.ndarray, "samples 2"]) -> Float32[np.ndarray, "samples 2"]:
    return sound


def _sum(sounds: Sequence[Float32[np.ndarray, "samples 2"]]) -> Float32[np.ndarray, "samples 2"]:
    total = np.zeros_like(sounds[0])
    for sound in sounds:
        total += sound
    return total


def _rung_out(sound: Float32[np.ndarray, "samples 2"], length: int) -> int:
    """Return where a sound has rung out, at the earliest at `length`, with time to fade."""
    level = np.abs(sound).max(axis=1)
    heard = np.flatnonzero(level > _INAUDIBLE * level.max())
    return min(max(length, heard[-1] + 1 if len(heard) else 0) + round(_FADE_S * RATE_HZ), len(sound))


def _ended(sound: Float32[np.ndarray, "samples 2"], length: int, loop: bool) -> Float32[np.ndarray, "samples 2"]:
    """Let the end fade; of a loop, add what follows its `length` from the beginning, again and again."""
    fade = round(_FADE_S * RATE_HZ)
    sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    if not loop:
        return sound
    rounds = -(-len(sound) // length)
    padded = np.pad(sound, ((0, rounds * length - len(sound)), (0, 0)))
    return padded.reshape(rounds, length, 2).sum(axis=0)
