"""When lips or teeth have to touch: one curve per kind of contact, 1 while it must be complete."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.speech import Phone

BILABIALS: Final = ("P", "B", "M")
LABIODENTALS: Final = ("F", "V")
SIBILANTS: Final = ("S", "Z", "SH", "ZH", "CH", "JH")

_CLOSING_S: Final = 0.075
_RELEASE_S: Final = 0.065
"""How long lips take to meet and to part."""
_FIRST: Final = 0.1
_LAST: Final = 0.8
"""Part of the phone in which the contact is complete; the rest is its approach and its burst."""
_HALF_HOLD_S: Final = 0.025
"""Every contact lasts at least this long before and after the phone's centre, however short the phone."""


def contact_curve(
    phones: Sequence[Phone],
    labels: Sequence[str],
    times_s: Float[np.ndarray, "frames"],
    strengths: Float[np.ndarray, "phones"] | None = None,
    lead_s: float = 0.0,
) -> Float[np.ndarray, "frames"]:
    """Return how complete the contact of the phones named `labels` is at `times_s`, in [0, 1].

    The frame nearest to such a phone's centre shows the full contact at any frame rate, even if the phone falls between
    two frames. `strengths` (one per phone) scales contacts that may not be there, as with recognised phones. With
    `lead_s` a contact is made and released that much before its sound, but not released before the centre.
    """
    curve = np.zeros(len(times_s))
    wanted = [index for index, phone in enumerate(phones) if phone.label in labels]
    if not wanted or not len(times_s):
        return curve
    start_s = np.array([phones[index].start_s for index in wanted])
    end_s = np.array([phones[index].end_s for index in wanted])
    strength = np.ones(len(wanted)) if strengths is None else strengths[wanted]

    length_s, centre_s = end_s - start_s, 0.5 * (start_s + end_s)
    nearest_s = times_s[_nearest(times_s, centre_s)]
    # A phone at the very end may lie up to 1.5 frames behind the last one, when the line is no whole number of frames.
    near_enough = np.abs(nearest_s - centre_s) <= 1.5 * _spacing_s(times_s)
    shown_s = np.where(near_enough, nearest_s, centre_s)
    first_s = np.minimum(np.minimum(start_s + _FIRST * length_s, centre_s - _HALF_HOLD_S) - lead_s, shown_s)
    last_s = np.maximum(np.maximum(start_s + _LAST * length_s, centre_s + _HALF_HOLD_S) - lead_s, shown_s)

    begin = np.searchsorted(times_s, first_s - _CLOSING_S)
    count = np.searchsorted(times_s, last_s + _RELEASE_S, side="right") - begin
    contact = np.repeat(np.arange(len(wanted)), count)
    frame = np.arange(len(contact)) - np.repeat(np.cumsum(count) - count - begin, count)
    closing = (first_s[contact] - times_s[frame]) / _CLOSING_S
    releasing = (times_s[frame] - last_s[contact]) / _RELEASE_S
    level = smoothstep(1.0 - np.maximum(np.maximum(closing, releasing), 0.0))
    np.maximum.at(curve, frame, strength[contact] * level)
    return curve


def smoothstep(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Ease from 0 to 1 with level ends; `x` beyond [0, 1] is held."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _nearest(times_s: np.ndarray, wanted_s: np.ndarray) -> np.ndarray:
    right = np.clip(np.searchsorted(times_s, wanted_s), 0, len(times_s) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(np.abs(times_s[left] - wanted_s) <= np.abs(times_s[right] - wanted_s), left, right)


def _spacing_s(times_s: np.ndarray) -> float:
    return float(np.max(np.diff(times_s))) if len(times_s) > 1 else np.inf
