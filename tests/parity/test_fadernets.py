"""Music FaderNets' auto-encoder against the authors' own, run with random weights (golden/fadernets)."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from espressivo.generators.music.faders.network import Faders, FaderSize, MusicFaderNet

FIXTURES = Path(__file__).parents[1] / "fixtures" / "fadernets"
CONFIG = json.loads((FIXTURES / "config.json").read_text())
INPUTS = load_file(FIXTURES / "inputs.safetensors")
OUTPUTS = load_file(FIXTURES / "outputs.safetensors")
EVENTS, RHYTHM, NOTES = (INPUTS[name].long() for name in ("events", "rhythm", "note"))
KEY = INPUTS["chroma"]


@pytest.fixture(scope="module")
def model() -> MusicFaderNet:
    size = FaderSize(
        events=CONFIG["roll_dims"],
        rhythm_classes=CONFIG["rhythm_dims"],
        note_classes=CONFIG["note_dims"],
        hidden=CONFIG["hidden_dims"],
        latent=CONFIG["z_dims"],
        components=CONFIG["n_component"],
    )
    network = MusicFaderNet(size).eval()
    network.load_state_dict(load_file(FIXTURES / "weights.safetensors"), strict=True)
    return network.requires_grad_(requires_grad=False)


def close(found: torch.Tensor, expected: torch.Tensor, rtol: float = 0.0) -> None:
    assert torch.allclose(found, expected, atol=1e-5, rtol=rtol), (found - expected).abs().max()


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_encoding_components_and_decoding(model: MusicFaderNet, mode: str) -> None:
    rhythm, notes = model.encode(EVENTS)
    for posterior, name in ((rhythm, "r"), (notes, "n")):
        close(posterior.mean, OUTPUTS[f"{mode}.mean_{name}"])
        close(posterior.std, OUTPUTS[f"{mode}.std_{name}"])
    faders = Faders(rhythm.sample(OUTPUTS[f"{mode}.eps_r"]), notes.sample(OUTPUTS[f"{mode}.eps_n"]))
    close(faders.rhythm, OUTPUTS[f"{mode}.z_r"])
    close(faders.notes, OUTPUTS[f"{mode}.z_n"])
    for log_odds, name in zip(model.component_log_odds(faders), "rn", strict=True):
        close(log_odds, OUTPUTS[f"{mode}.loglogit_y_{name}"], rtol=1e-5)
        close(log_odds.softmax(-1), OUTPUTS[f"{mode}.q_y_{name}"], rtol=1e-3)
        assert torch.equal(log_odds.argmax(-1), OUTPUTS[f"{mode}.y_{name}"].long())
    read = model.attribute_log_probabilities(faders, RHYTHM, NOTES)
    close(read[0], OUTPUTS[f"{mode}.rhythm_logprobs"])
    close(read[1], OUTPUTS[f"{mode}.note_logprobs"])
    decoded = model.decode(faders, KEY, EVENTS.shape[1], EVENTS if mode == "train" else None)
    close(decoded, OUTPUTS[f"{mode}.event_logprobs"])
    assert torch.equal(decoded.argmax(-1), OUTPUTS[f"{mode}.event_argmax"].long())


def test_faders_and_arousal_move_what_is_decoded(model: MusicFaderNet) -> None:
    rhythm, notes = model.encode(EVENTS)
    mean = Faders(rhythm.mean, notes.mean)
    moved = Faders(rhythm.mean.clone(), notes.mean.clone())
    moved.rhythm[:, 0], moved.notes[:, 0] = 1.5, -1.5
    steps = EVENTS.shape[1]
    close(model.decode(mean, KEY, steps), OUTPUTS["decode_mean"])
    close(model.decode(moved, KEY, steps), OUTPUTS["decode_fader"])
    close(model.decode(model.towards(mean, 1.0), KEY, steps), OUTPUTS["decode_arousal_up"])
    close(model.decode(model.towards(model.towards(mean, 1.0), -1.0), KEY, steps), OUTPUTS["decode_mean"])


def test_a_full_size_checkpoint_fits_tensor_by_tensor() -> None:
    official = json.loads((FIXTURES / "official_keys.json").read_text())["MusicAttrRegGMVAE"]
    with torch.device("meta"):
        ours = MusicFaderNet(FaderSize()).state_dict()
    assert {name: list(tensor.shape) for name, tensor in ours.items()} == official
