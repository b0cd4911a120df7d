"""Element transfer: one piece with the dynamics, or the rhythm, of another (Ji & Yang, AAAI 2024, section 4.4).

The authors replace parts of the latents and decode all anew. A user wants to keep the melody: here what is not
transferred stays, note by note, and only the elements asked for are drawn, from the other piece's parts of the latent.
"""

from collections.abc import Collection, Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from espressivo.generators.music.drawing import draw
from espressivo.generators.music.moods import Mood
from espressivo.generators.music.muser.decoding import Leader, WordWriter
from espressivo.generators.music.muser.elements import COLUMN, SLICES, TYPE
from espressivo.generators.music.muser.grammar import Grammar, Place
from espressivo.generators.music.muser.manners import Manners
from espressivo.generators.music.muser.meanings import BAR, END, NOTE, POSITION, rooms_of
from espressivo.generators.music.muser.pretrained import Model
from espressivo.generators.music.muser.tokens import CompoundWords

Latent = Float[Tensor, "batch length 112"]
_LONGEST = 960
"""Words that are read at once."""


@torch.no_grad()
def with_elements_of(
    model: Model,
    source: CompoundWords,
    donor: CompoundWords,
    elements: Collection[str],
    mood: Mood,
    manners: Manners,
    random: np.random.Generator,
) -> Iterator[CompoundWords]:
    """Yield a piece, some whole bars at a time, with some elements drawn as the donor has them.

    A note is given what a note of the donor has, a position what a position has, in order of time; the donor is
    repeated if it is shorter.

    Args:
        model: in evaluation mode.
        source: words of the piece that is kept, from the emotion to the end.
        donor: words of the piece that gives.
        elements: names of `SLICES` but the type, on which all others depend.
        mood: that the decoder is told.
        manners: how elements are drawn.
        random: what differs between two results.

    Raises:
        ValueError: an element is not one of those.
    """
    unknown = sorted(set(elements) - SLICES.keys() | set(elements) & {"type"})
    if unknown:
        raise ValueError(f"There is no element {unknown[0]!r} to transfer.")
    grammar = Grammar(model.dictionary)
    donor_latent = torch.cat([_latent(model, part) for part in _parts(donor[1:], grammar)], dim=1)
    donor_kinds = _kinds(donor[1:], grammar)
    begun = 0
    for part in _parts(source[1:], grammar):
        places = _aligned(_kinds(part, grammar), donor_kinds, begun)
        latent = transferred(_latent(model, part), donor_latent, elements, places)
        yield _Rewriting(model, grammar, manners, random).rewritten(part, latent, elements, mood, told=begun > 0)
        begun += len(part)


def transferred(
    latent: Latent,
    donor: Float[Tensor, "batch donor 112"],
    elements: Collection[str],
    places: Int[np.ndarray, "length"],
) -> Latent:
    """Replace the parts of a latent that belong to some elements by those of another piece.

    Args:
        latent: quantised vectors of the piece that is kept.
        donor: quantised vectors of the piece that gives.
        elements: names of `SLICES`.
        places: for each position, that of the donor from which it is given; -1 for none.
    """
    given = torch.from_numpy(places >= 0)
    mixed = latent.clone()
    for name in elements:
        mixed[:, given, SLICES[name]] = donor[:, torch.from_numpy(places)[given], SLICES[name]]
    return mixed


class _Rewriting:
    """Reads a part of a piece word by word and draws some of its fields anew."""

    def __init__(self, model: Model, grammar: Grammar, manners: Manners, random: np.random.Generator) -> None:
        self._model, self._grammar, self._manners, self._random = model, grammar, manners, random

    def rewritten(
        self, part: CompoundWords, latent: Latent, elements: Collection[str], mood: Mood, *, told: bool
    ) -> CompoundWords:
        """Return the part; `told` says whether tempo and chord were told before it."""
        lead = Leader(self._model, is_led=mood.intensity > 0).lead(mood)
        writer = WordWriter(self._model.words, latent, len(lead.for_words))
        writer.read(self._grammar.word(type="Emotion"), lead)
        place, written = Place(told=told), []
        rooms = rooms_of(_kinds(part, self._grammar))
        for number, word in enumerate(part):
            new = word.copy()
            # What stays silent in the source, such as a bar line's tempo, stays so.
            for name in self._grammar.elements_of(int(word[TYPE])):
                if name in elements and word[COLUMN[name]] and not self._grammar.begins_bar(word):
                    manner = self._manners[name]
                    allowed = self._grammar.element(name, place, int(rooms[number]))
                    # That it is no bar line is known.
                    if name == "bar-beat":
                        allowed[self._grammar.bar] = False
                    logits = writer.element(name, int(word[TYPE]), lead, manner.guidance)
                    new[COLUMN[name]] = draw(logits, allowed, manner, self._random)
            written.append(new)
            place = self._grammar.after(place, new)
            if number + 1 < len(part):
                writer.read(new, lead)
        return np.array(written)


def _latent(model: Model, part: CompoundWords) -> Latent:
    return model.network.quantise(torch.from_numpy(part)[None]).vectors


def _parts(words: CompoundWords, grammar: Grammar) -> Iterator[CompoundWords]:
    """Cut words at bar lines into parts that can be read at once."""
    begin, bar = 0, 0
    for number in range(1, len(words) + 1):
        if number == len(words) or grammar.begins_bar(words[number]):
            if number - begin > _LONGEST and bar > begin:
                yield words[begin:bar]
                begin = bar
            bar = number
    yield words[begin:]


def _kinds(words: CompoundWords, grammar: Grammar) -> Int[np.ndarray, "length"]:
    """Return what each word is, as `meanings` calls it."""
    lines = np.array([grammar.begins_bar(word) for word in words], bool)
    types = words[:, TYPE]
    return np.select([lines, types == grammar.metrical, types == grammar.note], [BAR, POSITION, NOTE], END)


def _aligned(
    kinds: Int[np.ndarray, "length"], donor: Int[np.ndarray, "donor"], begun: int
) -> Int[np.ndarray, "length"]:
    """Return for each word one of the donor that is of its kind, in order; -1 where there is none."""
    places = np.full(len(kinds), -1)
    for kind in np.unique(kinds):
        giving, taking = np.flatnonzero(donor == kind), np.flatnonzero(kinds == kind)
        if len(giving):
            places[taking] = giving[(begun + np.arange(len(taking))) % len(giving)]
    return places
