"""PC-Talk's released files, and where they lie in a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from espressivo.errors import InputError
from espressivo.generators.portrait.checkpoints import (
    System,
    choose_device,
    load_net,
    read_checkpoint,
    require_files,
    tensors_in,
    without_prefixes,
)
from espressivo.generators.portrait.pctalk.network.audio import AudioVisualEncoder
from espressivo.generators.portrait.pctalk.network.config import MotionDecoderSize, StyleSize
from espressivo.generators.portrait.pctalk.network.emotion import EmotionDecoder
from espressivo.generators.portrait.pctalk.network.lips import LipDecoder, LipRefinement
from espressivo.generators.portrait.pctalk.network.style import StyleEncoder
from espressivo.generators.portrait.pctalk.network.talker import Talker

SYSTEM = System(
    "PC-Talk",
    "the authors' release (huggingface.co/doubi-killer/PC-Talk)",
    "code MIT; the checkpoints have the terms of what they were made of",
)
_AUDIO, _LIPS, _EMOTION, _STYLE = "audio_encoder.pth", "lac.pth", "emc.pth", "style_encoder.pth"
FILES = (_AUDIO, _LIPS, _EMOTION, _STYLE)
_WRAPPERS = ("state_dict", "model")
_STYLE_PREFIX = "obj_vector."


def load_talker(folder: Path, device: str = "auto") -> Talker:
    """Load the networks from a folder; their sizes are read from the tensors.

    Args:
        folder: with the authors' files under their names.
        device: "auto", "cpu" or a GPU.

    Raises:
        InputError: there is no such folder, or a file does not fit.
        MissingDependencyError: files are missing.
    """
    require_files(folder, FILES, SYSTEM)
    target = choose_device(device)
    lips, refinement = _lips(folder / _LIPS)
    return Talker(
        audio_encoder=_audio(folder / _AUDIO).to(target),
        lips_decoder=lips.to(target),
        refinement=refinement.to(target),
        emotion_decoder=_emotion(folder / _EMOTION).to(target),
        style_encoder=_style(folder / _STYLE).to(target),
    )


def _audio(path: Path) -> AudioVisualEncoder:
    tensors = _tensors(read_checkpoint(path, SYSTEM), path)
    if not any(name.startswith("audio_encoder.") for name in tensors):
        tensors = {f"audio_encoder.{name}": tensor for name, tensor in tensors.items()}
    return load_net(AudioVisualEncoder, tensors, path, "PC-Talk's audio encoder")


def _lips(path: Path) -> tuple[LipDecoder, LipRefinement]:
    stored = read_checkpoint(path, SYSTEM)
    if not isinstance(stored, Mapping) or "model_ft" not in stored:
        raise InputError(f"{path} lacks model_ft, the refinement of lips; give the file of PC-Talk.")
    tensors, fine = _tensors(stored, path), _tensors(stored["model_ft"], path)
    size = _decoder_size(tensors, path)
    return (
        load_net(lambda: LipDecoder(size), tensors, path, "PC-Talk's decoder of lips"),
        load_net(lambda: LipRefinement(size.coordinates), fine, path, "PC-Talk's refinement of lips"),
    )


def _emotion(path: Path) -> EmotionDecoder:
    tensors = _tensors(read_checkpoint(path, SYSTEM), path)
    size = _decoder_size(tensors, path)
    return load_net(lambda: EmotionDecoder(size), tensors, path, "PC-Talk's decoder of emotion")


def _style(path: Path) -> StyleEncoder:
    tensors = _tensors(read_checkpoint(path, SYSTEM), path)
    inner = {name.removeprefix(_STYLE_PREFIX): each for name, each in tensors.items() if name.startswith(_STYLE_PREFIX)}
    tensors = inner or tensors
    width = _width(tensors, path)
    persons, _ = _shape(tensors, "cls.out_proj.weight", 2, path)
    size = StyleSize(feature_dim=width, period=_period(tensors, path), person_num=persons)
    return load_net(lambda: StyleEncoder(size), tensors, path, "PC-Talk's style encoder")


def _decoder_size(tensors: Mapping[str, Tensor], path: Path) -> MotionDecoderSize:
    width = _width(tensors, path)
    _, persons = _shape(tensors, "obj_vector.weight", 2, path)
    _, coordinates = _shape(tensors, "vertice_map.weight", 2, path)
    return MotionDecoderSize(
        coordinates=coordinates,
        feature_dim=width,
        period=_period(tensors, path),
        person_num=persons,
        person_bias="obj_vector.bias" in tensors,
    )


def _width(tensors: Mapping[str, Tensor], path: Path) -> int:
    width, _ = _shape(tensors, "vertice_map.weight", 2, path)
    if width % MotionDecoderSize.heads:
        raise InputError(f"{path} holds a network of {width} features, which attention cannot share; give PC-Talk's.")
    return width


def _period(tensors: Mapping[str, Tensor], path: Path) -> int:
    """Return after how many rows the table of positions starts again."""
    _shape(tensors, "PPE.pe", 3, path)
    table = tensors["PPE.pe"][0]
    again = (table[1:] == table[:1]).all(1).nonzero()
    if not len(again):
        raise InputError(f"{path} holds no table of positions that repeats; give the file of PC-Talk.")
    return int(again[0]) + 1


def _shape(tensors: Mapping[str, Tensor], name: str, axes: int, path: Path) -> tuple[int, ...]:
    if name not in tensors or tensors[name].ndim != axes or 0 in tensors[name].shape:
        raise InputError(f"{path} lacks {name} with {axes} axes; give the file of PC-Talk.")
    return tuple(tensors[name].shape)


def _tensors(stored: Any, path: Path) -> dict[str, Tensor]:
    return without_prefixes(tensors_in(stored, path, SYSTEM, _WRAPPERS), ["module.", "model."])
