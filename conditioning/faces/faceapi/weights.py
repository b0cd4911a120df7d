"""Reads the face-api networks from `weights/faceapi-*`: 8-bit values with scale and minimum, as published."""

from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file
from torch import Tensor, nn

from espressivo.conditioning.faces.faceapi.detector import TinyFaceDetector
from espressivo.conditioning.faces.faceapi.expression import FaceExpressionNet
from espressivo.conditioning.faces.faceapi.landmarks import FaceLandmark68Net, FaceLandmark68TinyNet
from espressivo.conditioning.faces.faceapi.recognition import FaceRecognitionNet
from espressivo.errors import InputError
from espressivo.weights.manifest import FOLDER

_Net = TypeVar("_Net", bound=nn.Module)


@cache
def expression_net() -> FaceExpressionNet:
    """Load the expression network that ships."""
    return load(FaceExpressionNet(), FOLDER / "faceapi-expression")


@cache
def landmark_net() -> FaceLandmark68Net:
    """Load the landmark network that ships."""
    return load(FaceLandmark68Net(), FOLDER / "faceapi-landmarks")


@cache
def tiny_landmark_net() -> FaceLandmark68TinyNet:
    """Load the small landmark network that ships."""
    return load(FaceLandmark68TinyNet(), FOLDER / "faceapi-landmarks-tiny")


@cache
def recognition_net() -> FaceRecognitionNet:
    """Load the identity network that ships."""
    return load(FaceRecognitionNet(), FOLDER / "faceapi-identity")


@cache
def detector() -> TinyFaceDetector:
    """Load the detector that ships."""
    return load(TinyFaceDetector(), FOLDER / "faceapi-detector")


def load(net: _Net, folder: Path) -> _Net:
    """Fill `net` with `folder/model.safetensors`, every tensor and no other, and return it ready to judge.

    Raises:
        InputError: the file is missing or belongs to another network.
    """
    try:
        official = dequantised(folder / "model.safetensors")
        net.load_state_dict({name: _turned(name, value) for name, value in official.items()})
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise InputError(
            f"{folder} does not hold the weights of {type(net).__name__} ({error}); reinstall it."
        ) from error
    return net.eval().requires_grad_(False)


def dequantised(file: Path) -> dict[str, Float[np.ndarray, "..."]]:
    """Return the tensors of a face-api network by official name ("/" is "."), in TensorFlow's layout.

    A quantised tensor is q * scale + min, computed in double precision and rounded once.
    """
    stored = load_file(file)
    tensors = {}
    for name, value in stored.items():
        if "|" in name:
            continue
        if f"{name}|scale" in stored:
            value = value.astype(np.float64) * stored[f"{name}|scale"] + stored[f"{name}|min"]
        tensors[name.replace("/", ".")] = np.asarray(value, np.float32)
    return tensors


def _turned(name: str, value: Float[np.ndarray, "..."]) -> Float[Tensor, "..."]:
    """Turn a convolution from (height, width, in, out) to torch's layout."""
    if value.ndim == 4:
        value = value.transpose((2, 3, 0, 1) if name.endswith("depthwise_filter") else (3, 2, 0, 1))
    return torch.from_numpy(np.ascontiguousarray(value))
