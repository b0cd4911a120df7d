"""Head motion: slow 1/f sway, nods on accents, and the posture of an emotion.

Head motion correlates with pitch and loudness only weakly in free speech, so it is drawn at random and tied to the
accents; amplitudes follow the design reference (sd of yaw 2.0, pitch 1.6, roll 1.0 degrees).
"""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.track import EmotionCurves
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.liveliness.noise import pink_noise

STREAM: Final = 22
"""Number of this component's random stream."""

SWAY_DEG: Final = (1.6, 2.0, 1.0)
"""Standard deviation of pitch, yaw and roll at arousal .5, columns as `FaceMotion.head_rad`."""
SWAY_BAND_HZ: Final = (0.08, 1.5)
CALM_SHARE: Final = 0.6
AROUSED_SHARE: Final = 0.8
LEAST_SHARE: Final = 0.2
"""Sway = 0.6 + 0.8 x arousal of the above, never less than this."""

NOD_DEG: Final = (2.0, 5.0)
NOD_ATTACK_S: Final = 0.15
NOD_RELEASE_S: Final = 0.25
NOD_SPACING_S: Final = 0.5
PAUSE_CALM: Final = 0.5
"""Sway left in the middle of a pause."""
PAUSE_SETTLE_S: Final = 0.3


class Posture(NamedTuple):
    """How an emotion carries the head at full intensity (signs as in `FaceMotion.head_rad`)."""

    pitch_deg: float = 0.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0
    sway: float = 1.0
    """Factor of the sway and of the nods."""


POSTURES: Final = {
    "happiness": Posture(pitch_deg=-1, roll_deg=2, sway=1.2),
    "sadness": Posture(pitch_deg=6, roll_deg=1, sway=0.8),
    "surprise": Posture(pitch_deg=-3),
    "fear": Posture(pitch_deg=-2, yaw_deg=2, sway=0.9),
    "disgust": Posture(pitch_deg=-2, yaw_deg=4, roll_deg=-1),
    "anger": Posture(pitch_deg=4, sway=1.3),
    "contempt": Posture(pitch_deg=-4, roll_deg=3),
    "boredom": Posture(pitch_deg=2, roll_deg=4, sway=0.7),
}
"""Sadness, anger and contempt after the design reference (sadness is stilled by its low arousal as well); the others
are estimates."""


def head_motion(prosody: Prosody, curves: EmotionCurves, seed: int, gain: float = 1.0) -> Float[np.ndarray, "frames 3"]:
    """Head rotation in radians (pitch, yaw, roll; axes of `FaceMotion`) at `curves.times_s`.

    Sway and nods are fixed by the seed and the line; the emotion scales them and adds its posture.

    Args:
        prosody: Accents and pauses.
        curves: Strengths and arousal at every frame.
        seed: Chooses the take.
        gain: Factor of everything.
    """
    times_s = np.asarray(curves.times_s, float)
    rng = np.random.default_rng([seed, STREAM])
    sway = pink_noise(times_s, 3, SWAY_BAND_HZ, rng) * SWAY_DEG * _calm_in_pauses(prosody, times_s)[:, None]
    sway[:, 0] += _nods_deg(prosody, times_s, rng)

    table = np.array([POSTURES.get(category, Posture()) for category in CATEGORIES])
    strengths = np.asarray(curves.strengths, float)
    share = np.maximum(CALM_SHARE + AROUSED_SHARE * np.asarray(curves.vad[:, 1], float), LEAST_SHARE)
    liveliness = share * (1 + strengths @ (table[:, 3] - 1))
    return np.radians(gain * (sway * liveliness[:, None] + strengths @ table[:, :3])).astype(np.float32)


def _nods_deg(
    prosody: Prosody, times_s: Float[np.ndarray, "frames"], rng: np.random.Generator
) -> Float[np.ndarray, "frames"]:
    """Chin down on accents, deepest at the accent: at most one nod in half a second, larger where the voice is loud."""
    sizes = rng.uniform(*NOD_DEG, size=len(prosody.accents_s))
    nods = np.zeros(len(times_s))
    last_s = -np.inf
    for accent_s, size in zip(prosody.accents_s, sizes, strict=True):
        if accent_s - last_s < NOD_SPACING_S:
            continue
        last_s = accent_s
        first, end = np.searchsorted(times_s, [accent_s - NOD_ATTACK_S, accent_s + NOD_RELEASE_S])
        t = times_s[first:end] - accent_s
        u = 1 - np.abs(t) / np.where(t < 0, NOD_ATTACK_S, NOD_RELEASE_S)
        loudness = float(np.interp(accent_s * prosody.rate_hz, np.arange(len(prosody.loudness)), prosody.loudness))
        nods[first:end] = np.maximum(nods[first:end], size * (0.5 + 0.5 * loudness) * u**2 * (3 - 2 * u))
    return nods


def _calm_in_pauses(prosody: Prosody, times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """1 while speaking, sinking to `PAUSE_CALM` inside pauses: the head comes back towards its posture."""
    calm = np.ones(len(times_s))
    for start_s, end_s in prosody.pauses:
        first, last = np.searchsorted(times_s, [start_s, end_s])
        t = times_s[first:last]
        u = np.clip(np.minimum(t - start_s, end_s - t) / PAUSE_SETTLE_S, 0, 1)
        calm[first:last] = 1 - (1 - PAUSE_CALM) * u**2 * (3 - 2 * u)
    return calm
