"""What the sound itself says about the mouth: how far it opens, and how far phones may be trusted to lead it."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.speech import SILENCE, Phone, Speech
from espressivo.generators.face.articulation.segments import VisemeSegments
from espressivo.generators.face.visemes import LIP_HEAVY, VISEMES, VOWELS

PHONE_LEAD: Final[dict[str | None, float]] = {"given": 0.6, "aligned": 0.6, "recognised": 0.0, None: 0.0}
"""How much of the mouth's opening follows the phones; the rest follows loudness.

Phones heard without a transcript are wrong too often to lead (they add shape and closures), and even right ones follow
a recorded jaw better with loudness mixed in. Chosen by `eval.mouth_curves` on its development clips (jaw_r, opening_r,
lag_ok)."""

HEARD_SHARE: Final[dict[str | None, float]] = {"given": 0.0, "aligned": 0.0, "recognised": 0.5, None: 0.5}
"""How much of the opening that does not follow phones is heard by the network that listens without deciding on phones
(`conditioning.phones_neural`); the rest is loudness. More of it follows labels better, but the mouth then leaves the
sound by more than a frame in one of ten EMO-DB clips. Chosen by `eval.mouth_curves` on its development clips."""

_ORPHAN_SMOOTHING_S: Final = 0.06
_ENVELOPE_SMOOTHING_S: Final = 0.015
_LOUDNESS_POWER: Final = 2.0
"""Loudness is in decibels; the mouth is nearly shut over the quieter half of them and opens over the louder half."""
_JAW_RANGE: Final = 0.8
_LIP_RANGE: Final = 0.6
_DIP: Final = 0.85
"""A recognised P, B or M is believed when it is at most this loud compared with the loudest moment around it."""
_AROUND_S: Final = 0.15


def sound_opening(
    speech: Speech, prosody: Prosody, times_s: Float[np.ndarray, "frames"]
) -> Float[np.ndarray, "frames"]:
    """Return in [0, 1] how far the sound alone opens the mouth at `times_s` (evenly spaced)."""
    from espressivo.conditioning.phones_neural.recogniser import mouth_opening

    loudness = loudness_opening(prosody, times_s)
    share = HEARD_SHARE[speech.phone_source]
    if share == 0.0:
        return loudness
    heard = mouth_opening(speech)
    heard = np.interp(times_s, np.arange(len(heard)) / Prosody.rate_hz, heard) * prosody.at("speaking", times_s)
    return share * smooth(heard, _ENVELOPE_SMOOTHING_S, times_s) + (1.0 - share) * loudness


def loudness_opening(prosody: Prosody, times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Return in [0, 1] how far loudness opens the mouth at `times_s` (evenly spaced), 0 where nobody speaks."""
    loudness = prosody.at("loudness", times_s)
    # A hiss is loud through nearly shut teeth: what the high band has above the whole does not open the mouth.
    hiss = np.clip(prosody.at("high_band", times_s) - loudness, 0.0, 1.0)
    opening = (loudness * (1.0 - hiss)) ** _LOUDNESS_POWER
    return smooth(opening * prosody.at("speaking", times_s), _ENVELOPE_SMOOTHING_S, times_s)


def phone_lead(speech: Speech, prosody: Prosody, times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames"]:
    """Return how much phones lead the opening: `PHONE_LEAD`, or 0 where voice sounds but the phones say pause."""
    lead = PHONE_LEAD[speech.phone_source]
    if not speech.phones:
        return np.zeros(len(times_s))
    voiced = np.isfinite(prosody.at("f0_hz", times_s)) & prosody.at("speaking", times_s)
    orphan = voiced & ~_sounding(speech.phones, times_s)
    return lead * (1.0 - smooth(orphan.astype(np.float64), _ORPHAN_SMOOTHING_S, times_s))


def loudness_share(
    speech: Speech, prosody: Prosody, times_s: Float[np.ndarray, "frames"]
) -> Float[np.ndarray, "frames"]:
    """Return how much loudness leads the opening: what phones leave, and nothing in pauses that phones are sure of."""
    lead = phone_lead(speech, prosody, times_s)
    if not speech.phones or speech.phone_source == "recognised":
        return 1.0 - lead
    voiced = np.isfinite(prosody.at("f0_hz", times_s)) & prosody.at("speaking", times_s)
    sounding = _sounding(speech.phones, times_s) | voiced
    return (1.0 - lead) * smooth(sounding.astype(np.float64), _ORPHAN_SMOOTHING_S, times_s)


def jaw_gains(segments: VisemeSegments, prosody: Prosody, dynamics: float) -> Float[np.ndarray, "segments"]:
    """Return JALI's JA for every segment: a vowel opens the jaw further the louder it is, 1 at middling loudness."""
    vowel = np.array([name in VOWELS for name in VISEMES])[segments.viseme]
    return _gains(_segment_mean(prosody, "loudness", segments), vowel, dynamics * _JAW_RANGE)


def lip_gains(segments: VisemeSegments, prosody: Prosody, dynamics: float) -> Float[np.ndarray, "segments"]:
    """Return JALI's LI for every segment: lips work more the sharper a consonant or the louder a vowel is."""
    vowel = np.array([name in VOWELS or name in LIP_HEAVY for name in VISEMES])[segments.viseme]
    silent = segments.viseme == VISEMES.index("sil")
    level = np.where(vowel, _segment_mean(prosody, "loudness", segments), _segment_mean(prosody, "high_band", segments))
    return _gains(level, ~silent, dynamics * _LIP_RANGE)


def closure_confidence(
    phones: Sequence[Phone], phone_source: str | None, prosody: Prosody
) -> Float[np.ndarray, "phones"]:
    """Return for every phone how far a closure there can be believed.

    Known phones: 1. Recognised ones: 1 only where the sound dips, as it must behind shut lips.
    """
    if phone_source != "recognised":
        return np.ones(len(phones))
    rate_hz = Prosody.rate_hz
    reach = round(_AROUND_S * rate_hz)
    end_s = max(phone.end_s for phone in phones)
    times_s = np.arange(int(end_s * rate_hz) + 2) / rate_hz
    loudness = prosody.at("loudness", times_s)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(loudness, reach, mode="edge"), 2 * reach + 1).max(axis=1)
    centre = np.array([round(0.5 * (phone.start_s + phone.end_s) * rate_hz) for phone in phones])
    near = np.stack([loudness[np.clip(centre + shift, 0, len(loudness) - 1)] for shift in (-2, -1, 0, 1, 2)])
    return (near.min(axis=0) <= _DIP * around[centre]).astype(np.float64)


def smooth(
    curve: Float[np.ndarray, "frames *channels"], sigma_s: float, times_s: Float[np.ndarray, "frames"]
) -> Float[np.ndarray, "frames *channels"]:
    """Smooth along time with a Gaussian cut at 3 sigma, so that a still stretch stays exactly still."""
    if len(times_s) < 2:
        return curve
    sigma = sigma_s / (times_s[1] - times_s[0])
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(curve, [(reach, reach)] + [(0, 0)] * (curve.ndim - 1), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0)
    return windows @ kernel


def _sounding(phones: Sequence[Phone], times_s: np.ndarray) -> np.ndarray:
    ends_s = np.array([phone.end_s for phone in phones])
    sounds = np.array([phone.label != SILENCE for phone in phones])
    return sounds[np.minimum(np.searchsorted(ends_s, times_s, side="right"), len(phones) - 1)]


def _segment_mean(prosody: Prosody, name: str, segments: VisemeSegments) -> np.ndarray:
    """Mean of a prosody curve over each segment, by five points inside it."""
    points_s = segments.start_s[:, None] + segments.duration_s[:, None] * np.linspace(0.1, 0.9, 5)
    return prosody.at(name, points_s.ravel()).reshape(points_s.shape).mean(axis=1)


def _gains(level: np.ndarray, applies: np.ndarray, span: float) -> np.ndarray:
    return np.where(applies, np.clip(1.0 + span * (level - 0.5), 0.2, 2.0), 1.0)
