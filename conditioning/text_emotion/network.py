"""The sentence encoder as a torch module with low-rank adapters, for training. Needs the `train` extra."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from espressivo.conditioning.text_emotion.encoder import ADAPTED, HEADS, LAYERS, WIDTH, Weights

_INNER = 1536


class AdaptedLinear(nn.Module):
    """A frozen linear map plus a trained one of low rank: x W^T + b + dropout(x) D^T U^T."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, rank: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        outputs, inputs = weight.shape
        self.down = nn.Parameter(torch.randn(rank, inputs) / inputs**0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Float[Tensor, "... in"]) -> Float[Tensor, "... out"]:
        """Apply both maps."""
        return functional.linear(inputs, self.weight, self.bias) + self.dropout(inputs) @ self.down.T @ self.up.T


class AdaptedLayer(nn.Module):
    """One BERT layer whose six linear maps are adapted; normalisation stays as it is."""

    def __init__(self, weights: Weights, layer: int, rank: int, dropout: float) -> None:
        super().__init__()
        prefix = f"encoder.layer.{layer}."
        tensors = {key.removeprefix(prefix): torch.from_numpy(np.array(weights[key])) for key in weights}
        maps = {
            name: AdaptedLinear(tensors[f"{name}.weight"], tensors[f"{name}.bias"], rank, dropout) for name in ADAPTED
        }
        self.maps = nn.ModuleDict({name.replace(".", "/"): linear for name, linear in maps.items()})
        self.norms = {
            name: (tensors[f"{name}.weight"], tensors[f"{name}.bias"])
            for name in ("attention.output.LayerNorm", "output.LayerNorm")
        }
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, hidden: Float[Tensor, "texts tokens 384"], mask: Bool[Tensor, "texts tokens"]
    ) -> Float[Tensor, "texts tokens 384"]:
        """Attend, then transform each token."""
        texts, tokens, _ = hidden.shape
        query, key, value = (
            self._map(f"attention.self.{part}", hidden).view(texts, tokens, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        context = functional.scaled_dot_product_attention(query, key, value, mask[:, None, None, :])
        context = context.transpose(1, 2).reshape(texts, tokens, WIDTH)
        attended = self.dropout(self._map("attention.output.dense", context))
        hidden = self._norm("attention.output.LayerNorm", hidden + attended)
        wide = functional.gelu(self._map("intermediate.dense", hidden))
        return self._norm("output.LayerNorm", hidden + self.dropout(self._map("output.dense", wide)))

    def adapted(self) -> dict[str, AdaptedLinear]:
        """Return the adapted maps by the checkpoint's names."""
        return {name.replace("/", "."): cast(AdaptedLinear, linear) for name, linear in self.maps.items()}

    def _map(self, name: str, inputs: Tensor) -> Tensor:
        return self.maps[name.replace(".", "/")](inputs)

    def _norm(self, name: str, inputs: Tensor) -> Tensor:
        return functional.layer_norm(inputs, (WIDTH,), *self.norms[name], 1e-12)


class AdaptedEncoder(nn.Module):
    """Token ids -> mean-pooled vectors; layers below `first` are left as they came."""

    word: Tensor
    position: Tensor
    kind: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, weights: Weights, first: int, rank: int, dropout: float) -> None:
        super().__init__()
        for name in ("word", "position"):
            table = torch.from_numpy(np.array(weights[f"embeddings.{name}_embeddings.weight"]))
            self.register_buffer(name, table)
        self.register_buffer("kind", torch.from_numpy(np.array(weights["embeddings.token_type_embeddings.weight"][0])))
        self.register_buffer("scale", torch.from_numpy(np.array(weights["embeddings.LayerNorm.weight"])))
        self.register_buffer("shift", torch.from_numpy(np.array(weights["embeddings.LayerNorm.bias"])))
        self.layers = nn.ModuleList(
            AdaptedLayer(weights, layer, rank, dropout if layer >= first else 0.0) for layer in range(LAYERS)
        )
        self.first = first

    def lower(
        self, ids: Int[Tensor, "texts tokens"], mask: Bool[Tensor, "texts tokens"]
    ) -> Float[Tensor, "texts tokens 384"]:
        """Return the tokens as they enter the first adapted layer: the same throughout training."""
        with torch.no_grad():
            hidden = self.word[ids] + self.position[: ids.shape[1]] + self.kind
            hidden = functional.layer_norm(hidden, (WIDTH,), self.scale, self.shift, 1e-12)
            for layer in self.layers[: self.first]:
                hidden = layer(hidden, mask)
        return hidden

    def forward(
        self, hidden: Float[Tensor, "texts tokens 384"], mask: Bool[Tensor, "texts tokens"]
    ) -> Float[Tensor, "texts 384"]:
        """Return the mean over the tokens that leave the last layer."""
        for layer in self.layers[self.first :]:
            hidden = layer(hidden, mask)
        return (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def adapters(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return `down` and `up` of every adapted map, float16, by the names `encoder.merged` takes."""
        return {
            f"encoder.layer.{index}.{name}.{part}": getattr(linear, part).detach().half().numpy()
            for index, layer in enumerate(self.layers)
            if index >= self.first
            for name, linear in cast(AdaptedLayer, layer).adapted().items()
            for part in ("down", "up")
        }


def padded(ids: Sequence[Sequence[int]]) -> tuple[Int[Tensor, "texts tokens"], Bool[Tensor, "texts tokens"]]:
    """Return token ids filled up with 0, and which are tokens."""
    lengths = torch.tensor([len(row) for row in ids])
    rows = torch.zeros(len(ids), int(lengths.max()), dtype=torch.long)
    for row, tokens in zip(rows, ids, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    return rows, torch.arange(rows.shape[1]) < lengths[:, None]
