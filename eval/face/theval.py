"""The measures of THEval that need no network beside the face mesh, and its score.

THEval (CVPR 2026, code Apache-2.0) claims a Spearman correlation of .87 with human judgement for the mean of eight
measures; the four here, and head motion, need no further networks. Its speech detector is silero's; here the speaking
flags come from this program's prosody, so published rows are context, not competitors. Its lip sync turns RGB frames
into BGR once too often before it looks for landmarks; that hardly changes them and is not copied.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.conditioning.faces.track import FaceTrack
from espressivo.conditioning.prosody import analyse_prosody
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.eval.metric import Metric, NotMeasured, Value, Values, measured

SQUARE_PX = 256.0
"""Frames are squeezed into this square before lips are measured, whatever their shape: the peer's convention."""

_UPPER = (191, 80, 81, 82, 13, 312, 311, 310)
_LOWER = (95, 88, 178, 87, 14, 317, 402, 318)
_EYE_CORNERS = ((33, 133), (362, 263))
_OUTER_CORNERS = (33, 263)
_LIPS = (
    *(0, 13, 14, 17, 37, 39, 40, 61, 78, 80, 81, 82, 84, 87, 88, 91, 95, 146, 178, 181),
    *(185, 191, 267, 269, 270, 291, 308, 310, 311, 312, 314, 317, 318, 321, 324, 375, 402, 405, 409, 415),
)
_BROWS = (
    (276, 282, 283, 285, 293, 295, 296, 300, 334, 336),
    (46, 52, 53, 55, 63, 65, 66, 70, 105, 107),
)
_EYES = (
    (249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466),
    (7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246),
)
_VOLUME_WINDOW_S = 0.05
_LEAST_SPEECH = 0.1
_SHORTEST_SILENCE_S = 0.3
_TINY = 1e-8

METRICS: tuple[Metric, ...] = (
    Metric(
        "theval_lip_sync",
        "THEval lip sync",
        "lip sync",
        "reference",
        "Mean distance of lip opening and loudness, both scaled to 0..1, over the frames in which somebody speaks "
        "(THEval; a value nearer to the real clips' is better).",
    ),
    Metric(
        "theval_silent_lips",
        "silent lips",
        "lip sync",
        "reference",
        "How restless lips are in pauses of 0.3 s and more: median distance of the opening from its mean, in units of "
        "eye distance (THEval; the peer calls it MAD, though it centres on the mean).",
        decimals=4,
    ),
    Metric(
        "theval_lip_dynamics",
        "lip dynamics",
        "lip sync",
        "reference",
        "Standard deviation over time of all 780 distances between 40 lip landmarks, averaged, in frames squeezed to "
        "256 px (THEval). A static face gives 0.",
        unit="px",
    ),
    Metric(
        "theval_brow_dynamics",
        "brow dynamics",
        "face",
        "reference",
        "Mean change per frame of the distance between brow and eye, in units of the distance of the eyes (THEval). "
        "It grows with noise in the landmarks and with a lower frame rate.",
        decimals=4,
    ),
)


def lip_opening(points: Float[np.ndarray, "frames points _"]) -> Float[np.ndarray, "frames"]:
    """Return the vertical lip opening in units of the horizontal distance of the eyes, as THEval's lip sync does."""
    height = points[:, list(_UPPER), 1].mean(axis=1) - points[:, list(_LOWER), 1].mean(axis=1)
    right, left = (points[:, list(corners), 0].mean(axis=1) for corners in _EYE_CORNERS)
    return np.abs(height) / np.abs(right - left)


def frame_loudness(
    samples: Float[np.ndarray, "samples"], sample_rate_hz: int, fps: float, frames: int
) -> Float[np.ndarray, "frames"]:
    """Return the RMS in windows of 50 ms centred every 50 ms (silence around the clip), carried to the frames' times.

    In single precision, as librosa's `feature.rms`, which the peer calls.
    """
    window = int(sample_rate_hz * _VOLUME_WINDOW_S)
    padded = np.pad(samples.astype(np.float32), window // 2)
    count = 1 + (len(padded) - window) // window
    blocks = padded[: count * window].reshape(count, window)
    rms = np.sqrt(np.mean(blocks**2, axis=1, dtype=np.float32))
    return np.interp(np.arange(frames) / fps, np.arange(count) * window / sample_rate_hz, rms)


def lip_sync_distance(
    opening: Float[np.ndarray, "frames"], loudness: Float[np.ndarray, "frames"], speaking: Bool[np.ndarray, "frames"]
) -> float:
    """Return the mean distance of opening and loudness, each scaled to 0..1 over the speaking frames.

    NaN if less than a tenth of the frames, or fewer than two, are speech.
    """
    if speaking.sum() < 2 or speaking.mean() < _LEAST_SPEECH:
        return float("nan")
    one, other = (
        (curve - curve.min()) / (curve.max() - curve.min() + _TINY) for curve in (opening[speaking], loudness[speaking])
    )
    return float(np.abs(one - other).mean())


def silent_lip_spread(
    points_px: Float[np.ndarray, "frames points 2"], silent: Int[np.ndarray, "n"] | Bool[np.ndarray, "frames"]
) -> float:
    """Return the median distance of the lip opening from its mean over the silent frames; NaN if there are none.

    Args:
        points_px: landmarks in frames squeezed to 256 px.
        silent: which frames.
    """
    still = points_px[silent]
    if not len(still):
        return float("nan")
    gaps = np.abs(still[:, list(_UPPER), 1] - still[:, list(_LOWER), 1]).mean(axis=1)
    right, left = _OUTER_CORNERS
    opening = gaps / np.linalg.norm(still[:, right] - still[:, left], axis=1)
    return float(np.median(np.abs(opening - opening.mean())))


def lip_dynamics(points_px: Float[np.ndarray, "frames points 2"]) -> float:
    """Return the standard deviation over time of the distances between 40 lip landmarks, averaged over all pairs."""
    lips = points_px[:, list(_LIPS)].astype(np.float64)
    first, second = np.triu_indices(len(_LIPS), k=1)
    return float(np.linalg.norm(lips[:, first] - lips[:, second], axis=2).std(axis=0).mean())


def brow_dynamics(points_px: Float[np.ndarray, "frames points 2"]) -> float:
    """Return the mean change per frame of the distance from brow to eye, over eye distance, of both sides; NaN for one
    frame.

    Args:
        points_px: landmarks in pixels of the picture as it is. The peer skips frames without a face, so that a change
            may span a gap.
    """
    if len(points_px) < 2:
        return float("nan")
    eyes = [points_px[:, list(eye)].mean(axis=1) for eye in _EYES]
    brows = [points_px[:, list(brow)].mean(axis=1) for brow in _BROWS]
    unit = np.linalg.norm(eyes[0] - eyes[1], axis=1)
    heights = [np.linalg.norm(brow - eye, axis=1) / unit for brow, eye in zip(brows, eyes, strict=True)]
    return float(np.abs(np.diff(heights, axis=1)).mean())


def head_dynamics(angles_deg: Float[np.ndarray, "frames 3"], centres_px: Float[np.ndarray, "frames 2"]) -> float:
    """Return THEval's head motion: sqrt(mean std of the angles x mean variance of their changes + mean variance of the
    centre).

    Args:
        angles_deg: pitch, yaw and roll.
        centres_px: centre of the face.
    """
    swing = angles_deg.std(axis=0).mean() * np.diff(angles_deg, axis=0).var(axis=0).mean()
    return float(np.sqrt(swing + centres_px.var(axis=0).mean()))


def scores(values: Mapping[str, Sequence[float]], real: Sequence[float]) -> dict[str, float]:
    """Return THEval's score of each system: the mean over measures of 1 - |value - real| / |real|, not clipped at 0."""
    truth = np.asarray(real, float)
    return {name: float(np.mean(1 - np.abs(np.asarray(row) - truth) / np.abs(truth))) for name, row in values.items()}


def measure_theval(track: FaceTrack, speech: Speech | None) -> Values:
    """Apply `METRICS` to a clip."""
    squeezed = track.points_px[:, :, :2] * (SQUARE_PX / np.array([track.width, track.height], np.float32))
    values: dict[str, Value] = {
        "theval_lip_dynamics": lip_dynamics(squeezed) if len(squeezed) > 1 else NotMeasured("needs two frames"),
        "theval_brow_dynamics": measured(brow_dynamics(track.points_px[:, :, :2]), "needs two frames"),
    }
    if speech is None:
        silent_clip = NotMeasured("the clip is silent")
        return values | {"theval_lip_sync": silent_clip, "theval_silent_lips": silent_clip}
    frames = len(squeezed)
    prosody = analyse_prosody(speech)
    speaking = prosody.at("speaking", np.arange(frames) / track.fps) > 0.5
    loudness = frame_loudness(speech.samples, SAMPLE_RATE_HZ, track.fps, frames)
    distance = lip_sync_distance(lip_opening(squeezed), loudness, speaking)
    spread = silent_lip_spread(squeezed, _in_long_runs(~speaking, round(_SHORTEST_SILENCE_S * track.fps)))
    return values | {
        "theval_lip_sync": measured(distance, "less than a tenth of the clip is speech"),
        "theval_silent_lips": measured(spread, "no pause of 0.3 s"),
    }


def _in_long_runs(flags: Bool[np.ndarray, "frames"], shortest: int) -> Bool[np.ndarray, "frames"]:
    """Keep the flags that stand in runs of at least `shortest`."""
    edges = np.flatnonzero(np.diff(flags.astype(int), prepend=0, append=0))
    kept = np.zeros(len(flags), bool)
    for start, stop in edges.reshape(-1, 2):
        kept[start:stop] = stop - start >= shortest
    return kept
