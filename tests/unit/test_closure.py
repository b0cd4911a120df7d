import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.speech import ARPABET, SAMPLE_RATE_HZ, Phone, Speech
from espressivo.generators.face.arkit import CHANNEL, weights_from
from espressivo.generators.face.articulation.closure import LipGap, enforce_closures
from espressivo.generators.face.articulation.composition import articulate
from espressivo.generators.face.articulation.controls import ArticulationControls

JAW, CLOSE = CHANNEL["jawOpen"], CHANNEL["mouthClose"]
GAP = LipGap(
    per_weight_mm=weights_from(
        jawOpen=34.8, mouthClose=-34.8, mouthFunnel=13.1, mouthPucker=-2.4, mouthSmile=-1.4, mouthRollLower=-3.2,
        mouthRollUpper=-1.2, mouthShrugLower=-5.0, mouthShrugUpper=3.5, mouthPress=-1.2, mouthLowerDown=1.9,
        mouthUpperUp=2.5, jawForward=1.4, mouthLeft=-1.4, mouthRight=-1.4, cheekPuff=-1.2,
    ).astype(np.float64),
    neutral_mm=0.1,
)  # fmt: skip
"""The gap law of the default head, rounded."""

SHOUT = weights_from(jawOpen=0.6, mouthUpperUp=0.8, mouthLowerDown=0.8, mouthFunnel=0.7, mouthShrugUpper=0.5)
LAUGH = weights_from(jawOpen=0.4, mouthSmile=0.9, mouthUpperUp=0.4, mouthDimple=0.3)
GLOOM = weights_from(mouthFrown=0.9, mouthShrugLower=0.4, mouthPucker=0.3)
EMOTIONS = {"none": weights_from(), "shout": SHOUT, "laugh": LAUGH, "gloom": GLOOM}


def line(*rows):
    ends = np.cumsum([duration for _, duration in rows])
    phones = [Phone(label, end - duration, end) for (label, duration), end in zip(rows, ends, strict=True)]
    samples = np.zeros(round(ends[-1] * SAMPLE_RATE_HZ), np.float32)
    return Speech(samples, phones=tuple(phones), phone_source="given")


def phones_of(speech: Speech) -> tuple[Phone, ...]:
    assert speech.phones is not None
    return speech.phones


def prosody(speech, loudness=0.7):
    frames = int(np.ceil(speech.duration_s * Prosody.rate_hz))
    level = np.full(frames, loudness, np.float32)
    ones = np.ones(frames, bool)
    pitch = np.full(frames, 120, np.float32)
    return Prosody(level, pitch, ones, level, high_band=level, pauses=(), accents_s=np.zeros(0))


def perform(speech: Speech, fps: float, emotion: float | np.ndarray = 0.0, **controls: float):
    times_s = np.arange(max(1, round(speech.duration_s * fps))) / fps
    motion = articulate(speech, prosody(speech), times_s, ArticulationControls(**controls))
    mixed = np.clip(motion.weights + emotion, 0, 1)
    return motion, mixed, enforce_closures(mixed, motion, GAP)


def frame_of(phone, fps, frames):
    return min(round(0.5 * (phone.start_s + phone.end_s) * fps), frames - 1)


SOUNDS = st.lists(
    st.tuples(st.sampled_from((*ARPABET, "P", "B", "M", "P", "B", "M", "SIL")), st.floats(0.02, 0.25)),
    min_size=1,
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(
    rows=SOUNDS,
    fps=st.sampled_from((24.0, 25.0, 29.97, 30.0, 50.0, 60.0)),
    emotion=st.sampled_from(sorted(EMOTIONS)),
    gain=st.floats(0.25, 2.0),
)
def test_every_bilabial_is_shut_at_the_frame_nearest_its_centre(rows, fps, emotion, gain):
    speech = line(*rows)
    motion, _, weights = perform(speech, fps, EMOTIONS[emotion], jaw=gain, lips=gain, articulation=gain)
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert (weights[:, CLOSE] <= weights[:, JAW]).all()
    for phone in phones_of(speech):
        if phone.label in ("P", "B", "M"):
            frame = frame_of(phone, fps, len(motion))
            assert motion.closure[frame] == 1
            assert GAP(weights)[frame] <= -0.5


def test_even_the_shortest_closure_is_held():
    motion, _, _ = perform(line(("AA", 0.3), ("B", 0.02), ("AA", 0.3)), 1000)
    assert np.count_nonzero(motion.closure == 1) >= 48


def test_closure_shows_at_a_very_low_frame_rate():
    motion, _, _ = perform(line(("AA", 0.44), ("B", 0.02), ("AA", 0.5)), 8)
    assert motion.closure[4] == 1


def test_lips_are_open_around_a_closure():
    """A closure that shut the whole line would pass the test above."""
    speech = line(("SIL", 0.3), ("AA", 0.25), ("B", 0.08), ("AA", 0.25), ("SIL", 0.3))
    _, _, weights = perform(speech, 60)
    gap = GAP(weights)
    assert gap[round(0.42 * 60)] > 8
    assert gap[round(0.76 * 60)] > 8
    assert gap[round(0.59 * 60)] < 0


def test_lips_press_but_do_not_pass_through_each_other():
    speech = line(("SIL", 0.2), ("AA", 0.2), ("M", 0.1), ("AA", 0.2), ("SIL", 0.2))
    for emotion in EMOTIONS.values():
        motion, mixed, weights = perform(speech, 60, emotion)
        shut = motion.closure == 1
        before = GAP(mixed)
        assert (GAP(weights)[shut] >= np.minimum(before[shut], -0.8) - 1.5).all()
        assert (weights[shut][:, CHANNEL["mouthPressLeft"]] >= 0.3).all()


@pytest.mark.parametrize("emotion", sorted(EMOTIONS))
def test_lower_lip_meets_the_teeth_at_f(emotion):
    speech = line(("SIL", 0.2), ("AA", 0.2), ("F", 0.03), ("AA", 0.2), ("SIL", 0.2))
    motion, _, weights = perform(speech, 24, EMOTIONS[emotion])
    frame = frame_of(phones_of(speech)[2], 24, len(motion))
    assert motion.labiodental[frame] == 1
    assert weights[frame, CHANNEL["mouthRollLower"]] >= 0.5
    assert weights[frame, JAW] <= 0.15 + 1e-6
    assert GAP(weights)[frame] <= 2.3


def test_sibilant_keeps_the_jaw_up_under_emotion():
    speech = line(("SIL", 0.2), ("AA", 0.2), ("S", 0.12), ("AA", 0.2), ("SIL", 0.2))
    motion, mixed, weights = perform(speech, 60, SHOUT)
    frame = frame_of(phones_of(speech)[2], 60, len(motion))
    assert mixed[frame, JAW] > 0.5
    assert weights[frame, JAW] <= 0.25 + 1e-6


def test_frames_without_contact_are_untouched():
    speech = line(("AA", 0.3), ("B", 0.08), ("AA", 0.3))
    motion, mixed, weights = perform(speech, 30, LAUGH)
    free = (motion.closure == 0) & (motion.labiodental == 0) & (motion.sibilant == 0)
    assert free.any()
    assert np.array_equal(weights[free], mixed[free].astype(np.float32))


def test_closures_come_and_go_smoothly():
    speech = line(("SIL", 0.2), ("AA", 0.2), ("B", 0.06), ("AA", 0.2), ("F", 0.08), ("AA", 0.2), ("SIL", 0.2))
    for emotion in EMOTIONS.values():
        _, mixed, weights = perform(speech, 60, emotion)
        most_mm = GAP(mixed).max()
        assert np.abs(np.diff(GAP(weights))).max() <= 0.45 * most_mm + 1.0
        assert np.abs(np.diff(weights, axis=0)).max() <= 0.4


def test_mouth_close_never_exceeds_jaw_open_even_without_speech():
    speech = line(("SIL", 0.5))
    _, _, weights = perform(speech, 30, weights_from(mouthClose=0.5, jawOpen=0.2))
    assert weights[0, CLOSE] == weights[0, JAW]


def test_law_is_read_off_a_rig():
    law = LipGap.of(lambda weights: 0.3 + weights @ GAP.per_weight_mm)
    assert law.neutral_mm == pytest.approx(0.3)
    assert law.per_weight_mm == pytest.approx(GAP.per_weight_mm, abs=1e-4)
    weights = np.tile(SHOUT, (4, 1))
    assert law(weights) == pytest.approx(0.3 + weights @ GAP.per_weight_mm, abs=1e-4)
