"""Networks that users bring: their tensors have the official names, and what follows from them holds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from espressivo.errors import InputError
from espressivo.eval.brought import SLOTS, brought_network
from espressivo.eval.emotion.acc_emo import measure_acc_emo
from espressivo.eval.metric import NotMeasured
from espressivo.eval.nets.arcface import ArcFace, align, arcface_features
from espressivo.eval.nets.emonet import EmoNet, read_emonet
from espressivo.eval.nets.emotion_fan import OUTPUTS, EmotionFAN, EmotionFANJudge
from espressivo.eval.nets.inception import FidInception, inception_features
from espressivo.eval.nets.san import SAN, san_logits
from espressivo.eval.nets.syncnet import SyncNet
from espressivo.eval.quality.feature_distance import (
    METRICS,
    csim,
    e_fid,
    fid,
    measure_feature_distances,
    read_coefficients,
)

# Parameters of the official classes: without the auxiliary classifier and with 1008 classes for Inception.
NETWORKS: dict[str, tuple[type[nn.Module], int, int]] = {
    "syncnet": (SyncNet, 13_631_616, 102),
    "fid-inception": (FidInception, 23_850_960, 566),
    "emotion-fan": (EmotionFAN, 11_190_354, 128),
    "arcface": (ArcFace, 43_590_848, 475),
    "emonet": (EmoNet, 13_963_410, 682),
    "emopia-san": (SAN, 1_641_696, 15),
}


def test_every_slot_has_its_network() -> None:
    # HSEmotion is a graph and I3D a program: they come with their files (test_hsemotion, test_fvd).
    assert NETWORKS.keys() | {"hsemotion", "i3d"} == SLOTS.keys()


@pytest.mark.parametrize("slot", NETWORKS)
def test_tensors_are_the_official_ones_and_come_back_from_a_file(slot: str, tmp_path: Path) -> None:
    build, parameters, tensors = NETWORKS[slot]
    net = build()
    assert sum(parameter.numel() for parameter in net.parameters()) == parameters
    state = net.state_dict()
    assert len(state) == tensors
    path = tmp_path / SLOTS[slot].files[0]
    torch.save(state, path)
    loaded = brought_network(slot, {slot: path}, build)
    assert isinstance(loaded, nn.Module)
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state_dict().items())
    (first, *_), last = state, "of_another_network"
    torch.save({name: tensor for name, tensor in state.items() if name != first} | {last: torch.zeros(1)}, path)
    with pytest.raises(InputError, match=f"lacks {first}, has unexpected {last};"):
        brought_network(slot, {slot: path}, build)
    path.unlink()  # it is large


@pytest.mark.parametrize(
    ("build", "names"),
    [
        (
            FidInception,
            "Conv2d_1a_3x3.conv.weight Mixed_5b.branch3x3dbl_3.bn.running_var Mixed_6e.branch7x7dbl_5.conv.weight",
        ),
        (FidInception, "Mixed_7a.branch7x7x3_4.bn.bias Mixed_7c.branch3x3dbl_3b.conv.weight fc.weight"),
        (EmotionFAN, "conv1.weight layer2.0.downsample.1.running_mean layer4.1.bn2.bias alpha.0.weight beta.0.bias"),
        (EmotionFAN, "pred_fc1.weight pred_fc2.bias"),
        (
            ArcFace,
            "prelu.weight layer1.0.downsample.0.weight layer3.13.conv2.weight bn2.bias fc.weight features.weight",
        ),
        (
            EmoNet,
            "conv2.downsample.2.weight m0.b2_plus_1.bn3.running_var m1.b3_4.conv1.weight top_m_1.bn1.bias bl0.bias",
        ),
        (EmoNet, "al0.weight bn_end1.weight conv1x1_input_emo_2.bias emo_net_2.6.conv3.weight emo_fc_2.3.bias"),
        (SAN, "_embedding.weight _bilstm.weight_hh_l0_reverse _attention._ws2.weight _classifier.2.bias"),
    ],
)
def test_names_as_the_official_files_have_them(build: Callable[[], nn.Module], names: str) -> None:
    assert set(names.split()) <= set(build().state_dict())


@pytest.fixture(scope="module")
def fan() -> EmotionFAN:
    torch.manual_seed(3)
    return EmotionFAN().eval()


def test_emotion_fan_weighs_frames_as_its_formula_says(fan: EmotionFAN) -> None:
    features = torch.rand(4, 512)
    with torch.inference_mode():
        weights = fan.state_dict()
        alpha = torch.sigmoid(features @ weights["alpha.0.weight"][0] + weights["alpha.0.bias"])
        whole = (alpha[:, None] * features).sum(0) / alpha.sum()
        related = torch.cat([features, whole.repeat(4, 1)], dim=1)
        beta = torch.sigmoid(related @ weights["beta.0.weight"][0] + weights["beta.0.bias"])
        ours, trained = fan.verdict(features), fan.verdict(features, peers_eval=False)
        expected = fan.pred_fc2((alpha[:, None] * related).sum(0) / (alpha * beta).sum())
        right = fan.pred_fc2(((alpha * beta)[:, None] * related).sum(0) / (alpha * beta).sum())
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(trained, right)
    assert not torch.allclose(ours, trained)


def test_emotion_fan_does_not_care_for_order_or_repetition_of_frames(fan: EmotionFAN) -> None:
    judge = EmotionFANJudge(fan)
    crops = list(np.random.default_rng(0).integers(0, 256, (3, 40, 30, 3), np.uint8))
    told = judge.clip_probabilities(crops)
    assert told.sum() == pytest.approx(1)
    np.testing.assert_allclose(judge.clip_probabilities(crops[::-1]), told, atol=1e-5)
    np.testing.assert_allclose(judge.clip_probabilities(crops * 2), told, atol=1e-5)
    np.testing.assert_allclose(judge.probabilities(crops)[1], judge.clip_probabilities(crops[1:2]), atol=1e-5)
    assert judge.probabilities([]).shape == (0, 8)
    best = OUTPUTS[int(np.argmax(told))]
    assert measure_acc_emo(best, best, OUTPUTS) == {"acc_emo": 1.0}
    assert measure_acc_emo(best, next(label for label in OUTPUTS if label != best), OUTPUTS) == {"acc_emo": 0.0}


def test_acc_emo_says_why_there_is_none() -> None:
    assert str(measure_acc_emo(NotMeasured("needs x"), "anger", OUTPUTS)["acc_emo"]) == "N/A (needs x)"
    assert str(measure_acc_emo("anger", "calm", OUTPUTS)["acc_emo"]) == "N/A (Emotion-FAN does not know calm)"
    assert str(measure_acc_emo("anger", None, OUTPUTS)["acc_emo"]) == "N/A (no emotion was asked for)"


def test_inception_looks_at_any_size_in_batches() -> None:
    torch.manual_seed(0)
    net = FidInception().eval()
    frames = list(np.random.default_rng(0).integers(0, 256, (9, 30, 40, 3), np.uint8))
    features = inception_features(net, frames)
    assert features.shape == (9, 2048)
    np.testing.assert_allclose(features[8:], inception_features(net, frames[8:]), atol=1e-5)
    with pytest.raises(ValueError, match="frames"):
        inception_features(net, [])


def by_rule(net: nn.Module) -> nn.Module:
    """Give a network the weights of the SyncNet fixture's rule, tensors numbered in the order of their names."""
    state = sorted(net.state_dict().items())
    net.load_state_dict({name: _by_rule(k, name, tensor) for k, (name, tensor) in enumerate(state)})
    return net.eval()


@pytest.mark.parametrize("expressions", [8, 5])
def test_emonet_is_its_authors(expressions: int) -> None:
    """Figures are those of the official class at 49eef30 with the same weights."""
    net = by_rule(EmoNet(expressions))
    picture = (np.arange(256 * 256 * 3).reshape(256, 256, 3) * 37 % 256).astype(np.float32) / 255
    golden = [0.842563, -1.658935, 1.179499, -0.318510, -1.007149, 1.552084, -1.229286, 0.254910, 1.072452, -1.474476]
    with torch.inference_mode():
        told = net(torch.from_numpy(picture).permute(2, 0, 1)[None])[0]
    np.testing.assert_allclose(told, golden[: expressions + 2], atol=1e-4)


def test_emonet_reads_faces_of_any_size_one_by_one() -> None:
    torch.manual_seed(1)
    net = EmoNet().eval()
    crops = list(np.random.default_rng(0).integers(0, 256, (5, 40, 30, 3), np.uint8))
    read = read_emonet(net, crops)
    assert read.labels == ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
    assert read.probabilities.shape == (5, 8)
    np.testing.assert_allclose(read.probabilities.sum(axis=1), 1)
    assert read.valence_arousal.shape == (5, 2)
    alone = read_emonet(net, crops[4:])
    np.testing.assert_allclose(alone.probabilities, read.probabilities[4:], atol=1e-5)
    np.testing.assert_allclose(alone.valence_arousal, read.valence_arousal[4:], atol=1e-5)
    assert read_emonet(net, []).probabilities.shape == (0, 8)
    net.load_state_dict(net.state_dict() | {"emo_fc_2.3.bias": torch.tensor([0.0] * 8 + [9, -9])})
    np.testing.assert_array_equal(read_emonet(net, crops[:1]).valence_arousal, [[1, -1]])


def test_emonet_for_five_expressions_is_read_from_its_own_file(tmp_path: Path) -> None:
    path = tmp_path / "emonet_5.pth"
    torch.save({f"module.{name}": tensor for name, tensor in EmoNet(5).state_dict().items()}, path)
    loaded = brought_network("emonet", {"emonet": path}, lambda: EmoNet(5))
    assert isinstance(loaded, EmoNet)
    assert loaded.labels == ("neutral", "happiness", "sadness", "surprise", "fear")
    with pytest.raises(InputError, match=r"other shapes at emo_fc_2\.3\.weight \(7, 128\) instead of \(10, 128\)"):
        brought_network("emonet", {"emonet": path}, EmoNet)


def test_san_is_its_authors() -> None:
    """Figures are those of the official class at 84d338e with the same weights."""
    net = by_rule(SAN())
    assert isinstance(net, SAN)
    logits = san_logits(net, [index * 37 % 388 for index in range(50)])
    np.testing.assert_allclose(logits, [-0.5224, -0.6507, 0.5393, 0.7127], atol=1e-4)


def test_san_is_read_from_its_trainers_checkpoint(tmp_path: Path) -> None:
    net = SAN()
    path = tmp_path / SLOTS["emopia-san"].files[0]
    state = {f"model.{name}": tensor for name, tensor in net.state_dict().items()}
    torch.save({"epoch": 9, "global_step": 99, "pytorch-lightning_version": "1.2.5", "state_dict": state}, path)
    loaded = brought_network("emopia-san", {"emopia-san": path}, SAN)
    assert isinstance(loaded, SAN)
    torch.testing.assert_close(san_logits(loaded, [0, 300, 387]), san_logits(net.eval(), [0, 300, 387]))


@pytest.mark.parametrize("events", [[], [388], [-1, 3]])
def test_san_reads_nothing_but_events(events: list[int]) -> None:
    with pytest.raises(ValueError, match="0 to 387"):
        san_logits(SAN(), events)


def test_inception_is_the_one_of_fid() -> None:
    """Figures are those of pytorch-fid 0.3.0 with the same weights, made by the rule of the SyncNet fixture."""
    net = FidInception().eval()
    net.load_state_dict({name: _by_rule(k, name, tensor) for k, (name, tensor) in enumerate(net.state_dict().items())})
    picture = (np.arange(60 * 80 * 3).reshape(60, 80, 3) * 37 % 256).astype(np.uint8)
    features = inception_features(net, [picture])[0]
    assert (features > 0).sum() == 1052
    assert (features.mean(), features.std()) == pytest.approx((0.26671523, 0.65661216), abs=1e-5)
    golden = [0.32886, 1.42131, 2.28345, 0.13375, 0.11824, 0.14752, 0.09864, 0.16584, 0.10711, 0.03341]
    np.testing.assert_allclose(features[features > 0][::64][:10], golden, atol=1e-4)


def _by_rule(k: int, name: str, tensor: torch.Tensor) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return tensor
    wave = torch.sin(12.9898 * torch.arange(1, tensor.numel() + 1, dtype=torch.float64) + 78.233 * (k + 1))
    if name.endswith("running_var"):
        wave = 1 + 0.2 * wave
    elif name.endswith(("running_mean", "bias")):
        wave = 0.1 * wave
    elif tensor.dim() == 1:
        wave = 1 + 0.1 * wave
    else:
        wave = np.sqrt(4 / (tensor.numel() / len(tensor))) * wave
    return wave.reshape(tensor.shape).float()


def test_a_face_that_lies_as_the_template_is_left_alone_and_turning_it_is_undone() -> None:
    template = np.array(
        [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
    )
    mesh = np.zeros((468, 3))
    for members, point in zip(((33, 133), (362, 263), (1,), (61,), (291,)), template, strict=True):
        mesh[list(members), :2] = point
    image = np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8)
    np.testing.assert_allclose(align(image, mesh).astype(int), image, atol=1)
    turned = mesh.copy()
    turned[:, 0], turned[:, 1] = mesh[:, 1], 111 - mesh[:, 0]
    np.testing.assert_allclose(align(np.rot90(image).copy(), turned).astype(int), image, atol=1)
    with pytest.raises(ValueError, match="extent"):
        align(image, np.zeros((468, 3)))


def test_arcface_gives_512_features() -> None:
    torch.manual_seed(0)
    net = ArcFace().eval()
    faces = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    features = arcface_features(net, list(faces))
    assert features.shape == (2, 512)
    assert csim(features[:1], features[0]) == pytest.approx(1)
    assert csim(features[1:], features[0]) < 1


def test_without_networks_every_distance_says_what_it_needs() -> None:
    values = measure_feature_distances()
    assert list(values) == [metric.name for metric in METRICS]
    assert all(isinstance(value, NotMeasured) for value in values.values())
    assert "pt_inception" in str(values["fid"])
    assert "and --trust-programs, because it is a program" in str(values["fvd"])
    assert "arcface_r50.pth" in str(values["csim"])


def test_distances_are_measured_where_both_sets_are_there() -> None:
    rng = np.random.default_rng(0)
    ours, real = rng.normal(size=(30, 6)), rng.normal(1, 1, size=(40, 6))
    values = measure_feature_distances((ours, real), (ours, real[0]), (ours, real))
    assert values["fid"] == fid(ours, real) == e_fid(ours, real)
    assert values["csim"] == csim(ours, real[0])
    assert fid(ours, ours) == pytest.approx(0, abs=1e-6)
    alone = measure_feature_distances((ours, None), (ours, None))
    assert str(alone["fid"]) == str(alone["csim"]) == "N/A (needs real clips (--real))"
    assert str(measure_feature_distances((ours[:1], real))["fid"]) == "N/A (needs two frames of either set)"
    assert str(measure_feature_distances(identity=(ours, np.zeros(6)))["csim"]) == "N/A (features are not finite)"


def test_coefficients_are_read_and_anything_else_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    np.savez(path, np.ones((5, 64), np.float32))
    np.testing.assert_array_equal(read_coefficients(path), np.ones((5, 64)))
    for wrong in (np.ones((5, 63)), np.ones(64), np.full((5, 64), np.nan), np.ones((5, 64), int), np.array([{}])):
        np.savez(path, wrong)
        with pytest.raises(InputError, match=r"c\.npz"):
            read_coefficients(path)
    for content in (b"", b"PK\x03\x04", b"hello"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"c\.npz"):
            read_coefficients(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_coefficients(tmp_path / "none.npz")
