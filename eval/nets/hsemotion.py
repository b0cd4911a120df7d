"""HSEmotion: an EfficientNet-B0 that reads eight emotions in a face (Savchenko 2021, 2022; Apache-2.0).

It comes as an ONNX graph (`enet_b0_8_best_afew.onnx`, `enet_b0_8_best_vgaf.onnx`; `enet_b0_8_va_mtl.onnx` tells valence
and arousal after the emotions), which onnxruntime runs. The files do not ship: see `espressivo.eval.brought`.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from scipy.special import softmax

from espressivo.errors import InputError
from espressivo.eval.brought import SLOTS, why_missing
from espressivo.eval.metric import NotMeasured
from espressivo.eval.nets.onnx_files import why_refused

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # pyright: ignore[reportMissingImports]

SLOT = "hsemotion"
OUTPUTS = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
"""What the first eight outputs mean, in their order, as canonical categories."""
SIDE_PX = 224
# Alone, or with valence and arousal after the emotions.
_WIDTHS = (len(OUTPUTS), len(OUTPUTS) + 2)
# Of ImageNet.
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION: Final = np.array([0.229, 0.224, 0.225], np.float32)
_SILENT = 4
_NO_RUNTIME = NotMeasured("needs onnxruntime: pip install onnxruntime")


class HSEmotionJudge:
    """Judges faces with HSEmotion.

    Raises:
        InputError: the file is not this network; nothing but standard operators was run.
        ImportError: onnxruntime is not installed.
    """

    id = SLOT
    labels = OUTPUTS

    def __init__(self, path: Path) -> None:
        self._session = _session(path)
        self._input = self._session.get_inputs()[0].name
        told = _tried(self._session, path, self._input)
        if told.shape not in [(1, width) for width in _WIDTHS]:
            raise InputError(_not_this(path, f"gives {told.shape} for one face, not (1, 8) or (1, 10)"))

    def probabilities(self, crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[np.ndarray, "n 8"]:
        """Return the probability of each label in each crop, uncalibrated.

        Faces are brought to size with Pillow's bilinear filter; the package hsemotion-onnx takes OpenCV's, which skips
        pixels of faces larger than 224, so its figures differ a little.
        """
        if not crops:
            return np.zeros((0, len(OUTPUTS)))
        # One by one: on one thread batches are no quicker, and some exports take nothing else.
        logits = [self._logits(crop) for crop in crops]
        return softmax(np.concatenate(logits).astype(np.float64), axis=1)

    def _logits(self, crop: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "1 8"]:
        told: Any = self._session.run(None, {self._input: _face(crop)})
        return told[0][:, : len(OUTPUTS)]


def brought_hsemotion(found: Mapping[str, Path]) -> HSEmotionJudge | NotMeasured:
    """Open the file that a user brought; or say what is missing, the file or onnxruntime.

    Raises:
        InputError: the file is there and is not this network.
    """
    if SLOT not in found:
        return why_missing(SLOT)
    try:
        return HSEmotionJudge(found[SLOT])
    except ImportError:
        return _NO_RUNTIME


def _session(path: Path) -> "InferenceSession":
    # Read when it is imported: it keeps an id of the machine and reports to its makers otherwise.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # pyright: ignore[reportMissingImports]

    content = path.read_bytes()
    refused = why_refused(content)
    if refused:
        raise InputError(_not_this(path, refused))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Else it would guess, and files in its own format were not looked through.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # Its errors have no common base but this one.
        raise InputError(_not_this(path, f"cannot be opened by onnxruntime ({_first_line(error)})")) from None
    shapes = [list(given.shape) for given in session.get_inputs()]
    if len(shapes) != 1 or shapes[0][1:] != [3, SIDE_PX, SIDE_PX] or _fixed(shapes[0][0]):
        raise InputError(_not_this(path, f"takes {shapes}, not faces (N, 3, {SIDE_PX}, {SIDE_PX})"))
    return session


def _fixed(batch: int | str | None) -> bool:
    """Whether it takes only so many faces at a time; a number that is left open has a name, or is None."""
    return isinstance(batch, int) and batch > 1


def _tried(session: "InferenceSession", path: Path, name: str) -> np.ndarray:
    """Show it a grey picture: not every file states what comes out."""
    try:
        told = session.run(None, {name: _face(np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8))})
    except Exception as error:
        # As above.
        raise InputError(_not_this(path, f"cannot be run by onnxruntime ({_first_line(error)})")) from None
    if len(told) != 1 or not isinstance(told[0], np.ndarray) or told[0].dtype.kind != "f":
        raise InputError(_not_this(path, "does not give one table of numbers"))
    return told[0]


def _face(crop: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "1 3 224 224"]:
    resized = np.asarray(Image.fromarray(crop).resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR), np.float32)
    return np.ascontiguousarray(((resized / 255 - _MEAN) / _DEVIATION).transpose(2, 0, 1)[np.newaxis])


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0].strip()[:120] if lines else type(error).__name__


def _not_this(path: Path, fault: str) -> str:
    slot = SLOTS[SLOT]
    return f"{path} is not {slot.name}: it {fault}; bring {slot.files[0]} of {slot.project}."
