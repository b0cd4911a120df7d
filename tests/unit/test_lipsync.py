"""The lip-sync measures find what was put there, on mouths that are made and sounds that follow them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.faces.track import FaceTrack
from espressivo.conditioning.speech import Phone
from espressivo.errors import InputError
from espressivo.eval.lipsync.closure import (
    BILABIALS,
    RIG_SHARE,
    VOWELS,
    centres_of,
    closed_at,
    inner_opening,
    labiodental_gap,
)
from espressivo.eval.lipsync.gridcorpus import sentence
from espressivo.eval.lipsync.lag import (
    FPS,
    MAX_LAG,
    SHIFTS,
    audio_mouth_lag,
    log_mel,
    matched_auc,
    mouth_signal,
    resampled,
    speaking_frames,
    speech_level,
)
from espressivo.eval.lipsync.measures import METRICS, lag_curve, measure_lipsync
from espressivo.eval.lipsync.visemes import (
    PROTOTYPES,
    SHAPE_OF,
    SHAPES,
    agreement,
    load_prototypes,
    nearest_shape,
    shapes_at_phones,
)
from espressivo.eval.metric import NotMeasured, Pooled, Value

RATE_HZ = 16_000
NEUTRAL = np.load(Path(__file__).parents[1] / "fixtures" / "faces" / "cg_head_landmarks.npy")
EYES_PX = float(np.linalg.norm(NEUTRAL[33] - NEUTRAL[263]))


def _bursts(seed: int = 0, seconds: float = 4.0, fps: float = FPS) -> tuple[np.ndarray, np.ndarray]:
    """Noise whose loudness follows a random curve, and the log of that curve in the middle of every frame."""
    rng = np.random.default_rng(seed)
    frames = int(seconds * fps)
    curve = np.convolve(rng.random(frames), np.hanning(7) / np.hanning(7).sum(), "same") ** 3 + 1e-3
    loud = np.interp(np.arange(int(seconds * RATE_HZ)) / RATE_HZ, (np.arange(frames) + 0.5) / fps, curve)
    return (loud * rng.standard_normal(len(loud))).astype(np.float32), np.log(curve)


def _faces(opening: np.ndarray, width: np.ndarray | None = None) -> np.ndarray:
    """Meshes whose lower lip and chin sink by `opening` and whose mouth corners part by `width`, both 0..1."""
    points = np.repeat(NEUTRAL[np.newaxis], len(opening), axis=0).astype(np.float64)
    drop = 0.2 * EYES_PX * np.asarray(opening)
    points[:, 14] = points[:, 13] + (0, 0.5, 0)
    for index, share in ((14, 1.0), (17, 1.0), (152, 0.7)):
        points[:, index, 1] += share * drop
    if width is not None:
        points[:, 61, 0] -= 0.1 * EYES_PX * width
        points[:, 291, 0] += 0.1 * EYES_PX * width
    return points.astype(np.float32)


def _track(points: np.ndarray, fps: float = FPS) -> FaceTrack:
    return FaceTrack(points, np.ones(len(points), bool), fps, 320, 320)


def _number(value: Value) -> float:
    assert not isinstance(value, NotMeasured), value
    return float(value)


# Lag


@pytest.mark.parametrize("shift", range(-6, 7))
def test_a_known_lag_is_found(shift: int) -> None:
    samples, curve = _bursts()
    lag = audio_mouth_lag(np.roll(curve, -shift), samples)
    assert lag.frames == shift
    assert lag.ms == 40 * shift
    assert lag.reliable
    assert lag.confidence > 0.3


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_other_frame_rates_give_the_lag_in_frames_of_40_ms(fps: float) -> None:
    samples, curve = _bursts(fps=fps)
    late = np.roll(samples, int(0.2 * RATE_HZ))
    assert abs(audio_mouth_lag(curve, samples, fps).frames) <= 1
    assert abs(audio_mouth_lag(curve, late, fps).frames - 5) <= 1


def test_sync_is_preferred_to_every_shift_only_in_sync() -> None:
    samples, curve = _bursts()
    assert audio_mouth_lag(curve, samples).shift_test() == dict.fromkeys(SHIFTS, True)
    assert not audio_mouth_lag(np.roll(curve, 5), samples).shift_test()[5]


def test_a_still_mouth_and_a_still_sound_have_no_lag() -> None:
    samples, curve = _bursts()
    for lag in (audio_mouth_lag(np.zeros_like(curve), samples), audio_mouth_lag(curve, np.zeros_like(samples))):
        assert np.isnan(lag.r)
        assert not lag.reliable
        assert not any(lag.shift_test().values())


def test_another_sound_has_no_reliable_lag_and_is_told_from_the_own_one() -> None:
    made = [_bursts(seed, 20.0) for seed in range(3)]
    assert not audio_mouth_lag(made[0][1], made[1][0]).reliable
    mouths, sounds = [curve for _, curve in made], [samples for samples, _ in made]
    assert matched_auc(mouths, sounds) == 1
    assert matched_auc(mouths, sounds[1:] + sounds[:1]) < 0.6
    assert matched_auc([np.zeros(500)] * 3, sounds) == 0.5


def test_silence_between_words_does_not_count_where_only_speech_is_asked_for() -> None:
    samples, curve = _bursts(seconds=8)
    speaking = np.arange(200) < 100
    broken = np.where(speaking, curve, np.random.default_rng(1).permutation(curve))
    everywhere, in_speech = audio_mouth_lag(broken, samples), audio_mouth_lag(broken, samples, speaking=speaking)
    assert in_speech.r_in_sync > 0.9 > 0.8 > everywhere.r_in_sync
    phones = [Phone("SIL", 0, 0.1), Phone("AA", 0.1, 0.3), Phone("SIL", 0.3, 0.4)]
    assert np.flatnonzero(speaking_frames(phones, 12)).tolist() == [2, 3, 4, 5, 6]


def test_mel_bands_are_those_of_the_peer() -> None:
    """The definition of python_speech_features 0.6, `fbank`, written out frame by frame and bin by bin."""
    rng = np.random.default_rng(0)
    samples = (0.1 * rng.standard_normal(2000)).astype(np.float32)
    values = samples.astype(np.float64) * 32768
    emphasised = [values[0]] + [values[n] - 0.97 * values[n - 1] for n in range(1, len(values))]
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
    bins = [int(np.floor(513 * 700 * (10 ** (m / 2595) - 1) / 16000)) for m in mel]
    rows = []
    for start in range(0, 2000 - 400 + 160, 160):
        frame = (emphasised[start : start + 400] + [0.0] * 400)[:400]
        power = np.abs(np.fft.rfft(frame, 512)) ** 2 / 512
        row = []
        for j in range(26):
            rise = sum(power[i] * (i - bins[j]) / (bins[j + 1] - bins[j]) for i in range(bins[j], bins[j + 1]))
            fall = sum(
                power[i] * (bins[j + 2] - i) / (bins[j + 2] - bins[j + 1]) for i in range(bins[j + 1], bins[j + 2])
            )
            row.append(np.log(rise + fall + 1000))
        rows.append(row)
    np.testing.assert_allclose(log_mel(samples), rows, rtol=1e-9)


def test_the_level_has_a_frame_per_40_ms_and_counts_the_speech_band() -> None:
    seconds = np.arange(2 * RATE_HZ) / RATE_HZ
    assert len(speech_level(np.sin(seconds))) == 50
    voice = np.where(seconds < 1, 0.0, 0.1 * np.sin(2 * np.pi * 500 * seconds))
    level = speech_level(voice)
    assert level[:24].max() < 0 < level[26:].min()


def test_the_level_is_the_mean_of_four_rows_of_bands_3_to_21() -> None:
    samples = _bursts(seconds=1.01)[0]
    rows = log_mel(samples)
    expected = [
        np.mean([rows[min(4 * frame + k, len(rows) - 1), 3:22] for k in range(4)])
        for frame in range(-(-len(rows) // 4))
    ]
    wanted = np.array(expected)
    np.testing.assert_allclose(speech_level(samples), (wanted - wanted.mean()) / wanted.std(), atol=1e-6)


def test_the_mouth_signal_does_not_depend_on_size_or_place() -> None:
    points = _faces(np.random.default_rng(0).random(40))
    moved = 1.7 * points + (40, -20, 3)
    for kind in ("jaw_lip", "lip_only"):
        np.testing.assert_allclose(mouth_signal(moved, kind), mouth_signal(points, kind), atol=1e-3)


@given(st.integers(5, 60), st.sampled_from([12.5, 24.0, 30.0, 50.0]))
def test_a_straight_line_stays_straight_when_it_is_resampled(frames: int, fps: float) -> None:
    line = np.arange(frames) / fps
    result = resampled(line, fps)
    inside = np.arange(len(result)) / FPS <= line[-1]
    np.testing.assert_allclose(result[inside], np.arange(len(result))[inside] / FPS, atol=1e-9)


# Closure


@pytest.mark.parametrize(
    ("centre_s", "closed"), [(0.41, True), (0.35, True), (0.46, True), (0.30, False), (0.6, False)]
)
def test_closure_is_looked_for_around_the_moment(centre_s: float, closed: bool) -> None:
    opening = np.full(40, 10.0)
    opening[[10, 20, 30]] = 0.5, 0.4, 0.4
    assert closed_at(opening, FPS, [centre_s]).tolist() == [closed]


def test_a_mouth_is_closed_below_a_quarter_of_its_own_range() -> None:
    opening = np.concatenate([np.zeros(20), np.full(20, 10.0), [2.4], np.full(10, 10.0), [2.6], np.full(10, 10.0)])
    centres = [40.5 / FPS, 51.5 / FPS]
    assert closed_at(opening, FPS, centres).tolist() == [True, False]
    assert closed_at(7 * opening + 3, FPS, centres).tolist() == [True, False]
    assert closed_at(opening, FPS, centres, RIG_SHARE).tolist() == [False, False]
    assert not closed_at(np.full(40, 3.0), FPS, [0.5]).any()
    opening[[45, 55]] = -30.0, 90.0  # the range is that of all frames but the extreme ones
    assert closed_at(opening, FPS, centres).tolist() == [True, False]


def test_middles_are_those_of_the_labels() -> None:
    rows = [("P", 0.0, 0.1), ("AA", 0.1, 0.2), ("M", 0.2, 0.3)]
    assert centres_of(rows, BILABIALS) == pytest.approx([0.05, 0.25])
    assert centres_of([Phone(*row) for row in rows], VOWELS) == pytest.approx([0.15])


def test_contact_with_the_teeth_is_seen_although_the_upper_lip_is_raised() -> None:
    """At F the lower lip comes up while the lips stay apart."""
    points = _faces(np.array([1.0, 0.0, 0.5]))
    points[1, 13, 1] -= 0.1 * EYES_PX
    assert np.argmin(labiodental_gap(points)) == 1
    assert inner_opening(points)[1] > 0.05


# Mouth shapes


def test_the_shipped_shapes_open_spread_and_round_the_mouth() -> None:
    closed, opened, spread, rounded = load_prototypes()
    assert opened[0] > max(closed[0], rounded[0])
    assert rounded[1] < min(closed[1], opened[1], spread[1])
    figures = json.loads(PROTOTYPES.read_text(encoding="utf-8"))
    assert figures["left_one_clip_out"]["balanced_accuracy"] > figures["phones_shuffled_in_clip"]["95th_percentile"]
    assert nearest_shape(load_prototypes()).tolist() == [0, 1, 2, 3]


def test_agreement_is_balanced_over_shapes() -> None:
    wanted = np.array([0] * 8 + [1] * 2)
    assert agreement(np.zeros(10, int), wanted) == 0.5
    assert agreement(wanted, wanted) == 1


# A whole clip


LINE = [
    ("SIL", 3),
    ("B", 3),
    ("AA", 5),
    ("M", 3),
    ("IY", 5),
    ("P", 3),
    ("UW", 5),
    ("F", 3),
    ("AE", 5),
    ("B", 3),
    ("OW", 5),
]
APERTURE = {"SIL": (0.05, 0.5), "B": (0.0, 0.5), "M": (0.0, 0.5), "P": (0.0, 0.5), "F": (0.1, 0.5)}
APERTURE |= {"AA": (1.0, 0.4), "AE": (0.9, 0.5), "IY": (0.6, 0.9), "UW": (0.15, -0.6), "OW": (0.2, -0.5)}


def _clip(repeats: int = 2) -> tuple[np.ndarray, np.ndarray, list[Phone]]:
    """A made line: a mouth that takes the shape of each sound, noise as loud as it is open, and the phones."""
    phones, opening, width = [], [], []
    for label, frames in LINE * repeats:
        phones.append(Phone(label, len(opening) / FPS, (len(opening) + frames) / FPS))
        opening += [APERTURE[label][0]] * frames
        width += [APERTURE[label][1]] * frames
    loud = np.repeat(0.3 * (0.01 + np.array(opening)), int(RATE_HZ / FPS))
    samples = (loud * np.random.default_rng(0).standard_normal(len(loud))).astype(np.float32)
    return _faces(np.array(opening), np.array(width)), samples, phones


def test_every_metric_has_a_value_or_a_reason() -> None:
    points, samples, phones = _clip()
    names = {metric.name for metric in METRICS}
    silence = [Phone("SIL", 0, 1)]
    for track, sound, known in [
        (_track(points), samples, phones),
        (_track(points), samples, None),
        (_track(points), samples, silence),
        (_track(points), np.zeros_like(samples), phones),
        (_track(np.repeat(points[:1], 50, axis=0)), samples, phones),
        (_track(points[:2]), samples[:900], silence),
    ]:
        values = measure_lipsync(track, sound, known)
        assert set(values) == names
        assert all(isinstance(v, NotMeasured) or np.isfinite(float(v)) for v in values.values())


def test_a_mouth_that_follows_its_line_is_measured_so() -> None:
    points, samples, phones = _clip()
    values = measure_lipsync(_track(points), samples, phones)
    assert values["av_lag_ms"] == 0
    assert values["av_shift_test"] == 1
    assert values["bilabial_closure"] == Pooled(8, 8)
    assert values["labiodental_contact"] == Pooled(2, 2)
    assert _number(values["closure_margin"]) > 0.5
    assert _number(values["viseme_agreement"]) > 0.7
    assert lag_curve(_track(points), samples).argmax() == 15


def test_what_must_not_matter_does_not() -> None:
    """A mirrored face and a larger picture measure the same; every frame shown twice does too, at twice the rate."""
    points, samples, phones = _clip()
    plain = measure_lipsync(_track(points), samples, phones)
    mirror = points.copy()
    mirror[..., 0] = 320 - mirror[..., 0]
    for other in (_track(mirror), _track(2 * points)):
        values = measure_lipsync(other, samples, phones)
        for name in plain:
            assert _number(values[name]) == pytest.approx(_number(plain[name]), abs=2e-3), name
    twice = measure_lipsync(_track(np.repeat(points, 2, axis=0), 2 * FPS), samples, phones)
    assert twice["av_lag_ms"] == plain["av_lag_ms"]
    assert twice["bilabial_closure"] == plain["bilabial_closure"]


def test_a_later_sound_moves_the_lag_and_breaks_the_closures() -> None:
    points, samples, phones = _clip()
    later_s = 0.2
    sound = np.roll(samples, int(later_s * RATE_HZ))
    later = [Phone(p.label, p.start_s + later_s, p.end_s + later_s) for p in phones]
    values = measure_lipsync(_track(points), sound, later)
    plain = measure_lipsync(_track(points), samples, phones)
    assert values["av_lag_ms"] == 200
    assert _number(values["av_shift_test"]) < 1
    assert _number(values["closure_margin"]) < _number(plain["closure_margin"]) - 0.3
    assert _number(values["viseme_agreement"]) < _number(plain["viseme_agreement"])


def test_a_still_face_has_no_lag_and_no_closures() -> None:
    points, samples, phones = _clip()
    values = measure_lipsync(_track(np.repeat(points[:1], len(points), axis=0)), samples, phones)
    assert isinstance(values["av_lag_ms"], NotMeasured)
    assert isinstance(values["bilabial_closure"], NotMeasured), "a mouth that never moves is neither open nor closed"
    assert isinstance(values["closure_margin"], NotMeasured)


def test_lips_decide_the_shift_test_and_lips_and_chin_the_lag() -> None:
    samples, curve = _bursts()
    opening = (curve - curve.min()) / np.ptp(curve)
    points = _faces(opening)
    points[:, 152] = np.roll(points[:, 152], 4, axis=0)
    values = measure_lipsync(_track(points), samples, None)
    assert values["av_shift_test"] == 1
    both, lips = mouth_signal(points), mouth_signal(points, "lip_only")
    assert not all(audio_mouth_lag(both, samples).shift_test((2, 3, 4, 5)).values())
    assert _number(values["av_r_peak"]) == audio_mouth_lag(both, samples).r < audio_mouth_lag(lips, samples).r


def test_a_lag_that_cannot_be_trusted_is_undetermined() -> None:
    points, _, phones = _clip(4)
    other, _ = _bursts(3, len(points) / FPS)
    values = measure_lipsync(_track(points), other, phones)
    assert str(values["av_lag_ms"]).startswith("N/A (undetermined")
    assert isinstance(values["av_r_peak"], float)


def test_shapes_are_read_in_the_middle_of_the_phone() -> None:
    points, _, phones = _clip()
    seen, wanted = shapes_at_phones(points, FPS, phones)
    assert len(seen) == len(wanted) == sum(phone.label in SHAPE_OF for phone in phones)
    assert seen[wanted == SHAPES.index("closed"), 0].max() < seen[wanted == SHAPES.index("open"), 0].min()


def test_the_name_of_a_grid_clip_says_its_words() -> None:
    assert sentence("bbaf2n") == "bin blue at f two now"
    assert sentence("swiz3n") == "set white in z three now"
    for name in ("bbaf2", "xbaf2n", "holiday"):
        with pytest.raises(InputError, match="not the name of a GRID clip"):
            sentence(name)


def test_a_short_clip_is_not_fitted_to_its_other_half() -> None:
    rng = np.random.default_rng(3)
    word = np.hanning(9) * 0.5
    opening = np.zeros(40)
    for start in (4, 17):  # two words, 13 frames apart; the mouth makes more of the second
        opening[start : start + 9] = word * (1.0 if start == 17 else 0.6)
    loud = np.zeros(40)
    for start in (4, 17):  # the sound more of the first
        loud[start : start + 9] = word * (0.6 if start == 17 else 1.0)
    samples = rng.normal(0, 0.2, 40 * 640) * np.repeat(loud, 640)
    lag = audio_mouth_lag(opening, samples)
    assert lag.reach == 8
    assert abs(lag.frames) <= 1
    assert audio_mouth_lag(np.tile(opening, 3), np.tile(samples, 3)).reach == MAX_LAG
