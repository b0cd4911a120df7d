"""The artefact of music generators: notes with what is known about them, and its MIDI file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from espressivo.conditioning.easing import Ease
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.errors import EmotionError, InputError, MissingDependencyError
from espressivo.generators.music.keys import Key
from espressivo.generators.music.score_chords import Chord, is_chord
from espressivo.generators.music.score_marks import (
    KEY_SIGNATURES,
    emotion_mark,
    emotion_of_marks,
    key_mark,
    key_of_marks,
    key_of_signature,
    readable,
    title_mark,
    title_of_marks,
)
from espressivo.media.notes import Notes, Tempo, TimeSignature, parse_notes
from espressivo.media.whole_file import write_whole

if TYPE_CHECKING:
    from symusic.core import ScoreTick

_TONICS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_COLUMNS = ("pitch", "velocity", "start_tick", "end_tick", "track", "is_drum")
_LARGEST_BYTES = 8_000_000


@dataclass(frozen=True)
class Instrument:
    """What plays a track."""

    name: str = "Piano"
    program: int = 0
    """General MIDI, 0..127."""
    is_drum: bool = False


@dataclass(frozen=True)
class KeyChange:
    """A key, from `tick` on."""

    tick: int
    key: Key

    @property
    def label(self) -> str:
        """As musicians write it: `B♭ major`."""
        return f"{_TONICS[self.key.tonic]} {self.key.mode}"


@dataclass(frozen=True, eq=False)
class Score:
    """A piece of music; the arrays of its notes are copies that cannot be written to.

    Raises:
        InputError: a note's track has no instrument, or the two disagree about whether it is drums.
    """

    notes: Notes
    instruments: tuple[Instrument, ...]
    """By the number of the track."""
    keys: tuple[KeyChange, ...] = ()
    """By tick; before the first one the key is unknown."""
    chords: tuple[Chord, ...] = ()
    """By tick."""
    emotion: EmotionTrack | None = None
    """In seconds from tick 0."""
    title: str = ""

    def __post_init__(self) -> None:
        if len(self.notes) and not 0 <= self.notes.track.min() <= self.notes.track.max() < len(self.instruments):
            raise InputError(f"A note plays on track {self.notes.track.max()}, but only {len(self.instruments)} exist.")
        drums = np.array([instrument.is_drum for instrument in self.instruments], bool)
        if len(self.notes) and (drums[self.notes.track] != self.notes.is_drum).any():
            raise InputError("A track of the score holds both drums and pitched notes; split it into two.")
        columns = {name: np.array(getattr(self.notes, name)) for name in _COLUMNS}
        for column in columns.values():
            column.setflags(write=False)
        object.__setattr__(self, "notes", replace(self.notes, **columns))

    @classmethod
    def of(cls, notes: Notes, title: str = "", emotion: EmotionTrack | None = None) -> Self:
        """Return `notes` played by piano, and by a drum kit where they are drums."""
        drums = {int(track) for track in np.unique(notes.track[notes.is_drum])}
        tracks = int(notes.track.max(initial=0)) + 1
        kit = Instrument("Drums", 0, is_drum=True)
        players = tuple(kit if track in drums else Instrument() for track in range(tracks))
        return cls(notes, players, title=title, emotion=emotion)

    @property
    def seconds(self) -> float:
        """From tick 0 to the end of the last note; 0 for an empty score."""
        return float(self.notes.end_s.max(initial=0.0))

    @property
    def bars(self) -> int:
        """Bars that the notes reach into; 0 for an empty score."""
        return len(self.notes.bar_edges) - 1 if len(self.notes) else 0

    def transposed(self, semitones: int) -> "Score":
        """Return the score at another pitch, keys and chords with it; drums stay.

        Raises:
            InputError: a note would leave the range of MIDI.
        """
        try:
            notes = self.notes.transposed(semitones)
        except ValueError as error:
            raise InputError(str(error)) from None
        keys = tuple(
            replace(change, key=replace(change.key, tonic=(change.key.tonic + semitones) % 12)) for change in self.keys
        )
        return replace(self, notes=notes, keys=keys, chords=tuple(chord.transposed(semitones) for chord in self.chords))

    def between(self, start_bar: int, end_bar: int) -> "Score":
        """Return the bars `start_bar` to before `end_bar`, counted from 0, moved to the beginning.

        A note belongs to the bar in which it begins and ends with the last bar. Tempo, metre, key, chord and emotion
        that hold at the beginning hold there in the result.

        Raises:
            InputError: the score does not have these bars.
        """
        if not 0 <= start_bar < end_bar <= self.bars:
            raise InputError(f"Bars {start_bar} to {end_bar} are not within the {self.bars} bars of the score.")
        begin, end = (int(self.notes.bar_edges[bar]) for bar in (start_bar, end_bar))
        inside = self.notes.where((self.notes.start_tick >= begin) & (self.notes.start_tick < end))
        moved = replace(
            inside,
            start_tick=inside.start_tick - begin,
            end_tick=np.minimum(inside.end_tick, end) - begin,
            tempi=_within(self.notes.tempi, begin, end),
            metres=_within(self.notes.metres, begin, end),
            place_in_file=None,
            last_tick=None,
        )
        start_s, end_s = self.notes.seconds_at(np.array([begin, end])).tolist()
        return replace(
            self,
            notes=moved,
            keys=_within(self.keys, begin, end),
            chords=_within(self.chords, begin, end),
            emotion=None if self.emotion is None else _emotion_within(self.emotion, start_s, end_s),
        )


def read_score(path: Path) -> Score:
    """Read a MIDI file. Tracks without notes are left out and the others counted from 0.

    Raises:
        InputError: the file cannot be read, is no whole MIDI file, is unreasonably large, or has no notes.
        MissingDependencyError: symusic is not installed.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path} is larger than {_LARGEST_BYTES // 1_000_000} MB; give a single piece of music.")
        midi = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}); give a MIDI file.") from error
    return parse_score(midi, str(path))


def parse_score(midi: bytes, name: str) -> Score:
    """Read the content of a MIDI file; `name` is what errors call it. Raises as `read_score`."""
    notes = parse_notes(midi, name)
    from symusic.core import ScoreTick

    content = ScoreTick.from_midi(midi)
    numbers = np.unique(notes.track)
    tracks = [content.tracks[int(number)] for number in numbers]
    marks = [(int(mark.time), mark.text) for mark in content.markers]
    signatures = {
        int(sign.time): KeyChange(int(sign.time), key_of_signature(sign.key, sign.tonality))
        for sign in content.key_signatures
    }
    modal = {tick: KeyChange(tick, key) for tick, key in key_of_marks(marks)}
    keys = signatures | modal
    try:
        emotion = emotion_of_marks(marks)
    except EmotionError as error:
        raise InputError(f"{name} holds an emotion that cannot be read: {error}") from None
    return Score(
        notes=replace(notes, track=np.searchsorted(numbers, notes.track), place_in_file=None, last_tick=None),
        instruments=tuple(
            Instrument(readable(track.name), int(track.program), bool(track.is_drum)) for track in tracks
        ),
        keys=tuple(keys[tick] for tick in sorted(keys)),
        chords=tuple(Chord(tick, text) for tick, text in marks if is_chord(text)),
        emotion=emotion,
        title=title_of_marks(marks),
    )


def write_midi(path: Path, score: Score) -> None:
    """Write a standard MIDI file, the same bytes for the same score.

    Reading it gives the score again, but that a tempo is kept to the microsecond per quarter note, that a note of no
    length sounds for a tick, and that a note ends when its pitch is struck again on its track: MIDI cannot say else.
    Chords are markers; title, emotion and keys that are neither major nor minor are markers that begin with
    `espressivo:`, which other programs show or ignore.

    Raises:
        OutputError: the file cannot be written.
        MissingDependencyError: symusic is not installed.
    """
    write_whole(path, midi_of(score))


def midi_of(score: Score) -> bytes:
    """Return the content of the MIDI file that `write_midi` writes.

    Raises:
        MissingDependencyError: symusic is not installed.
    """
    try:
        from symusic.core import KeySignatureTick, ScoreTick, TempoTick, TextMetaTick, TimeSignatureTick
    except ImportError:
        raise MissingDependencyError("Writing MIDI needs symusic: pip install 'espressivo[music]'.") from None
    content = ScoreTick(score.notes.ticks_per_quarter)
    for tempo in score.notes.tempi:
        content.tempos.append(TempoTick(tempo.tick, tempo.bpm))
    for metre in score.notes.metres:
        content.time_signatures.append(TimeSignatureTick(metre.tick, metre.numerator, metre.denominator))
    marks = [(0, mark) for mark in (*title_mark(score.title), *emotion_mark(score.emotion))]
    for change in score.keys:
        content.key_signatures.append(KeySignatureTick(change.tick, *KEY_SIGNATURES[change.key]))
        marks += [(change.tick, mark) for mark in key_mark(change.key)]
    marks += [(chord.tick, chord.name) for chord in score.chords]
    for tick, text in marks:
        content.markers.append(TextMetaTick(tick, text))
    _add_tracks(content, score)
    return content.dumps_midi()


def playable(notes: Notes) -> Notes:
    """Return `notes` as MIDI can say them: at least a tick long, ended when the same pitch is struck again.

    Of notes that begin together at one pitch on one track the last one is kept.
    """
    order = np.lexsort((np.arange(len(notes)), notes.start_tick, notes.pitch, notes.track))
    start, pitch, track = notes.start_tick[order], notes.pitch[order], notes.track[order]
    again = (
        np.append((pitch[1:] == pitch[:-1]) & (track[1:] == track[:-1]), False) if len(order) else order.astype(bool)
    )
    following = np.where(again, np.append(start[1:], 0) if len(order) else start, np.iinfo(np.int64).max)
    end = np.minimum(np.maximum(notes.end_tick[order], start + 1), following)
    ends = np.empty_like(notes.end_tick)
    ends[order] = end
    return replace(notes, end_tick=ends).where(ends > notes.start_tick)


def _add_tracks(content: "ScoreTick", score: Score) -> None:
    from symusic.core import NoteTick, TrackTick

    notes = playable(score.notes)
    for number, instrument in enumerate(score.instruments):
        track = TrackTick(instrument.name, instrument.program, instrument.is_drum)
        own = notes.where(notes.track == number)
        columns = (own.start_tick, own.end_tick - own.start_tick, own.pitch, own.velocity)
        for row in zip(*(column.tolist() for column in columns), strict=True):
            track.notes.append(NoteTick(*row))
        content.tracks.append(track)


_Change = TypeVar("_Change", Tempo, TimeSignature, KeyChange, Chord)


def _within(changes: Sequence[_Change], begin: int, end: int) -> tuple[_Change, ...]:
    """Return the changes between two ticks, moved to the beginning, from the one on that holds at `begin`."""
    held = [replace(change, tick=0) for change in changes if change.tick <= begin][-1:]
    later = [replace(change, tick=change.tick - begin) for change in changes if begin < change.tick < end]
    return (*held, *later)


def _emotion_within(track: EmotionTrack, start_s: float, end_s: float) -> EmotionTrack:
    inside = [replace(key, t_s=key.t_s - start_s) for key in track.keyframes if start_s < key.t_s < end_s]
    before: list[Ease] = [key.ease for key in track.keyframes if key.t_s <= start_s]
    first = Keyframe(0.0, track.state_at(start_s), before[-1] if before else "linear")
    last = Keyframe(end_s - start_s, track.state_at(end_s))
    return EmotionTrack((first, *inside, last))
