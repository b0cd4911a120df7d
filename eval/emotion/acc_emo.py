"""Acc_emo: the accuracy that the tables of EAT, EDTalk and PC-Talk state, by Emotion-FAN."""

from collections.abc import Sequence

from espressivo.eval.metric import Metric, NotMeasured, Values

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


def measure_acc_emo(verdict: str | NotMeasured, asked: str | None, labels: Sequence[str]) -> Values:
    """Measure `METRICS` on one clip.

    Args:
        verdict: what Emotion-FAN gives the clip, or why it is missing.
        asked: canonical category that the clip should show, contempt among them; None: none.
        labels: canonical categories that it knows.
    """
    if isinstance(verdict, NotMeasured):
        return {"acc_emo": verdict}
    if asked not in labels:
        return {"acc_emo": NotMeasured(f"Emotion-FAN does not know {asked}" if asked else "no emotion was asked for")}
    return {"acc_emo": float(verdict == asked)}
