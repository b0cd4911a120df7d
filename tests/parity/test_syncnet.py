"""SyncNet and LSE give what the official class and the official distances give, with weights made by a closed rule."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from espressivo.eval.lipsync.lse import METRICS, crop_faces, lse, measure_lse, score, shifted_distances
from espressivo.eval.metric import NotMeasured
from espressivo.eval.nets.mfcc import mfcc
from espressivo.eval.nets.syncnet import SyncNet, embed_audio, embed_lips, windows_of

FOLDER = Path(__file__).parents[1] / "fixtures" / "syncnet"
INPUTS, OUTPUTS = load_file(FOLDER / "inputs.safetensors"), load_file(FOLDER / "outputs.safetensors")
FEATURES = load_file(FOLDER / "feature_case.safetensors")
CONFIG = json.loads((FOLDER / "config.json").read_text())
KEYS: list[tuple[str, list[int]]] = json.loads((FOLDER / "official_keys.json").read_text())
FRAMES = INPUTS["frames28_bgr"].repeat(8, axis=1).repeat(8, axis=2)


@cache
def net() -> SyncNet:
    state = {name: torch.from_numpy(_by_rule(k, name, shape)) for k, (name, shape) in enumerate(KEYS)}
    loaded = SyncNet()
    loaded.load_state_dict(state, strict=True)
    return loaded.eval()


def _by_rule(k: int, name: str, shape: list[int]) -> np.ndarray:
    """`weights_rule` of config.json."""
    if name.endswith("num_batches_tracked"):
        return np.array(0)
    count = int(np.prod(shape))
    wave = np.sin(12.9898 * (np.arange(count) + 1) + 78.233 * (k + 1) + CONFIG["seed"])
    if name.endswith("running_var"):
        wave = 1 + 0.2 * wave
    elif name.endswith(("running_mean", "bias")):
        wave = 0.1 * wave
    elif len(shape) == 1:
        wave = 1 + 0.1 * wave
    else:
        wave = np.sqrt(4 / (count / shape[0])) * wave
    return wave.reshape(shape).astype(np.float32)


def test_names_and_shapes_are_the_official_ones_in_their_order() -> None:
    ours = [[name, list(tensor.shape)] for name, tensor in SyncNet().state_dict().items()]
    assert ours == [list(row) for row in KEYS]
    assert len(ours) == 102


def test_cepstra() -> None:
    np.testing.assert_allclose(mfcc(INPUTS["audio_int16"]).T, OUTPUTS["mfcc"], atol=1e-6, rtol=0)


def test_cepstra_of_silence_are_finite_and_of_short_sound_one_step() -> None:
    assert np.isfinite(mfcc(np.zeros(4000, np.int16))).all()
    assert mfcc(np.ones(3, np.int16)).shape == (1, 13)


@pytest.mark.parametrize("samples", [np.zeros(0, np.int16), np.zeros(900), np.zeros((2, 900), np.int16)])
def test_cepstra_of_no_16_bit_sound_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="16-bit"):
        mfcc(samples)


def test_embeddings_distances_and_figures() -> None:
    windows = windows_of(len(FRAMES), len(INPUTS["audio_int16"]))
    lips, sound = embed_lips(net(), FRAMES, windows), embed_audio(net(), INPUTS["audio_int16"], windows)
    np.testing.assert_allclose(lips, OUTPUTS["lip_emb"], atol=1e-4, rtol=0)
    np.testing.assert_allclose(sound, OUTPUTS["aud_emb"], atol=1e-4, rtol=0)
    # The golden distances carry as much: the last digit of a cepstrum moves them by 3e-4 in single precision.
    np.testing.assert_allclose(shifted_distances(lips, sound), OUTPUTS["dists"], atol=2e-4, rtol=0)
    found = lse(net(), FRAMES, INPUTS["audio_int16"])
    np.testing.assert_allclose(found.mean_distances, OUTPUTS["mean_dists"], atol=1e-4, rtol=0)
    assert found.offset_frames == CONFIG["result"]["offset"]
    assert (found.lse_d, found.lse_c) == pytest.approx((CONFIG["result"]["lse_d"], CONFIG["result"]["lse_c"]), abs=1e-4)
    assert found.confidence.shape == (windows,)


def test_distances_of_the_golden_features() -> None:
    np.testing.assert_allclose(
        shifted_distances(OUTPUTS["lip_emb"], OUTPUTS["aud_emb"]), OUTPUTS["dists"], atol=1e-5, rtol=0
    )


def test_the_trunk_of_the_lips() -> None:
    window = torch.from_numpy(FRAMES[:5].transpose(3, 0, 1, 2)[np.newaxis].astype(np.float32))
    with torch.inference_mode():
        np.testing.assert_allclose(net().netcnnlip(window).flatten(1), OUTPUTS["lipfeat0"], atol=1e-4, rtol=0)


def test_the_feature_case() -> None:
    found = score(FEATURES["f1"], FEATURES["f2"])
    np.testing.assert_allclose(found.mean_distances, OUTPUTS["feat_case_mean_dists"], atol=1e-4, rtol=0)
    assert found.offset_frames == -3
    assert (found.lse_d, found.lse_c) == pytest.approx((10.759384, 33.612484), abs=1e-4)


@pytest.mark.parametrize("later", [-4, 2, 6])
def test_sound_that_comes_later_moves_the_offset_down_by_as_much(later: int) -> None:
    """The feature case has sound three frames late; ends are cut alike, so that only the shift changes."""
    long_lips, long_sound = FEATURES["f1"], FEATURES["f2"]
    lips = long_lips[10:50]
    assert score(lips, long_sound[10 - later : 50 - later]).offset_frames == -3 - later


def test_jpeg_changes_the_figures_a_little() -> None:
    plain = lse(net(), FRAMES, INPUTS["audio_int16"])
    coded = lse(net(), FRAMES, INPUTS["audio_int16"], jpeg=True)
    assert coded.lse_d != plain.lse_d
    assert coded.lse_d == pytest.approx(plain.lse_d, rel=0.1)


def test_a_clip_of_five_frames_is_too_short() -> None:
    with pytest.raises(ValueError, match="six frames"):
        lse(net(), FRAMES[:5], INPUTS["audio_int16"])
    mesh = np.ones((5, 468, 3))
    values = measure_lse(FRAMES[:5], 25, mesh, np.zeros(4000), net())
    assert {str(value) for value in values.values()} == {"N/A (the clip is shorter than six frames of 40 ms)"}


def test_a_clip_at_another_frame_rate_is_scored_at_25() -> None:
    """Every frame shown twice at 50 frames per second is the same film."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (8, 60, 80, 3), np.uint8)
    mesh = np.broadcast_to(rng.uniform(20, 50, (1, 468, 3)), (8, 468, 3))
    sound = INPUTS["audio_int16"] / 32767
    slow = measure_lse(frames, 25, mesh, sound, net())
    fast = measure_lse(frames.repeat(2, axis=0), 50, mesh.repeat(2, axis=0), sound, net())
    assert slow == fast
    assert all(isinstance(value, float) for value in slow.values())


def test_colours_reach_the_network_blue_first() -> None:
    frames = np.random.default_rng(1).integers(0, 256, (8, 60, 80, 3), np.uint8)
    mesh = np.broadcast_to(np.random.default_rng(2).uniform(20, 50, (1, 468, 3)), (8, 468, 3))
    crops = np.stack(list(crop_faces(frames, mesh)))
    values = measure_lse(frames, 25, mesh, INPUTS["audio_int16"] / 32767, net())
    assert values["lse_d"] == lse(net(), crops[..., ::-1], INPUTS["audio_int16"]).lse_d
    assert values["lse_d"] != lse(net(), crops, INPUTS["audio_int16"]).lse_d


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_distances_that_overflow_are_no_figures() -> None:
    loud = deepcopy(net())
    loud.load_state_dict(loud.state_dict() | {"netfclip.3.bias": torch.full((1024,), 3e38)})
    mesh = np.broadcast_to(np.random.default_rng(2).uniform(20, 50, (1, 468, 3)), (8, 468, 3))
    values = measure_lse(np.zeros((8, 60, 80, 3), np.uint8), 25, mesh, INPUTS["audio_int16"] / 32767, loud)
    assert {str(value) for value in values.values()} == {"N/A (SyncNet's distances are not finite)"}


def test_the_crop_reaches_below_the_chin_and_past_the_sides_of_the_box() -> None:
    frame = np.zeros((300, 300, 3), np.uint8)
    frame[150:, :, 0] = 200
    frame[:, 150:, 1] = 200
    mesh = np.zeros((1, 468, 3))
    mesh[0, 0, :2], mesh[0, 1:, :2] = (100, 100), (200, 200)
    (crop,) = crop_faces([frame], mesh)
    # Half the box is 50 px: 50 above its centre and 90 below, 70 to either side.
    assert crop.shape == (224, 224, 3)
    assert abs(int(np.argmax(crop[:, 5, 0] > 100)) - 224 * 50 / 140) <= 1
    assert abs(int(np.argmax(crop[5, :, 1] > 100)) - 112) <= 1


def test_a_face_at_the_border_is_filled_up_with_grey() -> None:
    mesh = np.zeros((1, 468, 3))
    mesh[0, 1:, :2] = 40
    (crop,) = crop_faces([np.full((100, 100, 3), 255, np.uint8)], mesh)
    assert crop[112, 0, 0] == 110
    assert crop[112, 112, 0] == 255


def test_without_the_network_every_figure_says_why() -> None:
    values = measure_lse([], 25, np.zeros((0, 468, 3)), np.zeros(0), NotMeasured("needs syncnet_v2.model"))
    assert list(values) == [metric.name for metric in METRICS]
    assert {str(value) for value in values.values()} == {"N/A (needs syncnet_v2.model)"}
