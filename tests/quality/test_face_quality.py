"""The built-in face on the lines that ship: lips in time, closed where they must be, emotion in order of intensity."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.demo import demo_lines, demo_request
from espressivo.eval.lipsync.closure import BILABIALS, RIG_SHARE, centres_of, closed_at
from espressivo.eval.lipsync.lag import audio_mouth_lag
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.rig import list_identities, load_head
from espressivo.generators.registry import load_generator

EMOTIONS = [category for category in CATEGORIES if category != "neutral"]


@pytest.fixture(scope="module", params=demo_lines())
def line(request: pytest.FixtureRequest) -> Speech:
    demo = demo_request(request.param)
    return recognise_phones(Speech.read(demo.speech, demo.transcript))


def _perform(speech: Speech, emotion: str, fps: float = 30) -> FaceMotion:
    face = load_generator("parametric")
    return face.generate(face.Request(speech=speech, emotion=emotion, fps=fps))


@pytest.mark.parametrize("emotion", ["neutral", "happiness", "anger", "surprise"])
def test_lips_close_at_every_bilabial(line: Speech, emotion: str) -> None:
    motion = _perform(line, emotion)
    gap_mm = load_head().lip_gap_mm(motion.weights)
    closed = closed_at(np.maximum(gap_mm, 0), motion.fps, centres_of(line.phones or (), BILABIALS), RIG_SHARE)
    assert len(closed) > 0
    assert closed.all()


@pytest.mark.parametrize("identity", list_identities())
def test_lips_close_on_every_head(identity: str) -> None:
    demo = demo_request(demo_lines()[0])
    speech = recognise_phones(Speech.read(demo.speech, demo.transcript))
    motion = _perform(speech, "happiness:0.6")
    gap_mm = np.maximum(load_head(identity, seed=3).lip_gap_mm(motion.weights), 0)
    assert closed_at(gap_mm, motion.fps, centres_of(speech.phones or (), BILABIALS), RIG_SHARE).all()


def test_the_mouth_moves_with_the_sound(line: Speech) -> None:
    motion = _perform(line, "neutral")
    gap_mm = load_head().lip_gap_mm(motion.weights)
    lag = audio_mouth_lag(gap_mm, line.samples, motion.fps)
    assert lag.reliable
    assert abs(lag.frames) <= 1


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_displacement_follows_the_intensity_that_was_asked(emotion: str) -> None:
    """Measured on the landmarks of the posed head, in silence, against the same moment of the neutral take."""
    silence = Speech(np.zeros(SAMPLE_RATE_HZ, np.float32))
    head = load_head()
    marks = sorted(head.landmarks.values())
    asked = np.linspace(0, 1, 7)
    still = np.zeros(3, np.float32)
    places = [head.pose(_perform(silence, f"{emotion}:{level}").weights[-1], still)[marks] for level in asked]
    moved_mm = [float(np.linalg.norm(place - places[0], axis=1).mean() * 1e3) for place in places]
    assert moved_mm[0] == 0
    assert spearmanr(asked, moved_mm)[0] == pytest.approx(1.0)
    assert moved_mm[-1] > 0.5
