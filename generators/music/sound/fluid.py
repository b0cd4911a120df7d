"""Playing with a soundfont through the program fluidsynth, where it is installed."""

import math
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from espressivo.errors import InputError
from espressivo.generators.music.keys import Key
from espressivo.generators.music.score import Instrument, KeyChange, Score, midi_of
from espressivo.media.notes import Notes

_PROGRAM = "fluidsynth"
_GAIN = 0.5
_LONGEST_WAIT_S = 900


def is_installed() -> bool:
    """Return whether the program is on the search path."""
    return shutil.which(_PROGRAM) is not None


def play(
    notes: Notes, instrument: Instrument, samples: int, rate_hz: int, soundfont: Path
) -> Float32[np.ndarray, "samples 2"]:
    """Return one track as dry stereo sound, from tick 0 on.

    Raises:
        InputError: `soundfont` is no soundfont that fluidsynth can read, or it takes a quarter of an hour.
    """
    sound = np.zeros((samples, 2), np.float32)
    if not len(notes):
        return sound
    with tempfile.TemporaryDirectory() as folder:
        midi, played = Path(folder, "track.mid"), Path(folder, "track.raw")
        midi.write_bytes(midi_of(_until(notes, instrument, samples / rate_hz)))
        # Without keyboard, shell, chorus and reverberation.
        command = [_PROGRAM, "-n", "-i", "-q", "-C", "0", "-R", "0", "-g", str(_GAIN), "-r", str(rate_hz)]
        command += ["-T", "raw", "-O", "float", "-E", "little", "-F", str(played), str(soundfont.resolve()), str(midi)]
        try:
            said = subprocess.run(command, capture_output=True, timeout=_LONGEST_WAIT_S, check=False).stderr
        except subprocess.TimeoutExpired:
            raise InputError(
                f"fluidsynth needs over {_LONGEST_WAIT_S // 60} minutes to play a track; take some bars of it."
            ) from None
        heard = np.fromfile(played, "<f4").reshape(-1, 2) if played.is_file() else sound[:0]
    if not np.any(heard):
        reason = said.decode(errors="replace").strip().splitlines()
        raise InputError(
            f"{soundfont} cannot be played ({reason[0] if reason else 'fluidsynth gave no sound'}); "
            "give a General MIDI soundfont (.sf2)."
        )
    sound[: len(heard)] = heard[:samples]
    return sound


def _until(notes: Notes, instrument: Instrument, seconds: float) -> Score:
    """Return the track as a piece with an event that holds fluidsynth up until then: what rings on is heard."""
    last = max(notes.end, notes.tempi[-1].tick)
    missing_s = max(0.0, seconds - float(notes.seconds_at(np.array([last]))[0]))
    tick = last + math.ceil(missing_s * notes.tempi[-1].bpm / 60 * notes.ticks_per_quarter)
    alone = replace(notes, track=np.zeros_like(notes.track), place_in_file=None, last_tick=None)
    return Score(alone, (instrument,), keys=(KeyChange(tick, Key(0)),))
