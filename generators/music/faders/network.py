"""The Gaussian-mixture variational auto-encoder of Music FaderNets (Tan and Herremans 2020, section 3).

Two latent vectors, for rhythm and for notes, each with a mixture of two Gaussians (low and high arousal); a key beside
them; one decoder of events. Names of tensors are those of `MusicAttrRegGMVAE` in gudgud96/music-fader-nets.

The authors' decoder of events has to find rhythm and density in the latent vectors by itself. Ours (`FaderSize.guided`)
is also told, at every event, what the two sub-decoders wrote for this sixteenth, and which pitch classes to use.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import log_softmax, one_hot

from espressivo.generators.music.faders.guide import GUIDE, guide, places
from espressivo.generators.music.faders.recurrence import advance, heard, last_states

KEYS = 24
PITCH_CLASSES = 12
_LOG_VARIANCE = -4.0
"""Of every component, constant."""


@dataclass(frozen=True)
class FaderSize:
    """How large the model is; the defaults are the authors'."""

    events: int = 342
    rhythm_classes: int = 3
    """Rest, onset, hold."""
    note_classes: int = 16
    """How many notes sound."""
    hidden: int = 512
    latent: int = 128
    components: int = 2
    """Low and high arousal."""
    over_time: bool = True
    """The authors normalise rhythm and note predictions over time; False normalises over the classes."""
    guided: bool = False
    """Ours: the decoder of events hears the tracks of the sub-decoders and the pitch classes; the sub-decoders predict
    each sixteenth from those before it (the authors' see the one they predict), the notes also from its rhythm."""

    @property
    def condition(self) -> int:
        """Numbers that the decoder of events is told all along."""
        return 2 * self.latent + KEYS + PITCH_CLASSES * self.guided


class Posterior(NamedTuple):
    """What the events say of one latent vector."""

    mean: Float[Tensor, "batch latent"]
    std: Float[Tensor, "batch latent"]

    def sample(self, noise: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch latent"]:
        """Draw a vector, given standard normal noise."""
        return self.mean + self.std * noise


class Faders(NamedTuple):
    """The latent vectors of a piece. The first number of each is its fader: rhythm density, note density."""

    rhythm: Float[Tensor, "batch latent"]
    notes: Float[Tensor, "batch latent"]


class MusicFaderNet(nn.Module):
    """Events to latent vectors, and back."""

    def __init__(self, size: FaderSize) -> None:
        super().__init__()
        self.size = size
        self.gru_r, self.gru_n, self.gru_c = (
            nn.GRU(size.events, size.hidden, batch_first=True, bidirectional=True) for _ in range(3)
        )
        self.mu_r, self.var_r, self.mu_n, self.var_n, self.mu_c, self.var_c = (
            nn.Linear(2 * size.hidden, size.latent) for _ in range(6)
        )
        self.gru_d_r = nn.GRU(size.rhythm_classes + size.latent, size.hidden, batch_first=True)
        notes = size.note_classes + size.rhythm_classes * size.guided
        self.gru_d_n = nn.GRU(notes + size.latent, size.hidden, batch_first=True)
        self.linear_init_r, self.linear_init_n, self.linear_init_c = (
            nn.Linear(size.latent, size.hidden) for _ in range(3)
        )
        self.linear_out_r = nn.Linear(size.hidden, size.rhythm_classes)
        self.linear_out_n = nn.Linear(size.hidden, size.note_classes)
        self.linear_init_global = nn.Linear(size.condition, size.hidden)
        self.grucell_g = nn.GRUCell(size.events + size.condition + GUIDE * size.guided, size.hidden)
        self.grucell_g_2 = nn.GRUCell(size.hidden, size.hidden)
        self.linear_out_g = nn.Linear(size.hidden, size.events)
        self.mu_r_lookup, self.mu_n_lookup = (nn.Embedding(size.components, size.latent) for _ in range(2))
        self.logvar_r_lookup, self.logvar_n_lookup = (nn.Embedding(size.components, size.latent) for _ in range(2))
        for means in (self.mu_r_lookup, self.mu_n_lookup):
            nn.init.xavier_uniform_(means.weight)
        for spreads in (self.logvar_r_lookup, self.logvar_n_lookup):
            nn.init.constant_(spreads.weight, _LOG_VARIANCE)
            spreads.weight.requires_grad = False
        # Only in the checkpoints of the authors: their `forward` leaves these out.
        self.gru_d_c = nn.GRU(KEYS + size.latent, size.hidden, batch_first=True)
        self.c_r, self.c_n = (nn.Linear(size.latent, 3) for _ in range(2))
        self.linear_out_c = nn.Linear(size.latent, KEYS)

    def encode(
        self, events: Int[Tensor, "batch steps"], lengths: Int[Tensor, "batch"] | None = None
    ) -> tuple[Posterior, Posterior]:
        """Return what is believed of rhythm and of notes; padding counts as music where no lengths are given."""
        rhythm, notes = last_states([self.gru_r, self.gru_n], events, lengths)
        return (
            Posterior(self.mu_r(rhythm), self.var_r(rhythm).exp()),
            Posterior(self.mu_n(notes), self.var_n(notes).exp()),
        )

    def component_log_odds(
        self, faders: Faders
    ) -> tuple[Float[Tensor, "batch components"], Float[Tensor, "batch components"]]:
        """Return the log-likelihood of each component for rhythm and for notes, all as likely beforehand."""
        return (
            _log_likelihood(faders.rhythm, self.mu_r_lookup.weight, self.logvar_r_lookup.weight),
            _log_likelihood(faders.notes, self.mu_n_lookup.weight, self.logvar_n_lookup.weight),
        )

    def attribute_log_probabilities(
        self, faders: Faders, rhythm: Int[Tensor, "batch grid"], notes: Int[Tensor, "batch grid"]
    ) -> tuple[Float[Tensor, "batch grid classes"], Float[Tensor, "batch grid classes"]]:
        """Read the rhythm and the number of notes off the latent vectors; the true ones come in, as in training."""
        dim = 1 if self.size.over_time else -1
        r, n = one_hot(rhythm, self.size.rhythm_classes).float(), one_hot(notes, self.size.note_classes).float()
        inputs = (_later(r), torch.cat([_later(n), r], dim=-1)) if self.size.guided else (r, n)
        parts = (
            (self.gru_d_r, self.linear_init_r, self.linear_out_r, faders.rhythm, inputs[0]),
            (self.gru_d_n, self.linear_init_n, self.linear_out_n, faders.notes, inputs[1]),
        )
        read: list[Tensor] = []
        for gru, init, out, latent, track in parts:
            x = torch.cat([track, latent[:, None].expand(-1, track.shape[1], -1)], dim=-1)
            hidden, _ = gru(x, init(latent)[None])
            read.append(log_softmax(out(hidden), dim=dim))
        return read[0], read[1]

    def follow(
        self,
        faders: Faders,
        key: Float[Tensor, "batch keys"],
        chroma: Float[Tensor, "batch 12"],
        rhythm: Int[Tensor, "batch grid"],
        notes: Int[Tensor, "batch grid"],
        events: Int[Tensor, "batch steps"],
        heard_events: Int[Tensor, "batch steps"],
    ) -> Float[Tensor, "batch steps events"]:
        """Return logits of each of `events`, all that came before being true: for training a guided network.

        Args:
            faders: the latent vectors.
            key: strengths of the keys.
            chroma: shares of the pitch classes.
            rhythm: track to follow.
            notes: track to follow.
            events: tell where in the segment the decoder is.
            heard_events: what it hears of the event before each: some may be hidden from it.
        """
        condition = self.condition(faders, key, chroma)
        told = guide(rhythm, notes, *places(events))
        beside = torch.cat([condition[:, None].expand(-1, events.shape[1], -1), told], dim=-1)
        first_cell, second_cell = self.grucell_g, self.grucell_g_2
        first, second = self.linear_init_global(condition), None
        states: list[Tensor] = []
        for inputs in heard(first_cell, heard_events, beside).unbind(1):
            first = advance(inputs, first @ first_cell.weight_hh.t() + first_cell.bias_hh, first)
            second = second_cell(first, first if second is None else second)
            states.append(second)
        return self.linear_out_g(torch.stack(states, dim=1))

    def condition(
        self, faders: Faders, key: Float[Tensor, "batch keys"], chroma: Float[Tensor, "batch 12"] | None = None
    ) -> Float[Tensor, "batch condition"]:
        """Return what the decoder of events is told all along; pitch classes only if the network is guided."""
        return torch.cat([faders.rhythm, faders.notes, key, *([] if chroma is None else [chroma])], dim=-1)

    def decode(
        self,
        faders: Faders,
        key: Float[Tensor, "batch keys"],
        steps: int,
        events: Int[Tensor, "batch steps"] | None = None,
    ) -> Float[Tensor, "batch steps events"]:
        """Return log-probabilities of events.

        Args:
            faders: the latent vectors.
            key: strengths of C to B major, then of C to B minor.
            steps: how many events.
            events: the true ones to go on from, in training; without them each step goes on from the likeliest.
        """
        latent = self.condition(faders, key)
        first = self.linear_init_global(latent)
        second: Tensor | None = None
        event = torch.full((len(latent),), self.size.events - 1, device=latent.device)
        out: list[Tensor] = []
        for step in range(steps):
            x = torch.cat([one_hot(event, self.size.events).float(), latent], dim=-1)
            first = self.grucell_g(x, first)
            second = self.grucell_g_2(first, first if second is None else second)
            out.append(log_softmax(self.linear_out_g(second), dim=-1))
            event = out[-1].argmax(dim=-1) if events is None else events[:, step]
        return torch.stack(out, dim=1)

    def towards(self, faders: Faders, arousal: float | Float[Tensor, "batch 1"]) -> Faders:
        """Move latent vectors from the mean of low arousal to that of high arousal: -1 down, 0 not at all, 1 up."""
        rhythm, notes = (lookup.weight[1] - lookup.weight[0] for lookup in (self.mu_r_lookup, self.mu_n_lookup))
        return Faders(faders.rhythm + arousal * rhythm, faders.notes + arousal * notes)


def _later(track: Float[Tensor, "batch grid classes"]) -> Float[Tensor, "batch grid classes"]:
    """Show each sixteenth the one before it, and the first one nothing."""
    return torch.cat([torch.zeros_like(track[:, :1]), track[:, :-1]], dim=1)


def _log_likelihood(
    z: Float[Tensor, "batch latent"], mean: Float[Tensor, "components latent"], log_var: Tensor
) -> Float[Tensor, "batch components"]:
    apart = (z[:, None] - mean) ** 2 / log_var.exp()
    per_axis = -0.5 * (apart + log_var + torch.log(torch.tensor(2 * torch.pi)))
    return per_axis.sum(-1) - torch.log(torch.tensor(float(len(mean))))
