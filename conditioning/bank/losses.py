"""What pulls the bank into shape: meeting across modalities, decoders, and quantisation."""

import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from jaxtyping import Float, Int
from torch import Tensor  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

COMMITMENT = 0.25
_CONTRAST_TEMPERATURE = 0.1
_NEAR = 0.3
_STEEPNESS = 6.0


def meeting_loss(
    embedding: Float[Tensor, "n width"],
    category: Int[Tensor, "n"],
    vad: Float[Tensor, "n 3"],
) -> Float[Tensor, ""]:
    """Supervised contrast (Khosla et al. 2020) over all modalities and states at once.

    Rows belong together by category where both have one (below 0: none), else by how near their VAD is (a Gaussian);
    pairs of which neither is known do not count.
    """
    unit = functional.normalize(embedding - embedding.mean(0), dim=1)
    alike = unit @ unit.T / _CONTRAST_TEMPERATURE
    alike = alike.masked_fill(torch.eye(len(unit), dtype=torch.bool), -torch.inf)
    log_share = alike - alike.logsumexp(dim=1, keepdim=True)
    together = _belonging(category, vad)
    weight = together.sum(1)
    per_row = -(together * log_share.masked_fill(torch.eye(len(unit), dtype=torch.bool), 0.0)).sum(1)
    known = weight > 1e-3
    return (per_row[known] / weight[known]).mean()


def rating_loss(found: Float[Tensor, "n 3"], vad: Float[Tensor, "n 3"]) -> Float[Tensor, ""]:
    """Squared error on the axes that somebody rated; 0 where none is."""
    rated = ~vad.isnan()
    return ((found - vad.nan_to_num()) ** 2)[rated].sum() / rated.sum().clamp(min=1)


def category_loss(logits: Float[Tensor, "n categories"], category: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """Cross-entropy of the rows that have a category; 0 where none has."""
    named = category >= 0
    return functional.cross_entropy(logits[named], category[named]) if named.any() else logits.sum() * 0.0


def quadrant_loss(found: Float[Tensor, "n 3"], signs: Float[Tensor, "n 2"]) -> Float[Tensor, ""]:
    """Logistic loss of the signs of valence and arousal; rows with sign 0 do not count."""
    named = signs.abs().sum(1) > 0
    return functional.softplus(-_STEEPNESS * found[named, :2] * signs[named]).sum() / named.sum().clamp(min=1)


def quantisation_loss(query: Float[Tensor, "n width"], row: Float[Tensor, "n width"]) -> Float[Tensor, ""]:
    """Rows move to the queries they are nearest to; queries keep near, `COMMITMENT` as strongly (van den Oord 2017)."""
    towards = ((query.detach() - row) ** 2).sum(1).mean()
    return towards + COMMITMENT * ((query - row.detach()) ** 2).sum(1).mean()


def usage_loss(attention: Float[Tensor, "n rows"]) -> Float[Tensor, ""]:
    """How much less evenly than it could the bank is used over a batch: 0 where all rows are used alike."""
    mean = attention.mean(0)
    return torch.log(torch.tensor(float(len(mean)))) + (mean * (mean + 1e-9).log()).sum()


def _belonging(category: Int[Tensor, "n"], vad: Float[Tensor, "n 3"]) -> Float[Tensor, "n n"]:
    both_named = (category[:, None] >= 0) & (category >= 0)
    same = (category[:, None] == category).float()
    placed = ~vad.isnan().any(1)
    distance = torch.cdist(vad.nan_to_num(), vad.nan_to_num())
    near = torch.exp(-0.5 * (distance / _NEAR) ** 2) * (placed[:, None] & placed)
    near = torch.where(near > 0.1, near, 0.0)
    return torch.where(both_named, same, near) * (1 - torch.eye(len(category)))
