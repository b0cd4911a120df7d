"""How the contract tests ask each kind of generator for something, and measure what comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import Speech
from espressivo.demo import SPEECH_FOLDER
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import load_head
from espressivo.generators.music.score import Score
from espressivo.generators.portrait.avatar.avatar import Avatar
from espressivo.generators.portrait.avatar.photograph import Photograph
from espressivo.generators.portrait.consent import SHIPPED
from espressivo.generators.portrait.video import TalkingPortrait


@dataclass(frozen=True)
class Probe:
    """One kind of generator, seen from outside."""

    request: Callable[[Any, str, int], Any]
    """(generator, emotion, seed) -> request."""
    arrays: Callable[[Any], tuple[np.ndarray, ...]]
    """Everything the artefact holds, for comparison to the bit."""
    features: Callable[[Any], Float[np.ndarray, "frames features"]] | None = None
    """What a viewer would see change with emotion, frame by frame, in a unit of its own. None where one artefact alone
    does not tell, because chance has its part in it: then its kind has tests of its own over many artefacts."""
    fps: float = 0.0
    duration_s: float = 0.0


@cache
def spoken_line() -> Speech:
    """A line that ships, with phones."""
    line = sorted(Path(SPEECH_FOLDER).glob("*.wav"))[0]
    return recognise_phones(Speech.read(line))


def _vertices(motion: FaceMotion) -> Float[np.ndarray, "frames features"]:
    """Landmark-dense geometry in millimetres: every seventh vertex of the posed head, head held still."""
    head = load_head()
    still = np.zeros(3, np.float32)
    posed = [head.pose(weights, still, still[:2])[::7].ravel() for weights in motion.weights]
    return np.stack(posed) * 1e3


def _face_request(generator: Any, emotion: str, seed: int) -> Any:
    return generator.Request(speech=spoken_line(), emotion=emotion, seed=seed, fps=25)


def _portrait_request(generator: Any, emotion: str, seed: int) -> Any:
    return generator.Request(
        speech=spoken_line(), emotion=emotion, portrait=PORTRAIT, seed=seed, fps=PORTRAIT_FPS, size=96
    )


def _portrait_arrays(video: TalkingPortrait) -> tuple[np.ndarray, ...]:
    motion = video.motion
    return np.stack(list(video.frames)), motion.weights, motion.head_rad, motion.gaze_rad


@cache
def _sitter() -> Avatar:
    return Avatar.of(Photograph.read(PORTRAIT), 96)


def _landmarks(video: TalkingPortrait) -> Float[np.ndarray, "frames features"]:
    """Where the renderer draws every point of the face, in hundredths of its frame, head held still."""
    fit = _sitter().fit
    return np.stack([fit.pose(weights).points_px[:, :2].ravel() for weights in video.drawn.weights]) / 0.96


def _music_request(generator: Any, emotion: str, seed: int) -> Any:
    return generator.Request(emotion=emotion, bars=2, seed=seed)


def _notes(score: Score) -> tuple[np.ndarray, ...]:
    notes = score.notes
    tempi = np.array([(tempo.tick, tempo.bpm) for tempo in notes.tempi])
    return notes.pitch, notes.velocity, notes.start_tick, notes.end_tick, tempi


PORTRAIT = SHIPPED / "cg_head.jpg"
PORTRAIT_FPS = 10.0

PROBES: dict[str, Probe] = {
    "face": Probe(
        request=_face_request,
        arrays=lambda motion: (motion.weights, motion.head_rad, motion.gaze_rad),
        features=_vertices,
        fps=25,
        duration_s=4.0,
    ),
    "portrait": Probe(
        request=_portrait_request,
        arrays=_portrait_arrays,
        features=_landmarks,
        fps=PORTRAIT_FPS,
        duration_s=4.0,
    ),
    "music": Probe(request=_music_request, arrays=_notes),
}
