from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.prosody import Prosody, analyse_prosody
from espressivo.conditioning.speech import ARPABET, SAMPLE_RATE_HZ, Phone, Speech
from espressivo.generators.face.arkit import CHANNEL, MOUTH_CHANNELS
from espressivo.generators.face.articulation.composition import LEAD_S, articulate
from espressivo.generators.face.articulation.controls import ArticulationControls
from espressivo.generators.face.articulation.motion import SpeechMotion

JAW, PUCKER = CHANNEL["jawOpen"], CHANNEL["mouthPucker"]
LONGEST_STEP = 0.16
"""Most that any channel may move in 1/60 s: 0 to 1 in a tenth of a second."""


def line(*rows, source="given"):
    """A soundless line of phones (label, duration_s)."""
    ends = np.cumsum([duration for _, duration in rows])
    phones = [Phone(label, end - duration, end) for (label, duration), end in zip(rows, ends, strict=True)]
    samples = np.zeros(round(ends[-1] * SAMPLE_RATE_HZ), np.float32)
    return Speech(samples, phones=tuple(phones), phone_source=source)


def prosody(speech: Speech, loudness: float | np.ndarray = 0.6) -> Prosody:
    frames = int(np.ceil(speech.duration_s * Prosody.rate_hz))
    level = np.broadcast_to(np.asarray(loudness, np.float32), (frames,)).copy()
    return Prosody(
        energy_db=40 * level - 60,
        f0_hz=np.full(frames, 120.0, np.float32),
        speaking=level > 0,
        loudness=level,
        high_band=np.full(frames, 0.5, np.float32),
        pauses=(),
        accents_s=np.zeros(0),
    )


def times(speech: Speech, fps: float = 60) -> np.ndarray:
    return np.arange(round(speech.duration_s * fps)) / fps


def perform(speech: Speech, loudness: float | np.ndarray = 0.6, fps: float = 60, **controls: float) -> SpeechMotion:
    return articulate(speech, prosody(speech, loudness), times(speech, fps), ArticulationControls(**controls))


SENTENCE = (("SIL", 0.4), ("HH", 0.06), ("AH", 0.07), ("L", 0.06), ("OW", 0.16), ("SIL", 0.4))


def test_rounding_starts_before_its_vowel():
    """In "too" the lips are round while the tongue still makes the T."""
    speech = line(("SIL", 0.4), ("S", 0.1), ("T", 0.08), ("UW", 0.2), ("SIL", 0.4))
    motion = perform(speech)
    pucker = np.interp(0.58 - 0.1, motion.times_s, motion.weights[:, PUCKER])
    assert pucker > 0.2 * motion.weights[:, PUCKER].max()


def test_spread_vowel_holds_rounding_back():
    with_spread = perform(line(("SIL", 0.4), ("IY", 0.25), ("UW", 0.2), ("SIL", 0.4)))
    with_tongue = perform(line(("SIL", 0.4), ("K", 0.25), ("UW", 0.2), ("SIL", 0.4)))
    early = np.searchsorted(with_spread.times_s, 0.5)
    assert with_spread.weights[early, PUCKER] < 0.5 * with_tongue.weights[early, PUCKER]


@pytest.mark.parametrize("phone", ["T", "D", "N", "L", "K", "G", "NG", "TH"])
def test_tongue_sounds_do_not_move_the_lips(phone):
    motion = perform(line(("SIL", 0.3), (phone, 0.1), ("SIL", 0.3)), loudness=0.0)
    lips = [channel for channel in MOUTH_CHANNELS if channel not in (JAW, CHANNEL["tongueOut"])]
    assert motion.weights[:, lips].max() == 0
    assert motion.weights[:, JAW].max() > 0.01


def test_short_obstruent_hardly_moves_the_jaw():
    """Less than its length alone explains, which would take a tenth off the vowel's opening."""
    motion = perform(line(("SIL", 0.3), ("AA", 0.2), ("D", 0.06), ("AA", 0.2), ("SIL", 0.3)))
    at_d, at_vowel = (np.interp(moment, motion.times_s, motion.weights[:, JAW]) for moment in (0.53, 0.4))
    assert at_d > 0.93 * at_vowel


def test_louder_speech_opens_the_jaw_further():
    assert (
        perform(line(*SENTENCE), 0.9).weights[:, JAW].max() > perform(line(*SENTENCE), 0.3).weights[:, JAW].max() + 0.1
    )


def test_dynamics_sets_how_much_loudness_matters():
    def spread(dynamics):
        loud, soft = (perform(line(*SENTENCE), level, dynamics=dynamics) for level in (0.9, 0.3))
        return loud.weights[:, JAW].max() - soft.weights[:, JAW].max()

    assert spread(2.0) > spread(1.0) > spread(0.0)


def test_jaw_and_lips_have_their_own_gains():
    rows = (("SIL", 0.4), ("D", 0.08), ("IY", 0.2), ("SIL", 0.4))
    smile = CHANNEL["mouthSmileLeft"]
    normal, wide, shaped = (perform(line(*rows), **dials).weights for dials in ({}, {"jaw": 1.5}, {"lips": 1.5}))
    assert wide[:, JAW] == pytest.approx(1.5 * normal[:, JAW], abs=1e-5)
    assert np.array_equal(wide[:, smile], normal[:, smile])
    assert np.array_equal(shaped[:, JAW], normal[:, JAW])
    assert shaped[:, smile] == pytest.approx(1.5 * normal[:, smile], abs=1e-5)


def test_rounded_vowel_stays_small_however_loud():
    def jaw_in(vowel):
        motion = perform(line(("SIL", 0.4), (vowel, 0.25), ("SIL", 0.4)), 1.0)
        return np.interp(0.53, motion.times_s, motion.weights[:, JAW])

    assert jaw_in("UW") < 0.35 * jaw_in("AA")


def test_hiss_does_not_open_the_mouth():
    speech = Speech(np.zeros(2 * SAMPLE_RATE_HZ, np.float32))
    level, hiss = np.full(200, 0.7, np.float32), np.linspace(0, 1, 200, dtype=np.float32)
    curves = prosody(speech, level)
    jaw = articulate(speech, replace(curves, high_band=hiss), times(speech)).weights[:, JAW]
    assert jaw[-10] < 0.7 * jaw[10]


@pytest.mark.parametrize(("loudness_at_p", "believed"), [(0.2, True), (0.9, False)])
def test_recognised_closure_is_believed_only_where_the_sound_dips(loudness_at_p, believed):
    loudness = np.full(60, 0.9, np.float32)
    loudness[25:35] = loudness_at_p
    rows = (("AA", 0.25), ("P", 0.1), ("AA", 0.25))
    heard, known = (perform(line(*rows, source=source), loudness) for source in ("recognised", "aligned"))
    assert (heard.closure.max() == 1) == believed
    assert known.closure.max() == 1


def test_no_gain_no_motion():
    motion = perform(line(*SENTENCE, ("B", 0.1), ("F", 0.1), ("S", 0.1)), articulation=0.0)
    assert not motion.weights.any()
    assert not motion.closure.any()
    assert not motion.labiodental.any()
    assert not motion.sibilant.any()


def test_silence_shuts_the_mouth_exactly():
    speech = line(("SIL", 1.0), ("AA", 0.2), ("SIL", 1.5))
    loudness = np.zeros(270, np.float32)
    loudness[100:120] = 0.8
    motion = perform(speech, loudness)
    still = (motion.times_s < 0.4) | (motion.times_s > 1.8)
    assert not motion.weights[still].any()
    assert motion.weights[:, JAW].max() > 0.2


def test_silent_file_keeps_still():
    speech = Speech(np.zeros(SAMPLE_RATE_HZ, np.float32))
    motion = articulate(speech, analyse_prosody(speech), times(speech))
    assert not motion.weights.any()


@pytest.mark.parametrize("phones", ["none", "silence"])
def test_voice_without_phones_still_moves_the_mouth(phones):
    speech = line(("SIL", 2.0))
    if phones == "none":
        speech = Speech(speech.samples)
    loudness = np.abs(np.sin(np.arange(200) / 100 * np.pi * 2)).astype(np.float32)
    motion = perform(speech, loudness)
    jaw = motion.weights[:, JAW]
    assert np.corrcoef(jaw, np.interp(motion.times_s, np.arange(200) / 100, loudness))[0, 1] > 0.8
    assert jaw.max() > 0.25


def test_recognised_phones_leave_the_opening_to_loudness():
    """A recogniser that hears AA and OW where the voice is quiet must not open the mouth there."""
    rows = (("AA", 0.5), ("T", 0.5), ("AA", 0.5), ("T", 0.5))
    loudness = np.repeat(np.array([0.1, 0.9, 0.1, 0.9], np.float32), 50)
    given_, heard = (
        perform(line(*rows, source=source), loudness).weights[:, JAW] for source in ("given", "recognised")
    )
    level = np.interp(np.arange(len(heard)) / 60, np.arange(200) / 100, loudness)
    assert np.corrcoef(heard, level)[0, 1] > 0.8
    assert np.corrcoef(given_, level)[0, 1] < np.corrcoef(heard, level)[0, 1]


def test_motion_does_not_depend_on_the_frame_rate():
    speech = line(*SENTENCE)
    fine, coarse = perform(speech, fps=60), perform(speech, fps=30)
    assert coarse.weights == pytest.approx(fine.weights[::2][: len(coarse)], abs=1e-6)


def test_mouth_opens_ahead_of_the_voice():
    """A burst of voice: the middle of the mouth's movement comes before the middle of the sound."""
    speech = line(("SIL", 0.5), ("AA", 0.2), ("SIL", 0.5))
    loudness = np.exp(-0.5 * ((np.arange(120) / Prosody.rate_hz - 0.6) / 0.05) ** 2)
    motion = perform(speech, loudness, fps=200)
    middle_s = np.average(motion.times_s, weights=motion.weights[:, JAW])
    assert middle_s == pytest.approx(0.6 - LEAD_S, abs=0.01)


def test_lips_meet_and_part_ahead_of_the_sound_but_are_shut_at_its_centre():
    speech = line(("AA", 0.5), ("M", 0.2), ("AA", 0.5))
    motion = perform(speech, fps=200)
    middle_s = np.average(motion.times_s, weights=motion.closure)
    assert middle_s == pytest.approx(0.59 - LEAD_S, abs=0.005)
    short = perform(line(("AA", 0.5), ("M", 0.03), ("AA", 0.5)), fps=25)
    assert short.closure[np.argmin(abs(short.times_s - 0.515))] == 1


def test_far_sounds_do_not_reach():
    """A line's beginning is the same whatever follows a second later."""
    start = (*SENTENCE, ("SIL", 1.0))
    short, long = perform(line(*start, *SENTENCE)), perform(line(*start, *SENTENCE, *SENTENCE, ("M", 0.1)))
    assert np.array_equal(short.weights[:100], long.weights[:100])


def test_held_vowel_stays_open():
    motion = perform(line(("SIL", 0.3), ("SH", 0.3), ("AA", 2.5), ("SIL", 0.3)))
    held = (motion.times_s > 0.75) & (motion.times_s < 2.97)
    assert np.ptp(motion.weights[held, JAW]) < 0.05
    assert motion.weights[held, JAW].min() > 0.3


SOUNDS = st.lists(st.tuples(st.sampled_from((*ARPABET, "SIL")), st.floats(0.02, 0.4)), min_size=1, max_size=25)


SOURCES = st.sampled_from(("aligned", "recognised"))


@settings(max_examples=60, deadline=None)
@given(rows=SOUNDS, loudness=st.floats(0, 1), gain=st.floats(0, 2), source=SOURCES)
def test_weights_stay_in_range_at_any_gain(rows, loudness, gain, source):
    motion = perform(line(*rows, source=source), loudness, articulation=gain, jaw=gain, lips=gain, dynamics=gain)
    assert motion.weights.min() >= 0
    assert motion.weights.max() <= 1
    others = np.setdiff1d(np.arange(52), MOUTH_CHANNELS)
    assert not motion.weights[:, others].any()


@settings(max_examples=60, deadline=None)
@given(rows=SOUNDS, loudness=st.floats(0, 1), source=SOURCES)
def test_motion_never_jumps(rows, loudness, source):
    motion = perform(line(*rows, source=source), loudness)
    assert np.abs(np.diff(motion.weights, axis=0)).max(initial=0) <= LONGEST_STEP
