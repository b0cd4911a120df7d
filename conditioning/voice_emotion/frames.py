"""What is measured in each hundredth of a second of a voice: spectra, pitch, and the shape of the glottal pulse.

All windows of a recording share these frames. Nothing depends on the recording level: it says nothing of the speaker.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float
from scipy.fft import dct, irfft, rfft

from espressivo.media.decode import SAMPLE_RATE_HZ

RATE_HZ = 100
"""Frames per second."""
BANDS = 40
CEPSTRA = 20

_HOP = SAMPLE_RATE_HZ // RATE_HZ
_FFT, _WINDOW = 512, 400
_BIN_HZ = SAMPLE_RATE_HZ / _FFT
_MEL_RANGE_HZ = (50.0, 7600.0)
_LEVEL = 0.05
_FLOOR = 1e-5
"""Added to power at the level above: about 70 dB below speech, so that digital silence is no feature."""

_F0_RANGE_HZ = (65.0, 500.0)
_YIN_WINDOW = 1024
_YIN_THRESHOLD = 0.1
_MAX_STEP_OCTAVES = 0.06
_ACTIVE_RANGE = 6.0
"""Nepers of power below the 95th percentile (26 dB) at which a frame no longer counts as speech."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Frame k stands for the moment k / `RATE_HZ`. Logarithms are natural; levels are those of speech at RMS .05."""

    power: Float[np.ndarray, "frames bins"]
    bands: Float[np.ndarray, "frames 40"]
    """Log mel power."""
    cepstra: Float[np.ndarray, "frames 20"]
    energy: Float[np.ndarray, "frames"]
    pitch: Float[np.ndarray, "frames"]
    """Semitones above 55 Hz; meaningless where `voiced` is False."""
    periodicity: Float[np.ndarray, "frames"]
    """1 for a perfectly periodic frame, about 0 for noise."""
    steady: Bool[np.ndarray, "frames"]
    """Where pitch moves by less than 0.7 semitones from the frame before: voiced, if the frame is loud enough."""
    shape: Float[np.ndarray, "frames shapes"]
    """Columns as `SHAPES`."""

    def __len__(self) -> int:
        return len(self.energy)


SHAPES = ("centroid", "tilt-1k", "tilt-2k", "flux", "flatness", "roll-off", "h1-h2", "h1-h4")


def analyse_frames(samples: Float[np.ndarray, "samples"]) -> Frames:
    """Measure every frame of mono sound at `SAMPLE_RATE_HZ`; silence and any length give finite numbers."""
    samples = (np.asarray(samples, np.float32) * (_LEVEL / (_loudness(samples) + 1e-6))).astype(np.float32)
    power = np.square(np.abs(np.asarray(rfft(_framed(samples, _FFT) * _hann(), axis=1))))
    bands = np.log(power @ mel_filters().T + _FLOOR)
    energy = np.log(power.sum(axis=1) + _FLOOR)
    f0_hz, periodicity = yin(samples)
    octaves = np.log2(f0_hz)
    return Frames(
        power=power,
        bands=bands,
        cepstra=np.asarray(dct(bands, type=2, axis=1, norm="ortho"))[:, :CEPSTRA],
        energy=energy,
        pitch=12.0 * (octaves - np.log2(55.0)),
        periodicity=periodicity,
        steady=np.abs(np.diff(octaves, prepend=octaves[:1])) < _MAX_STEP_OCTAVES,
        shape=_shapes(power, f0_hz),
    )


def active_frames(energy: Float[np.ndarray, "frames"]) -> Bool[np.ndarray, "frames"]:
    """Frames loud enough to be speech, relative to the loud ones among those given."""
    return energy > np.percentile(energy, 95) - _ACTIVE_RANGE


@cache
def mel_filters() -> Float[np.ndarray, "40 bins"]:
    """Triangles of equal area on Slaney's mel scale (linear to 1 kHz, then logarithmic; Auditory Toolbox, 1998)."""
    low, high = _mel(np.array(_MEL_RANGE_HZ))
    edges_hz = _hz(np.linspace(low, high, BANDS + 2))
    centres_hz = np.arange(_FFT // 2 + 1) * _BIN_HZ
    ramps = edges_hz[:, None] - centres_hz
    widths = np.diff(edges_hz)[:, None]
    triangles = np.maximum(0.0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    return (triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)


def yin(samples: Float[np.ndarray, "samples"]) -> tuple[Float[np.ndarray, "frames"], Float[np.ndarray, "frames"]]:
    """F0 in Hz of every frame and its periodicity (one minus the normalised difference at that period).

    A. de Cheveigne, H. Kawahara, "YIN", JASA 111(4), 2002, sections II.B to II.E: the first period below the threshold,
    or the deepest one where there is none.
    """
    windows = _framed(samples, _YIN_WINDOW)
    half = _YIN_WINDOW // 2
    shortest, longest = int(SAMPLE_RATE_HZ / _F0_RANGE_HZ[1]), int(np.ceil(SAMPLE_RATE_HZ / _F0_RANGE_HZ[0]))
    head = np.asarray(rfft(windows[:, :half], _YIN_WINDOW, axis=1))
    lags = longest + 2
    correlation = np.asarray(irfft(np.conj(head) * np.asarray(rfft(windows, axis=1)), axis=1))[:, :lags]
    squares = np.cumsum(np.square(windows, dtype=np.float64), axis=1)
    squares = np.concatenate([np.zeros((len(windows), 1)), squares], axis=1)
    power = squares[:, half : half + lags] - squares[:, :lags]
    difference = np.maximum(power[:, :1] + power - 2.0 * correlation, 0.0)[:, 1:]
    mean = np.cumsum(difference, axis=1) / np.arange(1, lags)
    relative = np.where(mean > 1e-9, difference / np.maximum(mean, 1e-9), 1.0)[:, shortest - 2 :]
    inner = relative[:, 1:-1]
    dips = (inner < relative[:, :-2]) & (inner <= relative[:, 2:])
    good = dips & (inner < _YIN_THRESHOLD)
    best = np.where(good.any(axis=1), good.argmax(axis=1), inner.argmin(axis=1)) + 1
    rows = np.arange(len(windows))
    left, centre, right = (relative[rows, best + step] for step in (-1, 0, 1))
    bend = left - 2.0 * centre + right
    shift = np.where(bend > 1e-9, 0.5 * (left - right) / np.maximum(bend, 1e-9), 0.0)
    return SAMPLE_RATE_HZ / (best + shortest - 1 + np.clip(shift, -0.5, 0.5)), np.clip(1.0 - centre, 0.0, 1.0)


def _framed(samples: Float[np.ndarray, "samples"], length: int) -> Float[np.ndarray, "frames length"]:
    """Centred frames, zeros beyond the ends."""
    padded = np.pad(samples, length // 2)
    count = 1 + len(samples) // _HOP
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::_HOP][:count]


def _loudness(samples: Float[np.ndarray, "samples"]) -> float:
    """RMS of the active part, so that silence around the words changes nothing."""
    blocks = np.pad(np.asarray(samples, np.float64), (0, -len(samples) % _HOP)).reshape(-1, _HOP)
    power = np.square(blocks).mean(axis=1)
    return float(np.sqrt(power[active_frames(np.log(power + 1e-12))].mean()))


@cache
def _hann() -> Float[np.ndarray, "512"]:
    """A periodic Hann window of 25 ms in the middle of the transform."""
    shape = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_WINDOW) / _WINDOW)
    return np.pad(shape, (_FFT - _WINDOW) // 2).astype(np.float32)


def _shapes(
    power: Float[np.ndarray, "frames bins"], f0_hz: Float[np.ndarray, "frames"]
) -> Float[np.ndarray, "frames shapes"]:
    total = power.sum(axis=1) + _FLOOR
    share = power / total[:, None]
    roots = np.sqrt(share)
    cut_1k, cut_2k = round(1000.0 / _BIN_HZ), round(2000.0 / _BIN_HZ)
    low, middle, high = (part.sum(axis=1) + _FLOOR for part in np.split(power, [cut_1k, cut_2k], axis=1))
    harmonics = [_level_at(power, f0_hz * number) for number in (1, 2, 4)]
    columns = {
        "centroid": share @ (np.arange(power.shape[1]) * _BIN_HZ / 1000.0),
        "tilt-1k": np.log(middle / low),
        "tilt-2k": np.log(high / (low + middle)),
        "flux": np.sqrt(np.square(np.diff(roots, axis=0, prepend=roots[:1])).sum(axis=1)),
        "flatness": np.log(power + 1e-7).mean(axis=1) - np.log(power.mean(axis=1) + 1e-7),
        "roll-off": (np.cumsum(share, axis=1) < 0.85).sum(axis=1) * _BIN_HZ / 1000.0,
        "h1-h2": harmonics[0] - harmonics[1],
        "h1-h4": harmonics[0] - harmonics[2],
    }
    return np.stack([columns[name] for name in SHAPES], axis=1)


def _level_at(power: Float[np.ndarray, "frames bins"], hz: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Log power of the strongest of the three bins around a frequency."""
    centre = np.clip(np.rint(hz / _BIN_HZ).astype(int), 1, power.shape[1] - 2)
    rows = np.arange(len(power))
    return np.log(np.max([power[rows, centre + step] for step in (-1, 0, 1)], axis=0) + _FLOOR)


def _mel(hz: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    return np.where(hz < 1000.0, hz * 3.0 / 200.0, 15.0 + 27.0 * np.log(np.maximum(hz, 1000.0) / 1000.0) / np.log(6.4))


def _hz(mel: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))
