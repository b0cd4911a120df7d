"""Writes music token by token with the language model: several pieces side by side, bar by bar.

Each piece has random numbers of its own: it is the same whichever pieces are written beside it.

The first bar is there after some 50 steps of 2 ms: what is to sound at once can be played bar by bar as it is yielded.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.choosing import PHRASE_BARS
from espressivo.generators.music.drawing import Manner, draw
from espressivo.generators.music.emogen.colour import Colours, Tonality
from espressivo.generators.music.emogen.decoding import Decoding
from espressivo.generators.music.emogen.emotion import Commands, command_of
from espressivo.generators.music.emogen.grammar import Grammar, State
from espressivo.generators.music.emogen.lengths import BarClock, Length
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.mode import MODE, in_minor, with_mode
from espressivo.generators.music.emogen.network import END, EmoGenLanguageModel
from espressivo.generators.music.emogen.pace import Paces, moved_octaves
from espressivo.generators.music.emogen.playing import AS_WRITTEN, Playing
from espressivo.generators.music.emogen.texture import (
    NOTHING,
    REPEATED,
    USUAL,
    Pair,
    Textures,
    lean_of,
    missed_after,
)
from espressivo.generators.music.emogen.tokens import Vocabulary, spell
from espressivo.generators.music.keys import Key, key_of
from espressivo.generators.music.moods import Mood, MoodCurve

Ids = tuple[int, ...]
_TONIC = 12
"""Tells the random numbers of the tonic from those of the notes."""
_FAR, _RECENT = 1024, 512
"""Tokens after which a piece is read anew, and how many of its newest ones: the model learned from 1280 at once."""


@dataclass(frozen=True)
class Plan:
    """What is to be written."""

    length: Length
    mood: Mood | MoodCurve
    """Bars and seconds of a curve count from the first bar that is written."""
    locks: Locks = field(default_factory=Locks)
    manner: Manner = field(default_factory=Manner)
    before: tuple[Ids, ...] = ()
    """Bars that are there already."""
    heads: tuple[tuple[int, int], ...] | None = None
    """Signature and tempo of each bar, where they are given; then there are as many bars."""
    cadence: bool = True
    """Whether the second half of the last bar has to have notes, and none out of the key's tonic triad."""
    playing: Playing = AS_WRITTEN
    """How drafts sound to the reader that chooses among them."""
    own_density: Pair = field(default_factory=lambda: USUAL, compare=False)
    """How dense the model writes without an emotion."""


class Bar(NamedTuple):
    """A bar that was written."""

    piece: int
    """Index of its seed."""
    tokens: Ids
    mood: Mood
    begin_s: float
    """From where writing began."""
    seconds: float
    share: float
    """How much of the piece there is now, 0..1; at the last bar `ends`, too."""
    ends: bool


Choice = Callable[[Iterable[Sequence[Bar]]], int]
"""Index of the best of several drafts of a phrase, each of which is written when it is asked for."""


def write(
    model: EmoGenLanguageModel,
    vocabulary: Vocabulary,
    plan: Plan,
    seeds: Sequence[Sequence[int]],
    commands: Commands | None = None,
) -> Iterator[Bar]:
    """Write one piece per seed, side by side; yield their bars as they are finished.

    Args:
        model: in evaluation mode.
        vocabulary: that of the model.
        plan: what is to be written.
        seeds: of each piece.
        commands: see `emotion.command_of`.

    Raises:
        InputError: nothing can be written within the plan's locks and length.
    """
    return _Desk(model, vocabulary, plan, seeds, commands).write(range(len(seeds)))


def write_choosing(
    model: EmoGenLanguageModel,
    vocabulary: Vocabulary,
    plan: Plan,
    seeds: Sequence[Sequence[int]],
    choose: Choice,
    commands: Commands | None = None,
) -> Iterator[Bar]:
    """Write one piece; draft each of its phrases once per seed, and go on from the draft that is chosen.

    Args:
        model: in evaluation mode.
        vocabulary: that of the model.
        plan: what is to be written.
        seeds: of the drafts.
        choose: says which draft of a phrase is kept.
        commands: see `emotion.command_of`.

    Yields:
        The bars of a phrase, as soon as it is chosen.

    Raises:
        InputError: nothing can be written within the plan's locks and length.
    """
    desk = _Desk(model, vocabulary, plan, seeds, commands)
    while not desk.is_done:
        drafts: list[list[Bar]] = [[] for _ in seeds]
        chosen = choose(_drafted(desk, drafts))
        yield from (bar._replace(piece=0) for bar in drafts[chosen])
        desk.follow(chosen)


def _drafted(desk: "_Desk", drafts: list[list[Bar]]) -> Iterator[Sequence[Bar]]:
    """Write drafts of a phrase into their lists, and hand them out, each when it is asked for."""
    for number, draft in enumerate(drafts):
        draft += desk.write([number], PHRASE_BARS)
        yield draft


class _Desk:
    """Where pieces are written side by side."""

    def __init__(
        self,
        model: EmoGenLanguageModel,
        vocabulary: Vocabulary,
        plan: Plan,
        seeds: Sequence[Sequence[int]],
        commands: Commands | None,
    ) -> None:
        self._plan, self._commands = plan, commands
        if model.size.attributes == MODE + 1:
            self._commands = with_mode(table().commands if commands is None else commands)
        self._grammar, clock = Grammar(vocabulary, plan.locks), BarClock(vocabulary, plan.locks, plan.length)
        self._pens = [_Pen(number, seed, plan, self._grammar, clock, vocabulary) for number, seed in enumerate(seeds)]
        steady = plan.mood.intensity * plan.manner.guidance if isinstance(plan.mood, Mood) else None
        first = self._pens[0]
        self._decoding = Decoding(model, 1, told=steady != 0, open_too=steady != 1)
        self._tell(self._decoding, 0, first)
        self._decoding.read(0, first.remembered()[:-1])
        self._newest = first.remembered()[-1]
        self._begun = 0
        self._rested: dict[int, tuple[Decoding, int]] = {}

    @property
    def is_done(self) -> bool:
        """Whether no piece goes on."""
        return all(pen.is_done for pen in self._pens)

    def write(self, numbers: Sequence[int], most_bars: int | None = None) -> Iterator[Bar]:
        """Write some of the pieces side by side, from where all are, to their ends, or so many bars of them."""
        pens = [self._pens[number] for number in numbers]
        decoding, newest = self._decoding.alone(0), [self._newest] * len(pens)
        decoding.keep([0] * len(pens))
        end = None if most_bars is None else self._begun + most_bars
        while pens:
            strengths = self._plan.manner.guidance * np.array([pen.mood.intensity for pen in pens])
            logits = decoding.step(newest, strengths) + self._grammar.log_weights
            for row, pen in zip(logits, pens, strict=True):
                pen.lean(row)
            manner = self._plan.manner
            newest = [draw(row, pen.allowed(), manner, pen.random) for row, pen in zip(logits, pens, strict=True)]
            for row, (pen, token) in enumerate(zip(pens, newest, strict=True)):
                if (bar := pen.take(token)) is None:
                    continue
                yield bar
                if not bar.ends:
                    if pen.mood != bar.mood:
                        self._tell(decoding, row, pen)
                    if decoding.position(row) >= _FAR:
                        decoding.read(row, pen.remembered()[:-1])
                if pen.written == end:
                    self._rested[pen.number] = decoding.alone(row), token
            going = [row for row, pen in enumerate(pens) if not pen.is_done and pen.written != end]
            if len(going) < len(pens):
                decoding.keep(going)
                pens, newest = [pens[row] for row in going], [newest[row] for row in going]

    def follow(self, number: int) -> None:
        """Let all pieces go on as this one, which has been written to the end of a bar."""
        for pen in self._pens:
            pen.follow(self._pens[number])
        self._begun = self._pens[number].written
        if not self.is_done:
            self._decoding, self._newest = self._rested[number]
            self._rested = {}

    def _tell(self, decoding: Decoding, row: int, pen: "_Pen") -> None:
        decoding.tell(row, told(pen.mood, self._plan.locks, self._commands))


def told(mood: Mood, locks: Locks, commands: Commands | None) -> Int[np.ndarray, "attributes"]:
    """The command of a mood; a key that a user has chosen has its own mode."""
    command = command_of(mood, commands)
    if locks.key is not None and len(command) > MODE:
        command[MODE] = in_minor(locks.key)
    return command


class _Pen:
    """Writes one piece."""

    def __init__(
        self,
        number: int,
        seed: Sequence[int],
        plan: Plan,
        grammar: Grammar,
        clock: BarClock,
        vocabulary: Vocabulary,
    ) -> None:
        self.random = np.random.default_rng(list(seed))
        self.is_done = False
        self.number = number
        self.written = 0
        self._plan, self._grammar, self._clock, self._vocabulary = plan, grammar, clock, vocabulary
        self._state = State()
        self._bars: list[Ids] = list(plan.before)
        self._bar: list[int] = []
        self._elapsed_s = self._bar_s = 0.0
        self._colours = Colours(vocabulary) if plan.locks.key is None else None
        self._tonality = Tonality.before_all(self._tonic(seed))
        self._paces, self._textures = Paces(vocabulary), Textures(vocabulary)
        self._missed = NOTHING
        self._top: int | None = None
        self._pace: float | None = None
        self.mood = self._mood_now()
        self._colour, self._density = self._colour_now(), self._density_now()

    def follow(self, other: "_Pen") -> None:
        """Go on as another, by dice of one's own. Both are at the end of a bar."""
        random, number = self.random, self.number
        vars(self).update(vars(other), random=random, number=number)
        self._bars, self._bar = list(other._bars), []

    def remembered(self) -> list[int]:
        """The newest whole bars, as a piece begins."""
        recent: list[int] = []
        for bar in reversed(self._bars):
            if recent and len(recent) + len(bar) > _RECENT:
                break
            recent[:0] = bar
        return [END, *recent]

    def allowed(self) -> Bool[np.ndarray, "vocabulary"]:
        """Which tokens may come next."""
        if self._plan.heads is not None and len(self._bar) < 2:
            given = np.zeros(len(self._vocabulary), bool)
            given[self._plan.heads[self.written][len(self._bar)]] = True
            return given
        allowed = self._grammar.allowed(self._state)
        if len(self._bar) == 0:
            allowed = allowed & self._clock.fitting_signatures(self._elapsed_s)
            if not allowed.any():
                raise InputError("The music asked for is shorter than half a bar; ask for more, or a faster tempo.")
        elif len(self._bar) == 1:
            allowed = allowed & self._clock.fitting_tempi(self._elapsed_s, self._bar[0])
            if self._pace is not None and allowed[tempo := self._paces.nearest(self._pace)]:
                allowed = np.arange(len(allowed)) == tempo
        return allowed

    def lean(self, logits: Float[np.ndarray, "vocabulary"]) -> None:
        """Add to the logits what the mood asks for."""
        logits += self._colour
        density = self._textures.of(self._density, self._state)
        if density is not None:
            logits += density
        if self._state.letter == "i" and self._top is not None:
            logits[self._top] -= self._led * self.mood.intensity * REPEATED

    def take(self, token: int) -> Bar | None:
        """Write a token; return the bar that it closes, if it does."""
        if self._state.letter == "i":
            self._top = token
        self._state = self._grammar.after(self._state, token)
        self._bar.append(token)
        if len(self._bar) == 2:
            self._begin_bar()
        return self._end_bar() if self._state.letter == "b" else None

    def _begin_bar(self) -> None:
        signature, tempo = self._bar
        self._bar_s = self._clock.seconds(signature, tempo)
        last = self._clock.is_over(self.written + 1, self._elapsed_s + self._bar_s, self._bar_s)
        if last and self._plan.cadence:
            self._state = self._state._replace(chord=self._tonic_chord())

    def _end_bar(self) -> Bar:
        mood, begin_s, tokens = self.mood, self._elapsed_s, tuple(self._bar)
        self._bars.append(tokens)
        self._bar = []
        self.written += 1
        self._elapsed_s += self._bar_s
        self.is_done = self._clock.is_over(self.written, self._elapsed_s, self._bar_s)
        self._missed = missed_after(
            self._missed, mood, self._textures.count(tokens, self._bar_s), self._plan.own_density
        )
        if self._colours is not None:
            self._tonality = self._colours.after(self._tonality, mood, tokens)
        self.mood = self._mood_now()
        if self.mood != mood and self._led:
            pace = self._paces.octaves(tokens[1]) if self._pace is None else self._pace
            self._pace = pace + self._led * moved_octaves(mood, self.mood)
        self._colour, self._density = self._colour_now(), self._density_now()
        share = 1.0 if self.is_done else self._clock.share(self.written, self._elapsed_s)
        return Bar(self.number, tokens, mood, begin_s, self._bar_s, share, self.is_done)

    def _mood_now(self) -> Mood:
        mood = self._plan.mood
        return mood if isinstance(mood, Mood) else mood(self.written, self._elapsed_s)

    def _colour_now(self) -> Float[np.ndarray, "vocabulary"]:
        pace = self._paces.of(self.mood)
        return self._led * (pace if self._colours is None else pace + self._colours.of(self.mood, self._tonality))

    def _density_now(self) -> Pair:
        return self._led * lean_of(self.mood, self._missed, self._plan.own_density)

    @property
    def _led(self) -> float:
        return min(1.0, self._plan.manner.guidance)

    def _tonic(self, seed: Sequence[int]) -> int:
        """That of what is there already; else any, drawn apart from the notes."""
        return self._key().tonic if self._bars else int(np.random.default_rng([*seed, _TONIC]).integers(12))

    def _tonic_chord(self) -> frozenset[int]:
        return (self._plan.locks.key or self._key()).tonic_chord

    def _key(self) -> Key:
        tokens = self._vocabulary.decode(token for bar in self._bars for token in bar)
        return key_of(spell(tokens).notes)
