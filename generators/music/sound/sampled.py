"""Playing with a soundfont through tinysoundfont, and finding one."""

import importlib.util
import os
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.music.score import Instrument, playable
from espressivo.media.notes import Notes

_FILES = ("MuseScore_General.sf3", "MuseScore_General.sf2", "FluidR3_GM.sf3", "FluidR3_GM.sf2", "default-GM.sf2")
_FOLDERS = ("soundfonts", "sounds/sf3", "sounds/sf2")
# A package that has a soundfont in it. That one is GPL-2: it is read where it lies and never copied.
_PACKAGE, _PACKAGE_FILE = "pretty_midi", "TimGM6mb.sf2"
_GAIN_DB = -6.0
_MOST_VOICES = 256


def is_installed() -> bool:
    """Return whether soundfonts can be played here."""
    return importlib.util.find_spec("tinysoundfont") is not None


def found_soundfont() -> Path | None:
    """Return a General MIDI soundfont of this machine: of the system's shared data, or in an installed package."""
    # The default is that of the XDG Base Directory Specification.
    shared = os.environ.get("XDG_DATA_DIRS") or os.pathsep.join(("/usr/local/share", "/usr/share"))
    places = [Path(base, folder, name) for base in shared.split(os.pathsep) for folder in _FOLDERS for name in _FILES]
    package = importlib.util.find_spec(_PACKAGE)
    if package is not None and package.origin:
        places.append(Path(package.origin).with_name(_PACKAGE_FILE))
    return next((place for place in places if place.is_file()), None)


def play(
    notes: Notes, instrument: Instrument, samples: int, rate_hz: int, soundfont: Path
) -> Float32[np.ndarray, "samples 2"]:
    """Return one track as stereo sound, from tick 0 on.

    Raises:
        InputError: `soundfont` is no soundfont that can be read.
        MissingDependencyError: tinysoundfont is not installed.
    """
    try:
        import tinysoundfont  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise MissingDependencyError(
            "Playing a soundfont needs tinysoundfont: pip install --no-deps tinysoundfont."
        ) from None
    synth = tinysoundfont.Synth(gain=_GAIN_DB, samplerate=rate_hz)
    try:
        font = synth.sfload(str(soundfont), max_voices=_MOST_VOICES)
        synth.program_select(
            0,
            font,
            128 if instrument.is_drum else 0,
            0 if instrument.is_drum else instrument.program,
            instrument.is_drum,
        )
    except (RuntimeError, OSError, tinysoundfont.SoundFontException) as error:
        raise InputError(f"{soundfont} cannot be played ({error}); give a General MIDI soundfont (.sf2).") from error
    sound = np.zeros((samples, 2), np.float32)
    now = 0
    for time, key, velocity in _events(playable(notes), rate_hz):
        until = min(time, samples)
        if until > now:
            sound[now:until] = np.frombuffer(synth.generate(until - now), np.float32).reshape(-1, 2)
            now = until
        if velocity:
            synth.noteon(0, key, velocity)
        else:
            synth.noteoff(0, key)
    if samples > now:
        sound[now:] = np.frombuffer(synth.generate(samples - now), np.float32).reshape(-1, 2)
    return sound


def _events(notes: Notes, rate_hz: int) -> list[tuple[int, int, int]]:
    """Return sample, pitch and velocity (0 where a note ends) in the order of time, ends first."""
    begins, ends = (np.rint(times_s * rate_hz).astype(int).tolist() for times_s in (notes.start_s, notes.end_s))
    pitches, velocities = notes.pitch.tolist(), notes.velocity.tolist()
    on = list(zip(begins, pitches, velocities, strict=True))
    # A note lasts a sample at least, so that its end is not before its own beginning.
    off = [(max(end, begin + 1), pitch, 0) for begin, end, pitch in zip(begins, ends, pitches, strict=True)]
    return sorted(on + off, key=lambda event: (event[0], event[2] > 0))
