"""Is the emotion that was asked for the one that a judge sees? Per clip, per frame and over a set.

A clip's verdict is the likeliest label of the mean probabilities over its frames. Every judge has its own labels: a
clip that asks for an emotion which the judge does not know (contempt, calm and boredom for the shipped ones) is left
out and counted by name, it is never a miss.

Of the readings of a clip, the first is by the judge whose figures are reported (the calibrated mean of both shipped
nets by default); the two after it are by the judges whose agreement is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.face_emotion.judges import JUDGE, JUDGED
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.eval.emotion.verdicts import Confusion, confusion
from espressivo.eval.metric import Metric, NotMeasured, Pooled, Value, Values
from espressivo.eval.results import Ceiling, EmotionReading
from espressivo.eval.statistics.agreement import cohen_kappa, macro_f1

METRICS: tuple[Metric, ...] = (
    Metric(
        "emotion_hit",
        "emotion accuracy",
        "emotion",
        "higher",
        "1 if the likeliest emotion of the clip (mean of calibrated probabilities over frames) is the one asked for; "
        "the mean over clips is the accuracy. Not Acc_emo of the EAT and PC-Talk tables, which is by Emotion-FAN.",
        evaluator=JUDGE,
    ),
    Metric(
        "emotion_frame_hit",
        "accuracy per frame",
        "emotion",
        "higher",
        "Share of frames whose likeliest emotion is the one asked for, pooled over the frames of all clips.",
        evaluator=JUDGE,
    ),
    Metric(
        "emotion_probability",
        "P(asked)",
        "emotion",
        "higher",
        "Calibrated probability of the emotion asked for, mean over frames.",
        evaluator=JUDGE,
    ),
    Metric(
        "emotion_delta",
        "ΔP(asked)",
        "emotion",
        "higher",
        "Probability of the emotion asked for minus its probability in the neutral clip of the same line: what the "
        "emotion control adds to the face as it is.",
        evaluator=JUDGE,
    ),
    Metric(
        "judges_agree",
        "judges agree",
        "emotion",
        "higher",
        "1 if the two judges behind the default one come to the same verdict on the clip.",
    ),
    Metric(
        "emotion_hit_agreed",
        "accuracy where judges agree",
        "emotion",
        "higher",
        "As emotion accuracy, on the clips on which both judges come to the same verdict; on real faces that verdict "
        "is right clearly more often.",
    ),
)
"""Of one clip."""

SET_METRICS: tuple[Metric, ...] = (
    Metric(
        "emotion_macro_f1",
        "macro-F1",
        "emotion",
        "higher",
        "F1 of the verdicts, averaged over the emotions asked for (each counts the same, however many clips it has). "
        "scikit-learn's default averages over emotions that were only judged, too.",
        evaluator=JUDGE,
    ),
    Metric(
        "emotion_kappa",
        "kappa of judges",
        "emotion",
        "higher",
        "Cohen's kappa of the two judges' verdicts over clips: their agreement beyond chance.",
    ),
    Metric(
        "emotion_chance",
        "chance",
        "emotion",
        "neither",
        "Accuracy of guessing: 1 over the number of emotions that the judge knows.",
    ),
    Metric(
        "emotion_majority",
        "majority share",
        "emotion",
        "neither",
        "Accuracy of always answering the emotion that is asked for most often in the set.",
    ),
    Metric(
        "emotion_ceiling",
        "judge on real faces",
        "emotion",
        "neither",
        "Accuracy of the judge on real, labelled faces: no system can honestly be asked for more.",
    ),
    *(
        Metric(
            f"emotion_recall_{emotion}",
            f"{emotion}: seen",
            "emotion",
            "higher",
            f"Share of the clips asking for {emotion} on which the verdict is {emotion}.",
            evaluator=JUDGE,
        )
        for emotion in JUDGED
    ),
    *(
        Metric(
            f"emotion_delta_{emotion}",
            f"{emotion}: ΔP",
            "emotion",
            "higher",
            f"Probability of {emotion} in the clips asking for it minus that in the neutral clip of the same line, "
            "mean over clips.",
            evaluator=JUDGE,
        )
        for emotion in JUDGED[1:]
    ),
)
"""Of a set of clips."""


@dataclass(frozen=True, eq=False)
class EmotionClip:
    """A clip as far as its emotion goes."""

    asked: str
    """Canonical category."""
    readings: tuple[EmotionReading, ...]
    """In the order of this module."""
    neutral: tuple[EmotionReading, ...] | None = None
    """Those of the neutral clip of the same line, by the same judges."""


def measure_emotion(
    readings: Sequence[EmotionReading], asked: str | None, neutral_readings: Sequence[EmotionReading] | None = None
) -> Values:
    """Apply `METRICS` to one clip.

    Args:
        readings: what the judges see in it, in the order of this module.
        asked: the canonical category that was asked for, None if that is not known.
        neutral_readings: what they see in the neutral clip of the same line.

    Raises:
        ValueError: `asked` is no canonical category.
    """
    if asked is not None and asked not in CATEGORIES:
        raise ValueError(f"{asked!r} is no canonical category.")
    agree = _agreement(readings)
    missing = _unjudged(readings, asked)
    if missing is not None:
        return {metric.name: missing for metric in METRICS} | {"judges_agree": agree}
    assert asked is not None  # _unjudged says so
    reading = readings[0]
    column = reading.labels.index(asked)
    frames = np.argmax(reading.probabilities, axis=1) == column
    hit = float(reading.verdict == asked)
    return {
        "emotion_hit": hit,
        "emotion_frame_hit": Pooled(float(frames.sum()), float(len(frames))),
        "emotion_probability": float(reading.clip[column]),
        "emotion_delta": _delta(reading, asked, neutral_readings),
        "judges_agree": agree,
        "emotion_hit_agreed": _hit_agreed(readings, asked, agree),
    }


def measure_emotion_set(clips: Sequence[EmotionClip], ceiling: Ceiling | None = None) -> Values:
    """Apply `SET_METRICS` to the clips of one system.

    Args:
        clips: those whose asked emotion is known; those without readings are left out.
        ceiling: how the first judge does on real faces.
    """
    read = [clip for clip in clips if clip.readings]
    judged = [clip for clip in read if clip.asked in clip.readings[0].labels]
    if not judged:
        reason = NotMeasured("no clip asks for an emotion that the judge knows")
        return {metric.name: reason for metric in SET_METRICS} | {"emotion_kappa": _kappa(read)}
    matrix = confusion([clip.asked for clip in judged], [clip.readings[0] for clip in judged])
    asked = matrix.counts.sum(axis=1)
    return {
        "emotion_macro_f1": macro_f1(matrix.counts),
        "emotion_kappa": _kappa(read),
        "emotion_chance": 1 / len(matrix.labels),
        "emotion_majority": float(asked.max() / asked.sum()),
        "emotion_ceiling": _ceiling(ceiling, judged[0].readings[0].judge),
        **{f"emotion_recall_{emotion}": _recall(matrix, emotion) for emotion in JUDGED},
        **{f"emotion_delta_{emotion}": _mean_delta(judged, emotion) for emotion in JUDGED[1:]},
    }


def _unjudged(readings: Sequence[EmotionReading], asked: str | None) -> NotMeasured | None:
    if asked is None:
        return NotMeasured("it is not known which emotion was asked for")
    if not readings:
        return NotMeasured("no judge has looked at the clip")
    if asked not in readings[0].labels:
        return NotMeasured(f"the judge does not know {asked}")
    return None


def _delta(reading: EmotionReading, asked: str, neutral_readings: Sequence[EmotionReading] | None) -> Value:
    if asked == "neutral":
        return NotMeasured("neutral was asked for")
    if not neutral_readings:
        return NotMeasured("needs the neutral clip of the same line")
    neutral = next((other for other in neutral_readings if other.judge == reading.judge), None)
    if neutral is None:
        return NotMeasured("the neutral clip was read by another judge")
    return _probability(reading, asked) - _probability(neutral, asked)


def _probability(reading: EmotionReading, emotion: str) -> float:
    return float(reading.clip[reading.labels.index(emotion)])


def _agreement(readings: Sequence[EmotionReading]) -> Value:
    if len(readings) < 3:
        return NotMeasured("needs two judges besides the one that counts")
    return float(readings[1].verdict == readings[2].verdict)


def _hit_agreed(readings: Sequence[EmotionReading], asked: str, agree: Value) -> Value:
    if isinstance(agree, NotMeasured):
        return agree
    if not agree:
        return NotMeasured("the judges disagree")
    return float(readings[1].verdict == asked)


def _kappa(clips: Sequence[EmotionClip]) -> Value:
    pairs = [clip.readings[1:3] for clip in clips if len(clip.readings) >= 3]
    if not pairs:
        return NotMeasured("needs two judges besides the one that counts")
    kappa = cohen_kappa([one.verdict for one, _ in pairs], [other.verdict for _, other in pairs])
    return kappa if np.isfinite(kappa) else NotMeasured("both judges give one verdict throughout")


def _recall(matrix: Confusion, emotion: str) -> Value:
    row = matrix.counts[matrix.labels.index(emotion)] if emotion in matrix.labels else np.zeros(1, int)
    if not row.any():
        return NotMeasured(f"no clip asks for {emotion}")
    return float(row[matrix.labels.index(emotion)] / row.sum())


def _mean_delta(clips: Sequence[EmotionClip], emotion: str) -> Value:
    asking = [clip for clip in clips if clip.asked == emotion]
    if not asking:
        return NotMeasured(f"no clip asks for {emotion}")
    deltas = [_delta(clip.readings[0], emotion, clip.neutral) for clip in asking]
    numbers = [float(delta) for delta in deltas if not isinstance(delta, NotMeasured)]
    return float(np.mean(numbers)) if numbers else deltas[0]


def _ceiling(ceiling: Ceiling | None, judge: str) -> Value:
    if ceiling is None or ceiling.judge != judge:
        return NotMeasured("not measured for this judge")
    counts: Float[np.ndarray, "asked judged"] = ceiling.confusion
    return float(np.trace(counts) / counts.sum())
