"""Face motions (ARKit-52), measured as surfaces against a recorded motion."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from espressivo.eval.asked import Asked, asked_of
from espressivo.eval.evaluators import Evaluator
from espressivo.eval.face.vertices import DIVERSITY, METRICS, measure_diversity, measure_motion
from espressivo.eval.metric import Values
from espressivo.eval.parts.measurer import AnchorClip, Clip, SetFigures
from espressivo.eval.results import Ceiling, Observations
from espressivo.eval.subjects import Subject
from espressivo.generators.face.export.livelink import read_livelink_csv
from espressivo.generators.face.export.npz import read_motion_npz
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import load_head
from espressivo.progress import ProgressCallback

STILL = "static face"
_READERS = {".npz": read_motion_npz, ".csv": read_livelink_csv}


class MotionMeasurer:
    """Measures 3-D faces on the built-in head."""

    metrics: ClassVar = (*METRICS, DIVERSITY)
    facts: ClassVar[Mapping[str, str]] = {"Head": "the built-in default head, held upright, eyes ahead"}

    def take_in(self, subject: Subject, progress: ProgressCallback | None = None) -> FaceMotion:
        """Read the motion."""
        path: Path = subject.files["motion"]
        return _READERS[path.suffix.lower()](path)

    def asked(self, subject: Subject, evidence: FaceMotion) -> Asked | None:
        """Sum up what was asked of the clip."""
        return None if subject.emotion is None else asked_of(subject.emotion, len(evidence) / evidence.fps)

    def measure(self, clip: Clip[FaceMotion], siblings: Sequence[Clip[FaceMotion]], real: FaceMotion | None) -> Values:
        """Measure against the recorded motion of the clip's name."""
        return measure_motion(clip.evidence, real, load_head())

    def observe(self, clip: Clip[FaceMotion]) -> Observations:
        """Return nothing: surfaces are all figures."""
        return Observations()

    def measure_set(self, clips: Sequence[Clip[FaceMotion]], real: Sequence[Clip[FaceMotion]]) -> SetFigures:
        """Measure how much outputs for one line differ; other figures of a set are means over its clips."""
        lines: dict[str, list[FaceMotion]] = {}
        for clip in clips:
            lines.setdefault(clip.subject.line, []).append(clip.evidence)
        return SetFigures({DIVERSITY.name: measure_diversity(lines.values(), load_head())})

    def anchors(self, clips: Sequence[Clip[FaceMotion]], real: bool) -> Iterator[AnchorClip]:
        """Hold a neutral face that never moves against recorded motions; without them it has nothing to miss."""
        for clip in clips if real else ():
            motion = clip.evidence
            still = FaceMotion(motion.weights * 0, motion.head_rad * 0, motion.gaze_rad * 0, motion.fps)
            yield AnchorClip(STILL, clip.subject.name, measure_motion(still, motion, load_head()))

    def evaluators(self) -> Sequence[Evaluator]:
        """Return none."""
        return ()

    def ceilings(self) -> Sequence[Ceiling]:
        """Return none."""
        return ()
