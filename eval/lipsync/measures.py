"""The lip-sync measures of one clip that need no network beyond the face mesh."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.faces.track import FaceTrack
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Phone
from espressivo.eval.lipsync.closure import (
    BILABIALS,
    LABIODENTALS,
    VOWELS,
    centres_of,
    closed_at,
    inner_opening,
    labiodental_gap,
)
from espressivo.eval.lipsync.lag import FPS, RELIABLE_R, SHIFTS, Lag, audio_mouth_lag, mouth_signal, speaking_frames
from espressivo.eval.lipsync.visemes import agreement, nearest_shape, shapes_at_phones
from espressivo.eval.metric import Metric, NotMeasured, Pooled, Value, Values, measured

_MESH = "face-mesh"
_STILL = 5e-3
"""In eye distances. One picture as a compressed video moves the gap of its lips by .001, a talker by .05 at least."""
_MIN_SPEECH_FRAMES = 25

METRICS: tuple[Metric, ...] = (
    Metric(
        "av_lag_ms", "AV lag", "lip sync", "zero",
        "Shift at which mouth movement (outer lip height and chin-to-nose distance) correlates best with the level of "
        "speech, in steps of 40 ms within 600 ms or a fifth of the clip; positive: the sound comes later. Undetermined "
        "where the best r is below .35. SyncNet's offset has the opposite sign.",
        "ms", 0, _MESH,
    ),
    Metric(
        "av_r_peak", "r at the best lag", "lip sync", "higher",
        "Correlation of mouth movement and level of speech at the best lag. On ten real GRID clips .5 to .8; part of "
        "it is the contrast of speech and silence.",
        evaluator=_MESH,
    ),
    Metric(
        "av_r_in_sync", "r in sync", "lip sync", "higher",
        "The same correlation without any shift.", evaluator=_MESH,
    ),
    Metric(
        "av_r_speech", "r in speech", "lip sync", "higher",
        "The same correlation, best within two frames, over frames of speech only, so that pauses do not help.",
        evaluator=_MESH,
    ),
    Metric(
        "av_shift_test", "shift test", "lip sync", "higher",
        "Share of shifts of 2, 3, 5 and 8 frames (40 ms each) at which lip height fits the sound better in sync than "
        "shifted either way. Chance is near 1/3.",
        evaluator=_MESH,
    ),
    Metric(
        "bilabial_closure", "P B M closed", "lip sync", "higher",
        "Share of P, B and M around whose middle (60 ms either way) the gap of the inner lips falls below a quarter of "
        "the clip's own range (5th to 95th percentile). On its own it rewards a mouth that is often shut: see the "
        "margin.",
        evaluator=_MESH,
    ),
    Metric(
        "vowel_closure", "vowels closed", "lip sync", "lower",
        "The control: share of AA AE AY AW EY OW IY EH AO UW at which the same window and threshold find a closed "
        "mouth. Real GRID clips give about .33.",
        evaluator=_MESH,
    ),
    Metric(
        "closure_margin", "closure margin", "lip sync", "higher",
        "P B M closed minus vowels closed, of clips that hold both; 0 for a mouth that does not listen, about .67 for "
        "real GRID clips.",
        evaluator=_MESH,
    ),
    Metric(
        "labiodental_contact", "F V contact", "lip sync", "higher",
        "Share of F and V around whose middle (60 ms either way) the edge of the lower lip comes within a quarter of "
        "its own range of its highest place under the nose, where the upper incisors are. Fixed by definition; only "
        "two sounds of real clips were there to check it on.",
        evaluator=_MESH,
    ),
    Metric(
        "labiodental_control", "vowels in contact", "lip sync", "lower",
        "The control: the same rule at vowels. Real GRID clips give about .19.", evaluator=_MESH,
    ),
    Metric(
        "viseme_agreement", "mouth shapes", "lip sync", "higher",
        "Balanced share of phones at which the nearest of four mouth shapes (closed, open, spread, rounded) is the one "
        "that the sound asks for, by opening and width. Chance .25; real GRID clips that the shapes were not fitted on "
        "give about .57.",
        evaluator=_MESH,
    ),
)  # fmt: skip


def measure_lipsync(track: FaceTrack, samples: Float[np.ndarray, "samples"], phones: Sequence[Phone] | None) -> Values:
    """Measure one clip.

    Args:
        track: the face; lags are measured at 25 fps, closure and shapes at the track's own rate.
        samples: the clip's sound at 16 kHz, which begins with the first frame.
        phones: when which sound is heard; None if unknown. Those that come after the last frame do not count.
    """
    if np.ptp(inner_opening(track.points_px)) < _STILL:
        return {metric.name: NotMeasured("the mouth stands still") for metric in METRICS}
    values: dict[str, Value] = {**_lags(track, samples, phones)}
    if phones is None:
        names = [metric.name for metric in METRICS if metric.name not in values]
        return values | dict.fromkeys(names, NotMeasured("the sounds of the line are not known"))
    end_s = len(track.points_px) / track.fps
    seen = [phone for phone in phones if (phone.start_s + phone.end_s) / 2 < end_s]
    return values | _closures(track, seen) | {"viseme_agreement": _shapes(track, seen)}


def lag_curve(track: FaceTrack, samples: Float[np.ndarray, "samples"]) -> Float[np.ndarray, "31"]:
    """Return the correlation of mouth and sound at lags -15..15 frames of 40 ms, for a figure."""
    return _lag(track, samples).curve


def _lag(track: FaceTrack, samples: Float[np.ndarray, "samples"]) -> Lag:
    return audio_mouth_lag(mouth_signal(track.resampled(FPS).points_px), samples)


def _lags(track: FaceTrack, samples: Float[np.ndarray, "samples"], phones: Sequence[Phone] | None) -> Values:
    lag = _lag(track, samples)
    if not np.isfinite(lag.r) or not np.isfinite(lag.r_in_sync):
        names = ("av_lag_ms", "av_r_peak", "av_r_in_sync", "av_r_speech", "av_shift_test")
        return dict.fromkeys(names, NotMeasured("the mouth or the sound stands still"))
    lips = audio_mouth_lag(mouth_signal(track.resampled(FPS).points_px, "lip_only"), samples)
    return {
        "av_lag_ms": lag.ms if lag.reliable else NotMeasured(f"undetermined: the best r is {lag.r:.2f} < {RELIABLE_R}"),
        "av_r_peak": lag.r,
        "av_r_in_sync": lag.r_in_sync,
        "av_r_speech": _speech_r(track, samples, phones),
        "av_shift_test": sum(lips.shift_test().values()) / len(SHIFTS),
    }


def _speech_r(track: FaceTrack, samples: Float[np.ndarray, "samples"], phones: Sequence[Phone] | None) -> Value:
    if phones is None:
        return NotMeasured("the sounds of the line are not known")
    speaking = speaking_frames(phones, int(len(samples) / SAMPLE_RATE_HZ * FPS))
    if speaking.sum() < _MIN_SPEECH_FRAMES:
        return NotMeasured("there is less than a second of speech")
    lag = audio_mouth_lag(mouth_signal(track.resampled(FPS).points_px), samples, speaking=speaking)
    return measured(lag.r_near, "the mouth or the sound stands still")


def _closures(track: FaceTrack, phones: Sequence[Phone]) -> dict[str, Value]:
    gap, contact = inner_opening(track.points_px), labiodental_gap(track.points_px)
    rows = (
        ("bilabial_closure", gap, BILABIALS, "no P, B or M in the line"),
        ("vowel_closure", gap, VOWELS, "no open vowels in the line"),
        ("labiodental_contact", contact, LABIODENTALS, "no F or V in the line"),
        ("labiodental_control", contact, VOWELS, "no open vowels in the line"),
    )
    values: dict[str, Value] = {}
    for name, curve, labels, otherwise in rows:
        closed = closed_at(curve, track.fps, centres_of(phones, labels))
        values[name] = Pooled(float(closed.sum()), len(closed)) if len(closed) else NotMeasured(otherwise)
    shut, control = values["bilabial_closure"], values["vowel_closure"]
    if isinstance(shut, Pooled) and isinstance(control, Pooled):
        return values | {"closure_margin": float(shut) - float(control)}
    return values | {"closure_margin": NotMeasured("the line does not hold both P, B, M and open vowels")}


def _shapes(track: FaceTrack, phones: Sequence[Phone]) -> Value:
    seen, wanted = shapes_at_phones(track.points_px, track.fps, phones)
    if not len(wanted):
        return NotMeasured("no sounds in the line that settle the shape of the lips")
    return agreement(nearest_shape(seen), wanted)
