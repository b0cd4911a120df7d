"""Training of a bank at small size: what is learned, that it repeats, and that a frozen bank stays as it is."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from espressivo.conditioning.bank import losses
from espressivo.conditioning.bank.embedding import EmotionEmbedding
from espressivo.conditioning.bank.encoder import BankEncoder
from espressivo.conditioning.bank.fit import fit_bank, fit_encoder
from espressivo.conditioning.bank.measures import recall, retrieval
from espressivo.conditioning.bank.tables import FOLDS, UNKNOWN, Table
from espressivo.conditioning.bank.writing import network_of, write_bank
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.vocabulary import MEANS

HAPPY, SAD, ANGRY = 1, 2, 6


def _table(modality: str, width: int, seed: int) -> Table:
    """Three emotions as three directions of features, different in each modality."""
    rng = np.random.default_rng(seed)
    category = np.repeat([0, HAPPY, SAD, ANGRY], 30)
    centres = 2 * rng.normal(size=(10, width))
    features = (centres[category] + rng.normal(size=(120, width))).astype(np.float32)
    who = np.tile(["a", "b", "c", "d"], 30) if modality == "speech" else np.full(120, "")
    vad = MEANS[category] if modality == "speech" else np.full((120, 3), np.nan)
    quadrant = np.full(120, UNKNOWN)
    return Table(modality, features, category, vad, quadrant, who, np.arange(120) % FOLDS)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return [_table("speech", 12, 0), _table("face", 8, 1)]


@pytest.fixture(scope="module")
def folder(tables: list[Table], tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("bank")
    write_bank(fit_bank([table.split(0)[0] for table in tables], 0, 100), tables, place, "bank-small", 7)
    return place


def test_modalities_meet_on_rows_that_were_held_out(tables: list[Table], folder: Path) -> None:
    bank = EmotionEmbedding.load(folder)
    assert (bank.id, bank.version) == ("bank-small", 7)
    speech, face = (table.split(0)[1] for table in tables)
    heard, seen = (BankEncoder.load(part.modality, bank, folder).encode(part.features) for part in (speech, face))
    assert retrieval(heard, speech.category, seen, face.category)["precision_1"] > 0.8
    assert recall(bank.posterior_of(seen), face.category)["recall"] > 0.8
    found = bank.vad_of(heard)
    assert np.corrcoef(found[:, 0], speech.vad[:, 0])[0, 1] > 0.8
    # States meet the recordings too.
    states = np.vstack([bank.embed(EmotionState({name: 1.0})) for name in ("happiness", "sadness", "anger")])
    near = np.argmax((states - bank.neutral) @ (heard[speech.category > 0] - bank.neutral).T, axis=0)
    assert (near == np.searchsorted([HAPPY, SAD, ANGRY], speech.category[speech.category > 0])).mean() > 0.8


def test_the_same_seed_gives_the_same_bank(tables: list[Table]) -> None:
    one, two, other = (fit_bank(tables, seed, 5).bank.rows.detach().numpy() for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_frozen_bank_is_the_same_as_a_network_and_is_not_trained(folder: Path) -> None:
    bank = EmotionEmbedding.load(folder)
    network = network_of(bank)
    before = network.rows.detach().clone()
    rng = np.random.default_rng(3)
    quadrant = np.repeat(np.arange(4), 30)
    features = (2 * rng.normal(size=(4, 6))[quadrant] + rng.normal(size=(120, 6))).astype(np.float32)
    nobody = np.full((120, 3), np.nan)
    music = Table("music", features, np.full(120, UNKNOWN), nobody, quadrant, np.full(120, ""), np.arange(120) % FOLDS)
    encoder = fit_encoder(network, music, 0, 300)
    assert torch.equal(network.rows, before)
    with torch.no_grad():
        query = encoder(torch.tensor(features))
        embedding = network.attention(query) @ network.rows
        place = network.vad(embedding).numpy()
    np.testing.assert_allclose(bank.aggregate(query.numpy().astype(float)), embedding.numpy(), atol=1e-4)
    np.testing.assert_allclose(bank.vad_of(embedding.numpy()), np.clip(place, -1, 1), atol=1e-3)
    signs = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])[quadrant]
    assert (np.sign(place[:, :2]) == signs).mean() > 0.85


def test_rows_that_belong_together_are_rewarded_for_being_near() -> None:
    category = torch.tensor([1, 1, 2, 2])
    nowhere = torch.full((4, 3), torch.nan)
    apart = torch.tensor([[1.0, 0], [1, 0.1], [-1, 0], [-1, 0.1]])
    mingled = apart[[0, 2, 1, 3]]
    assert losses.meeting_loss(apart, category, nowhere) < losses.meeting_loss(mingled, category, nowhere)
    # Without categories their VAD decides.
    unnamed, places = torch.full((4,), UNKNOWN), torch.tensor(MEANS[[HAPPY, HAPPY, SAD, SAD]], dtype=torch.float32)
    assert losses.meeting_loss(apart, unnamed, places) < losses.meeting_loss(mingled, unnamed, places)


def test_unrated_axes_and_unnamed_rows_do_not_count() -> None:
    found = torch.ones(2, 3)
    vad = torch.tensor([[0.0, torch.nan, torch.nan], [torch.nan] * 3])
    assert losses.rating_loss(found, vad) == 1.0
    assert losses.rating_loss(found, torch.full((2, 3), torch.nan)) == 0.0
    assert losses.category_loss(torch.zeros(2, 10), torch.tensor([UNKNOWN, UNKNOWN])) == 0.0


def test_commitment_is_a_quarter_of_the_pull_on_the_rows() -> None:
    query, row = torch.zeros(1, 4, requires_grad=True), torch.ones(1, 4, requires_grad=True)
    losses.quantisation_loss(query, row).backward()
    assert query.grad is not None
    assert row.grad is not None
    torch.testing.assert_close(query.grad, -losses.COMMITMENT * row.grad)


def test_an_even_use_of_the_bank_costs_nothing() -> None:
    assert losses.usage_loss(torch.eye(8)).item() == pytest.approx(0.0, abs=1e-6)
    assert losses.usage_loss(torch.eye(8)[[0] * 8]).item() == pytest.approx(np.log(8), abs=1e-5)


def test_folds_hold_whole_groups_and_every_row_once(tables: list[Table]) -> None:
    for table in tables:
        outside, inside = zip(*(table.split(fold) for fold in range(FOLDS)), strict=True)
        assert sum(map(len, inside)) == len(table)
        assert all(len(one) + len(other) == len(table) for one, other in zip(outside, inside, strict=True))
    assert len(tables[0].split(None)[1]) == 0


def test_tables_are_kept_as_they_are(tables: list[Table], tmp_path: Path) -> None:
    tables[0].write(tmp_path / "speech.npz")
    kept = Table.read(tmp_path / "speech.npz")
    assert kept.modality == "speech"
    assert np.array_equal(kept.features, tables[0].features)
    assert list(kept.group) == list(tables[0].group)


def test_embedding_needs_neither_torch_nor_matplotlib() -> None:
    code = (
        "import sys; from espressivo.conditioning.bank.encoder import BankEncoder; BankEncoder.load('text');"
        "print([name for name in ('torch', 'matplotlib', 'sklearn') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
