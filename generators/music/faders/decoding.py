"""Write the notes of segments: the tracks say when and how many, the network which ones, how loud, and which end.

All that the tracks decide is done, not drawn: time passes when the right number of notes sounds, up to the next
sixteenth at which something changes. So what is decoded has the rhythm and the density that were asked for, and is
never broken.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch.nn.functional import one_hot

from espressivo.generators.music.faders.events import (
    END,
    EVENTS,
    HIGHEST,
    LONGEST_SHIFT,
    LOWEST,
    OFF,
    ON,
    START,
    STEPS,
    UNITS,
    VELOCITY,
    shifts,
)
from espressivo.generators.music.faders.guide import guide
from espressivo.generators.music.faders.network import Faders, MusicFaderNet
from espressivo.generators.music.faders.segments import ONSET, Tracks

PITCHES = HIGHEST - LOWEST + 1


@torch.no_grad()
def write_events(
    model: MusicFaderNet,
    faders: Faders,
    key: Float[np.ndarray, "segments 24"],
    chroma: Float[np.ndarray, "segments 12"],
    tracks: Sequence[Tracks],
    leaning: Float[np.ndarray, "segments 16 pitches"],
    random: np.random.Generator,
    temperature: float = 1.0,
) -> list[list[int]]:
    """Return the events of each segment, the end last.

    Args:
        model: a guided network.
        faders: one row for each segment.
        key: strengths of the keys.
        chroma: shares of the pitch classes.
        tracks: rhythm and number of notes.
        leaning: what is added to the logits of pitches that begin, and taken from those that end, by sixteenth.
        random: draws.
        temperature: below 1 more regular.
    """
    writers = [_Writer(track, own) for track, own in zip(tracks, leaning, strict=True)]
    rhythm, notes = (
        torch.from_numpy(np.stack([getattr(track, name) for track in tracks])).long() for name in ("rhythm", "notes")
    )
    condition = model.condition(faders, torch.from_numpy(key).float(), torch.from_numpy(chroma).float())
    first = second = model.linear_init_global(condition)
    is_first = True
    while not all(writer.is_done for writer in writers):
        event = torch.tensor([writer.events[-1] if writer.events else START for writer in writers])
        place = torch.tensor([[writer.step, len(writer.sounding), writer.begun] for writer in writers])[:, None]
        told = guide(rhythm, notes, place[..., 0], place[..., 1], place[..., 2])[:, 0]
        first = model.grucell_g(torch.cat([one_hot(event, EVENTS).float(), condition, told], dim=-1), first)
        second = model.grucell_g_2(first, first if is_first else second)
        is_first = False
        logits = model.linear_out_g(second).double().numpy() / temperature
        noise = random.gumbel(size=logits.shape)
        for writer, scores, luck in zip(writers, logits, noise, strict=True):
            writer.go_on(scores, luck)
    return [writer.events for writer in writers]


class _Writer:
    """Writes one segment, event by event."""

    def __init__(self, tracks: Tracks, leaning: Float[np.ndarray, "16 pitches"]) -> None:
        self.events: list[int] = []
        self.sounding: set[int] = set()
        self.step = self.begun = 0
        self._tracks, self._leaning = tracks, leaning
        self._ended_here: set[int] = set()
        self._is_loudness_told = self._has_loudness = False

    @property
    def is_done(self) -> bool:
        return bool(self.events) and self.events[-1] == END

    def go_on(self, logits: Float[np.ndarray, "events"], noise: Float[np.ndarray, "events"]) -> None:
        """Add an event: the only one that can be, or the likeliest with its noise."""
        if self.is_done:
            return
        can = self._possible()
        if can is None:
            self._pass_time()
            return
        scores = logits + noise
        if self.step < STEPS:
            scores[ON : ON + PITCHES] += self._leaning[self.step]
            scores[OFF : OFF + PITCHES] -= self._leaning[self.step]
        event = can[int(np.argmax(scores[can]))]
        self.events.append(event)
        if event >= VELOCITY:
            self._is_loudness_told = self._has_loudness = True
        elif ON <= event < OFF:
            self.sounding.add(event - ON)
            self.begun += 1
        elif event >= OFF:
            self.sounding.remove(event - OFF)
            self._ended_here.add(event - OFF)

    def _possible(self) -> list[int] | None:
        """Events that the tracks allow; None where they want time to pass."""
        if self.step >= STEPS:
            return [OFF + min(self.sounding)] if self.sounding else [END]
        wanted, missing = self._wanted(self.step), self._wanted(self.step) - len(self.sounding)
        ends = [OFF + pitch for pitch in sorted(self.sounding)]
        if self._tracks.rhythm[self.step] != ONSET:
            return ends if missing < 0 else None
        is_beginning = self.begun > 0 or self._is_loudness_told
        # In any order, unlike training material: a high note that is drawn first must not drive all others up. What
        # ended here cannot begin here, or it would go on.
        silent = set(range(PITCHES)) - self.sounding - self._ended_here
        begins = [ON + pitch for pitch in sorted(silent)] if missing > 0 else []
        if is_beginning:
            return begins or None
        loudness = list(range(VELOCITY, EVENTS)) if begins else []
        if begins and not self._has_loudness:
            return loudness
        return (ends + loudness + begins) if wanted > 0 else ends

    def _wanted(self, step: int) -> int:
        return int(self._tracks.notes[step])

    def _pass_time(self) -> None:
        later = self.step + 1
        while later < STEPS and self._tracks.rhythm[later] != ONSET and self._wanted(later) >= len(self.sounding):
            later += 1
        event = shifts((later - self.step) * UNITS)[0]
        self.events.append(event)
        self.step = min(later, self.step + LONGEST_SHIFT // UNITS)
        self.begun, self._is_loudness_told = 0, False
        self._ended_here.clear()
