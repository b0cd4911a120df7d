"""Training of the bank with its encoders, of encoders for a bank that is frozen, and of the Gaussians around states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from jaxtyping import Float
from torch import Tensor, nn  # pyright: ignore[reportMissingImports]

from espressivo.conditioning.bank import losses, states
from espressivo.conditioning.bank.network import ROWS, WIDTH, BankNetwork, Encoder, Reversed
from espressivo.conditioning.bank.query import query_inputs
from espressivo.conditioning.bank.tables import UNKNOWN, Table
from espressivo.conditioning.music_emotion.corpora import SIGNS
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS
from espressivo.progress import ProgressCallback, track

STEPS = 2500
_BATCH, _STATES = 64, 96
_RATE, _DECAY = 2e-3, 1e-3
_MEETING, _RATING, _CATEGORY, _QUANTISED, _USAGE, _STRAIGHT, _SPEAKER, _QUADRANT = (
    0.5,
    2.0,
    1.0,
    1.0,
    0.2,
    2.0,
    0.1,
    0.5,
)
_STATE_RATING, _STATE_CATEGORY = 10.0, 3.0
_RESTART_STEPS, _DEAD = 100, 0.1
_NEGLECTED = 1e-6


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training gives."""

    bank: BankNetwork
    encoders: Mapping[str, Encoder]


@dataclass(frozen=True, eq=False)
class _Rows:
    """A table as tensors, and how often each row is drawn."""

    features: Tensor
    category: Tensor
    vad: Tensor
    signs: Tensor
    group: Tensor
    groups: int
    chance: Float[np.ndarray, "rows"]

    @classmethod
    def of(cls, table: Table) -> "_Rows":
        names, group = np.unique(table.group, return_inverse=True)
        signs = np.vstack([SIGNS, [(0, 0)]])[table.quadrant]  # UNKNOWN is the last row
        # Every category as often; rows without one share as much as the mean category.
        _, kind, count = np.unique(table.category, return_inverse=True, return_counts=True)
        chance = 1.0 / count[kind]
        return cls(
            _tensor(table.features),
            torch.tensor(table.category),
            _tensor(table.vad),
            _tensor(signs),
            torch.tensor(group),
            len(names),
            chance / chance.sum(),
        )


def fit_bank(
    tables: Sequence[Table], seed: int = 0, steps: int = STEPS, progress: ProgressCallback | None = None
) -> Fitted:
    """Train a bank and an encoder for each table, together."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    bank = BankNetwork()
    encoders = {table.modality: _new_encoder(table) for table in tables}
    rows = {table.modality: _Rows.of(table) for table in tables}
    speakers = {name: nn.Linear(WIDTH, part.groups) for name, part in rows.items() if part.groups > 1}
    modules = nn.ModuleList([bank, *encoders.values(), *speakers.values()])
    usage = torch.full((ROWS,), 1.0 / ROWS)
    optimiser = torch.optim.AdamW(modules.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for step in track(range(steps), "training the bank", steps, progress):
        drawn = {name: torch.tensor(rng.choice(len(part.chance), _BATCH, p=part.chance)) for name, part in rows.items()}
        asked, state_loss, state_label, state_vad = _ask_states(bank, rng)
        queries = {name: encoders[name](rows[name].features[index]) for name, index in drawn.items()}
        every = torch.cat([asked, *queries.values()])
        attention, nearest = bank.attention(every), bank.nearest(every)
        embedding = attention @ bank.rows
        label = torch.cat([state_label, *(rows[name].category[index] for name, index in drawn.items())])
        place = torch.cat([state_vad, *(rows[name].vad[index] for name, index in drawn.items())])
        loss = state_loss + _MEETING * losses.meeting_loss(embedding, label, place)
        loss = loss + _QUANTISED * losses.quantisation_loss(every, nearest) + _USAGE * losses.usage_loss(attention)
        # Straight through: forwards the nearest row, backwards the query.
        quantised = every + (nearest - every).detach()
        for found in (embedding[len(asked) :], quantised[len(asked) :]):
            loss = loss + _RATING * losses.rating_loss(bank.vad(found), place[len(asked) :])
            loss = loss + _CATEGORY * losses.category_loss(bank.category(found), label[len(asked) :])
        parts = dict(zip(drawn, embedding[len(asked) :].split(_BATCH), strict=True))
        for name, speaker in speakers.items():
            told = speaker(Reversed.apply(parts[name], _SPEAKER))
            loss = loss + nn.functional.cross_entropy(told, rows[name].group[drawn[name]])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        usage = 0.98 * usage + 0.02 * attention.mean(0).detach()
        if step % _RESTART_STEPS == _RESTART_STEPS - 1 and step < steps // 2:
            _restart(bank, usage, every.detach())
    return Fitted(bank.eval(), {name: encoder.eval() for name, encoder in encoders.items()})


def fit_encoder(bank: BankNetwork, table: Table, seed: int = 0, steps: int = STEPS // 2) -> Encoder:
    """Train an encoder of signs and ratings of valence and arousal onto a bank that stays as it is."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    bank.requires_grad_(requires_grad=False)
    encoder, rows = _new_encoder(table), _Rows.of(table)
    optimiser = torch.optim.AdamW(encoder.parameters(), _RATE, weight_decay=10 * _DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(steps):
        index = torch.tensor(rng.choice(len(rows.chance), _BATCH))
        query = encoder(rows.features[index])
        found = bank.vad(bank.attention(query) @ bank.rows)
        loss = _QUADRANT * losses.quadrant_loss(found, rows.signs[index]) + _RATING * losses.rating_loss(
            found, rows.vad[index]
        )
        loss = loss + losses.COMMITMENT * _QUANTISED * losses.quantisation_loss(query, bank.nearest(query))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return encoder.eval()


def _ask_states(bank: BankNetwork, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Query random states, the words and the categories; return queries, loss, labels (`UNKNOWN` for mixes), VAD."""
    sets = [states.anchors(), *(states.anchors(level) for level in states.LEVELS[:-1])]
    labels = [np.arange(len(CATEGORIES)), *([np.full(len(CATEGORIES), UNKNOWN)] * (len(states.LEVELS) - 1))]
    sets += [states.words(), states.random_states(_STATES, rng)]
    labels += [np.full(len(part[0]), UNKNOWN) for part in sets[len(labels) :]]
    strengths, vad = np.vstack([part[0] for part in sets]), np.vstack([part[1] for part in sets])
    posterior, place = map(_tensor, states.targets(strengths, vad))
    query = bank.query(_tensor(query_inputs(strengths, vad)))
    embedding = bank.attention(query) @ bank.rows
    loss = _STATE_RATING * losses.rating_loss(bank.vad(embedding), place)
    loss = loss + _STATE_CATEGORY * nn.functional.cross_entropy(bank.category(embedding), posterior)
    # Mixtures lie between what they are made of, halves half way from neutral.
    corners = bank.query(_tensor(query_inputs(*states.anchors())))
    between = posterior @ (bank.attention(corners) @ bank.rows)
    plain = _tensor(np.abs(vad - strengths @ MEANS).max(axis=1) < _NEGLECTED)
    straight = (((embedding - between) ** 2).sum(1) * plain).sum() / plain.sum()
    return query, loss + _STRAIGHT * straight, torch.tensor(np.concatenate(labels)), place


def _restart(bank: BankNetwork, usage: Tensor, queries: Tensor) -> None:
    """Move rows that hardly anything attends to onto queries."""
    dead = torch.nonzero(usage < _DEAD / ROWS).flatten()
    if len(dead):
        with torch.no_grad():
            bank.rows[dead] = queries[torch.randint(len(queries), (len(dead),))]
        usage[dead] = 1.0 / ROWS


def _new_encoder(table: Table) -> Encoder:
    deviation = table.features.std(0)
    return Encoder(_tensor(table.features.mean(0)), _tensor(np.where(deviation > _NEGLECTED, deviation, 1.0)))


def _tensor(values: np.ndarray) -> Tensor:
    return torch.tensor(np.asarray(values, np.float32))
