"""Trained weights of Music FaderNets: ours, or the authors'."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor

from espressivo.errors import InputError
from espressivo.generators.music.faders.network import FaderSize, MusicFaderNet
from espressivo.generators.music.faders.scales import Scales
from espressivo.generators.stored_tensors import read_stored

_AUTHORS = Scales(0.5, 0.25, 3.0, 1.5)
"""The authors published no means of their data: these are guesses, which only the ends of the faders depend on."""


@dataclass(frozen=True, eq=False)
class Model:
    """A network that is ready, and what its faders stand for."""

    network: MusicFaderNet
    scales: Scales


def load_model(checkpoint: Path) -> Model:
    """Load a folder that `faders.train` wrote, or the authors' music_attr_vae_reg_gmm.pt, every tensor in its place.

    Raises:
        InputError: there is no such model.
    """
    refused, size, scales, file = partial(_refused, checkpoint), FaderSize(), _AUTHORS, checkpoint
    if checkpoint.is_dir():
        try:
            config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
            size, scales = FaderSize(**config["size"]), Scales(**config["scales"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise refused(error) from None
        file = checkpoint / "model.safetensors"
    stored = read_stored(file, refused)
    if not isinstance(stored, dict) or not all(isinstance(each, Tensor) for each in stored.values()):
        raise InputError(f"{checkpoint} holds no weights; give Music FaderNets' music_attr_vae_reg_gmm.pt or a folder.")
    network = MusicFaderNet(size)
    try:
        network.load_state_dict({name: each.float() for name, each in stored.items()}, strict=True)
    except RuntimeError:
        raise InputError(
            f"{checkpoint} holds other tensors than Music FaderNets'; give music_attr_vae_reg_gmm.pt."
        ) from None
    return Model(network.eval().requires_grad_(requires_grad=False), scales)


def _refused(checkpoint: Path, error: Exception) -> InputError:
    return InputError(
        f"{checkpoint} cannot be read as weights ({type(error).__name__}); give Music FaderNets' "
        "music_attr_vae_reg_gmm.pt or a folder of faders.train."
    )
