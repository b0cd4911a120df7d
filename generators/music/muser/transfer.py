"""Element transfer: the rhythm of one piece with the harmony of another (Ji & Yang, AAAI 2024, section 4.4)."""

from collections.abc import Collection

import torch
from jaxtyping import Float
from torch import Tensor

from espressivo.generators.music.muser.elements import SLICES

Latent = Float[Tensor, "batch length 112"]


def transferred(latent: Latent, donor: Float[Tensor, "batch donor 112"], elements: Collection[str]) -> Latent:
    """Replace the parts of a latent that belong to some elements by those of another piece.

    Args:
        latent: quantised vectors of the piece that is kept.
        donor: quantised vectors of the piece that gives; a shorter one is repeated, a longer one cut.
        elements: names of `SLICES`.

    Raises:
        ValueError: an element is not one of `SLICES`, or the donor is empty.
    """
    unknown = sorted(set(elements) - SLICES.keys())
    if unknown:
        raise ValueError(f"There is no element {unknown[0]!r}; choose among {', '.join(SLICES)}.")
    if not donor.shape[1]:
        raise ValueError("The piece that gives is empty.")
    place = torch.arange(latent.shape[1], device=latent.device) % donor.shape[1]
    mixed = latent.clone()
    for name in elements:
        mixed[..., SLICES[name]] = donor[:, place, SLICES[name]]
    return mixed
