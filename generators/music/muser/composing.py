"""Composes with MusER: the prior writes codes, the decoder words, phrase by phrase, until the piece is long enough.

A phrase begins with the newest bars of those before, so that a piece may be as long as one likes, and needs no more
memory then. Codes are written before tempi are known, so that longer phrases would miss the turns of a curve.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from espressivo.generators.music.choosing import PHRASE_BARS, Draft, nearest
from espressivo.generators.music.drawing import draw
from espressivo.generators.music.moods import Mood, MoodCurve
from espressivo.generators.music.muser.decoding import CodeWriter, Leader, Leading, WordWriter
from espressivo.generators.music.muser.elements import COLUMN, FIELDS
from espressivo.generators.music.muser.grammar import NO_NOTES_YET, POSITIONS, Grammar, Place
from espressivo.generators.music.muser.manners import CODES, Manners
from espressivo.generators.music.muser.meanings import BAR, NOTE, CodePlace, rooms_of
from espressivo.generators.music.muser.pretrained import Model
from espressivo.generators.music.muser.steering import Course, Scale, Steering, without_steered
from espressivo.generators.music.muser.tokens import spell
from espressivo.media.notes import Tempo

_BEATS = 4
_USUAL_BPM = 100.0
_LONGEST, _REMEMBERED = 960, 256
"""Codes of a section, and how many of them may be of the section before."""
_STEADY_BARS = 16
"""Bars that are remembered."""
Word = Int[np.ndarray, "8"]


@dataclass(frozen=True)
class Plan:
    """What is to be written."""

    bars: int | None
    seconds: float | None
    """Of the two, one is given."""
    mood: Mood | MoodCurve
    is_led: bool
    """Whether there is an emotion anywhere in the piece."""
    manners: Manners
    scale: Scale = lambda _: frozenset(range(12))
    """Pitch classes to which notes are drawn."""
    strictness: float = 1.0
    """1 lets no other pitch pass, less makes them that much rarer."""
    own: Float[np.ndarray, "5"] | None = None
    """How the piece differs from others (`habits.drawn`); None leaves the model to its own habits."""

    def mood_at(self, bar: int, time_s: float) -> Mood:
        """Return the mood of a bar."""
        return self.mood if isinstance(self.mood, Mood) else self.mood(bar, time_s)

    def is_over(self, bars: int, elapsed_s: float, bar_s: float) -> bool:
        """Return whether so much is enough, if the last bar was so long; one bar at least is."""
        enough = bars >= self.bars if self.bars is not None else (self.seconds or 0) - elapsed_s < bar_s / 2
        return bars > 0 and enough

    def bars_left(self, bars: int, elapsed_s: float, bar_s: float) -> int:
        """Return how many bars are to be written yet, if they are so long; 1 at least."""
        left = self.bars - bars if self.bars is not None else round(((self.seconds or 0) - elapsed_s) / bar_s)
        return max(1, left)

    def share(self, bars: int, elapsed_s: float) -> float:
        """Return how much of the piece so much is, 0..1."""
        return min(1.0, bars / self.bars if self.bars is not None else elapsed_s / (self.seconds or 1))


class Bar(NamedTuple):
    """A bar that was written."""

    words: tuple[Word, ...]
    codes: tuple[int, ...]
    """Of the prior, one for each word."""
    mood: Mood
    begin_s: float
    seconds: float
    share: float
    """How much of the piece there is now, 0..1."""


@torch.no_grad()
def write(model: Model, plan: Plan, randoms: Sequence[np.random.Generator]) -> Iterator[Bar]:
    """Write a piece; draft each phrase as often as there are random numbers, and go on from the nearest to the mood.

    Args:
        model: in evaluation mode.
        plan: what is to be written.
        randoms: all that differs between two drafts, and between two pieces of the same plan.

    Yields:
        The bars of a phrase, as soon as it is chosen.
    """
    clock = _Clock()
    recent: list[Bar] = []
    # Where nothing is asked, there is nothing to choose by.
    randoms = randoms if plan.is_led else randoms[:1]
    while not plan.is_over(clock.bars, clock.elapsed_s, clock.bar_s):
        clocks = [clock.copy() for _ in randoms]
        drafts = [list(_phrase(model, plan, random, recent, own)) for random, own in zip(randoms, clocks, strict=True)]
        kept = nearest([_draft(bars, model, clock.bpm) for bars in drafts]) if len(drafts) > 1 else 0
        clock, recent = clocks[kept], [*recent, *drafts[kept]][-_STEADY_BARS:]
        yield from drafts[kept]


def _phrase(
    model: Model, plan: Plan, random: np.random.Generator, before: Sequence[Bar], clock: "_Clock"
) -> Iterator[Bar]:
    for bar in _Section(model, plan, random, before, clock).written():
        yield bar
        if plan.is_over(clock.bars, clock.elapsed_s, clock.bar_s):
            return


def _draft(bars: Sequence[Bar], model: Model, bpm: float | None) -> Draft:
    """What some bars sound like that begin at a tempo."""
    notes = spell(np.array([word for bar in bars for word in bar.words]), model.dictionary).notes
    if bpm is not None and notes.tempi[0].tick > 0:
        notes = replace(notes, tempi=(Tempo(0, bpm), *notes.tempi))
    return Draft(notes, [(bar.mood, bar.seconds) for bar in bars])


@dataclass
class _Clock:
    """How much is written, how long a bar is now, and what the newest music was like."""

    bars: int = 0
    elapsed_s: float = 0.0
    bpm: float | None = None
    bar_s: float = 60.0 * _BEATS / _USUAL_BPM
    course: Course = field(default_factory=Course)

    def copy(self) -> "_Clock":
        """Return one that goes on alone."""
        return replace(self, course=replace(self.course))

    def pass_bar(self, words: Sequence[Word], tempi: Int[np.ndarray, "classes"], grammar: Grammar) -> None:
        """Count a bar, at the tempi that its words tell."""
        told = [
            (grammar.position(word), float(tempi[word[COLUMN["tempo"]]]))
            for word in words
            if tempi[word[COLUMN["tempo"]]] > 0
        ]
        bpm = self.bpm or (told[0][1] if told else _USUAL_BPM)
        changes = [(0, bpm), *told, (POSITIONS, 0.0)]
        self.bar_s = sum(
            (after - place) * 60.0 * _BEATS / POSITIONS / pace for (place, pace), (after, _) in pairwise(changes)
        )
        self.bpm = changes[-2][1]
        self.bars += 1
        self.elapsed_s += self.bar_s


class _Section:
    """Bars that are written at once, after the newest ones of those before."""

    def __init__(
        self, model: Model, plan: Plan, random: np.random.Generator, before: Sequence[Bar], clock: _Clock
    ) -> None:
        self._model, self._plan, self._random, self._clock = model, plan, random, clock
        leans = model.leans if plan.own is None else without_steered(model.leans, model.dictionary)
        self._grammar, self._leader = Grammar(model.dictionary), Leader(model, is_led=plan.is_led, leans=leans)
        self._steering = Steering(model.dictionary, clock.course, plan.own, plan.scale, plan.strictness, model.pitches)
        self._tempi = model.dictionary.numbers("tempo")
        self._before = _newest(before)
        self._is_whole = self._wrote = False

    def written(self) -> Iterator[Bar]:
        """Write codes, then their words; yield bars as they are finished, one at least."""
        codes = self._codes()
        first = self._first_lead()
        writer = WordWriter(self._model.words, self._model.latent(codes), len(first.for_words))
        writer.read(self._grammar.word(type="Emotion"), first)
        for bar in self._before:
            for word in bar.words:
                writer.read(word, self._lead(bar.mood))
                self._steering.pass_word(word, is_new=False)
        place, mood, words = Place(told=self._clock.bars > 0), self._mood(0), []
        begin = sum(len(bar.words) for bar in self._before)
        rooms = np.zeros(len(codes), int)
        if self._model.kinds is not None:
            rooms = rooms_of(self._model.kinds[codes])
            self._steering.expect(self._model.kinds[codes[begin:]])
        for number in range(begin, len(codes)):
            word = self._word(writer, place, mood, codes[number], int(rooms[number]))
            if words and self._grammar.begins_bar(word):
                yield self._bar(words, codes[number - len(words) : number], mood)
                words, mood = [], self._mood(0)
            words.append(word)
            self._steering.pass_word(word)
            place = self._grammar.after(place, word)
            if number + 1 < len(codes):
                writer.read(word, self._lead(mood))
        begun = codes[len(codes) - len(words) :]
        # A position that had no codes left for its notes.
        if place.lowest == NO_NOTES_YET:
            words, begun = words[:-1], begun[:-1]
        if len(words) > 1 and (self._is_whole or not self._wrote):
            yield self._bar(words, begun, mood)

    def _codes(self) -> list[int]:
        """Write codes of bars to be written, after those of the bars before."""
        writer = CodeWriter(self._model.codes, self._first_lead())
        for bar in self._before:
            for code in bar.codes:
                writer.write(code, self._lead(bar.mood))
        codes = [code for bar in self._before for code in bar.codes]
        manner, wanted = self._plan.manners[CODES], self._bars_wanted()
        mood, bars, place, kinds = self._mood(0), 0, CodePlace(), self._model.kinds
        allowed = np.ones(len(self._model.used_codes), bool)
        while len(codes) < _LONGEST:
            logits = writer.logits(self._lead(mood), manner.guidance)
            if kinds is not None:
                allowed = place.allowed(kinds)
                logits = logits + self._steering.of_codes(mood, self._clock.bar_s, place, kinds)
            code = draw(logits, allowed, manner, self._random)
            if kinds is not None:
                self._steering.pass_code(mood, self._clock.bar_s, place, code, int(kinds[code]))
                place = place.after(int(kinds[code]))
                if place.last == BAR:
                    if bars == wanted:
                        self._is_whole = True
                        break
                    mood, bars = self._mood(bars), bars + 1
            codes.append(code)
            writer.write(code, self._lead(mood))
        return codes

    def _word(self, writer: WordWriter, place: Place, mood: Mood, code: int, room: int) -> Word:
        """Draw a word: its type first, unless its code stands for one, then what belongs to it."""
        lead, grammar, word, kinds = self._lead(mood), self._grammar, np.zeros(len(FIELDS), int), self._model.kinds
        if kinds is None:
            kind = self._draw("type", writer.types(lead, self._plan.manners["type"].guidance), grammar.types(place))
        else:
            kind = grammar.note if kinds[code] == NOTE else grammar.metrical
        word[COLUMN["type"]] = kind
        for name in grammar.elements_of(kind):
            # A bar line says nothing else.
            if grammar.begins_bar(word):
                break
            logits = writer.element(name, kind, lead, self._plan.manners[name].guidance)
            allowed = grammar.element(name, place, room)
            if name == "bar-beat" and kinds is not None:
                allowed &= (np.arange(len(allowed)) == grammar.bar) == (kinds[code] == BAR)
            word[COLUMN[name]] = self._draw(name, logits + self._steering.of_element(name, mood), allowed)
        return word

    def _draw(self, name: str, logits: Float[np.ndarray, "n"], allowed: Bool[np.ndarray, "n"]) -> int:
        return draw(logits, allowed, self._plan.manners[name], self._random)

    def _bar(self, words: list[Word], codes: list[int], mood: Mood) -> Bar:
        begin_s = self._clock.elapsed_s
        self._clock.pass_bar(words, self._tempi, self._grammar)
        self._wrote = True
        share = self._plan.share(self._clock.bars, self._clock.elapsed_s)
        return Bar(tuple(words), tuple(codes), mood, begin_s, self._clock.bar_s, share)

    def _bars_wanted(self) -> int:
        return min(PHRASE_BARS, self._plan.bars_left(self._clock.bars, self._clock.elapsed_s, self._clock.bar_s))

    def _mood(self, later: int) -> Mood:
        """Return the mood so many bars from now, if tempo stays."""
        return self._plan.mood_at(self._clock.bars + later, self._clock.elapsed_s + later * self._clock.bar_s)

    def _lead(self, mood: Mood) -> Leading:
        return self._leader.lead(mood)

    def _first_lead(self) -> Leading:
        return self._lead(self._before[0].mood if self._before else self._mood(0))


def _newest(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """Return as many of the newest bars as a section remembers."""
    lengths = np.cumsum([len(bar.words) for bar in reversed(bars)])
    count = int((lengths <= _REMEMBERED).sum())
    return tuple(bars[len(bars) - count :])
