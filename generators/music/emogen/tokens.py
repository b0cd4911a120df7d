"""EmoGen's tokens: a piece as bars, positions and notes (MidiProcessor's REMIGEN2, as used by microsoft/muzic, emogen).

A bar is `s-k` (time signature), `t-k` (tempo), then for each twelfth of a quarter where notes begin `o-k`, for each
instrument `i-k`, for each note `p-k` (pitch), `d-k` (duration), `v-k` (velocity), from high to low; `b-1` closes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import groupby
from typing import TypeVar

import numpy as np

from espressivo.errors import InputError
from espressivo.media.notes import Notes, Tempo, TimeSignature

GRID = 12
"""Positions per quarter note."""
FIRST_ID = 4
"""Ids before it: 0 begins a sentence (unused), 1 pads, 2 ends, 3 is unknown."""
DRUMS = 128
"""Instrument of drums; their pitches are told apart by adding it."""
_Change = TypeVar("_Change", Tempo, TimeSignature)
_SLOWEST_BPM, _FASTEST_BPM = 16.0, 256.0
_LONGEST_BAR = 8 * GRID
_DENOMINATORS = (1, 2, 4, 8, 16, 32, 64)
SIGNATURES = tuple((top, bottom) for bottom in _DENOMINATORS for top in range(1, 2 * bottom + 1))
"""Numerator and denominator of the time signature `s-k`, by k."""
_DURATIONS = np.concatenate([[0], np.cumsum(np.repeat(2 ** np.arange(8), 12))[:-1]])
"""First length of each bucket, in positions: steps of 1, then of 2, 4, ... 128."""


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of one dictionary of the authors; an id is a line's number plus `FIRST_ID`."""

    tokens: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.tokens) + FIRST_ID

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token -> id."""
        return {token: number + FIRST_ID for number, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return ids.

        Raises:
            InputError: a token is not in this dictionary.
        """
        try:
            return [self.ids[token] for token in tokens]
        except KeyError as error:
            raise InputError(f"The music holds {_in_words(error.args[0])}, which this model was not taught.") from None

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return tokens; ids that are none (padding, the end) are left out."""
        return [self.tokens[number - FIRST_ID] for number in ids if FIRST_ID <= number < len(self)]


@cache
def piano() -> Vocabulary:
    """The 458 tokens of piano music."""
    return _read("remigen2_piano.txt")


@cache
def many_instruments() -> Vocabulary:
    """The 688 tokens of the TopMAGD model."""
    return _read("remigen2_topmagd.txt")


def tokenise(notes: Notes, programs: Sequence[int] = (0,)) -> list[str]:
    """Write a piece as tokens. Bars without notes before its first and after its last note are left out.

    Args:
        notes: the piece; its bars should be musical ones (see `music.beats`).
        programs: MIDI program of each track; the last one stands for the rest.

    Raises:
        InputError: a bar is longer than two whole notes.
    """
    edges = _on_grid(notes.bar_edges, notes.ticks_per_quarter)
    onset = _on_grid(notes.start_tick, notes.ticks_per_quarter)
    length = _on_grid(notes.end_tick, notes.ticks_per_quarter) - onset
    bar = np.searchsorted(edges, onset, side="right") - 1
    program = np.array(
        [
            DRUMS if drum else programs[min(track, len(programs) - 1)]
            for track, drum in zip(notes.track, notes.is_drum, strict=True)
        ],
        int,
    )
    pitch = notes.pitch + DRUMS * notes.is_drum
    rows = sorted(
        zip(bar, onset - edges[bar], program, -pitch, -length, -notes.velocity, strict=True),
    )
    by_bar = {number: list(group) for number, group in groupby(rows, key=lambda row: row[0])}
    if not by_bar:
        return []
    tokens: list[str] = []
    for number in range(min(by_bar), max(by_bar) + 1):
        tokens += _bar_head(notes, int(notes.bar_edges[number]))
        for place, here in groupby(by_bar.get(number, []), key=lambda row: row[1]):
            if place >= _LONGEST_BAR:
                raise InputError("A bar of the music is longer than two whole notes; split it up.")
            tokens.append(f"o-{place}")
            for player, chord in groupby(here, key=lambda row: row[2]):
                tokens.append(f"i-{player}")
                for *_, low, short, quiet in chord:
                    tokens += [f"p-{-low}", f"d-{_duration_id(-short)}", f"v-{-quiet // 4}"]
        tokens.append("b-1")
    return tokens


@dataclass(frozen=True, eq=False)
class Spelled:
    """What tokens say."""

    notes: Notes
    programs: tuple[int, ...]
    """Of each track."""
    malformed: int
    """Groups of tokens that say nothing, and were passed over."""
    edges: tuple[int, ...]
    """Bar lines in ticks, from 0 to the end of the last bar."""


def spell(tokens: Sequence[str]) -> Spelled:
    """Read tokens as music, `GRID` ticks to a quarter. What is malformed is passed over and counted."""
    reader = _Reader()
    for token in tokens:
        reader.read(token)
    return reader.finished()


def bpm_of(pace: int) -> float:
    """Return the tempo of `t-pace`, in quarters per minute."""
    return _SLOWEST_BPM * 2 ** (pace / 12)


def pace_of(bpm: float) -> int:
    """Return the pace nearest to a tempo; what is out of range gets the first or the last."""
    return round(12 * np.log2(np.clip(bpm, _SLOWEST_BPM, _FASTEST_BPM) / _SLOWEST_BPM))


class _Reader:
    """Collects notes; one token after the other."""

    def __init__(self) -> None:
        self._bar, self._signature, self._place, self._program = 0, (4, 4), None, 0
        self._pitch: int | None = None
        self._length: int | None = None
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._tempi: list[Tempo] = []
        self._metres: list[TimeSignature] = []
        self._edges = [0]
        self._malformed = 0

    def read(self, token: str) -> None:
        letter, _, number = token.partition("-")
        in_note = self._pitch is not None
        if in_note and letter not in "dv":
            self._malformed += 1
            self._pitch = self._length = None
        _READERS[letter](self, int(number))

    def finished(self) -> Spelled:
        self._malformed += self._pitch is not None
        if self._place is not None:
            self._close_bar(1)
        programs = sorted({row[4] for row in self._rows}) or [0]
        rows = np.array(sorted(self._rows), int).reshape(-1, 5)
        notes = Notes(
            start_tick=rows[:, 0],
            pitch=rows[:, 1] % DRUMS,
            end_tick=rows[:, 0] + rows[:, 2],
            velocity=rows[:, 3],
            track=np.searchsorted(programs, rows[:, 4]),
            is_drum=rows[:, 4] == DRUMS,
            ticks_per_quarter=GRID,
            tempi=_changes(self._tempi) or (Tempo(0, 120.0),),
            metres=_changes(self._metres) or (TimeSignature(0, 4, 4),),
        )
        return Spelled(notes, tuple(programs), self._malformed, tuple(self._edges))

    def _close_bar(self, _: int) -> None:
        top, bottom = self._signature
        self._bar += 4 * GRID * top // bottom
        self._edges.append(self._bar)
        self._place = None

    def _sign(self, number: int) -> None:
        self._signature = SIGNATURES[number]
        self._metres.append(TimeSignature(self._bar, *self._signature))

    def _pace(self, number: int) -> None:
        self._tempi.append(Tempo(self._bar, bpm_of(number)))

    def _move(self, number: int) -> None:
        self._place = number

    def _play(self, number: int) -> None:
        self._program = number

    def _sound(self, number: int) -> None:
        if self._place is None:
            self._malformed += 1
        else:
            self._pitch = number

    def _hold(self, number: int) -> None:
        if self._pitch is None or self._length is not None:
            self._malformed += 1
        else:
            self._length = max(1, int(_DURATIONS[number]))

    def _strike(self, number: int) -> None:
        if self._pitch is None or self._length is None or self._place is None:
            self._malformed += 1
        else:
            start = self._bar + self._place
            self._rows.append((start, self._pitch, self._length, 4 * number + 2, self._program))
        self._pitch = self._length = None


_READERS = {
    "b": _Reader._close_bar,
    "s": _Reader._sign,
    "t": _Reader._pace,
    "o": _Reader._move,
    "i": _Reader._play,
    "p": _Reader._sound,
    "d": _Reader._hold,
    "v": _Reader._strike,
}


def _bar_head(notes: Notes, tick: int) -> list[str]:
    metre = [metre for metre in notes.metres if metre.tick <= tick][-1]
    tempo = [tempo for tempo in notes.tempi if tempo.tick <= tick][-1]
    signature = (metre.numerator, metre.denominator)
    if signature not in SIGNATURES:
        raise InputError(f"The music is in {metre.numerator}/{metre.denominator}; bars may have two whole notes.")
    return [f"s-{SIGNATURES.index(signature)}", f"t-{pace_of(tempo.bpm)}"]


def _duration_id(length: int) -> int:
    return int(np.searchsorted(_DURATIONS, length, side="right")) - 1


def _on_grid(ticks: np.ndarray, ticks_per_quarter: int) -> np.ndarray:
    return np.rint(ticks * (GRID / ticks_per_quarter)).astype(int)


def _changes(found: list[_Change]) -> tuple[_Change, ...]:
    """Leave out what repeats the one before, and let the first hold from the beginning."""
    kept: list[_Change] = []
    for each in found:
        if kept and kept[-1].tick == each.tick:
            kept.pop()
        if not kept or _value(kept[-1]) != _value(each):
            kept.append(each)
    return tuple(kept)


def _value(change: Tempo | TimeSignature) -> tuple[float, ...]:
    return (change.bpm,) if isinstance(change, Tempo) else (change.numerator, change.denominator)


def _read(name: str) -> Vocabulary:
    text = files("espressivo.generators.music.emogen").joinpath(name).read_text(encoding="utf-8")
    return Vocabulary(tuple(text.split()))


_KINDS = {"s": "a time signature", "p": "a pitch", "i": "an instrument", "o": "a position", "t": "a tempo"}


def _in_words(token: str) -> str:
    return f"{_KINDS.get(token[0], 'something')} ({token})"
