"""SAN: the emotion classifier of EMOPIA, which reads a piece as a sequence of events (Hung et al. 2021, section 4).

A recurrent network with self-attention (Lin et al. 2017). Names of tensors are those of `midi_cls/src/model/net.py` in
seungheondoh/EMOPIA_cls, without the `model.` that its trainer puts before them. The weights do not ship: see
`espressivo.eval.brought`.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from espressivo.conditioning.judging import judging

EVENTS = 388
"""Kinds of "MIDI-like" events: 128 notes begun, 128 ended, 100 steps of time (10 ms to 1 s), 32 loudnesses."""
QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
"""What the outputs mean for the task "ar_va", in their order: valence and arousal (+,+), (-,+), (-,-), (+,-)."""
_EMBEDDED = 300
_HIDDEN = 128
_ATTENDING = 128
_HEADS = 16
_CLASSIFYING = 256


class SAN(nn.Module):
    """Four logits for a piece, in the size that its authors trained for quadrants from MIDI-like events."""

    def __init__(self) -> None:
        super().__init__()
        # One more than there are events: what short pieces are filled up with in training.
        self._embedding = nn.Embedding(EVENTS + 1, _EMBEDDED)
        self._bilstm = nn.LSTM(_EMBEDDED, _HIDDEN, batch_first=True, bidirectional=True)
        self._attention = _Attention()
        self._classifier = nn.Sequential(
            nn.Linear(2 * _HIDDEN * _HEADS, _CLASSIFYING), nn.ReLU(), nn.Linear(_CLASSIFYING, len(QUADRANTS))
        )

    def forward(self, events: Int[Tensor, "batch events"]) -> Float[Tensor, "batch 4"]:
        """Read sequences of numbers of events."""
        hidden, _ = self._bilstm(self._embedding(events))
        return self._classifier((self._attention(hidden) @ hidden).flatten(1))


def san_logits(net: SAN, events: Sequence[int]) -> Float[Tensor, "4"]:
    """Return the logits of the quadrants of one piece.

    Args:
        net: with its weights loaded.
        events: MIDI-like events of the whole piece, 0 to 387, as `midi_cls/midi_helper/magenta/processor.py` there
            numbers them; notes that a pedal holds end when it is let go.

    Raises:
        ValueError: there are none, or one is no event.
    """
    if not len(events) or not all(0 <= event < EVENTS for event in events):
        raise ValueError(f"SAN reads events from 0 to {EVENTS - 1}, at least one.")
    with judging():
        return net(torch.tensor([list(events)]))[0]


class _Attention(nn.Module):
    """Weighs moments of a sequence, once for each head."""

    def __init__(self) -> None:
        super().__init__()
        self._ws1 = nn.Linear(2 * _HIDDEN, _ATTENDING, bias=False)
        self._ws2 = nn.Linear(_ATTENDING, _HEADS, bias=False)

    def forward(self, hidden: Float[Tensor, "batch events 256"]) -> Float[Tensor, "batch 16 events"]:
        return self._ws2(torch.tanh(self._ws1(hidden))).softmax(dim=1).transpose(1, 2)
