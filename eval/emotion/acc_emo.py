"""Acc_emo: the accuracy that the tables of EAT, EDTalk and PC-Talk state, by Emotion-FAN."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from espressivo.eval.metric import Metric, NotMeasured, Values

if TYPE_CHECKING:
    from espressivo.eval.nets.emotion_fan import EmotionFANJudge

METRICS: tuple[Metric, ...] = (
    Metric(
        "acc_emo",
        "Acc_emo",
        "emotion",
        "higher",
        "1 if Emotion-FAN, trained on MEAD, gives the clip the emotion that was asked for (weights of frames as in "
        "evaluation_eat); the mean over clips is the Acc_emo of papers. Systems tuned on MEAD are at home in it.",
        evaluator="emotion-fan",
    ),
)


def measure_acc_emo(
    crops: Sequence[UInt8[np.ndarray, "h w 3"]], asked: str | None, judge: "EmotionFANJudge | NotMeasured"
) -> Values:
    """Measure `METRICS` on one clip.

    Args:
        crops: RGB faces of all frames, as far as possible.
        asked: canonical category that the clip should show, contempt among them; None: none.
        judge: Emotion-FAN, or why it is missing.
    """
    if isinstance(judge, NotMeasured):
        return {"acc_emo": judge}
    if asked not in judge.labels:
        return {"acc_emo": NotMeasured(f"Emotion-FAN does not know {asked}" if asked else "no emotion was asked for")}
    if not crops:
        return {"acc_emo": NotMeasured("there is no face")}
    return {"acc_emo": float(judge.labels[int(np.argmax(judge.clip_probabilities(crops)))] == asked)}
