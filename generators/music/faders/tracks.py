"""Write the rhythm and the number of notes of segments, sixteenth by sixteenth, as the sub-decoders know them."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from espressivo.generators.music.faders.events import STEPS
from espressivo.generators.music.faders.network import Faders, MusicFaderNet
from espressivo.generators.music.faders.scales import Scales
from espressivo.generators.music.faders.segments import HOLD, ONSET, REST, Tracks

_TILTS = np.array([0.0] * 4 + [-0.5, 0.5] * 2 + [-1.0, 1.0] * 2 + [-1.6, 1.6, -2.4, 2.4])
"""Of the drafts: what each onset, or each third of a note that sounds, gains in its logit."""
_DRAFTS = len(_TILTS)
_NOTES_PER_TILT = 3
_LIKENESS, _TILTED = 0.6, 0.05
"""What sixteenths unlike the source's, and a tilt of 1, cost against a density missed by a standard deviation."""


@torch.no_grad()
def write_tracks(
    model: MusicFaderNet,
    faders: Faders,
    scales: Scales,
    random: np.random.Generator,
    like: Sequence[Tracks | None] | None = None,
    temperature: float = 1.0,
) -> list[Tracks]:
    """Draw drafts of rhythm, then of notes; keep those nearest to the densities that the faders stand for.

    Some drafts are drawn with onsets, or notes, made likelier or rarer (exponential tilting), so that one is near also
    where the network would not go by itself.

    Args:
        model: a guided network.
        faders: one row for each segment.
        scales: of the faders.
        random: draws.
        like: tracks whose rhythm the new ones should resemble, besides; by default none.
        temperature: below 1 more regular.
    """
    count = len(faders.rhythm)
    wanted = np.array([scales.densities(*each) for each in zip(*(z[:, 0].tolist() for z in faders), strict=True)])
    rhythm = _rhythms(model, faders.rhythm.repeat_interleave(_DRAFTS, dim=0), random, temperature)
    rhythm = rhythm.reshape(count, _DRAFTS, STEPS)
    rows, dear = np.arange(count), _TILTED * np.abs(_TILTS)
    missed = dear + np.abs((rhythm == ONSET).mean(axis=2) - wanted[:, :1]) / scales.rhythm_std
    for number, own in enumerate(like or ()):
        if own is not None:
            missed[number] += _LIKENESS * (rhythm[number] != own.rhythm).mean(axis=1)
    rhythm = rhythm[rows, missed.argmin(axis=1)]
    notes = _notes(
        model, faders.notes.repeat_interleave(_DRAFTS, dim=0), rhythm.repeat(_DRAFTS, axis=0), random, temperature
    )
    notes = notes.reshape(count, _DRAFTS, STEPS)
    missed = dear + np.abs(notes.mean(axis=2) - wanted[:, 1:]) / scales.notes_std
    notes = notes[rows, missed.argmin(axis=1)]
    return [Tracks(*each) for each in zip(rhythm, notes, strict=True)]


def _rhythms(
    model: MusicFaderNet, latent: Float[Tensor, "rows latent"], random: np.random.Generator, temperature: float
) -> Int[np.ndarray, "rows 16"]:
    classes, rows = model.size.rhythm_classes, len(latent)
    state, before = model.linear_init_r(latent)[None], torch.zeros(rows, classes)
    tilt = np.resize(_TILTS, rows)[:, None] * (np.arange(classes) == ONSET)
    rhythm = np.zeros((rows, STEPS), int)
    for step in range(STEPS):
        x, state = model.gru_d_r(torch.cat([before, latent], dim=-1)[:, None], state)
        can = np.ones((rows, classes), bool)
        can[:, HOLD] = rhythm[:, step - 1] != REST if step else False
        rhythm[:, step] = _draw(model.linear_out_r(x[:, 0]), tilt, can, temperature, random)
        before = one_hot(torch.from_numpy(rhythm[:, step]), classes).float()
    return rhythm


def _notes(
    model: MusicFaderNet,
    latent: Float[Tensor, "rows latent"],
    rhythm: Int[np.ndarray, "rows 16"],
    random: np.random.Generator,
    temperature: float,
) -> Int[np.ndarray, "rows 16"]:
    """As many as a rhythm allows: none in a rest, no more than before while they are held."""
    classes, rows = model.size.note_classes, len(latent)
    state, before = model.linear_init_n(latent)[None], torch.zeros(rows, classes)
    told = one_hot(torch.from_numpy(rhythm), model.size.rhythm_classes).float()
    notes, number = np.zeros((rows, STEPS), int), np.arange(classes)
    tilt = np.resize(_TILTS, rows)[:, None] * number / _NOTES_PER_TILT
    for step in range(STEPS):
        x, state = model.gru_d_n(torch.cat([before, told[:, step], latent], dim=-1)[:, None], state)
        least = np.where(rhythm[:, step] == REST, 0, 1)
        most = np.select([rhythm[:, step] == REST, rhythm[:, step] == ONSET], [0, number[-1]], notes[:, step - 1])
        can = (number >= least[:, None]) & (number <= most[:, None])
        notes[:, step] = _draw(model.linear_out_n(x[:, 0]), tilt, can, temperature, random)
        before = one_hot(torch.from_numpy(notes[:, step]), classes).float()
    return notes


def _draw(
    logits: Float[Tensor, "rows classes"],
    tilt: Float[np.ndarray, "rows classes"],
    can: Bool[np.ndarray, "rows classes"],
    temperature: float,
    random: np.random.Generator,
) -> Int[np.ndarray, "rows"]:
    """Draw one of what can be from each row, by its largest logit with Gumbel noise."""
    scores = logits.double().numpy() / temperature + tilt + random.gumbel(size=can.shape)
    return np.where(can, scores, -np.inf).argmax(axis=1)
