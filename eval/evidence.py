"""What is taken from a clip before anything is measured: its face, its sound, what judges see in it.

Decoding and networks run once per clip; every measure then is a function of these arrays. An anchor is the same
evidence with one thing taken away: the face held still, the sound exchanged or shifted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.conditioning.face_emotion.judges import Ensemble, face_crop
from espressivo.conditioning.faces.faceapi.pipeline import identity_descriptor
from espressivo.conditioning.faces.track import FaceTrack, track_face
from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech, fill_gaps
from espressivo.eval.face.landmarks68 import MESH_TO_68
from espressivo.eval.metric import Values
from espressivo.eval.quality.niqe import measure_pictures
from espressivo.eval.results import EmotionReading
from espressivo.eval.subjects import Subject
from espressivo.media.video import probe, read_video_frames
from espressivo.progress import ProgressCallback, track

JUDGED_FPS = 12.5
"""Frames per second that the judges of emotion look at; an expression does not change faster."""
FEWEST_JUDGED = 6
STILLS = 4
"""Frames per clip that picture quality and identity are measured on, evenly spread."""
MOST_OFFSET_S = 10.0
"""How far the sound of a file may begin before or after its pictures."""
_BATCH = 32


@dataclass(frozen=True, eq=False)
class VideoEvidence:
    """A video with a face, as far as measures read it."""

    path: Path
    track: FaceTrack
    """At the video's own frame rate."""
    speech: Speech | None
    """With phones; None if the clip is silent."""
    readings: tuple[EmotionReading, ...]
    """By the ensemble first, then by its members, of the same frames."""
    pictures: Values
    """How natural a few of its frames are."""
    descriptors: Float[np.ndarray, "stills 128"]
    """What the identity network sees in the same frames."""

    def held_still(self) -> "VideoEvidence":
        """The same clip with a face that never moves: the anchor under everything that should move."""
        points = np.repeat(self.track.points_px[:1], len(self.track.points_px), axis=0)
        return replace(self, track=replace(self.track, points_px=points))

    def with_sound_of(self, other: "VideoEvidence") -> "VideoEvidence":
        """The same face with another clip's sound."""
        return replace(self, speech=other.speech)

    def sound_turned(self, by_s: float) -> "VideoEvidence":
        """The same face with its sound `by_s` seconds later; what falls off at the end comes first."""
        return self if self.speech is None else replace(self, speech=turned(self.speech, by_s))


def watch(subject: Subject, judges: Ensemble, progress: ProgressCallback | None = None) -> VideoEvidence:
    """Watch a clip twice: for the face in every frame, then with the judges' eyes.

    Raises:
        InputError: the video cannot be read, or shows no face in more than a fifth of its frames.
    """
    path = subject.files["video"]
    facts = probe(path)
    total = max(1, round(facts.duration_s * facts.fps))
    face = track_face(track(read_video_frames(path), "find the face", total, progress), facts.fps)
    judged = judged_frames(len(face.points_px), face.fps)
    kept = still_frames(len(face.points_px))
    opinions: list[Mapping[str, Float[np.ndarray, "n labels"]]] = []
    stills: list[UInt8[np.ndarray, "height width 3"]] = []
    descriptors: list[Float[np.ndarray, 128]] = []
    crops: list[np.ndarray] = []
    for index, image in enumerate(track(read_video_frames(path), "judge the emotion", total, progress)):
        if index in kept:
            stills.append(image)
            descriptors.append(identity_descriptor(image, face.points_px[index][list(MESH_TO_68)]))
        if index in judged:
            crops.append(face_crop(image, face.points_px[index]))
        if len(crops) == _BATCH or (crops and index == max(judged)):
            opinions.append(judges.opinions(crops))
            crops = []
    times_s = np.array(sorted(judged)) / face.fps
    readings = tuple(
        EmotionReading(judge, judges.labels, np.concatenate([opinion[judge] for opinion in opinions]), times_s)
        for judge in opinions[0]
    )
    return VideoEvidence(path, face, listen(subject), readings, measure_pictures(stills), np.stack(descriptors))


def listen(subject: Subject) -> Speech | None:
    """Return the sound of a clip with its phones: by its transcript where there is one, else as recognised."""
    source = subject.files.get("sound")
    if source is not None:
        return recognise_phones(Speech.read(source, subject.transcript))
    facts = probe(subject.files["video"])
    if facts.audio_codec is None:
        return None
    speech = Speech.read(subject.files["video"], subject.transcript)
    return recognise_phones(replace(speech, samples=begun(speech.samples, facts.sound_offset_s)))


def judged_frames(count: int, fps: float) -> set[int]:
    """Return the frames that judges look at: `JUDGED_FPS`, but never fewer than `FEWEST_JUDGED` of a short clip."""
    wanted = max(min(count, FEWEST_JUDGED), round(count * min(1.0, JUDGED_FPS / fps)))
    return set(np.linspace(0, count - 1, wanted).round().astype(int).tolist())


def still_frames(count: int) -> set[int]:
    """Return the frames that picture quality and identity are measured on."""
    return set(np.linspace(0, count - 1, STILLS + 2).round().astype(int)[1:-1].tolist())


def begun(samples: Float[np.ndarray, "samples"], offset_s: float) -> Float[np.ndarray, "moved"]:
    """Return sound that begins with the first frame, from sound whose first sample belongs `offset_s` later.

    Streams of one file need not begin together (recordings and broadcasts hardly ever do), and players heed it. A
    clock that says more than `MOST_OFFSET_S`, or that all sound was over before, is broken and not believed.
    """
    late = round(offset_s * SAMPLE_RATE_HZ) if abs(offset_s) <= MOST_OFFSET_S else 0
    if late >= 0:
        return np.concatenate([np.zeros(late, samples.dtype), samples])
    return samples[-late:] if -late < len(samples) else samples


def turned(speech: Speech, by_s: float) -> Speech:
    """Return `speech` turned round by any number of seconds: what falls off at the end stands at the beginning."""
    length_s = speech.duration_s
    by_s %= length_s
    line = Speech(np.roll(speech.samples, round(by_s * SAMPLE_RATE_HZ)), speech.transcript)
    if speech.phones is None or speech.phone_source is None:
        return line
    rows = [
        (phone.label, max(0.0, phone.start_s + by_s - lap), min(length_s, phone.end_s + by_s - lap))
        for phone in speech.phones
        for lap in (0.0, length_s)
    ]
    return line.with_phones(fill_gaps([row for row in rows if row[2] - row[1] > 1e-3], length_s), speech.phone_source)
