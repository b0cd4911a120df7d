"""Which emotion a motion shows, judged by its kinematics alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from espressivo.eval.gesture.kinematics import KINEMATICS, kinematics
from espressivo.eval.results import Ceiling
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.weights.manifest import FOLDER

JUDGE_FILE = FOLDER / "motion-emotion" / "judge.json"
JUDGE_ID = "motion-emotion"
CANONICAL = ("neutral", "happiness", "sadness", "anger")
"""The labels of the judge that are categories of this program. It knows no fear, disgust or surprise."""


@dataclass(frozen=True, eq=False)
class MotionEmotionJudge:
    """A linear discriminant on the twelve numbers of `kinematics`, and a linear estimate of VAD beside it."""

    labels: tuple[str, ...]
    weights: Float[np.ndarray, "labels 12"]
    bias: Float[np.ndarray, "labels"]
    """Of the log-likelihood ratios, calibrated; all labels are equally likely beforehand."""
    vad_weights: Float[np.ndarray, "3 12"]
    vad_bias: Float[np.ndarray, "3"]

    def probabilities(self, motion: BodyMotion) -> Float[np.ndarray, "labels"]:
        """Return how likely each label is, of the clip as a whole.

        Raises:
            ValueError: the motion has fewer than 10 frames at 30 fps.
        """
        return self.probabilities_of(kinematics(motion))

    def probabilities_of(self, numbers: Float[np.ndarray, "*clips 12"]) -> Float[np.ndarray, "*clips labels"]:
        """Return the same from what `kinematics` gave."""
        scores = numbers @ self.weights.T + self.bias
        likelihood = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return likelihood / likelihood.sum(axis=-1, keepdims=True)

    def vad(self, motion: BodyMotion) -> Float[np.ndarray, "3"]:
        """Return valence, arousal and dominance, each in [-1, 1].

        Raises:
            ValueError: as for `probabilities`.
        """
        return np.clip(self.vad_weights @ kinematics(motion) + self.vad_bias, -1, 1)

    def among(self, labels: Sequence[str]) -> "MotionEmotionJudge":
        """Return the judge who knows that it is one of `labels`."""
        rows = [self.labels.index(label) for label in labels]
        return MotionEmotionJudge(tuple(labels), self.weights[rows], self.bias[rows], self.vad_weights, self.vad_bias)


def read_judge(path: Path) -> MotionEmotionJudge:
    """Read what `fit_emotion` wrote.

    Raises:
        ValueError: it was fitted on other numbers than `KINEMATICS`.
    """
    stored = _stored(path)
    if tuple(stored["kinematics"]) != KINEMATICS:
        raise ValueError(f"{path} was fitted on other kinematics; fit it again.")
    tables = (np.array(stored[name]) for name in ("weights", "bias", "vad_weights", "vad_bias"))
    return MotionEmotionJudge(tuple(stored["labels"]), *tables)


@cache
def shipped_judge() -> MotionEmotionJudge:
    """Return the judge that ships."""
    return read_judge(JUDGE_FILE)


def ceilings() -> Mapping[str, Ceiling]:
    """Return how the shipped judge does on real motion whose kind of act it has not seen.

    "all": among all its labels; "canonical": among `CANONICAL`.
    """
    stored = _stored(JUDGE_FILE)["ceilings"]
    return {
        name: Ceiling(JUDGE_ID, found["data"], tuple(found["labels"]), np.array(found["confusion"]))
        for name, found in stored.items()
    }


def _stored(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
