"""Name the expressions of faces with a trained network; needs torch (the `evaluate` or the `train` extra)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from espressivo.conditioning.expression_swin.data import standardised
from espressivo.conditioning.expression_swin.network import SIZE_PX, ExpressionSwin, SwinShape
from espressivo.conditioning.face_emotion.judges import JUDGED, calibrated
from espressivo.conditioning.judging import judging
from espressivo.errors import InputError

ID = "expression-swin"
"""Id of the recogniser and of its weights."""
# `network.LABELS` in the words of `vocabulary.CATEGORIES`.
_CATEGORIES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
COLUMNS = tuple(_CATEGORIES.index(category) for category in JUDGED)
"""Where each category that the package's judges know stands in `network.LABELS`."""
# Small batches stay in the processor's cache.
_BATCH = 32


class SwinConfig(BaseModel):
    """What `config.json` beside the weights says; further keys tell how they were made.

    Attributes:
        shape: sizes of the network.
        temperature: what logits are divided by, so that a probability of .7 is right seven times in ten.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    shape: SwinShape
    temperature: float = Field(gt=0.0)


@dataclass(frozen=True, eq=False)
class SwinExpressionJudge:
    """Says how likely each emotion is in a face; an `ExpressionJudge`, fit for an `Ensemble`."""

    network: ExpressionSwin
    temperature: float
    id: str = ID
    labels: tuple[str, ...] = JUDGED

    def probabilities(self, crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float[np.ndarray, "n 7"]:
        """Return the calibrated probability of each label in each crop: an RGB face of any size."""
        if not crops:
            return np.zeros((0, len(self.labels)))
        with judging():
            logits = logits_of(self.network, standardised(grey(crops))).double().numpy()
        return calibrated(logits[:, COLUMNS], self.temperature)


def load_judge(folder: Path) -> SwinExpressionJudge:
    """Load what `train` wrote.

    Raises:
        InputError: the folder lacks the weights or holds others.
    """
    try:
        config = SwinConfig.model_validate(json.loads((folder / "config.json").read_text(encoding="utf-8")))
        network = ExpressionSwin(config.shape)
        network.load_state_dict(
            {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
        )
    except (OSError, ValueError, ValidationError, RuntimeError, SafetensorError) as error:
        raise InputError(
            f"{folder} does not hold the weights of {ID} ({error}); make them with "
            "python -m espressivo.conditioning.expression_swin.train."
        ) from error
    return SwinExpressionJudge(network.eval().requires_grad_(False), config.temperature)


@torch.no_grad()
def logits_of(network: ExpressionSwin, faces: Float[Tensor, "n 1 48 48"]) -> Float[Tensor, "n 7"]:
    """Return the mean of the logits of each face and of its mirror image; leaves `network` in evaluation mode."""
    network.eval()
    return torch.cat([(network(batch) + network(batch.flip(-1))) / 2 for batch in faces.split(_BATCH)])


def grey(crops: Sequence[UInt8[np.ndarray, "h w 3"]]) -> UInt8[np.ndarray, "n 48 48"]:
    """Return faces as FER2013 has them: luma, 48 x 48, averaged when made smaller."""
    size = (SIZE_PX, SIZE_PX)
    pictures = [Image.fromarray(crop).convert("L").resize(size, Image.Resampling.BILINEAR) for crop in crops]
    return np.stack([np.asarray(picture) for picture in pictures])
