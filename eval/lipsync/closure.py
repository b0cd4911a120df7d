"""Whether the lips do what the sounds need: shut at P, B and M, lower lip at the teeth at F and V, open at vowels.

Every class of sounds is looked at through the same window, `WINDOW_S` around the middle of the phone. A window from
start to end would be longer for vowels, and a longer window holds a closed mouth more often.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.speech import Phone
from espressivo.eval.lipsync.lag import EYE_CORNERS, distance

BILABIALS = frozenset({"P", "B", "M"})
LABIODENTALS = frozenset({"F", "V"})
VOWELS = frozenset({"AA", "AE", "AY", "AW", "EY", "OW", "IY", "EH", "AO", "UW"})

WINDOW_S = 0.06
"""Looked at before and after the middle of a phone."""
CLOSED_SHARE = 0.25
"""A mouth counts as closed below this share of the way from the clip's 5th to its 95th percentile of opening."""
RIG_SHARE = 0.10
"""The stricter share that a rig's own lip gap is held to, which has no error of measurement."""

_INNER_LIPS = (13, 14)
_LOWER_LIP, _UNDER_NOSE = 14, 2


def inner_opening(points: Float[np.ndarray, "frames points 3"]) -> Float[np.ndarray, "frames"]:
    """Return the gap between the inner lips, 3-D, in units of the distance between the outer eye corners."""
    return distance(points, *_INNER_LIPS) / distance(points, *EYE_CORNERS)


def labiodental_gap(points: Float[np.ndarray, "frames points 3"]) -> Float[np.ndarray, "frames"]:
    """Return how far the edge of the lower lip is below the base of the nose, in the same unit.

    A mesh has no teeth, but the upper incisors move with the skull, as the base of the nose does: at F and V the lower
    lip comes up to them whatever the upper lip does, so this distance is small there.
    """
    return distance(points, _LOWER_LIP, _UNDER_NOSE) / distance(points, *EYE_CORNERS)


def closed_at(
    opening: Float[np.ndarray, "frames"], fps: float, centres_s: Iterable[float], share: float = CLOSED_SHARE
) -> Bool[np.ndarray, "centres"]:
    """Say for each moment whether the mouth closes around it.

    It does if the least opening of the frames within `WINDOW_S` lies below p5 + `share` (p95 - p5), percentiles of the
    whole clip. A curve that stands still is never closed.

    Args:
        opening: one value per frame.
        fps: of `opening`.
        centres_s: middles of phones.
        share: `CLOSED_SHARE` for faces read off a video, `RIG_SHARE` for the lip gap of a rig.
    """
    low, high = np.percentile(opening, (5, 95))
    limit = low + share * (high - low)
    windows = [window_frames(centre, WINDOW_S, fps, len(opening)) for centre in centres_s]
    return np.array([bool(opening[window].min() < limit) for window in windows], bool)


def centres_of(phones: Sequence[Phone] | Sequence[tuple[str, float, float]], labels: frozenset[str]) -> list[float]:
    """Return the middles of the phones whose label is among `labels`, seconds."""
    rows = [(phone.label, phone.start_s, phone.end_s) if isinstance(phone, Phone) else phone for phone in phones]
    return [(start + end) / 2 for label, start, end in rows if label in labels]


def window_frames(centre_s: float, reach_s: float, fps: float, frames: int) -> slice:
    """Return the frames that are on show at any time within `reach_s` of a moment (frame k from k / fps on)."""
    edges = np.floor(np.array([centre_s - reach_s, centre_s + reach_s]) * fps).astype(int)
    first, last = np.clip(edges, 0, frames - 1)
    return slice(int(first), int(last) + 1)
