"""Music: what is in the notes, and what two judges hear in them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final

import numpy as np

from espressivo.eval.asked import Asked, asked_of
from espressivo.eval.evaluators import Evaluator, shipped_evaluator
from espressivo.eval.metric import Values
from espressivo.eval.music.ceilings import load_music_ceilings
from espressivo.eval.music.feeling import SET_METRICS, MusicPiece, measure_music_set, verdicts
from espressivo.eval.music.judges import load_music_judges, quadrant_of
from espressivo.eval.music.measures import METRICS, measure_music
from espressivo.eval.parts.measurer import AnchorClip, Clip, SetFigures
from espressivo.eval.results import Ceiling, EmotionReading, Observations
from espressivo.eval.subjects import Subject
from espressivo.media.notes import Notes, read_notes
from espressivo.progress import ProgressCallback

CHANCE = "chance"
_CLEAR = 0.05
"""Valence and arousal nearer to 0 than this belong to no quadrant."""
_GUESSED: Final = {
    metric.name: share
    for kind, share in (("quadrant_hit", 0.25), ("valence_hit", 0.5), ("arousal_hit", 0.5))
    for metric in METRICS
    if metric.name.startswith(kind)
}
_SHIPPED: Final = (
    ("music-judge-emopia", "Quadrants of EMOPIA", "1", "Softmax regression on statistics of the notes."),
    ("music-judge-vgmidi", "Valence and arousal of VGMIDI", "1", "Kernel regression on the same statistics."),
)


class ScoreMeasurer:
    """Measures pieces of music."""

    metrics: ClassVar = (*METRICS, *SET_METRICS)
    facts: ClassVar[Mapping[str, str]] = {
        "Bars": "as the file's tempo and metre have them, also for performances that are on no grid"
    }

    def take_in(self, subject: Subject, progress: ProgressCallback | None = None) -> Notes:
        """Read the notes."""
        return read_notes(subject.files["score"])

    def asked(self, subject: Subject, evidence: Notes) -> Asked | None:
        """Sum up what was asked of the piece."""
        return None if subject.emotion is None else asked_of(subject.emotion, evidence.seconds)

    def measure(self, clip: Clip[Notes], siblings: Sequence[Clip[Notes]], real: Notes | None) -> Values:
        """Measure a piece."""
        return measure_music(clip.evidence, None, _asked_va(clip))

    def observe(self, clip: Clip[Notes]) -> Observations:
        """Return what the judges hear, in quadrants."""
        heard = verdicts(clip.evidence, load_music_judges())
        middle = np.array([clip.evidence.seconds / 2])
        readings = tuple(
            EmotionReading(judge.id, judge.labels, judge.probabilities(clip.evidence)[np.newaxis], middle)
            for judge in load_music_judges()
            if judge.id in heard
        )
        va = _asked_va(clip)
        return Observations(asked_emotion=None if va is None else quadrant_of(*va), readings=readings)

    def measure_set(self, clips: Sequence[Clip[Notes]], real: Sequence[Clip[Notes]]) -> SetFigures:
        """Measure how the pieces follow what was asked of them."""
        pieces = [
            MusicPiece(
                values=self.measure(clip, clips, None),
                asked_va=_asked_va(clip),
                verdicts=verdicts(clip.evidence, load_music_judges()),
            )
            for clip in clips
        ]
        return SetFigures(measure_music_set(pieces, self.ceilings()))

    def anchors(self, clips: Sequence[Clip[Notes]], real: bool) -> Iterator[AnchorClip]:
        """Yield guessing: one quadrant in four."""
        for clip in clips:
            yield AnchorClip(CHANCE, clip.subject.name, dict(_GUESSED))

    def evaluators(self) -> Sequence[Evaluator]:
        """Return both judges."""
        return tuple(shipped_evaluator(*row) for row in _SHIPPED)

    def ceilings(self) -> Sequence[Ceiling]:
        """Return how the judges do on real music."""
        return load_music_ceilings()


def _asked_va(clip: Clip[Notes]) -> tuple[float, float] | None:
    """Return valence and arousal that were asked for; music has no dominance, and neutral no quadrant."""
    if clip.asked is None:
        return None
    valence, arousal, _ = clip.asked.vad
    return (valence, arousal) if min(abs(valence), abs(arousal)) >= _CLEAR else None
