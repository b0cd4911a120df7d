"""DICE-Talk's conditioning networks against the authors' own, run with random weights (golden/dicetalk)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.portrait.checkpoints import load_net
from espressivo.generators.portrait.dicetalk.network.config import AudioSize, EmotionSize, PoseSize
from espressivo.generators.portrait.dicetalk.network.emotion import EmotionModel
from espressivo.generators.portrait.dicetalk.network.pose import PoseGuider
from espressivo.generators.portrait.dicetalk.network.pretrained import FILES, load_conditioning
from espressivo.generators.portrait.dicetalk.network.projector import AudioProjector
from tests.seeded import ready

FIXTURES = Path(__file__).parents[1] / "fixtures" / "dicetalk"
CONFIG = json.loads((FIXTURES / "config.json").read_text())
KEYS = json.loads((FIXTURES / "official_keys.json").read_text())
INPUTS = load_file(FIXTURES / "inputs.safetensors")
OUTPUTS = load_file(FIXTURES / "outputs.safetensors")
WEIGHTS = load_file(FIXTURES / "weights.safetensors")
_SOUND, _POSE = CONFIG["audio_proj"], CONFIG["pose_guider"]
AUDIO = AudioSize(
    *(_SOUND[name] for name in ("seq_len", "blocks", "channels", "intermediate_dim", "output_dim", "context_tokens"))
)
POSE = PoseSize(tuple(_POSE["block_out_channels"]), _POSE["conditioning_embedding_channels"])


def part(prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): each.float() for name, each in WEIGHTS.items() if name.startswith(prefix)}


def expect(found: Tensor, name: str, atol: float = 2e-5) -> None:
    torch.testing.assert_close(found, OUTPUTS[name].reshape(found.shape), atol=atol, rtol=0)


@pytest.fixture(scope="module", autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def emotion() -> EmotionModel:
    return ready(lambda: EmotionModel(EmotionSize()), CONFIG["seed"])


def test_sound() -> None:
    net = load_net(lambda: AudioProjector(AUDIO), part("audio_proj."), Path("audio"), "")
    expect(net(INPUTS["audio_windows"]), "audio_tokens")


def test_pose() -> None:
    net = load_net(lambda: PoseGuider(POSE), part("pose_guider."), Path("pose"), "")
    expect(net(INPUTS["face_mask"]), "pose_features")


def test_emotion_from_the_bank(emotion: EmotionModel) -> None:
    means = INPUTS["mu"].flatten(2)
    expect(emotion(means)[:, :, ::4, ::16], "emotion_bank", 1e-5)
    expect(emotion(torch.zeros_like(means))[:, :, ::4, ::16], "emotion_uncond", 1e-5)


def test_emotion_by_retrieval(emotion: EmotionModel) -> None:
    tokens, nearest = emotion.retrieve(INPUTS["mu"].flatten(2))
    assert nearest.indices.flatten().tolist() == OUTPUTS["vq_index"].flatten().tolist()
    expect(tokens[:, :, ::4, ::16], "emotion_retrieval", 1e-5)
    expect(nearest.loss, "vq_loss", 1e-5)


def test_classes(emotion: EmotionModel) -> None:
    expect(emotion.classifier(INPUTS["classifier_feature"]), "class_logits")


@torch.enable_grad()
def test_gradients_pass_through_what_is_retrieved() -> None:
    net = EmotionModel(EmotionSize(inputs=4, width=8, tokens=2, bank=3, heads=2, classifier=(4, 4, 4, 2)))
    means = torch.randn(1, 5, 4, requires_grad=True)
    tokens, nearest = net.retrieve(means)
    (gradient,) = torch.autograd.grad(nearest.vectors.sum(), means, retain_graph=True)
    torch.testing.assert_close(gradient, net.codebook.fc.weight.sum(0).expand_as(gradient))
    (gradient,) = torch.autograd.grad(tokens.square().sum() + nearest.loss, net.codebook.codebook.weight)
    assert gradient.abs().sum() > 0


def test_full_size_checkpoints_fit_key_for_key() -> None:
    builds: dict[str, Callable[[], nn.Module]] = {
        "audio_linear": lambda: AudioProjector(AudioSize()),
        "emo_model": lambda: EmotionModel(EmotionSize()),
        "pose_guider": lambda: PoseGuider(PoseSize()),
    }
    assert builds.keys() == KEYS.keys()
    for name, build in builds.items():
        weights = {key: torch.empty(shape) for key, shape in KEYS[name].items()}
        net = load_net(build, weights, Path(name), name)
        assert {key: list(tensor.shape) for key, tensor in net.state_dict().items()} == KEYS[name]


def test_a_folder_of_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="CC BY-NC-SA") as caught:
        load_conditioning(tmp_path)
    assert all(name in str(caught.value) for name in FILES)
    size = EmotionSize(inputs=4, width=8, tokens=2, bank=3, heads=2, classifier=(4, 4, 4, 2))
    torch.save(part("audio_proj."), tmp_path / "audio_linear.pth")
    torch.save(part("pose_guider."), tmp_path / "pose_guider.pth")
    torch.save(EmotionModel(size).state_dict(), tmp_path / "emo_model.pth")
    loaded = load_conditioning(tmp_path, "cpu", AUDIO, size, POSE)
    expect(loaded.audio(INPUTS["audio_windows"]), "audio_tokens")
    with pytest.raises(InputError, match=r"emo_model\.pth does not hold .* it has other shapes"):
        load_conditioning(tmp_path, "cpu", AUDIO, EmotionSize(), POSE)
