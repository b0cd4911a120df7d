"""Which emotion a face shows, in a portrait or over a video: two small expression networks, calibrated, on a mesh.

They know six emotions and neutral, no contempt, calm or boredom, and they judge pictures: an open mouth that speaks may
look surprised or glad. Valence, arousal and dominance follow from their probabilities; nothing measures them.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from espressivo.conditioning.face_emotion.judges import Ensemble, ExpressionJudge, ensemble, face_crop, load_judges
from espressivo.conditioning.faces.track import MAX_MISSED, FaceSeeker, named
from espressivo.conditioning.recognition import RecognisedEmotion
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS
from espressivo.media.video import probe, read_video_frames
from espressivo.progress import ProgressCallback, track

READINGS_HZ = 2.0
"""Of a video; expressions last half a second and longer."""

Image = UInt8[np.ndarray, "h w 3"]


def recognise_portrait(image: Image, face: int = 0, judge: ExpressionJudge | None = None) -> RecognisedEmotion:
    """Read the expression of a face in a picture.

    Args:
        image: RGB.
        face: which one, counted from the largest.
        judge: another network than the calibrated mean of the two (`expression_swin.recogniser.load_judge`).

    Raises:
        FaceError: there is no such face, or it is too small.
        MissingDependencyError: a package that the networks need is not installed.
    """
    return recognise_frames([image], 1.0, face, judge)


def recognise_video(
    path: Path, face: int = 0, progress: ProgressCallback | None = None, judge: ExpressionJudge | None = None
) -> RecognisedEmotion:
    """Read the expression of a face over a video, `READINGS_HZ` times a second.

    Args:
        path: any video that FFmpeg's libraries decode.
        face: which one, counted from the largest of the first frame that shows any.
        progress: called while frames are read.
        judge: another network, as for `recognise_portrait`.

    Raises:
        MediaError: the file is no video.
        FaceError: no face is seen in most of it.
        MissingDependencyError: a package that the networks need is not installed.
    """
    facts = probe(path)
    step = max(1, round(facts.fps / READINGS_HZ))
    total = 1 + (facts.frame_count or max(1, round(facts.duration_s * facts.fps))) // step
    frames = track(read_video_frames(path, step), "read the face", total, progress)
    with named(path):
        return recognise_frames(frames, facts.fps / step, face, judge)


def recognise_frames(
    images: Iterable[Image], fps: float, face: int = 0, judge: ExpressionJudge | None = None
) -> RecognisedEmotion:
    """Read the expression of a face in pictures that follow each other.

    Args:
        images: RGB, all of one size.
        fps: how many there are a second.
        face: which one, counted from the largest of the first picture that shows any.
        judge: another network, as for `recognise_portrait`.

    Raises:
        FaceError: no face is seen in most of them.
        MissingDependencyError: a package that the networks need is not installed.
    """
    judge, seeker = judge or _default_judge(), FaceSeeker(face)
    seen: list[bool] = []
    crops: list[Image] = []
    for image in images:
        mesh = seeker.read(image)
        seen.append(mesh is not None)
        if mesh is not None:
            crops.append(face_crop(image, mesh))
    if len(crops) < (1 - MAX_MISSED) * len(seen) or not crops:
        raise seeker.complaint(len(seen), len(crops))
    found = np.array(seen)
    posterior = np.zeros((len(seen), len(CATEGORIES)))
    posterior[:, 0] = 1.0
    posterior[found] = 0.0
    for label, probability in zip(judge.labels, judge.probabilities(crops).T, strict=True):
        posterior[found, CATEGORIES.index(label)] = probability
    return RecognisedEmotion(
        source="face",
        times_s=np.arange(len(seen)) / fps,
        posterior=posterior,
        vad=posterior @ MEANS,
        confidence=found * posterior.max(axis=1),
        intensity=1.0 - posterior[:, 0],
    )


@cache
def _default_judge() -> Ensemble:
    return ensemble(load_judges())
