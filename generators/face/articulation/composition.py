"""Speech to mouth motion: visemes, coarticulated, as loud as the voice, with the contacts that have to be made."""

from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.speech import Speech
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from
from espressivo.generators.face.articulation.contacts import BILABIALS, LABIODENTALS, SIBILANTS, contact_curve
from espressivo.generators.face.articulation.controls import ArticulationControls
from espressivo.generators.face.articulation.dominance import blend
from espressivo.generators.face.articulation.motion import SpeechMotion
from espressivo.generators.face.articulation.rhythm import (
    closure_confidence,
    jaw_gains,
    lip_gains,
    loudness_share,
    phone_lead,
    smooth,
    sound_opening,
)
from espressivo.generators.face.articulation.segments import viseme_segments
from espressivo.generators.face.visemes import CHANNEL_GROUPS, LIP_GROUPS, VISEME_WEIGHTS

_RATE_HZ: Final = 100.0
"""Motion is worked out at this rate and then read at the frames' times, so it does not depend on the frame rate."""

_SMOOTHING_S: Final = {"jaw": 0.025, "opening": 0.018, "rounding": 0.02, "spreading": 0.02, "tongue": 0.015}
"""Sluggishness of each part of the mouth (the jaw is the heaviest), as the sigma of a Gaussian."""

LEAD_S: Final = 0.025
"""The mouth moves this much before its sound, as mouths do. Posed at the very moment of the sound, it came 20 ms later
than the real mouths of six GRID clips (median, same sound and words; `eval.real_mouths`)."""

_OPEN_MOUTH: Final = weights_from(jawOpen=0.5, mouthLowerDown=0.18, mouthUpperUp=0.1, mouthStretch=0.05)
"""The mouth at full loudness where only the loudness is known."""

_JAW: Final = CHANNEL["jawOpen"]
_PUCKER: Final = CHANNEL["mouthPucker"]
_ROUNDING_CLOSES: Final = 0.5
"""Share of the jaw's opening that fully rounded lips take away: a loud "oo" is still a small opening."""

_FULL_CONTACTS_FROM: Final = 0.25
"""From this `articulation` on contacts are complete; below it they fade out with the motion."""


def articulate(
    speech: Speech,
    prosody: Prosody,
    times_s: Float[np.ndarray, "frames"],
    controls: ArticulationControls | None = None,
) -> SpeechMotion:
    """Return the mouth motion of `speech` at `times_s` (seconds, sorted).

    Known phones lead the opening of the mouth; where they are missing or only guessed, loudness leads and phones add
    what shape they can. Pauses close the mouth: exactly zero once the last sound has died away.
    """
    controls = controls or ArticulationControls()
    times_s = np.asarray(times_s, np.float64)
    inner_s = np.arange(int(np.ceil(speech.duration_s * _RATE_HZ)) + 1) / _RATE_HZ
    inner = _from_sound(speech, prosody, inner_s, controls)
    if speech.phones:
        inner = inner + _from_phones(speech, prosody, inner_s, controls)
    inner[:, _JAW] *= 1.0 - _ROUNDING_CLOSES * np.clip(inner[:, _PUCKER], 0.0, 1.0)
    inner = np.clip(controls.articulation * inner, 0.0, 1.0)

    weights = np.zeros((len(times_s), len(ARKIT_NAMES)))
    for channels in CHANNEL_GROUPS.values():
        for channel in channels:
            weights[:, channel] = np.interp(times_s + LEAD_S, inner_s, inner[:, channel])

    phones = speech.phones or ()
    contact = min(1.0, controls.articulation / _FULL_CONTACTS_FROM)
    trust = contact * closure_confidence(phones, speech.phone_source, prosody)
    return SpeechMotion(
        weights=weights,
        closure=contact_curve(phones, BILABIALS, times_s, trust, LEAD_S),
        labiodental=contact_curve(phones, LABIODENTALS, times_s, np.full(len(phones), contact), LEAD_S),
        sibilant=contact_curve(phones, SIBILANTS, times_s, np.full(len(phones), contact), LEAD_S),
        times_s=times_s,
    )


def _from_sound(
    speech: Speech, prosody: Prosody, inner_s: np.ndarray, controls: ArticulationControls
) -> Float[np.ndarray, "inner 52"]:
    opening = sound_opening(speech, prosody, inner_s) * loudness_share(speech, prosody, inner_s)
    weights = opening[:, None] * _OPEN_MOUTH
    _scale_parts(weights, controls)
    return weights


def _from_phones(
    speech: Speech, prosody: Prosody, inner_s: np.ndarray, controls: ArticulationControls
) -> Float[np.ndarray, "inner 52"]:
    segments = viseme_segments(speech.phones or ())
    gains = {"jaw": jaw_gains(segments, prosody, controls.dynamics)}
    lips = lip_gains(segments, prosody, controls.dynamics)
    lead = phone_lead(speech, prosody, inner_s)
    weights = np.zeros((len(inner_s), len(ARKIT_NAMES)))
    for group, channels in CHANNEL_GROUPS.items():
        columns = list(channels)
        gain = gains.get(group, lips if group in LIP_GROUPS else np.ones(len(segments)))
        targets = VISEME_WEIGHTS[segments.viseme][:, columns] * gain[:, None]
        curve = smooth(blend(segments, targets, group, inner_s), _SMOOTHING_S[group], inner_s)
        weights[:, columns] = curve * lead[:, None] if group in ("jaw", "opening") else curve
    _scale_parts(weights, controls)
    return weights


def _scale_parts(weights: np.ndarray, controls: ArticulationControls) -> None:
    """Apply the two style axes to the jaw part and the lip part."""
    weights[:, list(CHANNEL_GROUPS["jaw"])] *= controls.jaw
    for group in LIP_GROUPS:
        weights[:, list(CHANNEL_GROUPS[group])] *= controls.lips
