"""EmoGen as a generator: music that follows an emotion; whole, continued from a piece, or in some bars of one."""

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.base import GeneratorSpec
from espressivo.generators.music.keys import Key, Mode
from espressivo.generators.music.request import KeyInput, TimedRequest, existing_midi
from espressivo.progress import ProgressCallback, ProgressEvent
from espressivo.weights.manifest import FOLDER

if TYPE_CHECKING:
    from espressivo.generators.music.emogen.composing import Composer, Piece
    from espressivo.generators.music.emogen.emotion import Commands
    from espressivo.generators.music.emogen.locks import Locks
    from espressivo.generators.music.emogen.playing import Playing
    from espressivo.generators.music.emogen.sampling import Plan
    from espressivo.generators.music.score import Chord, Score
    from espressivo.media.notes import Notes

_SECONDS_PER_BAR = 2.0
"""About as long as a bar is, before it is known."""
_TONIC = 12
"""Tells the random numbers of the tonic from those of the notes."""


class EmoGenRequest(TimedRequest):
    """What EmoGen is asked to write, and within which limits. Each section has the mean emotion of its time."""

    key: KeyInput | None = None
    """Key of all bars, such as C, F# minor or D dorian; by default the music chooses."""
    mode: Mode | None = None
    """Mode of all bars, whatever the valence, on a tonic that the seed draws; by default the emotion leads it."""
    strictness: float = Field(default=1.0, ge=0, le=1)
    """Of key and mode: 1 lets no other pitch pass, less makes them that much rarer."""
    tempo: float | None = Field(default=None, ge=16, le=256)
    """Quarter notes per minute of all bars; by default the music chooses."""
    metre: str | None = Field(default=None, pattern=r"^\d{1,2}/\d{1,2}$")
    """Time signature of all bars, such as 3/4; by default the music chooses."""
    pitch_range: tuple[int, int] = (21, 108)
    """Lowest and highest pitch as MIDI numbers; 60 is middle C."""
    velocity: tuple[int, int] = (1, 127)
    """Softest and loudest note."""
    density: int | None = Field(default=None, ge=1, le=48)
    """Notes that may begin within a quarter note, at most."""
    primer: Path | None = None
    """MIDI file to continue, or in which bars are to be written anew."""
    infill: tuple[int, int] | None = None
    """First and last bar (counted from 1) of the primer that are written anew; all others stay."""
    loop: bool = False
    """Leave the end open, so that the piece can be repeated without a break."""
    guidance: float = Field(default=1.0, ge=0, le=10)
    """How firmly an emotion of intensity 1 leads the music."""
    temperature: float = Field(default=1.0, ge=0.05, le=5)
    """Below 1 the music is more regular, above 1 more surprising."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Only the likeliest tokens that together are so probable are drawn."""
    best_of: int = Field(default=2, ge=1, le=32)
    """Drafts of every four bars, at most: the first that sounds enough like the emotion is kept, else the nearest."""
    pedal: bool = True
    """Let notes sound until their harmony changes, as pianists do; else they are as long as they are written."""
    dynamics: float = Field(default=1.0, ge=0, le=1)
    """How far loudness follows the emotion by rule, as that of players does; at 0 it is what the model writes."""

    @field_validator("primer")
    @classmethod
    def _is_there(cls, primer: Path | None) -> Path | None:
        return None if primer is None else existing_midi(primer)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.infill is not None:
            if self.primer is None:
                raise InputError("Bars can only be written anew in a piece; name its MIDI file as primer.")
            if self.bars is not None or self.seconds is not None:
                raise InputError("Bars that are written anew have their length; leave out bars and seconds.")
            if not 1 <= self.infill[0] <= self.infill[1]:
                raise InputError(f"infill {self.infill[0]} {self.infill[1]} is no range of bars; count from 1.")
            _check_bars(self.primer, self.infill)
        if self.key is not None and self.mode is not None:
            raise InputError("A key has a mode of its own; leave out one of key and mode.")
        if (self.sections or self.exact) and self.primer is not None:
            raise InputError("Sections and an exact end are for new music; leave out the primer.")
        return self


class EmoGen:
    """Emotion -> attributes -> a language model with linear attention (Kang et al. 2023), trained on POP909."""

    spec: ClassVar = GeneratorSpec(
        name="emogen",
        kind="music",
        summary="piano music from a language model that is told 100 attributes; curves, locks, primer, infilling",
        licence="MIT (trained on POP909, MIT; attributes by EmoGen, MIT)",
        extras=("music",),
    )
    Request: ClassVar = EmoGenRequest
    _weights: ClassVar = "emogen-pop"
    _density: ClassVar[tuple[float, float] | None] = None
    """Strokes per second and notes per stroke without an emotion; None: those in between the quadrants."""

    def __init__(self, composer: "Composer") -> None:
        self.composer = composer

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        """Load the weights that ship, those of `emogen.train` (a folder), or the authors' (a .pt file).

        Decoding one token after another is faster on the CPU than anywhere else, whatever `device` is.

        Raises:
            InputError: `checkpoint` holds no such model.
            MissingDependencyError: the extra `music` is not installed.
        """
        try:
            from espressivo.generators.music.emogen.checkpoints import load_official
            from espressivo.generators.music.emogen.composing import Composer
        except ImportError as error:
            raise MissingDependencyError(
                f"EmoGen needs {error.name}: pip install 'espressivo[music]' (and torch's CPU build)."
            ) from None
        if checkpoint is not None and checkpoint.is_file():
            return cls(load_official(checkpoint))
        return cls(Composer.load(checkpoint or FOLDER / cls._weights, cls._commands()))

    def generate(self, request: EmoGenRequest, progress: ProgressCallback | None = None) -> "Score":
        """Write the music.

        Raises:
            InputError: the primer cannot be read, or nothing can be written within the limits.
            Cancelled: `progress` asked for it.
        """
        request = _with_key(request)
        if request.sections or request.exact:
            return self._in_sections(request, progress)
        piece = self._piece(request, progress)
        return _score(piece.notes, request, piece.begin_tick, piece.end_tick)

    @classmethod
    def _commands(cls) -> "Commands":
        from espressivo.generators.music.attributes.attributes import table
        from espressivo.generators.music.emogen.emotion import telling

        return telling(table().commands)

    def _plan(self, request: EmoGenRequest) -> "Plan":
        plan = _plan(request)
        return plan if self._density is None else replace(plan, own_density=np.log(self._density))

    def _piece(self, request: EmoGenRequest, progress: ProgressCallback | None) -> "Piece":
        plan, drafts = self._plan(request), request.best_of
        if request.primer is None:
            return self.composer.compose(plan, request.seed, drafts, progress)
        notes = _primer(request.primer)
        if request.infill is None:
            return self.composer.continued(notes, plan, request.seed, drafts, progress)
        first, last = (bar - 1 for bar in request.infill)
        return self.composer.infilled(notes, first, last, plan, request.seed, drafts, progress)

    def _in_sections(self, request: EmoGenRequest, progress: ProgressCallback | None) -> "Score":
        from espressivo.generators.music.emogen.composing import playable
        from espressivo.generators.music.emogen.lengths import Length
        from espressivo.generators.music.moods import Mood
        from espressivo.generators.music.sections import mean_place, stretched

        assert request.seconds is not None
        plan, edges_s, edges = self._plan(request), (0.0, *request.sections, request.seconds), [0]
        notes: Notes | None = None
        for number, (begin_s, end_s) in enumerate(pairwise(edges_s)):
            section = replace(
                plan,
                length=Length(seconds=end_s - begin_s),
                mood=Mood.at(*mean_place(request.emotion, begin_s, end_s)),
                cadence=plan.cadence and end_s == request.seconds,
            )
            share = (begin_s / request.seconds, end_s / request.seconds)
            piece = self.composer.compose(
                section, request.seed + number, request.best_of, progress and _part(progress, *share)
            )
            plan, notes = replace(plan, before=piece.bars), piece.notes
            edges.append(piece.end_tick)
        assert notes is not None
        notes = playable(notes, 0, edges[-1], edges[-1])
        return _score(stretched(notes, np.array(edges), edges_s), request, 0, edges[-1])


class EmoGenEmopia(EmoGen):
    """EmoGen tuned on music whose emotion people have named; not for commercial use."""

    spec: ClassVar = GeneratorSpec(
        name="emogen-nc",
        kind="music",
        summary="emogen, tuned on piano covers and game music with named emotions",
        licence="CC BY-NC-SA 4.0 (tuned on EMOPIA; VGMIDI states no licence): not for commercial use",
        extras=("music",),
    )
    _weights: ClassVar = "emogen-emopia-nc"
    # Geometric means over `espressivo generate emogen-nc --emotion neutral --bars 8 --seed N`, N from 0 to 5.
    _density: ClassVar = (2.74, 1.82)

    @classmethod
    def _commands(cls) -> "Commands":
        from espressivo.generators.music.emogen.commands import read_commands
        from espressivo.generators.music.emogen.emotion import telling

        return telling(read_commands(FOLDER / "music-commands-nc" / "commands.json"))


def _with_key(request: EmoGenRequest) -> EmoGenRequest:
    """Give a mode a tonic: that of the primer, or one that the seed draws."""
    from espressivo.generators.music.keys import key_of

    if request.mode is None:
        return request
    drawn = int(np.random.default_rng([request.seed, _TONIC]).integers(12))
    tonic = drawn if request.primer is None else key_of(_primer(request.primer)).tonic
    return request.model_copy(update={"key": Key(tonic, request.mode), "mode": None})


def _plan(request: EmoGenRequest) -> "Plan":
    from espressivo.generators.music.drawing import Manner
    from espressivo.generators.music.emogen.lengths import Length
    from espressivo.generators.music.emogen.sampling import Plan
    from espressivo.generators.music.moods import Mood, along

    keyframes = request.emotion.keyframes
    return Plan(
        length=Length(request.bars_or_usual, request.seconds),
        mood=Mood.of(keyframes[0].state) if len(keyframes) == 1 else along(request.emotion),
        locks=_locks(request),
        manner=Manner(request.temperature, request.top_p, request.guidance),
        cadence=not request.loop,
        playing=_playing(request),
    )


def _playing(request: EmoGenRequest) -> "Playing":
    from espressivo.generators.music.emogen.playing import Playing

    return Playing(request.pedal, request.dynamics, min(1.0, request.guidance))


def _locks(request: EmoGenRequest) -> "Locks":
    from espressivo.generators.music.dominance import lean_of
    from espressivo.generators.music.emogen.locks import Locks

    top, _, bottom = (request.metre or "").partition("/")
    return Locks(
        register=request.pitch_range,
        lean=lean_of(request.emotion, request.seconds or _SECONDS_PER_BAR * (request.bars_or_usual or 1)),
        key=request.key,
        strictness=request.strictness,
        tempo_bpm=request.tempo,
        metre=(int(top), int(bottom)) if request.metre else None,
        velocity=request.velocity,
        most_per_quarter=request.density,
    )


def _check_bars(primer: Path, infill: tuple[int, int]) -> None:
    """Refuse bars that a piece does not have.

    Raises:
        InputError: see above, or the piece cannot be read.
    """
    from espressivo.generators.music.emogen.tokens import tokenise

    bars = tokenise(_primer(primer)).count("b-1")
    if infill[1] > bars:
        raise InputError(f"{primer} has bars 1 to {bars}; {infill[0]} to {infill[1]} are not among them.")


def _primer(path: Path) -> "Notes":
    """Return what is to be continued; a file is read anew only after it was changed."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, changed_at_ns: int) -> "Notes":
    """Read all that has pitch, for one piano, on beats that are found if the file has none."""
    from espressivo.generators.music.beats import is_on_grid, on_beats, track_beats
    from espressivo.media.notes import read_notes

    notes = read_notes(path).pitched
    if not len(notes):
        raise InputError(f"{path} holds drums alone, which a piano cannot continue; give a piece with pitches.")
    notes = replace(notes, track=np.zeros_like(notes.track))
    return notes if is_on_grid(notes) else on_beats(notes, track_beats(notes))


def _part(progress: ProgressCallback, begin: float, end: float) -> ProgressCallback:
    """Report the progress of a part as that of the whole."""

    def report(event: ProgressEvent) -> None:
        progress(ProgressEvent(event.stage, begin + (end - begin) * event.fraction))

    return report


def _score(notes: "Notes", request: EmoGenRequest, begin_tick: int, end_tick: int) -> "Score":
    from espressivo.generators.music.dominance import with_loudness
    from espressivo.generators.music.emogen.composing import playable
    from espressivo.generators.music.keys import key_of
    from espressivo.generators.music.moods import places_along
    from espressivo.generators.music.score import KeyChange, Score

    begin_s = float(notes.seconds_at(np.array([begin_tick]))[0])
    places = places_along(request.emotion, notes.start_s - begin_s)
    notes = _playing(request).of(notes, begin_tick, end_tick, places, request.velocity)
    notes = with_loudness(notes, request.emotion, begin_tick, request.velocity)
    notes = playable(notes, begin_tick, end_tick, notes.end)
    return replace(
        Score.of(notes, emotion=_later(request.emotion, begin_s)),
        keys=(KeyChange(0, request.key or key_of(notes)),) if len(notes) else (),
        chords=_chords(notes),
    )


def _later(track: EmotionTrack, seconds: float) -> EmotionTrack:
    """Let a track begin later; what comes before is as its beginning."""
    if seconds == 0 or len(track.keyframes) == 1:
        return track
    return EmotionTrack(tuple(Keyframe(key.t_s + seconds, key.state, key.ease) for key in track.keyframes))


def _chords(notes: "Notes") -> "tuple[Chord, ...]":
    """Name the harmony of each beat where it changes."""
    from espressivo.generators.music.muser.chords import chords_of
    from espressivo.generators.music.score import Chord

    beat = notes.ticks_per_quarter
    names = chords_of(notes.pitch, notes.start_tick, notes.end_tick, -(-notes.end // beat), beat)
    changes = [0, *(after for after, (one, other) in enumerate(pairwise(names), 1) if one != other)] if names else []
    return tuple(Chord(number * beat, names[number]) for number in changes)
