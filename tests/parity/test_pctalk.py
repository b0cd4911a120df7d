"""PC-Talk's networks and control against the authors' own, run with weights that follow from a seed (golden/pctalk)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from espressivo.generators.portrait.checkpoints import Net, load_net
from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion
from espressivo.generators.portrait.pctalk.network.audio import AudioVisualEncoder
from espressivo.generators.portrait.pctalk.network.config import MotionDecoderSize, StyleSize
from espressivo.generators.portrait.pctalk.network.control import PureEmotion, feeling, shaped_lips, speaking
from espressivo.generators.portrait.pctalk.network.emotion import EmotionDecoder
from espressivo.generators.portrait.pctalk.network.lips import LipDecoder, LipRefinement
from espressivo.generators.portrait.pctalk.network.mel import frame_count, mel_spectrogram, mel_windows
from espressivo.generators.portrait.pctalk.network.smoothing import smoothed
from espressivo.generators.portrait.pctalk.network.style import StyleEncoder
from espressivo.generators.portrait.pctalk.network.talker import Talker, lips_of, one_emotion
from tests.seeded import seeded_state

FIXTURES = Path(__file__).parents[1] / "fixtures" / "pctalk"
KEYS = json.loads((FIXTURES / "official_keys.json").read_text())
SMOOTHED = 1e-3


@dataclass(frozen=True)
class Run:
    """One size of the networks, what went in, and what has to come out."""

    config: dict[str, Any]
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    talker: Talker

    def expect(self, found: Tensor | np.ndarray, name: str, atol: float = 1e-4) -> None:
        wanted = self.outputs[name]
        torch.testing.assert_close(torch.as_tensor(found).float().reshape(wanted.shape), wanted, atol=atol, rtol=0)

    def features(self) -> np.ndarray:
        return self.inputs["features"].numpy()

    def template(self) -> ImplicitMotion:
        arrays = {name: self.inputs[f"template_{name}"].numpy() for name in ("kp", "exp", "scale", "t")}
        return ImplicitMotion(**arrays, rotation=self.inputs["template_R"].numpy())

    def edited_lips(self) -> np.ndarray:
        lips = self.outputs["lac_smoothed"].numpy()
        return shaped_lips(lips, self.config["lip_scale"], dict(self.config["articulation"]))


def ready(net: Net, seed: int) -> Net:
    net.load_state_dict(seeded_state(net, seed), strict=True)
    return net.eval()


@pytest.fixture(scope="module", autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="module", params=["", "_full"], ids=["tiny", "full"])
def run(request: pytest.FixtureRequest) -> Run:
    config = json.loads((FIXTURES / f"config{request.param}.json").read_text())
    width, period, seed = config["feature_dim"], config["T"], config["seed"]
    lips = MotionDecoderSize(feature_dim=width, period=period, person_num=config["person_num"])
    persons, bias = config["emc_person_num"], config["person_bias"]
    face = MotionDecoderSize(63, width, period, persons, bias)
    style = StyleSize(width, config["style_T"], config["person_num"])
    talker = Talker(
        audio_encoder=ready(AudioVisualEncoder(), seed),
        lips_decoder=ready(LipDecoder(lips), seed),
        refinement=ready(LipRefinement(lips.coordinates), seed),
        emotion_decoder=ready(EmotionDecoder(face), seed),
        style_encoder=ready(StyleEncoder(style), seed),
    )
    inputs, outputs = (load_file(FIXTURES / f"{name}{request.param}.safetensors") for name in ("inputs", "outputs"))
    return Run(config, inputs, outputs, talker)


def test_what_is_heard(run: Run) -> None:
    mel = mel_spectrogram(run.inputs["wav"].numpy())
    run.expect(mel, "mel")
    assert mel_windows(mel, 0, frame_count(mel)).shape[1:] == (1, 80, 16)
    run.expect(run.talker.hear(run.inputs["wav"].numpy()), "audio_features")


def test_one_window_of_lips(run: Run) -> None:
    decode, period = run.talker.lips_decoder, run.config["T"]
    person = run.talker.manner_of_person(run.config["person_id"])
    audio = run.inputs["features"][None]
    cold = decode(audio[:, :period], person)
    run.expect(cold, "lac_cold")
    warm = decode(audio[:, period - 2 : period + 4], person, run.outputs["lac_cold"].flatten(2)[:, -2:])
    run.expect(warm, "lac_warm")
    at_rest = run.outputs["lip_reference"].flatten(1)[None, :period]
    run.expect(run.talker.refinement(audio[:, :period], at_rest, cold), "refined")


def test_style(run: Run) -> None:
    style = run.talker.style_encoder(run.inputs["style_motion"].flatten(2))
    run.expect(style.manner, "style_embedding")
    run.expect(style.persons, "style_logits")
    run.expect(run.talker.manner_of_video(run.inputs["style_motion"][0].mT.numpy()), "style_embedding")
    run.expect(run.talker.lips_decoder(run.inputs["features"][None, : run.config["T"]], style.manner), "lac_style")


def test_lips_of_a_whole_line(run: Run) -> None:
    at_rest = lips_of(run.template().undeformed)
    run.expect(np.swapaxes(at_rest, 1, 2), "lip_reference")
    lips = run.talker.lips(run.features(), at_rest, run.talker.manner_of_person(run.config["person_id"]))
    run.expect(np.swapaxes(lips, 1, 2), "lac_windowed")
    run.expect(smoothed(lips), "lac_smoothed", SMOOTHED)
    run.expect(run.edited_lips(), "lac_edited", SMOOTHED)


@pytest.mark.parametrize("emotion", ["neutral", "happy", "angry"])
def test_face_with_an_emotion(run: Run, emotion: str) -> None:
    face = run.talker.face(run.features(), one_emotion(emotion), run.config["emc_person_id"])
    run.expect(face, f"emc_{emotion}")


def test_template_that_speaks_and_feels(run: Run) -> None:
    spoken = speaking(run.template(), run.edited_lips())
    run.expect(spoken.exp, "exp_after_lac", SMOOTHED)
    run.expect(spoken.keypoints, "x_after_lac", SMOOTHED)
    neutral = run.outputs["emc_neutral"].numpy()
    felt = feeling(
        spoken,
        [
            PureEmotion(run.outputs[f"emc_{emotion}"].numpy() - neutral, strength, region)
            for emotion, region, strength in run.config["conditions"]
        ],
    )
    run.expect(felt.exp, "exp_final", SMOOTHED)
    run.expect(felt.keypoints, "x_final", SMOOTHED)


def test_full_size_checkpoints_fit_key_for_key() -> None:
    builds: dict[str, Callable[[], nn.Module]] = {
        "audio_encoder": AudioVisualEncoder,
        "lac": lambda: LipDecoder(MotionDecoderSize()),
        "refinement": lambda: LipRefinement(MotionDecoderSize().coordinates),
        "emc": lambda: EmotionDecoder(MotionDecoderSize(coordinates=63, person_num=48)),
        "style_encoder": lambda: StyleEncoder(StyleSize()),
    }
    assert builds.keys() == KEYS.keys()
    for name, build in builds.items():
        weights = {key: torch.empty(shape) for key, shape in KEYS[name].items()}
        net = load_net(build, weights, Path(name), name)
        assert {key: list(tensor.shape) for key, tensor in net.state_dict().items()} == KEYS[name]
