"""Body motions: amount, smoothness, feet, beats, and what a judge feels in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.speech import Speech
from espressivo.eval.asked import Asked, asked_of
from espressivo.eval.evaluators import Evaluator, shipped_evaluator
from espressivo.eval.gesture.emotion import CANONICAL, JUDGE_ID, ceilings, shipped_judge
from espressivo.eval.gesture.fgd import ENCODER_ID
from espressivo.eval.gesture.kinematics import LEAST_FRAMES
from espressivo.eval.gesture.measures import CAVEAT, FPS, METRICS, measure_gesture, measure_gesture_set
from espressivo.eval.metric import Values
from espressivo.eval.parts.measurer import AnchorClip, Clip, SetFigures
from espressivo.eval.results import Ceiling, EmotionReading, Observations
from espressivo.eval.subjects import Subject
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.npz import read_body_npz
from espressivo.generators.gesture.retarget import read_body_bvh
from espressivo.progress import ProgressCallback

STILL = "static body"
_READERS: Final[Mapping[str, Callable[[Path], BodyMotion]]] = {".npz": read_body_npz, ".bvh": read_body_bvh}
_SHIPPED: Final = (
    (ENCODER_ID, "Motion encoder of this project", "1", "Behind FGD-own; no published FGD is on its scale."),
    (JUDGE_ID, "Discriminant on 12 kinematic numbers", "1", "Its training files share performers; it knows no fear."),
)


class BodyMeasurer:
    """Measures motions of the body."""

    metrics: ClassVar = METRICS
    facts: ClassVar[Mapping[str, str]] = {"Body": "22 joints at 30 frames a second", "Gestures": CAVEAT}

    def take_in(self, subject: Subject, progress: ProgressCallback | None = None) -> BodyMotion:
        """Read the motion."""
        path = subject.files["body"]
        return _READERS[path.suffix.lower()](path)

    def asked(self, subject: Subject, evidence: BodyMotion) -> Asked | None:
        """Sum up what was asked of the clip."""
        return None if subject.emotion is None else asked_of(subject.emotion, evidence.duration_s)

    def measure(self, clip: Clip[BodyMotion], siblings: Sequence[Clip[BodyMotion]], real: BodyMotion | None) -> Values:
        """Measure a motion with its sound, against the real one of its name."""
        return measure_gesture(clip.evidence, _samples(clip), real)

    def observe(self, clip: Clip[BodyMotion]) -> Observations:
        """Return what the judge sees in the motion."""
        motion = clip.evidence.resampled(FPS)
        if len(motion) < LEAST_FRAMES:
            return Observations()
        probabilities = shipped_judge().among(CANONICAL).probabilities(motion)[np.newaxis]
        reading = EmotionReading(JUDGE_ID, CANONICAL, probabilities, np.array([motion.duration_s / 2]))
        asked = clip.asked
        return Observations(
            asked_emotion=asked.emotion if asked is not None and asked.steady else None,
            asked_intensity=None if asked is None else asked.intensity,
            asked_vad=None if asked is None else asked.vad,
            readings=(reading,),
        )

    def measure_set(self, clips: Sequence[Clip[BodyMotion]], real: Sequence[Clip[BodyMotion]]) -> SetFigures:
        """Measure the distance of all motions from the real ones, and among themselves."""
        return SetFigures(measure_gesture_set([clip.evidence for clip in clips], [clip.evidence for clip in real]))

    def anchors(self, clips: Sequence[Clip[BodyMotion]], real: bool) -> Iterator[AnchorClip]:
        """Hold every body still in its first frame; shifted sound and halves of real motion have their own columns."""
        for clip in clips:
            motion = clip.evidence
            still = replace(
                motion,
                poses_rad=np.repeat(motion.poses_rad[:1], len(motion), axis=0),
                translation_m=np.repeat(motion.translation_m[:1], len(motion), axis=0),
            )
            yield AnchorClip(STILL, clip.subject.name, measure_gesture(still, _samples(clip), motion if real else None))

    def evaluators(self) -> Sequence[Evaluator]:
        """Return the encoder and the judge of motion."""
        return tuple(shipped_evaluator(*row) for row in _SHIPPED)

    def ceilings(self) -> Sequence[Ceiling]:
        """Return how the judge does on real motion."""
        return (ceilings()["canonical"],)


def _samples(clip: Clip[BodyMotion]) -> Float[np.ndarray, "samples"] | None:
    """Return the sound that the motion goes with."""
    sound = clip.subject.files.get("sound")
    return None if sound is None else Speech.read(sound).samples
