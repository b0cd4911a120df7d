"""Encode the segments of a piece, move their faders and their arousal, and write them anew."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from espressivo.conditioning.track import EmotionTrack
from espressivo.generators.music.dynamics import played
from espressivo.generators.music.faders.decoding import write_events
from espressivo.generators.music.faders.events import END, EVENTS, MOST_EVENTS, PAD, Grid, read, spell
from espressivo.generators.music.faders.network import Faders
from espressivo.generators.music.faders.pieces import Source
from espressivo.generators.music.faders.pretrained import Model
from espressivo.generators.music.faders.scales import latent_of
from espressivo.generators.music.faders.segments import Tracks, tracks_of
from espressivo.generators.music.faders.tracks import write_tracks
from espressivo.generators.music.moods import places_along
from espressivo.generators.music.pedal import pedalled
from espressivo.media.notes import Notes

_REACH, _FARTHEST = 1.8, 4.0
"""How far an arousal of 1 moves the rhythm's fader, in standard deviations, and all else with it: along the line from
the mean of low arousal to that of high arousal, up to so many times its length (the authors move once its length)."""
_LOUDER = 20
"""What an arousal of 1 adds to velocities, by rule: what the network learned of loudness is too little to be heard."""
_ACCENTS = 0.4
"""Share that is kept of how loudness differs within a bar of new music: the network's accents are coarse."""
_HELD_QUARTERS, _SHORTER = 2.0, 1.5
"""For how long new music without arousal sounds on under the pedal, and in how many octaves less at an arousal of 1."""
_BATCH = 32
_VARIETY, _OWN = 0.35, 0.5
"""Of new bars around the two ideas of a piece, and of the faders of new pieces, in standard deviations."""
_NEW = 0.65
"""Of the reach, for new music: what nobody played is otherwise one unbroken row of sixteenths."""


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
    """Return latent vectors of new music: two ideas from between low and high arousal, as A A B A, each bar varied.

    The faders stand near the middle, elsewhere in each piece: its bars differ in what is played, not in how much.
    """
    network = model.network
    middles = (network.mu_r_lookup.weight.mean(0), network.mu_n_lookup.weight.mean(0))
    form = np.resize([0, 0, 1, 0], segments)
    drawn: list[torch.Tensor] = []
    for middle in middles:
        ideas, bars = (random.standard_normal((count, network.size.latent)) for count in (2, segments))
        moved = torch.from_numpy(ideas[form] * (1 - _VARIETY) + bars * _VARIETY).float()
        moved[:, 0] = _OWN * random.standard_normal()
        drawn.append(middle + moved)
    return Faders(*drawn)


def moved(
    faders: Faders, model: Model, arousal: Float[np.ndarray, "segments"], wish: Wish, *, is_new: bool = False
) -> Faders:
    """Return the latent vectors with the arousal of each segment raised (to 1) or lowered (to -1), and faders set."""
    arousal = _NEW * arousal if is_new else arousal
    apart = model.network.mu_r_lookup.weight[:, 0].diff().item()
    reach = min(_FARTHEST, _REACH / max(apart, 1e-6)) if model.network.size.guided else 1.0
    towards = model.network.towards(faders, torch.from_numpy(reach * arousal).float()[:, None])
    rhythm, notes = towards.rhythm.clone(), towards.notes.clone()
    for latent, setting in ((rhythm, wish.rhythm), (notes, wish.density)):
        if setting is not None:
            latent[:, 0] = latent_of(setting)
    return Faders(rhythm, notes)


def loudness(grid: Grid, source: Grid | None, arousal: float) -> Grid:
    """Return a segment as loud as its source at each sixteenth, louder or softer by its arousal; without one, evenly.

    New music is as loud as its arousal when it is played (`with_touch`).
    """
    if not len(grid):
        return grid
    if source is None:
        mean = grid[:, 3].mean()
        velocity = mean + _ACCENTS * (grid[:, 3] - mean)
    else:
        begins, first = np.unique(source[:, 0], return_index=True)
        velocity = source[first, 3][np.maximum(0, np.searchsorted(begins, grid[:, 0], side="right") - 1)]
        velocity = velocity + _LOUDER * arousal
    velocity = np.clip(np.rint(velocity), 1, 127).astype(np.int64)
    return np.concatenate([grid[:, :3], velocity[:, None]], axis=1)


def with_touch(notes: Notes, track: EmotionTrack) -> Notes:
    """Return new music as a pianist plays it: with the pedal, and as loud as its arousal (`dynamics`).

    The quicker it is, the more often the pedal goes up.
    """
    places = places_along(track, notes.start_s)
    places[:, 0] = 0.0
    longest = notes.ticks_per_quarter * _HELD_QUARTERS * 2.0 ** (-_SHORTER * places[:, 1])
    until = np.minimum(pedalled(notes, 0, notes.end).end_tick, notes.start_tick + np.rint(longest).astype(np.int64))
    return played(replace(notes, end_tick=np.maximum(notes.end_tick, until)), places)


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
