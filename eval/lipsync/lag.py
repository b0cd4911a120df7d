"""How far sound and mouth are apart: mouth movement against the level of speech, shifted frame by frame.

Sign: a positive lag says that the sound comes later than the picture. SyncNet's tools state the opposite sign for
their offset (features of a later sound: a negative number there), so turn it round before comparing.

What lag 0 is: frame t is compared with the sound from 40 t to 40 t + 55 ms, whose middle is 27 ms after the frame
appears. Real mouths open about that much before they are heard (six GRID clips: 0 or -1); a rig that is posed at the
very moment of the sound comes out between -1 and 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.speech import SAMPLE_RATE_HZ, SILENCE, Phone

FPS = 25.0
"""Curves are resampled to this rate first; one lag is 40 ms."""
MAX_LAG = 15
LEAST_OVERLAP = 0.8
RELIABLE_R = 0.35
"""A lag found at a lower correlation means nothing and is `undetermined`."""
SHIFTS = (2, 3, 5, 8)
"""Frames by which sound is moved in the shift test, both ways."""

MouthSignal = Literal["jaw_lip", "lip_only"]

_LIP_HEIGHT, _CHIN_NOSE, EYE_CORNERS = (0, 17), (152, 1), (33, 263)

# Frames and mel bands of python_speech_features 0.6 `fbank` with its defaults, on 16-bit values.
_WINDOW, _HOP, _FFT, _BANDS = 400, 160, 512, 26
_PREEMPHASIS = 0.97
_FULL_SCALE = 32768.0
_SPEECH_BANDS = slice(3, 22)
_ROWS_PER_FRAME = 4
_FLOOR = 1000.0
_STILL = 1e-5
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Lag:
    """Where the mouth fits the sound best."""

    curve: Float[np.ndarray, "31"]
    """Correlation at lags -15..15 frames; NaN where the overlap is too short or a curve stands still."""
    reach: int = MAX_LAG
    """Farthest lag that may be the best fit: below 15 for clips so short that little of them would overlap there."""

    @property
    def frames(self) -> int:
        """Lag of the best fit, in frames of 40 ms. Positive: the sound comes later."""
        within = self.curve[MAX_LAG - self.reach : MAX_LAG + self.reach + 1]
        return int(np.argmax(np.nan_to_num(within, nan=-1.0))) - self.reach

    @property
    def ms(self) -> float:
        """The same in milliseconds."""
        return 1000 * self.frames / FPS

    @property
    def r(self) -> float:
        """Correlation of the best fit; NaN if there is none."""
        return float(self.curve[self.frames + MAX_LAG])

    @property
    def r_in_sync(self) -> float:
        """Correlation at lag 0."""
        return float(self.curve[MAX_LAG])

    @property
    def r_near(self) -> float:
        """Correlation of the best fit within two frames of lag 0."""
        near = self.curve[MAX_LAG - 2 : MAX_LAG + 3]
        return float(np.nanmax(near)) if np.isfinite(near).any() else float("nan")

    @property
    def confidence(self) -> float:
        """How far the best fit stands above the median of all lags."""
        return self.r - float(np.nanmedian(self.curve))

    @property
    def reliable(self) -> bool:
        """Whether the fit is good enough for the lag to mean anything."""
        return self.r >= RELIABLE_R

    def shift_test(self, shifts: Sequence[int] = SHIFTS) -> dict[int, bool]:
        """Say for each shift whether the clip fits better as it is than with its sound moved either way by it."""
        return {s: bool(self.r_in_sync > max(self.curve[MAX_LAG - s], self.curve[MAX_LAG + s])) for s in shifts}


def mouth_signal(
    points: Float[np.ndarray, "frames points 3"], kind: MouthSignal = "jaw_lip"
) -> Float[np.ndarray, "frames"]:
    """Return how far the mouth is open, z-scored, from meshes of 468 or 478 points at 25 fps.

    `jaw_lip` is the mean of the z-scores of outer lip height and of the distance from chin to nose tip, both 3-D and
    in units of the distance between the outer eye corners; `lip_only` is the former alone.
    """
    parts = {"jaw_lip": (_LIP_HEIGHT, _CHIN_NOSE), "lip_only": (_LIP_HEIGHT,)}[kind]
    unit = distance(points, *EYE_CORNERS)
    return standard(np.mean([standard(distance(points, *pair) / unit) for pair in parts], axis=0))


def speech_level(samples: Float[np.ndarray, "samples"]) -> Float[np.ndarray, "frames"]:
    """Return the level of speech at 25 fps, z-scored: four rows of `speech_rows` a frame, the last row repeated."""
    rows = speech_rows(samples)
    filled = np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % _ROWS_PER_FRAME)])
    return standard(filled.reshape(-1, _ROWS_PER_FRAME).mean(axis=1))


def speech_rows(samples: Float[np.ndarray, "samples"]) -> Float[np.ndarray, "rows"]:
    """Return the level of speech every 10 ms: the mean of log mel bands 3..21 of 25 ms of sound at 16 kHz."""
    return log_mel(samples)[:, _SPEECH_BANDS].mean(axis=1)


def log_mel(samples: Float[np.ndarray, "samples"]) -> Float[np.ndarray, "rows 26"]:
    """Return log(energy + 1000) of 26 mel bands, one row per 10 ms, of sound at 16 kHz."""
    values = np.asarray(samples, np.float64) * _FULL_SCALE
    values = np.concatenate([values[:1], values[1:] - _PREEMPHASIS * values[:-1]])
    count = 1 + max(0, int(np.ceil((len(values) - _WINDOW) / _HOP)))
    values = np.pad(values, (0, max(0, (count - 1) * _HOP + _WINDOW - len(values))))
    frames = np.lib.stride_tricks.sliding_window_view(values, _WINDOW)[::_HOP][:count]
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2 / _FFT
    return np.log(power @ _filters().T + _FLOOR)


def audio_mouth_lag(
    opening: Float[np.ndarray, "frames"],
    samples: Float[np.ndarray, "samples"],
    fps: float = FPS,
    speaking: Bool[np.ndarray, "frames"] | None = None,
) -> Lag:
    """Correlate any curve of the mouth with the level of speech, at lags of -15..15 frames of 40 ms.

    The best fit is looked for where at least `LEAST_OVERLAP` of the clip overlaps with itself, which is everywhere for
    the three seconds of a GRID clip. In a shorter one two words or syllables fit each other's sound by chance.

    Args:
        opening: larger where the mouth is wider open; `mouth_signal` of a mesh, or the curve of a rig.
        samples: sound at 16 kHz.
        fps: of `opening`, which is resampled to 25 fps linearly.
        speaking: frames of 40 ms of the sound that count; all if None. With speech only, the contrast of speech and
            silence no longer helps.
    """
    mouth = resampled(opening, fps)
    level = speech_level(samples)
    frames = min(len(mouth), len(level))
    counted = np.ones(frames, bool) if speaking is None else np.pad(speaking, (0, frames))[:frames]
    lags = range(-MAX_LAG, MAX_LAG + 1)
    curve = np.array([_fit(mouth[:frames], level[:frames], counted, lag) for lag in lags])
    return Lag(curve, reach=min(MAX_LAG, int((1 - LEAST_OVERLAP) * frames + _ROUNDING)))


def speaking_frames(phones: Sequence[Phone], frames: int) -> Bool[np.ndarray, "frames"]:
    """Say which frames of 40 ms hold speech: those whose middle lies in a phone that is not silence."""
    middles_s = (np.arange(frames) + 0.5) / FPS
    spoken = [(phone.start_s, phone.end_s) for phone in phones if phone.label != SILENCE]
    return np.array([any(start <= middle < end for start, end in spoken) for middle in middles_s], bool)


def matched_auc(
    mouths: Sequence[Float[np.ndarray, "frames"]], sounds: Sequence[Float[np.ndarray, "samples"]], fps: float = FPS
) -> float:
    """Return how surely a clip's own sound is told from another's: the area under the ROC curve, chance .5.

    Every mouth is correlated with every sound; what counts is the best r within two frames. With unlike lengths the
    overlap from the beginning is taken.
    """
    best = np.array(
        [[np.nan_to_num(audio_mouth_lag(mouth, sound, fps).r_near, nan=-1.0) for sound in sounds] for mouth in mouths]
    )
    own = np.eye(len(mouths), dtype=bool)
    pairs = best[own][:, np.newaxis] - best[~own]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


def resampled(curve: Float[np.ndarray, "frames"], fps: float) -> Float[np.ndarray, "frames25"]:
    """Carry a curve to 25 fps, linearly; frame k shows at k / fps."""
    if fps == FPS:
        return curve
    frames = np.arange(max(1, round(len(curve) / fps * FPS)))
    return np.interp(frames / FPS, np.arange(len(curve)) / fps, curve)


def distance(points: Float[np.ndarray, "frames points 3"], a: int, b: int) -> Float[np.ndarray, "frames"]:
    """Return the 3-D distance of two points in every frame."""
    return np.linalg.norm(points[:, a].astype(np.float64) - points[:, b], axis=1)


def standard(curve: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Return z-scores; zeros for a curve that stands still, whose rounding errors are no signal."""
    spread = curve.std()
    return (curve - curve.mean()) / spread if spread > _STILL else np.zeros(len(curve))


def _fit(mouth: np.ndarray, level: np.ndarray, counted: np.ndarray, lag: int) -> float:
    """Return the correlation of mouth[t] and level[t + lag] over the counted frames of the level."""
    here, there = (slice(None, -lag), slice(lag, None)) if lag > 0 else (slice(-lag, None), slice(None, lag or None))
    pairs = counted[there]
    a, b = mouth[here][pairs], level[there][pairs]
    if len(a) < 3 or a.std() < 1e-6 or b.std() < 1e-6:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _filters() -> Float[np.ndarray, "26 257"]:
    """Return triangles on the mel scale whose corners are rounded down to whole lines of the spectrum."""
    top_mel = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    corners_hz = 700 * (10 ** (np.linspace(0, top_mel, _BANDS + 2) / 2595) - 1)
    corners = np.floor((_FFT + 1) * corners_hz / SAMPLE_RATE_HZ)
    lines = np.arange(_FFT // 2 + 1)
    filters = np.zeros((_BANDS, len(lines)))
    for band, (low, peak, high) in enumerate(zip(corners[:-2], corners[1:-1], corners[2:], strict=True)):
        rising, falling = (lines >= low) & (lines < peak), (lines >= peak) & (lines < high)
        filters[band, rising] = (lines[rising] - low) / (peak - low)
        filters[band, falling] = (high - lines[falling]) / (high - peak)
    return filters
