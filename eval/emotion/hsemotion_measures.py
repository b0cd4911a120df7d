"""What HSEmotion, a stronger judge of single faces that users bring, says of a clip; it knows contempt, too."""

import numpy as np
from jaxtyping import Float

from espressivo.eval.metric import Metric, NotMeasured, Values
from espressivo.eval.nets.hsemotion import OUTPUTS, SLOT

METRICS: tuple[Metric, ...] = (
    Metric(
        "hsemotion_hit",
        "HSEmotion accuracy",
        "emotion",
        "higher",
        "1 if the likeliest of HSEmotion's eight emotions (contempt among them; mean of uncalibrated probabilities "
        "over frames) is the one asked for; the mean over clips is the accuracy. Trained on photographs (AffectNet).",
        evaluator=SLOT,
    ),
    Metric(
        "hsemotion_probability",
        "HSEmotion P(asked)",
        "emotion",
        "higher",
        "Probability that HSEmotion gives the emotion asked for, mean over frames; not calibrated, so read it as a "
        "ranking of clips.",
        evaluator=SLOT,
    ),
)


def measure_hsemotion(probabilities: Float[np.ndarray, "frames 8"] | NotMeasured, asked: str | None) -> Values:
    """Measure `METRICS` on one clip.

    Args:
        probabilities: of the labels in `OUTPUTS` in each frame, or why there are none.
        asked: canonical category that the clip should show; None: none.
    """
    if isinstance(probabilities, NotMeasured):
        return _nothing(probabilities)
    if asked not in OUTPUTS:
        return _nothing(NotMeasured(f"HSEmotion does not know {asked}" if asked else "no emotion was asked for"))
    clip = probabilities.mean(axis=0)
    if not np.isfinite(clip).all():
        return _nothing(NotMeasured("probabilities are not finite"))
    place = OUTPUTS.index(asked)
    return {"hsemotion_hit": float(np.argmax(clip) == place), "hsemotion_probability": float(clip[place])}


def _nothing(reason: NotMeasured) -> Values:
    return {metric.name: reason for metric in METRICS}
