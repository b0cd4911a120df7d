"""Hands out music while it is being written, bar by bar: the first notes are there long before the last."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from espressivo.generators.music.emogen.emotion import Commands
from espressivo.generators.music.emogen.network import EmoGenLanguageModel
from espressivo.generators.music.emogen.sampling import Bar, Plan, write
from espressivo.generators.music.emogen.tokens import Vocabulary, spell
from espressivo.media.notes import Notes, Tempo


class Heard(NamedTuple):
    """A bar that can be played."""

    bar: Bar
    notes: Notes
    """Ticks and tempo count from the beginning of the bar; it begins at `bar.begin_s`. The last notes may ring on."""


def stream(
    model: EmoGenLanguageModel, vocabulary: Vocabulary, plan: Plan, seed: int = 0, commands: Commands | None = None
) -> Iterator[Heard]:
    """Write a piece, the one that `Composer.compose` writes with this seed, and yield each bar as it is finished.

    A bar of some 30 to 60 tokens takes about 0.1 s on one core, and lasts some 2 s: playing it never has to wait.

    Raises:
        InputError: nothing can be written within the plan's locks and length.
    """
    for bar in write(model, vocabulary, plan, [[seed, 0]], commands):
        notes = spell(vocabulary.decode(bar.tokens)).notes
        if plan.locks.tempo_bpm is not None:
            notes = replace(notes, tempi=(Tempo(0, plan.locks.tempo_bpm),))
        yield Heard(bar, notes)
