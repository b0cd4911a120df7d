"""Speech and emotion share the mouth; the upper face is the emotion's."""

import numpy as np
import pytest

from espressivo.conditioning.prosody import Prosody
from espressivo.generators.face.arkit import CHANNEL, weights_from
from espressivo.generators.face.expression.compose import HELD_S, OPPOSITES, SPEAKING_SHARE, compose, mouth_share

SECONDS = 6
TIMES_S = np.arange(SECONDS * 30) / 30


@pytest.fixture
def prosody() -> Prosody:
    """Silence, speech from 2 s to 4 s, silence."""
    frames = SECONDS * 100
    speaking = np.zeros(frames, bool)
    speaking[200:400] = True
    return Prosody(
        energy_db=np.where(speaking, -20, -100).astype(np.float32),
        f0_hz=np.where(speaking, 120, np.nan).astype(np.float32),
        speaking=speaking,
        loudness=speaking.astype(np.float32),
        high_band=np.zeros(frames, np.float32),
        pauses=((0.0, 2.0), (4.0, 6.0)),
        accents_s=np.array([2.5, 3.0]),
    )


def held(**values: float) -> np.ndarray:
    return np.tile(weights_from(**values), (len(TIMES_S), 1))


def test_no_emotion_returns_the_speech_to_the_bit(prosody: Prosody):
    speech = np.random.default_rng(0).uniform(0, 0.45, (len(TIMES_S), 52)).astype(np.float32)
    assert np.array_equal(compose(speech, np.zeros_like(speech), prosody, TIMES_S), speech)


def test_the_mouth_gives_way_while_speaking_and_comes_back(prosody: Prosody):
    smile = compose(held(), held(mouthSmile=0.8), prosody, TIMES_S)[:, CHANNEL["mouthSmileLeft"]]
    assert smile[15] == pytest.approx(0.8, abs=0.01)
    assert smile[90] == pytest.approx(0.8 * SPEAKING_SHARE, abs=0.02)
    assert smile[-15] == pytest.approx(0.8, abs=0.01)


def test_giving_way_takes_its_time_constant(prosody: Prosody):
    times_s = np.arange(600) / 100
    share = mouth_share(prosody, times_s)
    assert np.abs(np.diff(share)).max() < (1 - SPEAKING_SHARE) / 0.15 / 100
    middle = (1 + SPEAKING_SHARE) / 2
    assert times_s[np.argmax(share < middle)] == pytest.approx(2.0 - HELD_S, abs=0.02)


def test_the_upper_face_keeps_the_emotion(prosody: Prosody):
    emotion = held(browInnerUp=0.7, eyeWide=0.5, noseSneer=0.4)
    assert np.array_equal(compose(held(), emotion, prosody, TIMES_S), emotion)


def test_a_smile_flattens_rounded_lips(prosody: Prosody):
    pucker = compose(held(mouthPucker=0.6), held(mouthSmile=0.8), prosody, TIMES_S)[:, CHANNEL["mouthPucker"]]
    assert pucker[15] == pytest.approx(0.6 * (1 - 0.5 * 0.8), abs=0.01)


def test_sums_stay_in_range_and_opposites_share(prosody: Prosody):
    speech = np.random.default_rng(0).uniform(0, 1, (len(TIMES_S), 52)).astype(np.float32)
    weights = compose(speech, speech[::-1], prosody, TIMES_S)
    assert weights.min() >= 0
    assert weights.max() <= 1
    for one, other in OPPOSITES:
        assert (weights[:, CHANNEL[one]] + weights[:, CHANNEL[other]]).max() <= 1 + 1e-6
