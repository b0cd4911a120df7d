"""Numbers that describe how a stretch of speech was spoken: statistics of its frames, the same count for any length.

The first ideas are those of the eGeMAPS set (F. Eyben et al., IEEE Trans. Affective Computing 7(2), 2016) and of MFCC
functionals; the computation is our own and needs numpy and scipy only. Statistics look at the stretch from the first to
the last active frame, so that silence before and after says nothing.
"""

from functools import cache

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.prosody import runs
from espressivo.conditioning.voice_emotion.frames import BANDS, CEPSTRA, RATE_HZ, SHAPES, Frames, active_frames

_FEW = 5
"""With fewer frames than this of a kind, statistics fall back on the next wider kind."""
_PITCH_PERCENTILES = (5, 20, 50, 80, 95)
_SLOPE_BANDS_HZ = ((0, 500), (500, 1500), (1000, 3000), (1500, 5000), (0, 7600))
_MODULATION_BANDS_HZ = ((0.5, 2), (2, 4), (4, 8), (8, 16), (16, 32))
_EFFORT_SHAPES = ("tilt-1k", "tilt-2k", "h1-h4", "centroid")
_BIN_KHZ = 0.03125
_COARSE_CEPSTRA = 13


def describe(frames: Frames, first: int = 0, end: int | None = None) -> Float[np.ndarray, "features"]:
    """Return the features of frames `first` to `end`, in the order of `feature_names`."""
    return np.concatenate([np.atleast_1d(value) for value in _groups(frames, first, end).values()])


@cache
def feature_names() -> tuple[str, ...]:
    """Return one name per feature: its group, and its number in the group where there are several."""
    from espressivo.conditioning.voice_emotion.frames import analyse_frames

    groups = _groups(analyse_frames(np.sin(np.arange(16000) * 0.05).astype(np.float32)), 0, None)
    return tuple(
        name if np.size(value) == 1 else f"{name}.{number}"
        for name, value in groups.items()
        for number in range(np.size(value))
    )


def coarse_features() -> Bool[np.ndarray, "features"]:
    """Return which features a linear rule can carry to other microphones and languages.

    Fine detail of the mean spectrum (single bands, high cepstra) says more of the microphone and the words than of the
    emotion: recall on another corpus rises without it.
    """
    parts = [name.split(".") for name in feature_names()]
    return np.array(
        [group != "bands" and not (group == "cepstra" and int(rest[-1]) >= _COARSE_CEPSTRA) for group, *rest in parts]
    )


def _groups(frames: Frames, first: int, end: int | None) -> dict[str, np.ndarray | float]:
    energy = frames.energy[first:end]
    active = active_frames(energy)
    edges = np.flatnonzero(active)
    span = slice(first + edges[0], first + edges[-1] + 1) if len(edges) else slice(first, end)
    active = active[edges[0] : edges[-1] + 1] if len(edges) else active
    energy = frames.energy[span]
    heard = active if active.sum() > _FEW else np.ones_like(active)
    voiced = active & frames.steady[span]
    sung = voiced if voiced.sum() > _FEW else heard
    level = float(np.log(np.exp(energy[heard]).mean()))
    cepstra = frames.cepstra[span] - level * np.sqrt(BANDS) * np.eye(1, CEPSTRA)
    return {
        **_pitch(frames.pitch[span], voiced, sung),
        **_rhythm(energy, active, voiced, level),
        **_spectra(frames.bands[span] - level, cepstra, heard, sung),
        **_shape(frames.shape[span], frames.periodicity[span], frames.power[span], heard, sung),
        **_effort(frames.pitch[span], energy, frames.shape[span], sung),
    }


def _pitch(
    pitch: Float[np.ndarray, "frames"], voiced: Bool[np.ndarray, "frames"], sung: Bool[np.ndarray, "frames"]
) -> dict[str, np.ndarray | float]:
    tones = pitch[voiced] if voiced.sum() > _FEW else pitch
    steps = np.abs(np.diff(tones)) if len(tones) > 1 else np.zeros(1)
    glides = [_glide(pitch[start:stop]) for start, stop in runs(sung) if stop - start >= _FEW]
    glides = np.array(glides or [(0.0, 0.0, 0.0)])
    times_s = np.flatnonzero(sung) / RATE_HZ
    return {
        "pitch.mean": tones.mean(),
        "pitch.sd": tones.std(),
        "pitch.percentile": np.percentile(tones, _PITCH_PERCENTILES),
        "pitch.step": steps.mean(),
        "pitch.jitter": np.array([np.median(steps), np.percentile(steps, 80)]),
        "glide.mean": glides.mean(axis=0),
        "glide.sd": glides.std(axis=0),
        "glide.longest": glides[:, 0].max(),
        "glide.rate": len(glides) / (len(pitch) / RATE_HZ),
        "pitch.trend": _slope(times_s, pitch[sung]),
    }


def _glide(tones: Float[np.ndarray, "frames"]) -> tuple[float, float, float]:
    """Length (s), slope (semitones per s) and range (semitones) of a voiced run."""
    return len(tones) / RATE_HZ, _slope(np.arange(len(tones)) / RATE_HZ, tones), float(np.ptp(tones))


def _slope(x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"]) -> float:
    """Slope of the least-squares line."""
    if len(x) < 2:
        return 0.0
    away = x - x.mean()
    return float(away @ (y - y.mean()) / (away @ away))


def _rhythm(
    energy: Float[np.ndarray, "frames"],
    active: Bool[np.ndarray, "frames"],
    voiced: Bool[np.ndarray, "frames"],
    level: float,
) -> dict[str, np.ndarray | float]:
    away = energy - energy.mean()
    spectrum = np.square(np.abs(np.fft.rfft(away * np.hanning(len(away)), 1024)))
    hz = np.arange(len(spectrum)) * RATE_HZ / 1024
    total = spectrum[1:].sum() + 1e-9
    onsets = (active[1:] & ~active[:-1]).sum()
    loud = energy[active] if active.any() else energy
    return {
        "voiced.share": voiced.mean(),
        "active.share": active.mean(),
        "energy.sd": energy.std(),
        "energy.step": np.abs(np.diff(energy)).mean() if len(energy) > 1 else 0.0,
        "onset.rate": onsets / (len(energy) / RATE_HZ),
        "energy.percentile": np.percentile(loud, (5, 20, 50, 80)) - level,
        "modulation": np.array(
            [np.log(spectrum[(hz >= low) & (hz < high)].sum() / total + 1e-3) for low, high in _MODULATION_BANDS_HZ]
        ),
    }


def _spectra(
    bands: Float[np.ndarray, "frames 40"],
    cepstra: Float[np.ndarray, "frames 20"],
    heard: Bool[np.ndarray, "frames"],
    sung: Bool[np.ndarray, "frames"],
) -> dict[str, np.ndarray | float]:
    of_heard = cepstra[heard]
    of_sung = cepstra[sung]
    steps = np.diff(cepstra, axis=0) if len(cepstra) > 2 else np.zeros((1, CEPSTRA))
    turns = np.diff(cepstra[:, :13], 2, axis=0) if len(cepstra) > 3 else np.zeros((1, 13))
    low, high = np.percentile(of_heard, (20, 80), axis=0)
    return {
        "cepstra.mean": of_heard.mean(axis=0),
        "cepstra.sd": of_heard.std(axis=0),
        "cepstra.p20": low,
        "cepstra.p80": high,
        "cepstra.step-sd": steps.std(axis=0),
        "cepstra.step": np.abs(steps).mean(axis=0),
        "cepstra.turn-sd": turns.std(axis=0),
        "cepstra.voiced-mean": of_sung.mean(axis=0),
        "cepstra.voiced-sd": of_sung.std(axis=0),
        "bands.mean": bands[heard].mean(axis=0),
        "bands.p90": np.percentile(bands[heard], 90, axis=0),
        "bands.sd": bands[heard].std(axis=0),
    }


def _shape(
    shape: Float[np.ndarray, "frames shapes"],
    periodicity: Float[np.ndarray, "frames"],
    power: Float[np.ndarray, "frames bins"],
    heard: Bool[np.ndarray, "frames"],
    sung: Bool[np.ndarray, "frames"],
) -> dict[str, np.ndarray | float]:
    spectrum = np.log(power[sung].mean(axis=0) + 1e-7)
    khz = np.arange(len(spectrum)) * _BIN_KHZ
    ranges = [(khz >= low / 1000) & (khz <= high / 1000) for low, high in _SLOPE_BANDS_HZ]
    periods = periodicity[sung]
    return {
        "shape.mean": shape[heard].mean(axis=0),
        "shape.sd": shape[heard].std(axis=0),
        "shape.p90": np.percentile(shape[heard], 90, axis=0),
        "shape.voiced-mean": shape[sung].mean(axis=0),
        "shape.voiced-sd": shape[sung].std(axis=0),
        "slope": np.array([_slope(khz[inside], spectrum[inside]) for inside in ranges]),
        "periodicity": np.array([periods.mean(), periods.std(), np.percentile(periods, 20)]),
    }


def _effort(
    pitch: Float[np.ndarray, "frames"],
    energy: Float[np.ndarray, "frames"],
    shape: Float[np.ndarray, "frames shapes"],
    sung: Bool[np.ndarray, "frames"],
) -> dict[str, np.ndarray | float]:
    """How pitch and timbre go with loudness inside the stretch: vocal effort, whatever the microphone."""
    columns = [pitch[sung], *(shape[sung][:, SHAPES.index(name)] for name in _EFFORT_SHAPES)]
    loudness = energy[sung]
    edge = max(1, len(loudness) // 3)
    return {
        "effort.correlation": np.array([_correlation(loudness, column) for column in columns]),
        "effort.slope": np.array([_slope(loudness, column) if np.ptp(loudness) > 0.1 else 0.0 for column in columns]),
        "effort.pitch-tilt": _correlation(columns[0], columns[1]),
        "pitch.ending": pitch[sung][-edge:].mean() - pitch[sung][:edge].mean(),
        "energy.ending": loudness[-edge:].mean() - loudness[:edge].mean(),
    }


def _correlation(x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"]) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / (np.sqrt((x @ x) * (y @ y)) + 1e-6))
