"""Where the decoder is in a segment, and what the tracks ask for there: the guide of our variant of the network."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from espressivo.generators.music.faders.events import OFF, ON, SHIFT, STEPS, UNITS, VELOCITY

GUIDE = 3 + 4 + STEPS + 1
"""Rhythm of this sixteenth; how many notes should sound, how many are missing, how many sound, whether one has begun;
which sixteenth it is (the last place is the end)."""
_USUAL_NOTES = 4.0


def places(
    events: Int[Tensor, "batch steps"],
) -> tuple[Int[Tensor, "batch steps"], Int[Tensor, "batch steps"], Int[Tensor, "batch steps"]]:
    """Return the sixteenth at which every event stands, and how many notes sound and have begun there by then."""
    is_shift = (events >= SHIFT) & (events < VELOCITY)
    is_on = (events >= ON) & (events < OFF)
    is_off = (events >= OFF) & (events < SHIFT)
    passed = torch.where(is_shift, events - SHIFT + 1, 0).cumsum(1)
    begun = is_on.long().cumsum(1)
    sounding = begun - is_off.long().cumsum(1)
    before_here = torch.where(is_shift, begun, 0).cummax(1).values
    step, sounding, here = (_until(each) for each in (passed // UNITS, sounding, begun - before_here))
    return step.clamp(0, STEPS), sounding, here


def guide(
    rhythm: Int[Tensor, "batch grid"],
    notes: Int[Tensor, "batch grid"],
    step: Int[Tensor, "batch steps"],
    sounding: Int[Tensor, "batch steps"],
    begun: Int[Tensor, "batch steps"],
) -> Float[Tensor, "batch steps guide"]:
    """Return what the decoder is told of the tracks at these places; after the last sixteenth nothing should sound."""
    inside = (step < STEPS)[..., None]
    here = step.clamp(max=STEPS - 1)
    wanted = notes.gather(1, here) * inside[..., 0]
    counts = torch.stack([wanted, wanted - sounding, sounding], dim=-1) / _USUAL_NOTES
    asked = one_hot(rhythm.gather(1, here), 3) * inside
    return torch.cat([asked.float(), counts, (begun > 0)[..., None].float(), one_hot(step, STEPS + 1).float()], dim=-1)


def _until(track: Int[Tensor, "batch steps"]) -> Int[Tensor, "batch steps"]:
    """Move a track on by one: what was known before each event."""
    return torch.cat([torch.zeros_like(track[:, :1]), track[:, :-1]], dim=1)
