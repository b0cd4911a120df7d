"""Who says what emotion a face shows: two small networks of different making, and their calibrated mean.

Both are over-confident: a probability of .9 or more by face-api's network is right two times in three. Their logits
are therefore divided by a temperature that was fitted on labelled faces (`python -m espressivo.eval.emotion.ceiling
--fit`). The mean of the two calibrated opinions is right more often than either and is the default judge.

Neither is Emotion-FAN: their accuracies must not be set beside the "Acc_emo" of the MEAD tables.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, UInt8
from scipy.special import log_softmax, softmax

from espressivo.conditioning.faces.faceapi.boxes import cut, face_box
from espressivo.errors import InputError, MissingDependencyError
from espressivo.weights.manifest import FOLDER

Crop = UInt8[np.ndarray, "h w 3"]
"""What a judge looks at: a face in RGB (see `face_crop`), of any size."""

JUDGE = "expression-ensemble"
"""The default judge."""
JUDGED = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
"""What the shipped judges know."""
FACEAPI, MINI_XCEPTION = "faceapi-expression", "mini-xception"
"""Ids of the judges that ship, and of their weights."""
# What the networks' outputs mean, in their order.
_FACEAPI_OUTPUTS = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
_MINI_XCEPTION_OUTPUTS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
# Small batches stay in the processor's cache: twice as fast as batches of 64.
_BATCH = 16
# What bounds the 68 landmarks, as points of the 468-point mesh: the jaw line from ear to ear, and the brows.
_JAW_AND_BROWS = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),
)


class ExpressionJudge(Protocol):
    """Anything that says how likely each emotion is in a face."""

    @property
    def id(self) -> str:
        """Id of the evaluator."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Canonical categories that the judge knows."""
        ...

    def probabilities(self, crops: Sequence[Crop]) -> Float[np.ndarray, "n labels"]:
        """Return the calibrated probability of each label in each crop."""
        ...


@dataclass(frozen=True, eq=False)
class NetworkJudge:
    """One network, calibrated."""

    id: str
    temperature: float
    """What logits are divided by."""
    scores: Callable[[Sequence[Crop]], Float[np.ndarray, "n outputs"]]
    """The network's logits for a small batch."""
    outputs: tuple[str, ...]
    """What they mean."""
    labels: tuple[str, ...] = JUDGED

    def raw_logits(self, crops: Sequence[Crop]) -> Float[np.ndarray, "n labels"]:
        """Return the uncalibrated log-probability of each label, as the published network gives it."""
        if not crops:
            return np.zeros((0, len(self.labels)))
        batches = [self.scores(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        columns = [self.outputs.index(label) for label in self.labels]
        return log_softmax(np.concatenate(batches).astype(np.float64), axis=1)[:, columns]

    def probabilities(self, crops: Sequence[Crop]) -> Float[np.ndarray, "n labels"]:
        """Return the calibrated probability of each label in each crop."""
        return calibrated(self.raw_logits(crops), self.temperature)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The mean of several calibrated judges."""

    judges: tuple[ExpressionJudge, ...]
    id: str = JUDGE

    @property
    def labels(self) -> tuple[str, ...]:
        """Canonical categories that all of the judges know, in the first one's order."""
        return self.judges[0].labels

    def probabilities(self, crops: Sequence[Crop]) -> Float[np.ndarray, "n labels"]:
        """Return the calibrated probability of each label in each crop."""
        return self.opinions(crops)[self.id]

    def opinions(self, crops: Sequence[Crop]) -> Mapping[str, Float[np.ndarray, "n labels"]]:
        """Return the mean and the opinion of each member by id, the mean first; every network looks once."""
        single = {judge.id: judge.probabilities(crops) for judge in self.judges}
        return {self.id: np.mean(list(single.values()), axis=0)} | single


def ensemble(judges: Sequence[ExpressionJudge]) -> Ensemble:
    """Return the mean of `judges`, the default judge if these are the two that ship.

    Raises:
        ValueError: the judges know different emotions, or there are none.
    """
    if len({judge.labels for judge in judges}) != 1:
        raise ValueError("An ensemble needs judges, all with the same labels.")
    return Ensemble(tuple(judges))


@cache
def load_judges() -> tuple[NetworkJudge, NetworkJudge]:
    """Load the judges that ship: face-api's network and mini-Xception.

    Raises:
        MissingDependencyError: torch is not installed.
        InputError: the weights are missing or damaged.
    """
    try:
        import torch

        from espressivo.conditioning.faces import mini_xception
        from espressivo.conditioning.faces.faceapi import expression, preprocessing, weights
        from espressivo.conditioning.judging import judging
    except ImportError:
        raise MissingDependencyError("Judging expressions needs torch: pip install 'espressivo[evaluate]'.") from None
    face_net, grey_net = weights.expression_net(), mini_xception.mini_xception()

    def by_faceapi(crops: Sequence[Crop]) -> Float[np.ndarray, "n 7"]:
        # Channels last is the layout in which the depthwise convolutions are quick.
        faces = preprocessing.face_batch(crops, expression.SIDE_PX).contiguous(memory_format=torch.channels_last)
        with judging():
            return face_net(faces).numpy()

    def by_mini_xception(crops: Sequence[Crop]) -> Float[np.ndarray, "n 7"]:
        with judging():
            return grey_net(mini_xception.grey_batch(crops)).numpy()

    return (
        NetworkJudge(FACEAPI, read_config(FACEAPI)["temperature"], by_faceapi, _FACEAPI_OUTPUTS),
        NetworkJudge(
            MINI_XCEPTION, read_config(MINI_XCEPTION)["temperature"], by_mini_xception, _MINI_XCEPTION_OUTPUTS
        ),
    )


def calibrated(logits: Float[np.ndarray, "n labels"], temperature: float) -> Float[np.ndarray, "n labels"]:
    """Return the softmax of `logits` divided by `temperature`: same order, less (or more) sure."""
    return softmax(logits / temperature, axis=1)


def face_crop(image: Crop, points_px: Float[np.ndarray, "468 _"]) -> Crop:
    """Return what the judges look at: the smallest box around the face's 68 landmarks (jaw and brows), a fifth larger.

    This is face-api's own crop, but with the landmarks of the 468-point mesh, which is steadier than its landmark
    network. It ends at the picture's borders.

    Args:
        image: RGB.
        points_px: the mesh; only x and y count.

    Raises:
        ValueError: the face lies outside the picture.
    """
    return cut(image, face_box(points_px[list(_JAW_AND_BROWS), :2]))


def read_config(judge: str) -> dict[str, Any]:
    """Return what `config.json` says of a judge that ships.

    Raises:
        InputError: the file is missing or damaged, or the judge was never calibrated.
    """
    file = FOLDER / judge / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        config["temperature"] = float(config["temperature"])
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{file} says no temperature for the judge {judge} ({error}); reinstall it.") from error
    return config
