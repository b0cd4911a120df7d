"""MusER's network against the authors' own, run with random weights (golden/muser)."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from espressivo.errors import InputError
from espressivo.generators.music.muser.checkpoints import load_network, load_prior
from espressivo.generators.music.muser.elements import ELEMENTS, TYPE
from espressivo.generators.music.muser.network import MusER, MusERSize
from espressivo.generators.music.muser.prior import Prior, PriorSize
from espressivo.generators.music.muser.stepping import CodeStepper, WordStepper

FIXTURES = Path(__file__).parents[1] / "fixtures" / "muser"
CONFIG = json.loads((FIXTURES / "config.json").read_text())
KEYS = json.loads((FIXTURES / "official_keys.json").read_text())
INPUTS = load_file(FIXTURES / "inputs.safetensors")
OUTPUTS = load_file(FIXTURES / "outputs.safetensors")
WEIGHTS = load_file(FIXTURES / "weights.safetensors")
X, Y = INPUTS["x"], INPUTS["y"]


def part(prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in WEIGHTS.items() if name.startswith(prefix)}


def expect(found: torch.Tensor, name: str, rtol: float = 0.0) -> None:
    torch.testing.assert_close(found, OUTPUTS[name].reshape(found.shape), atol=1e-5, rtol=rtol)


@pytest.fixture
def network() -> MusER:
    sizes = CONFIG["vqvae"]
    model = MusER(
        MusERSize(
            encoder_width=sizes["encoder_width"],
            encoder_layers=sizes["n_layer"],
            decoder_width=sizes["decoder_width"],
            decoder_layers=sizes["decoder_layers"],
            subdecoder_layers=sizes["subdecoder_layers"],
            heads=sizes["n_head"],
            codes=sizes["num_embeddings"],
        )
    ).eval()
    load_network(model, part("vqvae."))
    return model


@pytest.fixture
def prior() -> Prior:
    sizes = CONFIG["prior"]
    model = Prior(PriorSize(sizes["codebook_n"], sizes["width"], sizes["n_layer"], sizes["n_head"])).eval()
    load_prior(model, part("prior."))
    return model


@torch.no_grad()
def test_encoder_and_codes(network: MusER) -> None:
    expect(network.embed(Y)[..., :-128], "input_embedding_concat_y")
    expect(network.encode(Y), "encoder_out")
    quantised = network.quantise(Y)
    assert torch.equal(quantised.codes, OUTPUTS["code_indices"])
    expect(quantised.vectors, "quantized")
    expect(quantised.commitment, "commitment_loss")


@torch.no_grad()
def test_logits_of_all_elements(network: MusER) -> None:
    logits, _ = network(X, Y)
    for name in ELEMENTS:
        expect(logits[name], f"logits_{name.removeprefix('bar-')}")
        expect(logits[name].log_softmax(-1), f"logprobs_{name.removeprefix('bar-')}")


@torch.no_grad()
def test_decoding_step_by_step(network: MusER) -> None:
    latent = OUTPUTS["quantized"]
    stepper = WordStepper(network)
    memory, past = stepper.memory(latent, len(latent)), stepper.past(len(latent))
    for place in range(X.shape[1]):
        hidden = stepper.step(X[:, place].numpy(), latent[:, place].numpy(), memory, past)
        assert np.allclose(stepper.types(hidden), OUTPUTS["logits_type"][:, place], rtol=0, atol=1e-5)
        for name in ELEMENTS[1:]:
            expected = OUTPUTS[f"logits_{name.removeprefix('bar-')}"][:, place]
            logits = stepper.element(name, hidden, Y[:, place, TYPE].numpy())
            assert np.allclose(logits, expected, rtol=0, atol=1e-5)


def test_the_codebook_moves_in_training(network: MusER) -> None:
    latent = OUTPUTS["latent"].clone().requires_grad_()
    quantised = network.VQ.train()(latent)
    expect(quantised.vectors, "vq_forward_quantized_straight_through")
    expect(quantised.commitment, "vq_forward_loss")
    expect(network.VQ.embeddings, "ema_embeddings_after_1", rtol=1e-5)
    expect(network.VQ.ema_dw.hidden, "ema_dw_hidden_after_1")
    expect(network.VQ.ema_cluster_size.hidden, "ema_cluster_size_hidden_after_1")
    (gradient,) = torch.autograd.grad(quantised.vectors.sum(), latent)
    assert torch.equal(gradient, torch.ones_like(latent))


@torch.no_grad()
def test_prior(prior: Prior) -> None:
    logits = prior(INPUTS["prior_in"])
    expect(logits.log_softmax(-1), "prior_logprobs_t1")
    expect((logits / 0.3).log_softmax(-1), "prior_logprobs_t03", rtol=1e-4)
    stepper = CodeStepper(prior)
    past = stepper.past(len(logits))
    for place, code in enumerate(INPUTS["prior_in"].unbind(1)):
        assert np.allclose(stepper.step(code.numpy(), past), logits[:, place], rtol=0, atol=1e-5)


def official(which: str) -> dict[str, torch.Tensor]:
    return {f"module.{name}": torch.randn(shape) for name, shape in KEYS[which].items() if not name.startswith("DR.")}


def test_full_size_checkpoints_fit_tensor_by_tensor() -> None:
    not_learned = ".pe"
    for which, model in (("vqvae", MusER(MusERSize())), ("prior", Prior(PriorSize()))):
        shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
        assert shapes == {
            name: shape
            for name, shape in KEYS[which].items()
            if not name.startswith("DR.") and not name.endswith(not_learned)
        }
    network, weights = MusER(MusERSize()), official("vqvae")
    load_network(network, weights)
    assert torch.equal(network.VQ.embeddings, weights["module.VQ.embeddings"])
    load_prior(Prior(PriorSize()), official("prior"))


def test_other_checkpoints_are_refused(prior: Prior) -> None:
    weights = part("vqvae.")
    with pytest.raises(InputError, match="does not hold"):
        load_network(MusER(MusERSize()), weights)
    weights = part("prior.")
    weights["emb.lut.weight"] = weights["emb.lut.weight"][:-1]
    with pytest.raises(InputError, match="5 more"):
        load_prior(prior, weights)
