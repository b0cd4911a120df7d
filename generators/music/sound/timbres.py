"""How the instruments of the own synthesiser sound: tables, and the partials of a note."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.signal import butter, sosfilt

_MOST_PARTIALS = 48
_HIGHEST_HZ = 15_000.0
_BOARD_HZ = 70.0
"""Below this a soundboard radiates less and less."""
_NOISE_S = 0.08


@dataclass(frozen=True)
class Timbre:
    """One instrument."""

    tilt: float = 1.0
    """Partial n begins with n to the power of minus this."""
    brightness_hz: float = 2400.0
    """Where a note as hard as can be at middle C has lost a neper; softer and lower notes are darker."""
    even: float = 1.0
    """Strength of the even partials."""
    ratios: tuple[float, ...] = ()
    """Partials of bars and bells in units of the pitch; empty for strings and pipes."""
    stiffness: float = 0.0
    """Inharmonicity in units of that of piano strings."""
    ring_s: float | None = None
    """Seconds in which middle C decays by 60 dB; None while the player keeps it up."""
    attack_s: float = 0.002
    release_s: float = 0.08
    """Time constant after the note is let go, at middle C."""
    detune_cents: float = 0.4
    knock: float = 0.0
    """Noise of the hammer or finger."""
    struck_at: float | None = None
    """Where along the string it is struck, which takes out the partials that have a node there."""


PIANO = Timbre(stiffness=1.0, ring_s=9.0, knock=0.05, struck_at=0.12)
_FAMILIES = (
    PIANO,
    Timbre(ratios=(1.0, 2.76, 5.4, 8.93), tilt=1.2, brightness_hz=5000, ring_s=2.5, release_s=0.3, knock=0.02),
    Timbre(tilt=0.7, brightness_hz=2000, attack_s=0.012, release_s=0.03, detune_cents=1.0),
    Timbre(tilt=1.1, brightness_hz=2600, stiffness=0.2, ring_s=4.0, release_s=0.06, knock=0.03, struck_at=0.2),
    Timbre(tilt=1.2, brightness_hz=1500, stiffness=0.3, ring_s=5.0, release_s=0.05, knock=0.02, struck_at=0.22),
    Timbre(tilt=1.0, brightness_hz=2200, attack_s=0.07, release_s=0.12, detune_cents=5.0),
    Timbre(tilt=1.1, brightness_hz=1800, attack_s=0.1, release_s=0.16, detune_cents=9.0),
    Timbre(tilt=0.6, brightness_hz=1700, attack_s=0.04, release_s=0.06, detune_cents=2.0),
    Timbre(tilt=0.7, brightness_hz=1900, even=0.6, attack_s=0.03, release_s=0.05, detune_cents=1.0),
    Timbre(tilt=1.9, brightness_hz=1600, attack_s=0.05, release_s=0.06, detune_cents=1.0),
    Timbre(tilt=1.0, brightness_hz=3500, even=0.3, attack_s=0.01, release_s=0.06, detune_cents=6.0),
    Timbre(tilt=1.4, brightness_hz=1500, attack_s=0.25, release_s=0.4, detune_cents=10.0),
    Timbre(tilt=1.3, brightness_hz=2000, attack_s=0.15, release_s=0.5, detune_cents=12.0),
    Timbre(tilt=0.9, brightness_hz=3000, stiffness=0.2, ring_s=2.5, release_s=0.1, knock=0.03, struck_at=0.15),
    Timbre(ratios=(1.0, 2.32, 4.25, 6.63), brightness_hz=3000, ring_s=1.0, release_s=0.2, knock=0.05),
    Timbre(tilt=1.5, brightness_hz=1500, attack_s=0.1, release_s=0.3, detune_cents=15.0),
)


def timbre_of(program: int) -> Timbre:
    """Return the timbre of the General MIDI family that `program` is in."""
    return _FAMILIES[program // 8]


class Voice(NamedTuple):
    """A struck note: a sum of decaying sines, and the knock that goes with it."""

    hz: Float[np.ndarray, "sines"]
    decay: Float[np.ndarray, "sines"]
    """Per second."""
    phase: Float[np.ndarray, "sines"]
    left: Float[np.ndarray, "sines"]
    right: Float[np.ndarray, "sines"]
    attack_s: float
    release_s: float
    knock: Float[np.ndarray, "samples 2"]


@lru_cache(maxsize=2048)
def voice(timbre: Timbre, pitch: int, velocity: int, rate_hz: int) -> Voice:
    """Return the partials of one note, those that last longest first.

    Each partial is two sines a fraction of a hertz apart, as two strings of one note: of a note that decays one fades
    fast and one slowly, which gives the quick beginning and long end of a piano's tone (G. Weinreich, "Coupled piano
    strings", 1977). Inharmonicity over the keyboard as in F. Rigaud et al., "A parametric model of piano tuning", 2011.
    """
    force = velocity / 127
    pitch_hz = 440.0 * 2 ** ((pitch - 69) / 12)
    order, ratio = _ratios(timbre, pitch)
    kept = ratio * pitch_hz < min(_HIGHEST_HZ, 0.45 * rate_hz)
    kept[0] = True
    order, partial_hz = order[kept], pitch_hz * ratio[kept]
    level = _level(force) * _spectrum(timbre, pitch, force, order, partial_hz)
    seed = np.random.default_rng(pitch)
    detune = 2 ** (timbre.detune_cents * (0.6 + 0.8 * seed.random(len(order))) / 1200)
    place = np.clip((pitch - 64) / 88 + 0.35 * (seed.random(len(order)) - 0.5), -0.7, 0.7)
    phase = seed.random(2 * len(order)) * 2 * np.pi
    if timbre.ring_s is None:
        decay, shares = np.zeros((2, len(order))), (0.5, 0.5)
    else:
        slow = 6.91 / (timbre.ring_s * min(2.5, 2 ** ((60 - pitch) / 14)))
        damping = slow * (1 + 0.15 * (order - 1)) + 1.5e-7 * partial_hz**2
        decay, shares = np.array([1.7 * damping, 0.45 * damping]), (0.75, 0.25)
    level2, hz = (
        np.concatenate([shares[0] * level, shares[1] * level]),
        np.concatenate([partial_hz, detune * partial_hz]),
    )
    angle = np.concatenate([place, place]) * np.pi / 4 + np.pi / 4
    by_life = np.argsort(np.ravel(decay), kind="stable")
    return Voice(
        hz[by_life],
        np.ravel(decay)[by_life],
        phase[by_life],
        (level2 * np.cos(angle))[by_life],
        (level2 * np.sin(angle))[by_life],
        timbre.attack_s * (1.6 - force),
        timbre.release_s * 2 ** ((60 - pitch) / 36),
        _knock(timbre, pitch, force, rate_hz),
    )


def _ratios(timbre: Timbre, pitch: int) -> tuple[Float[np.ndarray, "partials"], Float[np.ndarray, "partials"]]:
    """Return the number of each partial and its frequency in units of the pitch."""
    if timbre.ratios:
        return np.arange(1.0, len(timbre.ratios) + 1), np.array(timbre.ratios)
    order = np.arange(1.0, _MOST_PARTIALS + 1)
    stiffness = timbre.stiffness * (np.exp(0.0926 * pitch - 13.64) + np.exp(-0.0847 * pitch - 5.82))
    return order, order * np.sqrt((1 + stiffness * order**2) / (1 + stiffness))


def _spectrum(
    timbre: Timbre,
    pitch: int,
    force: float,
    order: Float[np.ndarray, "partials"],
    partial_hz: Float[np.ndarray, "partials"],
) -> Float[np.ndarray, "partials"]:
    """Return the strengths of the partials; together they have the power 1 (before the soundboard)."""
    brightness_hz = timbre.brightness_hz * (0.15 + 0.85 * force**1.5) * 2 ** ((pitch - 60) / 30)
    strength = order**-timbre.tilt * np.exp(-(partial_hz - partial_hz[0]) / brightness_hz)
    strength *= np.where(order % 2 == 0, timbre.even, 1.0)
    if timbre.struck_at is not None:
        strength *= 0.12 + np.abs(np.sin(np.pi * order * timbre.struck_at))
    board = partial_hz / np.hypot(partial_hz, _BOARD_HZ)
    return board * strength / np.sqrt((strength**2).sum())


def _level(force: float) -> float:
    """Return how loud a note is: 36 dB from the softest to the loudest."""
    return 0.25 * 10 ** (-1.8 * (1 - force) ** 1.1)


def _knock(timbre: Timbre, pitch: int, force: float, rate_hz: int) -> Float[np.ndarray, "samples 2"]:
    """Return the noise of the strike: darker the softer, over within a few hundredths of a second."""
    if not timbre.knock:
        return np.zeros((0, 2))
    times_s = np.arange(round(_NOISE_S * rate_hz)) / rate_hz
    noise = np.random.default_rng(pitch + 1000).standard_normal((len(times_s), 2))
    highest_hz = (600 + 2500 * force) * 2 ** ((pitch - 60) / 48)
    band = butter(2, [90.0, min(highest_hz, 0.4 * rate_hz)], "band", fs=rate_hz, output="sos")
    coloured = np.asarray(sosfilt(band, noise, axis=0))
    shape = (1 - np.exp(-times_s / 0.0008)) * np.exp(-times_s / 0.012) * (1 - times_s / _NOISE_S)
    return timbre.knock * _level(force) * 4 * coloured * shape[:, None]
