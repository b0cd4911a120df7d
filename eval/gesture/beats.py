"""Do the hands come to rest where the voice sets in? Beat consistency, and what it would be by chance."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

FPS = 30.0
"""Frame rate that the constants belong to."""
SIGMA_S = 0.3
"""Width of a hit in EMAGE."""
TALKSHOW_SIGMA_S = 0.5
"""Width of a hit in TalkSHOW."""
TIGHT_SIGMA_S = 0.1
"""Width at which the measure does not saturate on fluent speech."""
TRIMMED_S = 2.0
"""What EMAGE drops at each end of a clip."""

BEAT_JOINTS = (3, 6, 9, *range(12, 22))
"""Spine, neck, head and arms in SMPL-X order."""
MEAN_SPEED_M_S = (
    *(0.08326993882656097, 0.08421234786510468, 0.08482563495635986, 0.08498276025056839),
    *(0.0802743211388588, 0.08032092452049255, 0.08740552514791489, 0.04917416721582413),
    *(0.05225526914000511, 0.0883115753531456, 0.04706388711929321, 0.051703352481126785),
    *(0.09609302878379822, 0.09201610088348389, 0.09240642935037613, 0.10327150672674179),
    *(0.10502968728542328, 0.10374818742275238, 0.15709491074085236, 0.16025635600090027),
    *(0.2508906424045563, 0.26960229873657227),
)
"""Mean speed of the 22 joints of the body at 30 fps in the data of EMAGE, from its published table."""

_ORDER = 7
_LEAST_SPEED = 0.1
_HOP = 512
_LEAST_SHIFT_S = 1.0


def motion_beats(
    positions_m: Float[np.ndarray, "frames joints 3"], joint: int, fps: float = FPS
) -> Float[np.ndarray, "beats"]:
    """Return when (s) a joint is slowest within 7 frames to either side, its speed not being near 0 anyway.

    The speed is in units of `MEAN_SPEED_M_S` and has to be above 0.1 in the minimum.
    """
    from scipy.signal import argrelextrema

    speed = _speed(positions_m[:, joint], fps) / MEAN_SPEED_M_S[joint]
    (minima,) = argrelextrema(speed, np.less, order=_ORDER)
    return minima[speed[minima] > _LEAST_SPEED] / fps


def beat_consistency(
    positions_m: Float[np.ndarray, "frames joints 3"],
    onsets_s: Float[np.ndarray, "onsets"],
    fps: float = FPS,
    sigma_s: float = SIGMA_S,
) -> float:
    """Return how near each onset of the sound is to a beat of the motion: 1 on the beat, 0 far from all.

    Mean over onsets of exp(-d^2 / 2 sigma^2) with the distance d to the nearest beat, joint by joint, then mean over
    `BEAT_JOINTS`; a joint that has no beat counts 0. Source: PantoMatrix, evaluation of EMAGE (`BC`).

    Args:
        positions_m: joints in SMPL-X order, 22 or more.
        onsets_s: at least one.
        fps: of the positions.
        sigma_s: `SIGMA_S` (EMAGE), `TALKSHOW_SIGMA_S` or `TIGHT_SIGMA_S`.
    """
    return _consistency([motion_beats(positions_m, joint, fps) for joint in BEAT_JOINTS], onsets_s, sigma_s)


def chance_consistency(
    positions_m: Float[np.ndarray, "frames joints 3"],
    others_s: Sequence[Float[np.ndarray, "onsets"]],
    fps: float = FPS,
    sigma_s: float = SIGMA_S,
) -> float:
    """Return the mean beat consistency of the motion with onsets that are not its own.

    Args:
        positions_m: as for `beat_consistency`.
        others_s: onsets of the sound of other clips, or the clip's own as `shifted` gives them.
        fps: of the positions.
        sigma_s: as for `beat_consistency`.
    """
    beats = [motion_beats(positions_m, joint, fps) for joint in BEAT_JOINTS]
    return float(np.mean([_consistency(beats, onsets, sigma_s) for onsets in others_s]))


def shifted(
    onsets_s: Float[np.ndarray, "onsets"], duration_s: float, count: int = 20, seed: int = 0
) -> list[Float[np.ndarray, "onsets"]]:
    """Return the onsets moved round the clip by `count` drawn times, each at least 1 s (or a quarter of the clip)."""
    least = min(_LEAST_SHIFT_S, duration_s / 4)
    shifts = np.random.default_rng(seed).uniform(least, duration_s - least, count)
    return [np.sort((onsets_s + shift) % duration_s) for shift in shifts]


def sound_onsets(samples: Float[np.ndarray, "samples"], sample_rate_hz: int = 16000) -> Float[np.ndarray, "onsets"]:
    """Return when (s) librosa hears something set in, at its default settings as EMAGE uses them."""
    from librosa.onset import onset_detect

    return np.asarray(onset_detect(y=samples, sr=sample_rate_hz, hop_length=_HOP, units="time"), float)


def _consistency(
    beats_s: Sequence[Float[np.ndarray, "beats"]], onsets_s: Float[np.ndarray, "onsets"], sigma_s: float
) -> float:
    hits = [
        np.exp(-np.square(np.abs(onsets_s[:, None] - beats).min(axis=1)) / (2 * sigma_s**2)).mean()
        if len(beats)
        else 0.0
        for beats in beats_s
    ]
    return float(np.mean(hits))


def _speed(track_m: Float[np.ndarray, "frames 3"], fps: float) -> Float[np.ndarray, "frames"]:
    """Central differences, one-sided at the ends."""
    return np.linalg.norm(np.gradient(track_m, 1 / fps, axis=0), axis=1)
