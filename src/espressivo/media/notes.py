"""The notes of a piece as plain columns, with its tempo and its bars: what every measure of music looks at.

`read_notes` fills the table from a MIDI file; anything that has notes, a tempo map and time signatures can fill it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.errors import InputError, MissingDependencyError
from espressivo.media.midi_length import last_tick

_LARGEST_BYTES = 8_000_000
_MOST_NOTES = 200_000
_LONGEST_S = 6 * 3600
_MOST_QUARTERS = 200_000
_MOST_BARS = 100_000
_MOST_TRACKS = 256
_DEFAULT_BPM = 120.0


@dataclass(frozen=True)
class TimeSignature:
    """A metre, from `tick` on."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Tempo:
    """Quarter notes per minute, from `tick` on."""

    tick: int
    bpm: float


@dataclass(frozen=True, eq=False)
class Notes:
    """A piece: one row per note, in the order of onset and pitch."""

    pitch: Int[np.ndarray, "n"]
    """MIDI number, 0..127."""
    velocity: Int[np.ndarray, "n"]
    """1..127."""
    start_tick: Int[np.ndarray, "n"]
    end_tick: Int[np.ndarray, "n"]
    """First tick after the note; never before `start_tick`."""
    track: Int[np.ndarray, "n"]
    is_drum: Bool[np.ndarray, "n"]
    ticks_per_quarter: int
    tempi: tuple[Tempo, ...] = (Tempo(0, _DEFAULT_BPM),)
    """By tick; the first one at tick 0."""
    metres: tuple[TimeSignature, ...] = (TimeSignature(0, 4, 4),)
    """By tick; the first one at tick 0."""
    place_in_file: Int[np.ndarray, "n"] | None = None
    """Rises in the order in which the file names the notes; None where there was no file."""
    last_tick: int | None = None
    """Where the file ends, which may be after its last note; None where there was no file."""

    def __len__(self) -> int:
        return len(self.pitch)

    @property
    def file_order(self) -> Int[np.ndarray, "n"]:
        """Rises in the order in which the notes were written: `place_in_file`, or as they stand here."""
        return np.arange(len(self)) if self.place_in_file is None else self.place_in_file

    @cached_property
    def start_s(self) -> Float[np.ndarray, "n"]:
        """Onsets, seconds."""
        return self.seconds_at(self.start_tick)

    @cached_property
    def end_s(self) -> Float[np.ndarray, "n"]:
        """Ends, seconds."""
        return self.seconds_at(self.end_tick)

    @property
    def end(self) -> int:
        """Tick at which the last note ends; 0 for an empty piece."""
        return int(self.end_tick.max(initial=0))

    @property
    def seconds(self) -> float:
        """From the first onset to the last end; 0 for an empty piece."""
        return float(self.end_s.max() - self.start_s.min()) if len(self) else 0.0

    @cached_property
    def pitched(self) -> "Notes":
        """The notes that have a pitch: all but the drums."""
        return self.where(~self.is_drum) if self.is_drum.any() else self

    @cached_property
    def bar_edges(self) -> Int[np.ndarray, "bars+1"]:
        """Tick of every bar line from 0 to the first one that no note reaches across; a new metre begins a bar.

        Bars are those of the file. A performance that was played without a click and written down at a nominal tempo
        has no others: its "bars" are then windows of equal length.
        """
        last = max(self.end, int(self.start_tick.max(initial=0)) + 1)
        metres = [metre for metre in self.metres if metre.tick < last]
        ends = [metre.tick for metre in metres[1:]] + [last]
        runs = [
            np.arange(metre.tick, end, max(4 * self.ticks_per_quarter * metre.numerator // metre.denominator, 1))
            for metre, end in zip(metres, ends, strict=True)
        ]
        length = max(4 * self.ticks_per_quarter * metres[-1].numerator // metres[-1].denominator, 1)
        return np.concatenate([*runs, [runs[-1][-1] + length]])

    def seconds_at(self, ticks: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """Return the time of each tick under the tempo map, in seconds."""
        changes = np.array([tempo.tick for tempo in self.tempi])
        pace = 60.0 / (np.array([tempo.bpm for tempo in self.tempi]) * self.ticks_per_quarter)
        reached = np.concatenate([[0.0], np.cumsum(np.diff(changes) * pace[:-1])])
        place = np.searchsorted(changes, ticks, side="right") - 1
        return reached[place] + (ticks - changes[place]) * pace[place]

    def where(self, inside: Bool[np.ndarray, "n"]) -> "Notes":
        """Return the notes that are `inside`, in the same bars and at the same times."""
        columns = ("pitch", "velocity", "start_tick", "end_tick", "track", "is_drum")
        place = None if self.place_in_file is None else self.place_in_file[inside]
        return replace(self, place_in_file=place, **{name: getattr(self, name)[inside] for name in columns})

    def transposed(self, semitones: int) -> "Notes":
        """Return the piece at another pitch; drums stay.

        Raises:
            ValueError: a note would leave the range of MIDI.
        """
        pitch = np.where(self.is_drum, self.pitch, self.pitch + semitones)
        if len(pitch) and not 0 <= pitch.min() <= pitch.max() <= 127:
            raise ValueError(f"Transposed by {semitones} semitones the piece leaves MIDI's pitches 0..127.")
        return replace(self, pitch=pitch)


def read_notes(path: Path) -> Notes:
    """Read a MIDI file.

    Raises:
        InputError: the file cannot be read, is no whole MIDI file, is unreasonably large, or has no notes.
        MissingDependencyError: symusic is not installed.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path} is larger than {_LARGEST_BYTES // 1_000_000} MB; give a single piece of music.")
        return parse_notes(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}); give a MIDI file.") from error


def parse_notes(midi: bytes, name: str) -> Notes:
    """Read the content of a MIDI file; `name` is what errors call it.

    Raises:
        InputError: it is no whole MIDI file, is unreasonably long, or has no notes.
        MissingDependencyError: symusic is not installed.
    """
    try:
        from symusic.core import ScoreTick
    except ImportError:
        raise MissingDependencyError("Reading MIDI needs symusic: pip install 'espressivo[music]'.") from None
    try:
        score = ScoreTick.from_midi(midi)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{name} is not a whole MIDI file; export it again as standard MIDI (.mid).") from error
    tracks = [(number, track, track.notes.numpy()) for number, track in enumerate(score.tracks) if len(track.notes)]
    if not tracks:
        raise InputError(f"{name} holds no notes; give a MIDI file with at least one.")
    columns = {
        column: np.concatenate([notes[column].astype(np.int64) for _, _, notes in tracks])
        for column in ("time", "duration", "pitch", "velocity")
    }
    number = np.concatenate([np.full(len(notes["time"]), number) for number, _, notes in tracks])
    drum = np.concatenate([np.full(len(notes["time"]), track.is_drum, bool) for _, track, notes in tracks])
    order = np.lexsort((columns["pitch"], columns["time"]))
    notes = Notes(
        pitch=columns["pitch"][order],
        velocity=columns["velocity"][order],
        start_tick=columns["time"][order],
        end_tick=(columns["time"] + columns["duration"])[order],
        track=number[order],
        is_drum=drum[order],
        ticks_per_quarter=int(score.ticks_per_quarter),
        tempi=_tempi([Tempo(int(tempo.time), float(tempo.qpm)) for tempo in score.tempos]),
        place_in_file=order,
        last_tick=last_tick(midi),
        metres=_metres(
            [
                TimeSignature(int(sign.time), int(sign.numerator), int(sign.denominator))
                for sign in score.time_signatures
            ]
        ),
    )
    return _believable(notes, name)


def _tempi(found: Sequence[Tempo]) -> tuple[Tempo, ...]:
    """Return the tempo map from tick 0 on: of several tempi at one tick the last one holds."""
    by_tick = {0: Tempo(0, _DEFAULT_BPM)} | {tempo.tick: tempo for tempo in found}
    return tuple(by_tick[tick] for tick in sorted(by_tick))


def _metres(found: Sequence[TimeSignature]) -> tuple[TimeSignature, ...]:
    by_tick = {0: TimeSignature(0, 4, 4)} | {metre.tick: metre for metre in found}
    return tuple(by_tick[tick] for tick in sorted(by_tick))


def _believable(notes: Notes, name: str) -> Notes:
    """Return `notes` if a musician could have meant them.

    Raises:
        InputError: numbers in the file are out of any range, so that it is damaged or hostile.
    """
    whole = (
        0 < notes.ticks_per_quarter <= 32767
        and notes.tempi[0].tick == notes.metres[0].tick == 0
        and all(np.isfinite(tempo.bpm) and 1 <= tempo.bpm <= 10_000 for tempo in notes.tempi)
        and all(0 < metre.numerator <= 255 and 0 < metre.denominator <= 64 for metre in notes.metres)
        and all(before.tick < after.tick for before, after in pairwise(notes.tempi))
        and bool(np.all((notes.pitch >= 0) & (notes.pitch <= 127) & (notes.velocity > 0)))
        and bool(np.all((notes.start_tick >= 0) & (notes.end_tick >= notes.start_tick)))
    )
    if not whole:
        raise InputError(f"{name} holds impossible times, tempi, metres or pitches; export it again as standard MIDI.")
    if len(notes) > _MOST_NOTES or notes.end > _MOST_QUARTERS * notes.ticks_per_quarter or notes.seconds > _LONGEST_S:
        raise InputError(
            f"{name} is longer than {_LONGEST_S // 3600} hours, {_MOST_QUARTERS} beats or {_MOST_NOTES} notes; "
            "give a single piece of music."
        )
    if len(np.unique(notes.track)) > _MOST_TRACKS or len(notes.bar_edges) > _MOST_BARS:
        raise InputError(
            f"{name} has more than {_MOST_TRACKS} tracks or {_MOST_BARS} bars; give a single piece of music."
        )
    return notes
