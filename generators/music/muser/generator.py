"""MusER as a generator: piano music that carries an emotion, or one piece with the dynamics or rhythm of another."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.base import GeneratorSpec
from espressivo.generators.music.request import KeyInput, TimedRequest, existing_midi
from espressivo.progress import ProgressCallback, ProgressEvent
from espressivo.weights.manifest import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from espressivo.generators.music.keys import Key
    from espressivo.generators.music.moods import Mood
    from espressivo.generators.music.muser.composing import Bar, Plan
    from espressivo.generators.music.muser.pretrained import Model
    from espressivo.generators.music.muser.tokens import CompoundWords
    from espressivo.generators.music.score import Score
    from espressivo.media.notes import Notes

Element = Literal["tempo", "chord", "bar-beat", "pitch", "duration", "velocity"]
_STAGE = "composing"
_KEYS = 12
_BRIGHTNESS = 0.8
"""At a valence of 1 nine pieces of ten are in major, at -1 one (estimate)."""
_UNDECIDED = 0.4
"""Pieces whose valence changes its sign are not among the tenths that stay in one mode."""
_MOST_BARS = 500
_KEYS_OF_PIANO = 21, 108


class MuserRequest(TimedRequest):
    """What MusER is asked to write, or to transfer."""

    melody_of: Path | None = None
    """MIDI file that is kept, note by note, while elements of another piece are put into it."""
    elements_of: Path | None = None
    """MIDI file that gives the elements."""
    elements: tuple[Element, ...] = Field(default=("bar-beat", "duration", "velocity"), min_length=1)
    """What is taken from it: tempo, names of chords, rhythm (bar-beat), pitch, duration, dynamics (velocity)."""
    key: KeyInput | None = None
    """Key, such as C, F# minor or D dorian; by default the tonic is drawn, and the mode with the emotion's valence."""
    strictness: float = Field(default=0.35, ge=0, le=1)
    """Of the key: 1 lets no other pitch pass, less makes them that much rarer; 0 leaves it to the model."""
    guidance: float = Field(default=1.0, ge=0, le=5)
    """How firmly an emotion of intensity 1 leads the music."""
    temperature: float = Field(default=1.0, ge=0.1, le=3)
    """Below 1 the music is more regular, above 1 more surprising."""
    best_of: int = Field(default=4, ge=1, le=32)
    """Drafts of every four bars, of which the one that sounds most like the emotion is kept."""
    loop: bool = False
    """Leave the end open, so that the piece can be repeated without a break."""

    @field_validator("melody_of", "elements_of")
    @classmethod
    def _is_there(cls, path: Path | None) -> Path | None:
        return None if path is None else existing_midi(path)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.melody_of is None) != (self.elements_of is None):
            raise InputError("Elements are transferred between two pieces; give both --melody-of and --elements-of.")
        if self.melody_of is not None and (self.bars is not None or self.seconds is not None):
            raise InputError("A piece that is kept has its length; leave out bars and seconds.")
        return self


class MusER:
    """A codebook of compound words, a language model of codes, and a decoder by elements (Ji & Yang 2024)."""

    spec: ClassVar = GeneratorSpec(
        name="muser",
        kind="music",
        summary="piano music by musical elements; transfers rhythm or dynamics from one piece to another",
        licence="CC BY-NC-SA 4.0 (trained on EMOPIA): not for commercial use",
        extras=("music",),
    )
    Request: ClassVar = MuserRequest

    def __init__(self, model: "Model") -> None:
        self.model = model

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        """Load the weights that ship, or those in a folder: of `muser.train`, or the authors' best.pt.

        Decoding one word after another is faster on the CPU than anywhere else, whatever `device` is.

        Raises:
            InputError: `checkpoint` holds no such model.
            MissingDependencyError: the extra `music` is not installed.
        """
        try:
            from espressivo.generators.music.muser.pretrained import load_model
        except ImportError as error:
            raise MissingDependencyError(
                f"MusER needs {error.name}: pip install 'espressivo[music]' (and torch's CPU build)."
            ) from None
        return cls(load_model(checkpoint or FOLDER / "muser-emopia"))

    def generate(self, request: MuserRequest, progress: ProgressCallback | None = None) -> "Score":
        """Write the music.

        Raises:
            InputError: a piece cannot be read, or holds nothing that MusER knows.
            Cancelled: `progress` asked for it.
        """
        _report(progress, 0.0)
        randoms = [np.random.default_rng([request.seed, number]) for number in range(request.best_of)]
        if request.melody_of is not None and request.elements_of is not None:
            score = self._transferred(request, request.melody_of, request.elements_of, randoms[0])
        else:
            score = self._composed(request, randoms, progress)
        _report(progress, 1.0)
        return score

    def plan(self, request: MuserRequest) -> "Plan":
        """Return what a request says is to be written."""
        from espressivo.generators.music.moods import Mood, along
        from espressivo.generators.music.muser.composing import Plan
        from espressivo.generators.music.muser.manners import adjusted

        keyframes = request.emotion.keyframes
        moods = [Mood.of(keyframe.state) for keyframe in keyframes]
        return Plan(
            bars=request.bars_or_usual,
            seconds=request.seconds,
            mood=moods[0] if len(moods) == 1 else along(request.emotion),
            is_led=any(mood.intensity > 0 for mood in moods),
            manners=adjusted(self.model.manners, request.temperature, request.guidance),
        )

    def keys(self, request: MuserRequest, random: np.random.Generator) -> "Callable[[Mood], Key]":
        """Return the key of each mood: the one that is asked for; else major or minor by its valence, on one tonic."""
        from espressivo.generators.music.keys import Key

        tonic, chance = int(random.integers(_KEYS)), random.random()
        valences = [keyframe.state.vad[0] for keyframe in request.emotion.keyframes]
        if min(valences) < 0 < max(valences):
            chance = 0.5 + _UNDECIDED * (chance - 0.5)

        def key(mood: "Mood") -> Key:
            is_major = chance < 0.5 * (1.0 + _BRIGHTNESS * mood.place[0])
            return request.key or Key(tonic, "major" if is_major else "minor")

        return key

    def _composed(
        self, request: MuserRequest, randoms: list[np.random.Generator], progress: ProgressCallback | None
    ) -> "Score":
        from espressivo.generators.music.moods import Mood
        from espressivo.generators.music.muser.composing import write
        from espressivo.generators.music.muser.habits import drawn

        key_of_mood = self.keys(request, randoms[0])
        shift = (key_of_mood(Mood()).tonic + 6) % 12 - 6 if self.model.in_c else 0
        plan = replace(
            self.plan(request),
            scale=lambda mood: frozenset((pitch - shift) % 12 for pitch in key_of_mood(mood).scale),
            strictness=self._strictness(request),
            own=drawn(randoms[0]) if self.model.guided else None,
        )
        bars: list[Bar] = []
        for bar in write(self.model, plan, randoms):
            bars.append(bar)
            _report(progress, bar.share)
        words = np.array([word for bar in bars for word in bar.words])
        keys = [key_of_mood(bar.mood) for bar in bars]
        changes = [0, *(number for number in range(1, len(keys)) if keys[number] != keys[number - 1])]
        return self._score(words, {bar: keys[bar] for bar in changes}, len(bars), shift, request)

    def _strictness(self, request: MuserRequest) -> float:
        """Models that were not taught pieces in C choose their keys, unless one is asked for."""
        return request.strictness if self.model.in_c or request.key else 0.0

    def _transferred(
        self, request: MuserRequest, melody_of: Path, elements_of: Path, random: np.random.Generator
    ) -> "Score":
        from espressivo.generators.music.moods import Mood
        from espressivo.generators.music.muser.transfer import with_elements_of

        source, shift = self._read(melody_of)
        donor, _ = self._read(elements_of)
        plan = self.plan(request)
        mood = Mood.of(request.emotion.state_at(0.0))
        parts = with_elements_of(self.model, source, donor, request.elements, mood, plan.manners, random)
        return self._score(np.concatenate(list(parts)), {}, None, -shift, request)

    def _read(self, path: Path) -> "tuple[CompoundWords, int]":
        """Read a piece as one piano's words, and how far it was moved; on beats that are found if it has none."""
        from espressivo.generators.music.beats import is_on_grid, on_beats, track_beats
        from espressivo.generators.music.muser.home import at_home
        from espressivo.generators.music.muser.tokens import BAR, TICKS_PER_QUARTER, tokenise
        from espressivo.media.notes import read_notes

        notes = read_notes(path).pitched
        if not len(notes):
            raise InputError(f"{path} holds drums alone, which a piano cannot play; give a piece with pitches.")
        notes = replace(notes, track=np.zeros_like(notes.track))
        notes = notes if is_on_grid(notes) else on_beats(notes, track_beats(notes))
        bars = notes.end * TICKS_PER_QUARTER // (notes.ticks_per_quarter * BAR)
        if bars > _MOST_BARS:
            raise InputError(f"{path} has {bars} bars; elements are transferred in pieces of up to {_MOST_BARS}.")
        shift = 0
        if self.model.in_c:
            home = at_home(notes)
            notes, shift = home.notes, home.shift
        return tokenise(notes, 1, self.model.dictionary), shift

    def _score(
        self, words: "CompoundWords", keys: dict[int, "Key"], bars: int | None, shift: int, request: MuserRequest
    ) -> "Score":
        """Spell words as a score, `shift` semitones higher.

        Args:
            words: of the piece.
            keys: that were asked for, by the bar from which on they are.
            bars: how many, if they were composed.
            shift: see above.
            request: for it.
        """
        from espressivo.generators.music.dominance import with_loudness
        from espressivo.generators.music.keys import key_of
        from espressivo.generators.music.muser.chords import chord_of
        from espressivo.generators.music.muser.ending import cut, with_cadence
        from espressivo.generators.music.muser.tokens import BAR, spell
        from espressivo.generators.music.score import Chord, KeyChange, Score
        from espressivo.generators.music.sections import on_time

        read = spell(words, self.model.dictionary, close_gaps=not self.model.guided and bars is not None)
        notes, chords = read.notes, read.chords
        if bars is not None and request.loop:
            notes = cut(notes, bars * BAR)
        elif bars is not None:
            notes = with_cadence(notes, bars, max(keys) * BAR)
            last = notes.where(notes.start_tick == notes.start_tick.max())
            begin, name = int(last.start_tick[0]), chord_of(last.pitch, np.ones(len(last)))
            chords = (*(chord for chord in chords if chord[0] < begin), (begin, name))
        notes = _within_piano(notes, shift)
        if request.seconds is not None and (request.sections or request.exact):
            notes = on_time(notes, request.sections, request.seconds)
        notes = with_loudness(notes, request.emotion)
        # A piece that stays in a key may have found another one, such as the relative.
        found = {0: key_of(notes)} if len(keys) < 2 else keys
        return replace(
            Score.of(notes, emotion=request.emotion),
            keys=tuple(KeyChange(bar * BAR, key) for bar, key in found.items()),
            chords=tuple(Chord(tick, name).transposed(shift) for tick, name in chords),
        )


def _within_piano(notes: "Notes", shift: int) -> "Notes":
    """Move notes; those that leave the piano's keys stay on them by an octave, unless that key sounds by then."""
    low, high = _KEYS_OF_PIANO
    pitch = notes.pitch + shift
    folded = np.where(pitch > high, pitch - 12, np.where(pitch < low, pitch + 12, pitch))
    kept = folded == pitch
    for row in np.flatnonzero(~kept):
        same = kept & (folded == folded[row])
        taken = (notes.start_tick[same] < notes.end_tick[row]) & (notes.end_tick[same] > notes.start_tick[row])
        kept[row] = not taken.any()
    return replace(notes, pitch=folded).where(kept)


def _report(progress: ProgressCallback | None, share: float) -> None:
    if progress is not None:
        progress(ProgressEvent(_STAGE, share))
