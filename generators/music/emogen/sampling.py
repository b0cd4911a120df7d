"""Writes music token by token with the language model: several pieces side by side, bar by bar.

Each piece has random numbers of its own: it is the same whichever pieces are written beside it.

The first bar is there after some 50 steps of 2 ms: what is to sound at once can be played bar by bar as it is yielded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import table
from espressivo.generators.music.choosing import PHRASE_BARS
from espressivo.generators.music.drawing import Manner, draw
from espressivo.generators.music.emogen.colour import Colours
from espressivo.generators.music.emogen.decoding import Decoding
from espressivo.generators.music.emogen.emotion import Commands, command_of
from espressivo.generators.music.emogen.grammar import Grammar, State
from espressivo.generators.music.emogen.lengths import BarClock, Length
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.mode import MODE, in_minor, with_mode
from espressivo.generators.music.emogen.network import END, EmoGenLanguageModel
from espressivo.generators.music.emogen.pace import Paces
from espressivo.generators.music.emogen.playing import AS_WRITTEN, Playing
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


Choice = Callable[[Sequence[Sequence[Bar]]], int]
"""Index of the best of several drafts of a phrase."""


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
    return _Desk(model, vocabulary, plan, seeds, commands).write()


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
        for bar in desk.write(PHRASE_BARS):
            drafts[bar.piece].append(bar)
        chosen = choose(drafts)
        yield from (bar._replace(piece=0) for bar in drafts[chosen])
        desk.follow(chosen)


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
        self._decoding = Decoding(model, len(seeds), told=steady != 0, open_too=steady != 1)
        for row, pen in enumerate(self._pens):
            self._tell(row, pen)
            self._decoding.read(row, pen.remembered()[:-1])
        self._newest = [pen.remembered()[-1] for pen in self._pens]
        self._rested: dict[int, tuple[Decoding, int]] = {}

    @property
    def is_done(self) -> bool:
        """Whether no piece goes on."""
        return all(pen.is_done for pen in self._pens)

    def write(self, most_bars: int | None = None) -> Iterator[Bar]:
        """Write each piece to its end, or so many bars of it."""
        pens = self._pens
        ends = [None if most_bars is None else pen.written + most_bars for pen in pens]
        while pens:
            strengths = self._plan.manner.guidance * np.array([pen.mood.intensity for pen in pens])
            logits = self._decoding.step(self._newest, strengths) + self._grammar.log_weights
            logits += np.stack([pen.colour for pen in pens])
            manner = self._plan.manner
            self._newest = [draw(row, pen.allowed(), manner, pen.random) for row, pen in zip(logits, pens, strict=True)]
            for row, (pen, token) in enumerate(zip(pens, self._newest, strict=True)):
                if (bar := pen.take(token)) is None:
                    continue
                yield bar
                if not bar.ends:
                    if pen.mood != bar.mood:
                        self._tell(row, pen)
                    if self._decoding.position(row) >= _FAR:
                        self._decoding.read(row, pen.remembered()[:-1])
                if pen.written == ends[pen.number]:
                    self._rested[pen.number] = self._decoding.alone(row), token
            going = [row for row, pen in enumerate(pens) if not pen.is_done and pen.written != ends[pen.number]]
            if len(going) < len(pens):
                self._decoding.keep(going)
                pens, self._newest = [pens[row] for row in going], [self._newest[row] for row in going]

    def follow(self, number: int) -> None:
        """Let all pieces, none of which is being written, go on as this one."""
        for pen in self._pens:
            pen.follow(self._pens[number])
        if not self.is_done:
            self._decoding, newest = self._rested[number]
            self._decoding.keep([0] * len(self._pens))
            self._newest = [newest] * len(self._pens)

    def _tell(self, row: int, pen: "_Pen") -> None:
        self._decoding.tell(row, _told(pen.mood, self._plan.locks, self._commands))


def _told(mood: Mood, locks: Locks, commands: Commands | None) -> Int[np.ndarray, "attributes"]:
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
        self._colours = Colours(vocabulary, self._tonic(seed)) if plan.locks.key is None else None
        self._paces = Paces(vocabulary)
        self.mood = self._mood_now()
        self.colour = self._colour_now()

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
        return allowed

    def take(self, token: int) -> Bar | None:
        """Write a token; return the bar that it closes, if it does."""
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
        self.mood = self._mood_now()
        self.colour = self._colour_now()
        share = 1.0 if self.is_done else self._clock.share(self.written, self._elapsed_s)
        return Bar(self.number, tokens, mood, begin_s, self._bar_s, share, self.is_done)

    def _mood_now(self) -> Mood:
        mood = self._plan.mood
        return mood if isinstance(mood, Mood) else mood(self.written, self._elapsed_s)

    def _colour_now(self) -> Float[np.ndarray, "vocabulary"]:
        led = min(1.0, self._plan.manner.guidance)
        pace = self._paces.of(self.mood)
        return led * (pace if self._colours is None else pace + self._colours.of(self.mood))

    def _tonic(self, seed: Sequence[int]) -> int:
        """That of what is there already; else any, drawn apart from the notes."""
        return self._key().tonic if self._bars else int(np.random.default_rng([*seed, _TONIC]).integers(12))

    def _tonic_chord(self) -> frozenset[int]:
        return (self._plan.locks.key or self._key()).tonic_chord

    def _key(self) -> Key:
        tokens = self._vocabulary.decode(token for bar in self._bars for token in bar)
        return key_of(spell(tokens).notes)
