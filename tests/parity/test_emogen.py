"""EmoGen's language model against the authors' own, run with random weights (golden/emogen)."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from espressivo.generators.music.emogen.network import PAD, EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.linear_attention import Sums

FIXTURES = Path(__file__).parents[1] / "fixtures" / "emogen"
CONFIG = json.loads((FIXTURES / "config.json").read_text())
INPUTS = load_file(FIXTURES / "inputs.safetensors")
OUTPUTS = load_file(FIXTURES / "outputs.safetensors")
NOT_LEARNED = ("decoder.version", "decoder.embed_positions._float_tensor")


@pytest.fixture(scope="module")
def model() -> EmoGenLanguageModel:
    size = EmoGenSize(
        vocabulary=CONFIG["vocab"],
        width=CONFIG["embed_dim"],
        feed_forward=CONFIG["ffn_dim"],
        layers=CONFIG["layers"],
        heads=CONFIG["heads"],
        attributes=CONFIG["feature_num"],
        buckets=CONFIG["bucket_num"],
        attribute_width=CONFIG["command_embed_dim"],
    )
    network = EmoGenLanguageModel(size).eval()
    weights = load_file(FIXTURES / "weights.safetensors")
    network.load_state_dict({name: tensor for name, tensor in weights.items() if name not in NOT_LEARNED}, strict=True)
    return network


@pytest.mark.parametrize(
    ("tokens", "command", "output"),
    [("tokens", "command", "full"), ("tokens_padded", "command", "padded"), ("tokens", "command_unset", "unset")],
)
def test_logits(model: EmoGenLanguageModel, tokens: str, command: str, output: str) -> None:
    with torch.no_grad():
        logits = model(INPUTS[tokens].long(), INPUTS[command].long())
    real = INPUTS[tokens] != PAD
    assert torch.allclose(logits[real], OUTPUTS[f"{output}.logits"][real], atol=1e-5, rtol=0)


def test_decoding_step_by_step(model: EmoGenLanguageModel) -> None:
    past: list[Sums] | None = None
    with torch.no_grad():
        command = model.command(INPUTS["command"].long())
        for place, token in enumerate(INPUTS["tokens"].long().unbind(1)):
            logits, past = model.step(token, command, place, past)
            assert torch.allclose(logits, OUTPUTS["full.logits"][:, place], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("dictionary", "vocabulary"), [("Piano", 462), ("TopMAGD", 692)])
def test_a_full_size_checkpoint_fits_tensor_by_tensor(dictionary: str, vocabulary: int) -> None:
    official = json.loads((FIXTURES / "official_keys.json").read_text())[dictionary]
    with torch.device("meta"):
        ours = EmoGenLanguageModel(EmoGenSize(vocabulary)).state_dict()
    assert {name: list(tensor.shape) for name, tensor in ours.items()} == {
        name: shape for name, shape in official.items() if name not in NOT_LEARNED
    }
