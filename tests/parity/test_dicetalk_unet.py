"""DICE-Talk's diffusion model and sampling against the authors' own, run with random weights (golden/dicetalk)."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.portrait.dicetalk.network.config import PoseSize
from espressivo.generators.portrait.dicetalk.network.pose import PoseGuider
from espressivo.generators.portrait.dicetalk.network.pretrained import load_unet
from tests.seeded import ready, seeded_state

diffusers = pytest.importorskip("diffusers", reason="the extra [diffusion] is not installed")

FIXTURES = Path(__file__).parents[1] / "fixtures" / "dicetalk"
CONFIG = json.loads((FIXTURES / "config.json").read_text())
INPUTS = load_file(FIXTURES / "unet_inputs.safetensors")
OUTPUTS = load_file(FIXTURES / "unet_outputs.safetensors")
POSE = CONFIG["pose_guider"]
FRAMES = CONFIG["frames"]
OFFICIAL_KEYS = "0e0a2ae2494ace445548d7bb106ba927e81ec891ba3db87a33002d018f2f4ab0"
"""SHA-256 of the 1556 names and shapes of the published size."""
PUBLISHED = {
    "addition_time_embed_dim": 256,
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 1024,
    "layers_per_block": 2,
    "num_attention_heads": (5, 10, 20, 20),
    "num_frames": 25,
    "projection_class_embeddings_input_dim": 768,
}


CALL, CLIP = 2e-4, 1e-2
"""Tolerances of one call and of a whole clip. The lowest level norms groups of two numbers, which enlarges last bits:
one call differs by up to 1e-4 from the authors' run, the four steps of a clip by up to 4e-3, where latents are of the
order of 1.
"""


@pytest.fixture(autouse=True, scope="module")
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def stock(sizes: dict[str, Any]) -> Any:
    sizes = {name: tuple(size) if isinstance(size, list) else size for name, size in sizes.items()}
    return diffusers.UNetSpatioTemporalConditionModel(**sizes)


def expect(found: Tensor, name: str, atol: float) -> None:
    torch.testing.assert_close(found, OUTPUTS[name].reshape(found.shape), atol=atol, rtol=0)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    from espressivo.generators.portrait.dicetalk.network.unet import ConditionedUNet

    with torch.device("meta"):
        net = ConditionedUNet(stock(CONFIG["unet"]))
    return {name: each.half() for name, each in seeded_state(net, CONFIG["seed"]).items()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, weights: dict[str, Tensor]) -> tuple[Path, Path]:
    """Of DICE-Talk, whose file holds adapters and the last layer, and of Stable Video Diffusion, which has the rest."""
    own, video = tmp_path_factory.mktemp("dicetalk"), tmp_path_factory.mktemp("video")
    stock(CONFIG["unet"]).save_config(video / "unet")
    learned = {name: each for name, each in weights.items() if "_ip." in name or name.startswith("conv_out")}
    plain = {name: torch.zeros_like(each) if name in learned else each for name, each in weights.items()}
    torch.save(learned, own / "unet.pth")
    save_file(
        {name: each for name, each in plain.items() if "_ip." not in name},
        video / "unet" / "diffusion_pytorch_model.fp16.safetensors",
    )
    return own, video


@pytest.fixture(scope="module")
def unet(folders: tuple[Path, Path]) -> Any:
    return load_unet(*folders, device="cpu")


def context(masked: bool, clip: Tensor) -> Any:
    from espressivo.generators.portrait.dicetalk.network.unet import Context

    return Context(clip, INPUTS["audio"], INPUTS["emotion"], INPUTS["mask"] if masked else None)


@torch.no_grad()
def test_one_call(unet: Any) -> None:
    sample, timestep, ids = INPUTS["sample"], INPUTS["timestep"], INPUTS["added_time_ids"]
    masked = unet(sample, timestep, context(True, INPUTS["clip"]), ids, INPUTS["spatial_condition"])
    expect(masked, "unet_masked_spatial", CALL)
    expect(unet(sample, timestep, context(False, INPUTS["clip"]), ids), "unet_plain", CALL)
    alike = INPUTS["clip"][:3].repeat_interleave(FRAMES, dim=0)
    found = unet(sample, timestep, context(True, alike), ids, INPUTS["spatial_condition"])
    expect(found, "unet_clip_per_batch", CALL)


@torch.no_grad()
def test_a_whole_clip(unet: Any) -> None:
    from espressivo.generators.portrait.dicetalk.network.sampling import Sampling, Told, sample

    settings, mask = CONFIG["pipe"], INPUTS["pipe_face_mask"]
    scheduler = diffusers.EulerDiscreteScheduler(**CONFIG["scheduler"])
    scheduler.set_timesteps(settings["num_inference_steps"])
    expect(scheduler.sigmas, "pipe_sigmas", 1e-4)
    size = PoseSize(tuple(POSE["block_out_channels"]), POSE["conditioning_embedding_channels"])
    guider = ready(lambda: PoseGuider(size), CONFIG["seed"]).half().float()
    frames = mask[None, :, None].expand(-1, -1, settings["num_frames"], -1, -1)
    told = Told(
        portrait=INPUTS["pipe_vae_mode"][0],
        clip=INPUTS["pipe_clip_embed"],
        audio=INPUTS["pipe_audio"],
        emotion=INPUTS["pipe_emotion"],
        no_audio=INPUTS["pipe_audio_uncond"],
        no_emotion=INPUTS["pipe_emotion_uncond"],
        pose=guider(frames)[0].transpose(0, 1),
        mask=mask[None, :1],
    )
    latents = sample(
        unet,
        told,
        INPUTS["pipe_vae_mean"][0],
        INPUTS["pipe_noise"][0],
        scheduler.sigmas,
        scheduler.timesteps,
        Sampling(settings["frames_per_batch"], settings["overlap"], settings["shift_offset"]),
    )
    expect(latents, "pipe_latents", CLIP)


def test_the_published_size_fits_key_for_key() -> None:
    from espressivo.generators.portrait.dicetalk.network.unet import ConditionedUNet

    with torch.device("meta"):
        net = ConditionedUNet(stock(PUBLISHED))
    rows = sorted(f"{name} {list(tensor.shape)}" for name, tensor in net.state_dict().items())
    assert len(rows) == 1556
    assert sha256("\n".join(rows).encode()).hexdigest() == OFFICIAL_KEYS


def test_adapters_have_to_be_there(folders: tuple[Path, Path], weights: dict[str, Tensor], tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match=r"unet\.pth"):
        load_unet(tmp_path, folders[1])
    with pytest.raises(MissingDependencyError, match="Stability"):
        load_unet(folders[0], tmp_path)
    torch.save({name: each for name, each in weights.items() if name.startswith("conv_out")}, tmp_path / "unet.pth")
    with pytest.raises(InputError, match=r"lacks .*_ip\."):
        load_unet(tmp_path, folders[1], device="cpu")
    torch.save({"other.weight": torch.zeros(1)}, tmp_path / "unet.pth")
    with pytest.raises(InputError, match=r"unexpected other\.weight"):
        load_unet(tmp_path, folders[1], device="cpu")
