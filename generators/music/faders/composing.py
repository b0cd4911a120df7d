"""Encode the segments of a piece, move their faders and their arousal, and write them anew."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from espressivo.generators.music.faders.decoding import write_events
from espressivo.generators.music.faders.events import END, EVENTS, MOST_EVENTS, PAD, Grid, read, spell
from espressivo.generators.music.faders.network import Faders
from espressivo.generators.music.faders.pieces import Source
from espressivo.generators.music.faders.pretrained import Model
from espressivo.generators.music.faders.scales import latent_of
from espressivo.generators.music.faders.segments import Tracks, tracks_of
from espressivo.generators.music.faders.tracks import write_tracks

_REACH = 1.5
"""How far an arousal of 1 moves, in steps between the means of low and high arousal: the authors' 1 is a flip of
label, from either side's mean to the other's (set on held-out songs)."""
_BATCH = 32
_VARIETY = 0.35
"""Of new bars around the two ideas of a piece, in standard deviations."""


@dataclass(frozen=True)
class Wish:
    """How a piece is to be changed."""

    rhythm: float | None = None
    density: float | None = None
    """Settings of the faders, 0..1; None leaves them."""
    temperature: float = 1.0


def encoded(model: Model, grids: Sequence[Grid]) -> Faders:
    """Return the latent vectors of segments: the means of what is believed; our faders stand where they measure."""
    rows = [_shortened(spell(grid)) for grid in grids]
    lengths = torch.tensor([len(row) for row in rows])
    events = torch.full((len(rows), int(lengths.max())), PAD)
    for number, row in enumerate(rows):
        events[number, : len(row)] = torch.tensor(row)
    with torch.no_grad():
        rhythm, notes = model.network.encode(events, lengths if model.network.size.guided else None)
    faders = Faders(rhythm.mean, notes.mean)
    if model.network.size.guided:
        tracks = [tracks_of(grid) for grid in grids]
        rhythms, numbers = (np.stack(each) for each in zip(*((one.rhythm, one.notes) for one in tracks), strict=True))
        measured = model.scales.standard(rhythms, numbers)
        for latent, fader in zip(faders, measured, strict=True):
            latent[:, 0] = fader
    return faders


def invented(model: Model, segments: int, random: np.random.Generator) -> Faders:
    """Return latent vectors of new music: two ideas from between low and high arousal, as A A B A, each bar varied."""
    network = model.network
    middles = (network.mu_r_lookup.weight.mean(0), network.mu_n_lookup.weight.mean(0))
    form = np.resize([0, 0, 1, 0], segments)
    drawn: list[torch.Tensor] = []
    for middle in middles:
        ideas, bars = (random.standard_normal((count, network.size.latent)) for count in (2, segments))
        moved = torch.from_numpy(ideas[form] * (1 - _VARIETY) + bars * _VARIETY).float()
        # The faders themselves stand in the middle: bars differ in what is played, not in how much.
        moved[:, 0] = 0.0
        drawn.append(middle + moved)
    return Faders(*drawn)


def moved(faders: Faders, model: Model, arousal: Float[np.ndarray, "segments"], wish: Wish) -> Faders:
    """Return the latent vectors with the arousal of each segment raised (to 1) or lowered (to -1), and faders set."""
    towards = model.network.towards(faders, torch.from_numpy(_REACH * arousal).float()[:, None])
    rhythm, notes = towards.rhythm.clone(), towards.notes.clone()
    for latent, setting in ((rhythm, wish.rhythm), (notes, wish.density)):
        if setting is not None:
            latent[:, 0] = latent_of(setting)
    return Faders(rhythm, notes)


def written(
    model: Model, source: Source, faders: Faders, wish: Wish, random: np.random.Generator
) -> Iterator[list[Grid]]:
    """Write segments, a few at a time; those in which the source is silent stay so."""
    if not model.network.size.guided:
        yield from _freely(model, source, faders)
        return
    like: Sequence[Tracks | None] = source.tracks if source.grids else [None] * len(source.chroma)
    leaning = source.leaning()
    strengths = np.repeat(source.strengths[None], len(source.chroma), axis=0)
    for first in range(0, len(source.chroma), _BATCH):
        own = slice(first, first + _BATCH)
        part = Faders(faders.rhythm[own], faders.notes[own])
        tracks = write_tracks(model.network, part, model.scales, random, like[own], wish.temperature)
        events = write_events(
            model.network, part, strengths[own], source.chroma[own], tracks, leaning[own], random, wish.temperature
        )
        yield [
            grid if not source.grids or len(source.grids[number]) else grid[:0]
            for number, grid in enumerate(map(read, events), first)
        ]


def _freely(model: Model, source: Source, faders: Faders) -> Iterator[list[Grid]]:
    """Decode as the authors do: the likeliest event each time, whatever its rhythm."""
    strengths = torch.from_numpy(source.strengths).float()
    for first in range(0, len(faders.rhythm), _BATCH):
        own = slice(first, first + _BATCH)
        part = Faders(faders.rhythm[own], faders.notes[own])
        with torch.no_grad():
            likely = model.network.decode(part, strengths.expand(len(part.rhythm), -1), MOST_EVENTS).argmax(-1)
        yield [read([event for event in row if event < EVENTS]) for row in likely.tolist()]


def _shortened(events: list[int]) -> list[int]:
    return events if len(events) <= MOST_EVENTS else [*events[: MOST_EVENTS - 1], END]
