"""What evaluators that a user brought see in a video: SyncNet, Emotion-FAN, HSEmotion, Inception, I3D and ArcFace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.face_emotion.judges import face_crop
from espressivo.eval.brought import brought_network, evaluators_of, find_brought
from espressivo.eval.emotion import acc_emo, hsemotion_measures
from espressivo.eval.evaluators import Evaluator
from espressivo.eval.evidence import VideoEvidence, judged_frames, still_frames
from espressivo.eval.lipsync import lse
from espressivo.eval.metric import Metric, NotMeasured, Value, Values, measured
from espressivo.eval.nets.arcface import ArcFace, align, arcface_features
from espressivo.eval.nets.emotion_fan import OUTPUTS, EmotionFAN, EmotionFANJudge
from espressivo.eval.nets.hsemotion import SLOT as HSEMOTION
from espressivo.eval.nets.hsemotion import brought_hsemotion
from espressivo.eval.nets.i3d import brought_i3d, face_clip
from espressivo.eval.nets.inception import FidInception, inception_features
from espressivo.eval.nets.syncnet import SyncNet
from espressivo.eval.quality import feature_distance
from espressivo.media.video import read_video_frames

COEFFICIENTS_FILE = "expression_coefficients.npz"
"""Beside the clips or takes of a system: expression coefficients of all their frames, for E-FID."""
_NO_REAL: Final = NotMeasured("needs the real clip (--real)")
_SILENT: Final = NotMeasured("the clip is silent")
_BATCH = 32

METRICS: tuple[Metric, ...] = (
    *lse.METRICS,
    *acc_emo.METRICS,
    *hsemotion_measures.METRICS,
    *feature_distance.METRICS,
)


@dataclass(frozen=True, eq=False)
class BroughtEvidence:
    """What the brought networks see in one clip, or why there is nothing."""

    lse: Values
    verdict: str | NotMeasured
    """Of Emotion-FAN, a canonical category."""
    hsemotion: Float[np.ndarray, "frames 8"] | NotMeasured
    """Probabilities of its labels."""
    inception: Float[np.ndarray, "frames 2048"] | NotMeasured
    i3d: Float[np.ndarray, "400"] | NotMeasured
    arcface: Float[np.ndarray, "stills 512"] | NotMeasured


class BroughtNetworks:
    """The networks in a user's folder, ready to look at clips; those that are programs only if these are trusted.

    Raises:
        InputError: the folder is missing or holds none, or a file in it is not what its name says.
    """

    def __init__(self, folder: Path | None, trust_programs: bool = False) -> None:
        self._found = find_brought(folder, trust_programs)
        self._syncnet = brought_network("syncnet", self._found, SyncNet)
        self._emotion_fan = brought_network("emotion-fan", self._found, EmotionFAN)
        self._hsemotion = brought_hsemotion(self._found)
        self._inception = brought_network("fid-inception", self._found, FidInception)
        self._i3d = brought_i3d(self._found)
        self._arcface = brought_network("arcface", self._found, ArcFace)

    def evaluators(self) -> tuple[Evaluator, ...]:
        """Describe those that judge for a report; a file without the package that runs it does not."""
        idle = {HSEMOTION} if isinstance(self._hsemotion, NotMeasured) else set()
        return evaluators_of({slot: path for slot, path in self._found.items() if slot not in idle})

    def look(self, seen: VideoEvidence) -> BroughtEvidence:
        """Show a clip to every network that was brought."""
        return BroughtEvidence(
            lse=self._lse(seen),
            verdict=self._verdict(seen),
            hsemotion=self._opinions(seen),
            inception=self._pictures(seen),
            i3d=self._motion(seen),
            arcface=self._faces(seen),
        )

    def _lse(self, seen: VideoEvidence) -> Values:
        if seen.speech is None:
            return {metric.name: _SILENT for metric in lse.METRICS}
        frames = read_video_frames(seen.path)
        return lse.measure_lse(frames, seen.track.fps, seen.track.points_px, seen.speech.samples, self._syncnet)

    def _verdict(self, seen: VideoEvidence) -> str | NotMeasured:
        if isinstance(self._emotion_fan, NotMeasured):
            return self._emotion_fan
        return OUTPUTS[int(np.argmax(EmotionFANJudge(self._emotion_fan).clip_probabilities(_judged_crops(seen))))]

    def _opinions(self, seen: VideoEvidence) -> Float[np.ndarray, "frames 8"] | NotMeasured:
        if isinstance(self._hsemotion, NotMeasured):
            return self._hsemotion
        return self._hsemotion.probabilities(_judged_crops(seen))

    def _pictures(self, seen: VideoEvidence) -> Float[np.ndarray, "frames 2048"] | NotMeasured:
        if isinstance(self._inception, NotMeasured):
            return self._inception
        parts, batch = [], []
        for image in read_video_frames(seen.path):
            batch.append(image)
            if len(batch) == _BATCH:
                parts.append(inception_features(self._inception, batch))
                batch = []
        if batch:
            parts.append(inception_features(self._inception, batch))
        return np.concatenate(parts)

    def _motion(self, seen: VideoEvidence) -> Float[np.ndarray, "400"] | NotMeasured:
        if isinstance(self._i3d, NotMeasured):
            return self._i3d
        clip = face_clip(read_video_frames(seen.path))
        return clip if isinstance(clip, NotMeasured) else self._i3d.features(clip)

    def _faces(self, seen: VideoEvidence) -> Float[np.ndarray, "stills 512"] | NotMeasured:
        if isinstance(self._arcface, NotMeasured):
            return self._arcface
        kept = still_frames(len(seen.track.points_px))
        faces = [
            align(image, seen.track.points_px[index])
            for index, image in enumerate(read_video_frames(seen.path))
            if index in kept
        ]
        return arcface_features(self._arcface, faces)


def measure_clip(ours: BroughtEvidence, real: BroughtEvidence | None, asked: str | None) -> Values:
    """Measure what brought networks say of one clip."""
    return {
        **ours.lse,
        **acc_emo.measure_acc_emo(ours.verdict, asked, OUTPUTS),
        **hsemotion_measures.measure_hsemotion(ours.hsemotion, asked),
        "csim": _same_person(ours, real),
    }


def measure_set(clips: Sequence[BroughtEvidence], real: Sequence[BroughtEvidence], folders: "_Folders") -> Values:
    """Measure the distance of all clips of a system from the real ones.

    Args:
        clips: of the system.
        real: real clips; none if there are none.
        folders: where the system's and the real clips' coefficients may lie.
    """
    sets = feature_distance.measure_feature_distances(
        inception=_both([clip.inception for clip in clips], [clip.inception for clip in real]),
        coefficients=_coefficients(*folders),
        motion=of_clips([clip.i3d for clip in clips], [clip.i3d for clip in real]),
    )
    return {name: value for name, value in sets.items() if name != "csim"}


_Folders = tuple[Path | None, Path | None]


def of_clips(
    ours: Sequence[Float[np.ndarray, "dims"] | NotMeasured], real: Sequence[Float[np.ndarray, "dims"] | NotMeasured]
) -> feature_distance.Sets | NotMeasured:
    """Stack features of clips, one row each; or say of how many clips of either set there are none, and why."""
    missing = [features for features in (*ours, *real) if isinstance(features, NotMeasured)]
    total = len(ours) + len(real)
    if missing:
        few = len(missing) < total
        return NotMeasured(f"{len(missing)} of {total} clips: {missing[0].reason}") if few else missing[0]
    return np.array(ours), np.array(real) if real else None


def _judged_crops(seen: VideoEvidence) -> list[np.ndarray]:
    """Return the faces that judges of emotion look at."""
    looked_at = judged_frames(len(seen.track.points_px), seen.track.fps)
    return [
        face_crop(image, seen.track.points_px[index])
        for index, image in enumerate(read_video_frames(seen.path))
        if index in looked_at
    ]


def _same_person(ours: BroughtEvidence, real: BroughtEvidence | None) -> Value:
    if isinstance(ours.arcface, NotMeasured):
        return ours.arcface
    if real is None or isinstance(real.arcface, NotMeasured):
        return _NO_REAL
    return measured(feature_distance.csim(ours.arcface, real.arcface[0]), "features are all zero")


def _both(
    ours: Sequence[np.ndarray | NotMeasured], real: Sequence[np.ndarray | NotMeasured]
) -> feature_distance.Sets | NotMeasured:
    missing = next((features for features in ours if isinstance(features, NotMeasured)), None)
    if missing is not None:
        return missing
    kept, wanted = ([features for features in side if not isinstance(features, NotMeasured)] for side in (ours, real))
    return np.concatenate(kept), np.concatenate(wanted) if wanted else None


def _coefficients(ours: Path | None, real: Path | None) -> feature_distance.Sets | None:
    files = [None if folder is None else folder / COEFFICIENTS_FILE for folder in (ours, real)]
    if any(file is None or not file.is_file() for file in files):
        return None
    first, second = (feature_distance.read_coefficients(file) for file in files if file is not None)
    return first, second
