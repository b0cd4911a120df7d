"""From scores per frame to a line of phones: Viterbi search with least durations and a phone bigram."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.phones_neural.features import FRAME_RATE_HZ
from espressivo.conditioning.phones_neural.inventory import PHONES
from espressivo.conditioning.speech import SILENCE, Phone

_LEAST_FRAMES = np.array([8 if phone == SILENCE else 3 for phone in PHONES])
_DEPTH = int(_LEAST_FRAMES.max())
# Chosen on the dev speakers of the training speech.
_BIGRAM_WEIGHT = 0.5
_SHARE_WEIGHT = 0.5


@dataclass(frozen=True)
class HeardPhone:
    """A phone and how sure the network is: the mean probability of its label over its frames."""

    phone: Phone
    confidence: float


def decode(
    log_posterior: Float[np.ndarray, "frames phones"],
    log_share: Float[np.ndarray, " phones"],
    log_bigram: Float[np.ndarray, "phones phones"],
    duration_s: float,
) -> tuple[HeardPhone, ...]:
    """Return the most probable line of phones, without gaps from 0 to `duration_s`.

    Args:
        log_posterior: of each phone at frames centred on i / 100 s.
        log_share: of each phone among all frames; part of it is taken off, so that rare phones stand a chance.
        log_bigram: of the column's phone after the row's.
        duration_s: of the sound; more than 0.
    """
    path = _best_path(log_posterior - _SHARE_WEIGHT * log_share, _BIGRAM_WEIGHT * log_bigram)
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    stops = np.append(starts[1:], len(path))
    # Frame i stands for the time from i - 1/2 to i + 1/2, so phones meet midway between their frames.
    edges_s = np.append((starts - 0.5) / FRAME_RATE_HZ, duration_s)
    edges_s[0] = 0.0
    posterior = np.exp(log_posterior)
    return tuple(
        HeardPhone(
            Phone(PHONES[path[start]], float(start_s), float(end_s)), float(posterior[start:stop, path[start]].mean())
        )
        for start, stop, start_s, end_s in zip(starts, stops, edges_s[:-1], edges_s[1:], strict=True)
        if end_s > start_s
    )


def _best_path(
    score: Float[np.ndarray, "frames phones"], transition: Float[np.ndarray, "phones phones"]
) -> Int[np.ndarray, " frames"]:
    """Return the phone at each frame on the path with the highest sum of scores and transitions.

    A phone is a chain of `_DEPTH` states that is entered so late that `_LEAST_FRAMES` are left; only the last state may
    be stayed in. A line shorter than a chain may end anywhere in it.
    """
    frames, phones = score.shape
    every = np.arange(phones)
    entry = _DEPTH - _LEAST_FRAMES
    transition = np.where(np.eye(phones, dtype=bool), -np.inf, transition)
    stayed = np.zeros((frames, phones), dtype=bool)
    entered_from = np.zeros((frames, phones), dtype=np.uint8)
    reached = np.full((phones, _DEPTH), -np.inf)
    reached[every, entry] = score[0]
    # What was cut in the middle of a sound may begin in any state.
    reached[:, -1] = score[0]
    for frame in range(1, frames):
        last = reached[:, -1]
        arrivals = last[:, None] + transition
        entered_from[frame] = arrivals.argmax(axis=0)
        moved = np.full_like(reached, -np.inf)
        moved[:, 1:] = reached[:, :-1]
        moved[every, entry] = arrivals[entered_from[frame], every]
        stayed[frame] = last >= moved[:, -1]
        moved[:, -1] = np.maximum(last, moved[:, -1])
        reached = moved + score[frame][:, None]

    phone, state = (int(i) for i in np.unravel_index(reached.argmax(), reached.shape))
    path = np.empty(frames, dtype=np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = phone
        if state == _DEPTH - 1 and stayed[frame, phone]:
            continue
        if state == entry[phone]:
            phone, state = int(entered_from[frame][phone]), _DEPTH - 1
        else:
            state -= 1
    return path
