"""Writing a trained bank and its encoders as `embedding` and `encoder` read them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from jaxtyping import Float
from safetensors.numpy import save_file

from espressivo.conditioning.bank.embedding import WIDTH, EmotionEmbedding
from espressivo.conditioning.bank.encoder import BankEncoder
from espressivo.conditioning.bank.fit import Fitted
from espressivo.conditioning.bank.network import ROWS, BankNetwork, Encoder
from espressivo.conditioning.bank.query import INPUTS
from espressivo.conditioning.bank.spread import DIRECTIONS, balanced_by_group, category_spreads
from espressivo.conditioning.bank.tables import Table
from espressivo.conditioning.vocabulary import CATEGORIES

_MOST_OF_A_GROUP = 300


def write_bank(fitted: Fitted, tables: Sequence[Table], folder: Path, bank_id: str, version: int) -> EmotionEmbedding:
    """Write bank and encoders, find the Gaussians around the categories on the way, and return what can be loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    spreads = np.zeros((len(CATEGORIES), DIRECTIONS, WIDTH), np.float32)
    _write_tensors(fitted.bank, spreads, folder, bank_id, version)
    write_encoders(fitted.encoders, EmotionEmbedding.load(folder), folder)
    _write_tensors(fitted.bank, _spreads(EmotionEmbedding.load(folder), tables, folder), folder, bank_id, version)
    bank = EmotionEmbedding.load(folder)
    write_encoders(fitted.encoders, bank, folder)
    return bank


def write_encoders(encoders: Mapping[str, Encoder], bank: EmotionEmbedding, folder: Path) -> None:
    """Write encoders that belong to a bank."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, np.ndarray] = {}
    for name, encoder in encoders.items():
        for key, value in encoder.state_dict().items():
            array = value.numpy().T if value.ndim == 2 else value.numpy()
            tensors[f"{name}.{key}"] = np.ascontiguousarray(array, np.float32)
    save_file(tensors, folder / "encoders.safetensors")
    _write_json(folder / "encoders.json", {"modalities": sorted(encoders), "bank": bank.id, "bank_sha256": bank.digest})


def network_of(bank: EmotionEmbedding) -> BankNetwork:
    """Return a bank as a network, to train encoders onto it."""
    network = BankNetwork()
    (weight_in, bias_in), (weight_out, bias_out) = bank.query_layers
    values = {
        "rows": bank.rows,
        "log_sharpness": np.log(bank.sharpness),
        "query_in.weight": weight_in.T,
        "query_in.bias": bias_in,
        "query_out.weight": weight_out.T,
        "query_out.bias": bias_out,
        "vad.weight": bank.vad_weight.T,
        "vad.bias": -bank.neutral @ bank.vad_weight,
        "category.weight": bank.category_weight.T,
        "category.bias": bank.category_bias,
    }
    network.load_state_dict(
        {name: torch.tensor(np.asarray(value), dtype=torch.float32) for name, value in values.items()}
    )
    return network.eval()


def _spreads(
    bank: EmotionEmbedding, tables: Sequence[Table], folder: Path
) -> Float[np.ndarray, "categories directions 128"]:
    """Gaussians from the training recordings, every speaker and modality with about as many."""
    embeddings, category, group = [], [], []
    rng = np.random.default_rng(0)
    for table in tables:
        named = table.where(table.category >= 0)
        kinds = np.array([f"{table.modality}/{who}" for who in named.group])
        cells = np.array([f"{who}/{index}" for who, index in zip(kinds, named.category, strict=True)])
        chosen = balanced_by_group(cells, _MOST_OF_A_GROUP, rng)
        embeddings.append(BankEncoder.load(table.modality, bank, folder).encode(named.features[chosen]))
        category.append(named.category[chosen])
        group.append(kinds[chosen])
    together, labels = np.concatenate(embeddings), np.concatenate(category)
    recognised = bank.posterior_of(together).argmax(axis=1) == labels
    return category_spreads(together, labels, np.concatenate(group), recognised, len(CATEGORIES))


def _write_tensors(network: BankNetwork, spreads: np.ndarray, folder: Path, bank_id: str, version: int) -> None:
    tensors = {
        "rows": network.rows,
        "sharpness": network.log_sharpness.exp().reshape(1),
        "query.in.weight": network.query_in.weight.T,
        "query.in.bias": network.query_in.bias,
        "query.out.weight": network.query_out.weight.T,
        "query.out.bias": network.query_out.bias,
        "vad.weight": network.vad.weight.T,
        "category.weight": network.category.weight.T,
        "category.bias": network.category.bias,
    }
    arrays = {name: np.ascontiguousarray(value.detach().numpy(), np.float32) for name, value in tensors.items()}
    save_file({**arrays, "spreads": np.ascontiguousarray(spreads, np.float32)}, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    config = {"id": bank_id, "version": version, "sha256": digest, "rows": ROWS}
    _write_json(folder / "config.json", {**config, "categories": CATEGORIES, "inputs": INPUTS})


def _write_json(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")
