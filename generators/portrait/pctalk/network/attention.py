"""Positions, masks and the frame-by-frame unrolling that PC-Talk's decoders share."""

from collections.abc import Callable
from math import log

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

_LONGEST = 600

Sequence = Float[Tensor, "batch frames width"]


class PeriodicPositions(nn.Module):
    """Sinusoids that start again after a period (Fan et al. 2022), kept in the checkpoint."""

    pe: Tensor

    def __init__(self, width: int, period: int) -> None:
        super().__init__()
        places = torch.arange(period)[:, None] * torch.exp(torch.arange(0, width, 2) * (-log(10_000) / width))
        table = torch.stack([places.sin(), places.cos()], dim=-1).flatten(1)
        self.register_buffer("pe", table.repeat(_LONGEST // period + 1, 1)[None])

    def forward(self, x: Sequence) -> Sequence:
        """Add positions, counted from the first element."""
        return x + self.pe[:, : x.shape[1]]


def decoder(width: int, heads: int, feed_forward: int, layers: int) -> nn.TransformerDecoder:
    """Build a transformer decoder as the checkpoints hold it."""
    return nn.TransformerDecoder(nn.TransformerDecoderLayer(width, heads, feed_forward, batch_first=True), layers)


def decode(transformer: nn.TransformerDecoder, sequence: Sequence, memory: Sequence) -> Sequence:
    """Run a decoder whose frames see themselves and earlier ones, and of the memory only their own frame.

    The published networks also weaken attention to what lies a whole period back. A window is never longer than a
    period, so that has no effect and is left out.
    """
    frames, heard = sequence.shape[1], memory.shape[1]
    later = torch.ones(frames, frames, dtype=torch.bool, device=sequence.device).triu(1)
    return transformer(sequence, memory, tgt_mask=later, memory_mask=_others(frames, heard, sequence.device))


def unroll(
    first: Sequence, frames: int, run: Callable[[Sequence], Sequence], embed: Callable[[Sequence], Sequence]
) -> Sequence:
    """Let a decoder feed on its own frames.

    Args:
        first: what the sequence starts with; one element per frame that is known, and one more.
        frames: how many to make.
        run: the decoder, over a whole sequence.
        embed: makes of the last frame that was decoded the next element.

    Returns:
        What the decoder says of all frames, when the sequence is complete.
    """
    sequence = first
    while sequence.shape[1] < frames:
        sequence = torch.cat([sequence, embed(run(sequence)[:, -1:])], dim=1)
    return run(sequence)


def _others(frames: int, heard: int, device: torch.device) -> Bool[Tensor, "frames heard"]:
    return ~torch.eye(frames, heard, dtype=torch.bool, device=device)
