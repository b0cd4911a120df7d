"""Composes: new pieces, continuations of a user's, bars in the middle of one; phrase by phrase, of several drafts."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Self

import numpy as np
from safetensors.torch import load_file

from espressivo.errors import InputError
from espressivo.generators.music.choosing import AS_REAL, Draft, nearest
from espressivo.generators.music.emogen.emotion import Commands
from espressivo.generators.music.emogen.lengths import Length
from espressivo.generators.music.emogen.network import EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.emogen.sampling import Bar, Ids, Plan, write, write_choosing
from espressivo.generators.music.emogen.tokens import Vocabulary, piano, spell, tokenise
from espressivo.generators.music.moods import Mood
from espressivo.media.notes import Notes, Tempo
from espressivo.progress import ProgressCallback, ProgressEvent

_STAGE = "composing"


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of which some bars were written here."""

    notes: Notes
    before: tuple[Ids, ...]
    """Bars that were there, up to those that were written; ids of tokens."""
    written: tuple[Bar, ...]
    after: tuple[Ids, ...] = ()
    """Bars that were there, from those that were written on."""
    begin_tick: int = 0
    """Where the first bar that was written begins."""
    end_tick: int = 0
    """Where the last bar that was written ends."""

    @property
    def bars(self) -> tuple[Ids, ...]:
        """All bars."""
        return (*self.before, *(bar.tokens for bar in self.written), *self.after)

    @property
    def seconds(self) -> float:
        """Of what was written."""
        return self.written[-1].begin_s + self.written[-1].seconds


class Composer:
    """The language model with everything that it needs to compose."""

    def __init__(
        self, model: EmoGenLanguageModel, vocabulary: Vocabulary | None = None, commands: Commands | None = None
    ) -> None:
        """Take a model.

        Args:
            model: any size.
            vocabulary: that of the model; by default `piano()`.
            commands: of the four quadrants; by default the published ones.

        Raises:
            ValueError: model and vocabulary are of different sizes.
        """
        self._vocabulary = vocabulary or piano()
        if model.size.vocabulary != len(self._vocabulary):
            raise ValueError(f"The model has {model.size.vocabulary} tokens, its vocabulary {len(self._vocabulary)}.")
        self._model = model.eval()
        self._commands = commands

    @property
    def model(self) -> EmoGenLanguageModel:
        """The language model, in evaluation mode."""
        return self._model

    @classmethod
    def load(cls, folder: Path, commands: Commands | None = None) -> Self:
        """Load what `emogen.train` wrote: `config.json` and `model.safetensors`.

        Raises:
            InputError: the folder holds no such model.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            weights = load_file(folder / "model.safetensors")
        except OSError as error:
            raise InputError(
                f"{folder} holds no model of music ({error.strerror}); train one, or name another."
            ) from None
        model = EmoGenLanguageModel(EmoGenSize(**config["size"]))
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
        return cls(model, commands=commands)

    def compose(self, plan: Plan, seed: int = 0, best_of: int = 1, progress: ProgressCallback | None = None) -> Piece:
        """Write a piece; of several drafts of each phrase, keep the one that sounds most like the mood.

        Args:
            plan: what is to be written.
            seed: the same seed gives the same piece.
            best_of: drafts; with one, the piece is the first of `drafts`. Where the intensity is 0, the first is kept.
            progress: may raise `Cancelled`.

        Raises:
            InputError: nothing can be written within the plan's locks and length.
        """
        return self._composed(plan, seed, best_of, progress)

    def drafts(
        self, plan: Plan, seed: int = 0, count: int = 1, progress: ProgressCallback | None = None
    ) -> list[Piece]:
        """Write `count` pieces side by side; see `compose`."""
        written: list[list[Bar]] = [[] for _ in range(count)]
        for bar in _reported(write(*self._task(plan, seed, count), self._commands), count, progress):
            written[bar.piece].append(bar)
        return [self._piece(plan, bars) for bars in written]

    def continued(
        self, notes: Notes, plan: Plan, seed: int = 0, best_of: int = 1, progress: ProgressCallback | None = None
    ) -> Piece:
        """Write a continuation of a piece; the plan's length is that of what is added. See `compose`.

        Raises:
            InputError: the piece has no notes, or bars or pitches that the model was not taught.
        """
        return self.compose(replace(plan, before=self.bars_of(notes)), seed, best_of, progress)

    def infilled(
        self,
        notes: Notes,
        first: int,
        last: int,
        plan: Plan,
        seed: int = 0,
        best_of: int = 1,
        progress: ProgressCallback | None = None,
    ) -> Piece:
        """Write bars `first` to `last` of a piece anew; all others stay, token by token.

        The model knows what comes before, not what comes after. Metre and tempo stay; so the plan's length, and its
        locks of both, do not matter.

        Args:
            notes: the piece; its bars count from 0, which is the first one that has notes.
            first: first bar to write.
            last: last bar to write.
            plan: mood, locks and manner.
            seed: see `compose`.
            best_of: see `compose`.
            progress: may raise `Cancelled`.

        Raises:
            InputError: there are no such bars.
        """
        bars = self.bars_of(notes)
        if not 0 <= first <= last < len(bars):
            raise InputError(f"The music has bars 1 to {len(bars)}; {first + 1} to {last + 1} are not among them.")
        plan = replace(
            plan,
            length=Length(bars=last - first + 1),
            locks=replace(plan.locks, tempo_bpm=None, metre=None),
            before=bars[:first],
            heads=tuple((bar[0], bar[1]) for bar in bars[first : last + 1]),
            cadence=plan.cadence and last == len(bars) - 1,
        )
        return self._composed(plan, seed, best_of, progress, bars[last + 1 :])

    def bars_of(self, notes: Notes) -> tuple[Ids, ...]:
        """Write a piece as tokens, bar by bar.

        Raises:
            InputError: it has no notes, or what the model was not taught.
        """
        bars: list[Ids] = []
        bar: list[int] = []
        end = self._vocabulary.ids["b-1"]
        for token in self._vocabulary.encode(tokenise(notes)):
            bar.append(token)
            if token == end:
                bars.append(tuple(bar))
                bar = []
        if not bars:
            raise InputError("The music to begin with has no notes; give some, or begin with nothing.")
        return tuple(bars)

    def _composed(
        self, plan: Plan, seed: int, best_of: int, progress: ProgressCallback | None, after: tuple[Ids, ...] = ()
    ) -> Piece:
        drafts = 1 if isinstance(plan.mood, Mood) and plan.mood.intensity == 0 else best_of
        bars = write_choosing(*self._task(plan, seed, drafts), partial(self._nearest, plan), self._commands)
        return self._piece(plan, list(_reported(bars, 1, progress)), after)

    def _nearest(self, plan: Plan, drafts: Iterable[Sequence[Bar]]) -> int:
        return nearest((self._draft(plan, bars) for bars in drafts), AS_REAL)

    def _draft(self, plan: Plan, bars: Sequence[Bar]) -> Draft:
        spelled = spell(self._vocabulary.decode(token for bar in bars for token in bar.tokens))
        notes, end = spelled.notes, spelled.edges[-1]
        notes = playable(notes, 0, end, end)
        bar_of = np.searchsorted(spelled.edges[1:-1], notes.start_tick, side="right")
        places = np.array([bar.mood.place for bar in bars])[bar_of]
        heard = plan.playing.of(notes, 0, end, places, plan.locks.velocity)
        return Draft(heard, [(bar.mood, bar.seconds) for bar in bars])

    def _task(self, plan: Plan, seed: int, count: int) -> tuple[EmoGenLanguageModel, Vocabulary, Plan, list[list[int]]]:
        if count < 1:
            raise InputError(f"{count} drafts cannot be written; ask for one at least.")
        return self._model, self._vocabulary, plan, [[seed, number] for number in range(count)]

    def _piece(self, plan: Plan, written: Sequence[Bar], after: tuple[Ids, ...] = ()) -> Piece:
        bars = (*plan.before, *(bar.tokens for bar in written), *after)
        spelled = spell(self._vocabulary.decode(token for bar in bars for token in bar))
        begin, end = spelled.edges[len(plan.before)], spelled.edges[len(plan.before) + len(written)]
        notes = playable(spelled.notes, begin, end, spelled.edges[-1])
        if plan.locks.tempo_bpm is not None:
            earlier = tuple(tempo for tempo in notes.tempi if tempo.tick < begin)
            notes = replace(notes, tempi=(*earlier, Tempo(begin, plan.locks.tempo_bpm)))
        return Piece(notes, plan.before, tuple(written), after, begin, end)


def playable(notes: Notes, begin: int, end: int, last: int) -> Notes:
    """Let what begins from `begin` to `end` not sound beyond `last`, nor into the same key's next stroke; all ticks."""
    until = np.minimum(notes.end_tick, last)
    new = (notes.start_tick >= begin) & (notes.start_tick < end)
    keys = notes.pitch + 128 * notes.track
    for key in np.unique(keys[new]):
        same = np.flatnonzero(keys == key)
        starts = notes.start_tick[same]
        nexts = np.append(starts, last)[np.searchsorted(starts, starts, side="right")]
        until[same] = np.where(new[same], np.minimum(until[same], nexts), until[same])
    kept = np.where(new, np.maximum(until, notes.start_tick + 1), notes.end_tick)
    return replace(notes, end_tick=kept)


def _reported(bars: Iterable[Bar], pieces: int, progress: ProgressCallback | None) -> Iterator[Bar]:
    """Pass bars on, and report how much of all pieces there is."""
    shares, started = np.zeros(pieces), monotonic()
    _report(progress, 0.0, started)
    for bar in bars:
        yield bar
        shares[bar.piece] = bar.share
        _report(progress, float(shares.mean()), started)


def _report(progress: ProgressCallback | None, share: float, started: float) -> None:
    if progress is not None:
        left_s = (monotonic() - started) * (1 - share) / share if share > 0 else None
        progress(ProgressEvent(_STAGE, share, left_s))
