"""MusER's latents: the regulariser's loss, transfer of elements, and decoding in constant time at any length."""

import numpy as np
import torch

from espressivo.generators.music.muser.elements import ELEMENTS, FIELDS, LATENT, SLICES, TYPE
from espressivo.generators.music.muser.network import MusER, MusERSize
from espressivo.generators.music.muser.prior import Prior, PriorSize
from espressivo.generators.music.muser.regulariser import pair_loss, pooled, pooled_values
from espressivo.generators.music.muser.stepping import CodeStepper, WordStepper
from espressivo.generators.music.muser.transfer import transferred


def tokens(length: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(length)
    return torch.stack([torch.randint(field.classes, (2, length), generator=generator) for field in FIELDS], dim=-1)


def test_parts_of_the_latent_share_it_out() -> None:
    assert set(SLICES) == set(ELEMENTS)
    places = [place for part in SLICES.values() for place in range(LATENT)[part]]
    assert sorted(places) == list(range(LATENT))


@torch.no_grad()
def test_steps_equal_the_whole_over_several_chunks() -> None:
    torch.manual_seed(0)
    size = MusERSize(16, 1, 32, 2, 1, 4, 2, 20)
    network, x = MusER(size).eval(), tokens(150)
    latent = torch.randn(2, 150, LATENT)
    whole = network.predict(network.decode(x, latent), x[..., TYPE])
    stepper = WordStepper(network)
    memory, past = stepper.memory(latent, 2), stepper.past(2)
    for place in range(150):
        hidden = stepper.step(x[:, place].numpy(), latent[:, place].numpy(), memory, past)
        assert np.allclose(stepper.types(hidden), whole["type"][:, place], atol=1e-5)
        for name in ELEMENTS[1:]:
            logits = stepper.element(name, hidden, x[:, place, TYPE].numpy())
            assert np.allclose(logits, whole[name][:, place], atol=1e-5)
    prior, codes = Prior(PriorSize(20, 32, 2, 4)).eval(), torch.randint(25, (2, 150))
    logits, stepper = prior(codes), CodeStepper(prior)
    past = stepper.past(2)
    for place in range(150):
        assert np.allclose(stepper.step(codes[:, place].numpy(), past), logits[:, place], atol=1e-5)


@torch.no_grad()
def test_the_codebook_rests_outside_training() -> None:
    network = MusER(MusERSize(16, 1, 32, 1, 1, 4, 2, 20)).eval()
    before = network.VQ.embeddings.clone()
    network.quantise(tokens(5))
    assert torch.equal(network.VQ.embeddings, before)
    network.train().quantise(tokens(5))
    assert not torch.equal(network.VQ.embeddings, before)


def test_of_equally_near_codes_the_first_is_taken() -> None:
    quantiser = MusER(MusERSize(16, 1, 32, 1, 1, 4, 2, 4)).eval().VQ
    quantiser.embeddings.copy_(torch.ones(4, LATENT))
    assert quantiser.nearest(torch.zeros(1, 3, LATENT)).tolist() == [[0, 0, 0]]


def test_codes_that_nobody_chooses_are_revived() -> None:
    torch.manual_seed(0)
    quantiser = MusER(MusERSize(16, 1, 32, 1, 1, 4, 2, 8)).train().VQ
    latent = 5 + torch.randn(2, 40, LATENT)
    for _ in range(20):
        quantiser(latent)
    few = len(quantiser.nearest(latent).unique())
    assert quantiser.revive(latent) == 8 - few > 0
    assert len(quantiser.nearest(latent).unique()) > few
    quantiser(latent)
    assert quantiser.revive(latent) < 8 - few


def test_pair_loss_compares_every_piece_with_every_other() -> None:
    latent, values = torch.randn(5, 16), torch.randint(3, (5, 1)).float()
    pairs = [
        (torch.tanh(latent[j] - latent[k]) - torch.sign(values[j] - values[k])).abs().mean()
        for j in range(5)
        for k in range(5)
    ]
    torch.testing.assert_close(pair_loss(latent, values), torch.stack(pairs).mean())
    ordered = 100 * values.expand(5, 16)
    assert pair_loss(ordered, values) < 1e-6
    assert pair_loss(-ordered, values) > pair_loss(ordered, values)


def test_padding_is_not_pooled() -> None:
    latent = torch.randn(2, 6, LATENT)
    kept = torch.tensor([[True] * 6, [True] * 3 + [False] * 3])
    shorter = pooled(latent[1:, :3], kept[1:, :3])
    for name, part in pooled(latent, kept).items():
        torch.testing.assert_close(part[1:], shorter[name])
    values = torch.tensor([[1.0, 2.0, 30.0], [4.0, 0.0, 0.0]])
    assert pooled_values(values, torch.tensor([[True, True, False], [False] * 3])).tolist() == [[1.5], [0.0]]


def test_transfer_replaces_the_named_parts_and_no_others() -> None:
    latent, donor = torch.randn(1, 7, LATENT), torch.randn(1, 3, LATENT)
    places = np.array([0, 1, 2, -1, 1, 0, -1])
    mixed = transferred(latent, donor, ["pitch", "chord"], places)
    for name, part in SLICES.items():
        for place, giver in enumerate(places):
            given = name in ("pitch", "chord") and giver >= 0
            assert torch.equal(mixed[:, place, part], (donor[:, giver] if given else latent[:, place])[:, part])
