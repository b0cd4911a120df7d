"""A gated recurrent unit whose first input is one symbol of many: its column of the weights is looked up.

The same as `torch.nn.GRU` on one-hot vectors, for a fraction of the work; several run side by side as one batch.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding


def heard(
    cell: nn.GRUCell, symbols: Int[Tensor, "batch steps"], beside: Float[Tensor, "batch steps inputs"]
) -> Float[Tensor, "batch steps gates"]:
    """Return what a cell hears of its inputs, symbols first, before it looks at its own state."""
    ahead = cell.input_size - beside.shape[-1]
    return embedding(symbols, cell.weight_ih[:, :ahead].t()) + beside @ cell.weight_ih[:, ahead:].t() + cell.bias_ih


def advance(
    inputs: Float[Tensor, "*batch gates"], own: Float[Tensor, "*batch gates"], state: Float[Tensor, "*batch hidden"]
) -> Float[Tensor, "*batch hidden"]:
    """Return the next state, given what inputs and state bring to the three gates (reset, update, new)."""
    hidden = state.shape[-1]
    reset, update = torch.sigmoid(inputs[..., : 2 * hidden] + own[..., : 2 * hidden]).chunk(2, dim=-1)
    new = torch.tanh(inputs[..., 2 * hidden :] + reset * own[..., 2 * hidden :])
    return new + update * (state - new)


def last_states(
    units: list[nn.GRU], events: Int[Tensor, "batch steps"], lengths: Int[Tensor, "batch"] | None
) -> list[Float[Tensor, "batch both"]]:
    """Run bidirectional units over symbols; return the last states of each, forward and backward side by side.

    Args:
        units: of one layer, all of one size.
        events: ids.
        lengths: how many are music; by default all, padding too.
    """
    steps = torch.arange(events.shape[1], device=events.device).expand_as(events)
    last = torch.full_like(steps[:, :1], events.shape[1] - 1) if lengths is None else lengths[:, None] - 1
    backwards = events.gather(1, torch.where(steps <= last, last - steps, steps))
    ways = [
        (*(getattr(unit, f"{name}_l0{end}") for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")), symbols)
        for unit in units
        for end, symbols in (("", events), ("_reverse", backwards))
    ]
    gates = torch.stack([embedding(symbols.t(), weight.t()) + bias for weight, bias, _, _, symbols in ways], dim=1)
    weight = torch.stack([way[2].t() for way in ways])
    bias = torch.stack([way[3] for way in ways])[:, None]
    state = gates.new_zeros(len(ways), len(events), units[0].hidden_size)
    states: list[Tensor] = []
    for step in gates.unbind(0):
        state = advance(step, torch.baddbmm(bias, state, weight), state)
        states.append(state)
    rows = torch.arange(len(events), device=events.device)
    ended = torch.stack(states)[last[:, 0], :, rows]
    return [ended[:, 2 * number : 2 * number + 2].flatten(1) for number in range(len(units))]
