"""Where the eyes look: glances away and back, small jumps during fixation, and an emotion's way of looking.

The statistics are those of S. P. Lee, J. B. Badler, N. I. Badler, "Eyes Alive", ACM TOG 21(3), 2002: sizes, directions
and durations of saccades, and how long gaze stays on the listener and away, while talking and while listening.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.track import EmotionCurves
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.rig import GAZE_AT_FULL_WEIGHT_RAD

STREAM: Final = 23
"""Number of this component's random stream."""

DIRECTION_SHARES: Final = (15.54, 6.46, 17.69, 7.44, 16.80, 7.89, 20.38, 7.79)
"""Percent of saccades towards 0, 45, ... 315 degrees; 0 is the performer's left, 90 is up."""
LARGEST_TALKING_DEG: Final = 27.5
LARGEST_LISTENING_DEG: Final = 22.7
HOLDS_S: Final = {  # (mean, standard deviation), from frames at 30 fps
    ("talking", "mutual"): (93.9 / 30, 94.9 / 30),
    ("talking", "away"): (27.8 / 30, 24.0 / 30),
    ("listening", "mutual"): (237.5 / 30, 47.1 / 30),
    ("listening", "away"): (13.0 / 30, 7.1 / 30),
}
SHORTEST_HOLD_S: Final = 0.15
SACCADE_S: Final = 0.025
SACCADE_S_PER_DEG: Final = 0.0024
CAMERA_SHARE: Final = 0.4
"""A performer who speaks to a camera glances away less far than people in conversation (estimate .3-.5)."""
LARGE_SHIFT_DEG: Final = 22.0
"""A shift of this size, before `CAMERA_SHARE`, comes with a blink."""

JUMP_DEG: Final = (0.5, 1.0)
JUMP_EVERY_S: Final = (0.6, 1.5)
"""Fixational jumps."""
AVERT_CHANCE: Final = 0.6
AVERT_BEFORE_S: Final = 0.8
"""Gaze often leaves the listener before an utterance that follows a pause."""
UTTERANCE_PAUSE_S: Final = 0.6

HEAD_COMPENSATION: Final = 0.85
"""Share of the head's turn that the eyes undo, so that they stay on the viewer."""
_LIMIT_RAD: Final = np.radians([35.0, 28.0])


class Look(NamedTuple):
    """How an emotion looks at full intensity."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    """Down is positive."""
    glances: float = 1.0
    """Factor of the size of glances away."""


LOOKS: Final = {
    "happiness": Look(glances=0.8),
    "sadness": Look(pitch_deg=13, glances=0.9),
    "fear": Look(yaw_deg=-3, glances=1.5),
    "disgust": Look(yaw_deg=-3, pitch_deg=3),
    "anger": Look(glances=0.5),
    "contempt": Look(yaw_deg=-3, pitch_deg=1),
    "calm": Look(glances=0.7),
    "boredom": Look(yaw_deg=5, pitch_deg=4, glances=1.4),
}
"""Sad people look down (eyeLookDown .44 of the reader's range on labelled faces); the others are estimates."""


@dataclass(frozen=True, eq=False)
class Glances:
    """The targets of a take's gaze, in degrees; each holds until the next."""

    starts_s: Float[np.ndarray, "n"]
    yaw_deg: Float[np.ndarray, "n"]
    pitch_deg: Float[np.ndarray, "n"]

    def large_shifts_s(self) -> Float[np.ndarray, "shifts"]:
        """Moments of shifts that come with a blink."""
        size = np.hypot(np.diff(self.yaw_deg, prepend=0), np.diff(self.pitch_deg, prepend=0))
        return self.starts_s[size >= LARGE_SHIFT_DEG]

    def at(self, times_s: Float[np.ndarray, "frames"]) -> Float[np.ndarray, "frames 2"]:
        """Yaw and pitch over time; every move is a saccade of the duration its size asks for."""
        target = np.stack([self.yaw_deg, self.pitch_deg], 1)
        before = np.concatenate([np.zeros((1, 2)), target[:-1]])
        now = np.searchsorted(self.starts_s, times_s, side="right") - 1
        step = target - before
        duration_s = SACCADE_S + SACCADE_S_PER_DEG * np.hypot(*step.T)
        u = np.clip((times_s - self.starts_s[now]) / duration_s[now], 0, 1)[:, None]
        return np.where(now[:, None] >= 0, before[now] + step[now] * u**2 * (3 - 2 * u), 0.0)


def gaze_motion(
    glances: Glances,
    curves: EmotionCurves,
    seed: int,
    gain: float = 1.0,
    head_rad: Float[np.ndarray, "frames 3"] | None = None,
) -> Float[np.ndarray, "frames 2"]:
    """Eye rotation in the head, radians (yaw, pitch; signs of `FaceMotion.gaze_rad`), at `curves.times_s`.

    The emotion scales the glances and shifts where the eyes rest; it changes no moment and no draw.

    Args:
        glances: The take's glances (`schedule_glances`).
        curves: Strengths at every frame.
        seed: Chooses the fixational jumps.
        gain: Factor of everything; above 1 the head is still compensated once.
        head_rad: Head rotation, which the eyes undo in part.
    """
    times_s = np.asarray(curves.times_s, float)
    strengths = np.asarray(curves.strengths, float)
    looks = np.array([LOOKS.get(category, Look()) for category in CATEGORIES])
    size = CAMERA_SHARE * (1 + strengths @ (looks[:, 2] - 1))
    degrees = glances.at(times_s) * size[:, None] + _jumps(times_s, seed).at(times_s) + strengths @ looks[:, :2]
    gaze = gain * np.radians(degrees)
    if head_rad is not None:
        gaze = gaze - min(gain, 1.0) * HEAD_COMPENSATION * np.asarray(head_rad, float)[:, [1, 0]]
    return np.clip(gaze, -_LIMIT_RAD, _LIMIT_RAD).astype(np.float32)


def schedule_glances(prosody: Prosody, duration_s: float, seed: int) -> Glances:
    """Draw when the gaze leaves the viewer, where to, and when it comes back."""
    rng = np.random.default_rng([seed, STREAM])
    averts = _averts_s(prosody, rng.spawn(1)[0])
    shares = np.array(DIRECTION_SHARES) / sum(DIRECTION_SHARES)
    rows: list[tuple[float, float, float]] = []
    t = 0.0
    while t < duration_s:
        mode = _mode(prosody, t)
        stay_s, away_s = (_hold_s(mode, kind, rng) for kind in ("mutual", "away"))
        size_deg = -6.9 * np.log(rng.uniform(0.0, 15.0) / 15.7 + 1e-9)
        size_deg = min(size_deg, LARGEST_TALKING_DEG if mode == "talking" else LARGEST_LISTENING_DEG)
        angle = np.radians(45 * rng.choice(8, p=shares) + 8 * rng.standard_normal())
        leave_s = min([t + stay_s, *(a for a in averts if t + SHORTEST_HOLD_S < a < t + stay_s)])
        rows.append((leave_s, size_deg * np.cos(angle), -size_deg * np.sin(angle)))
        t = leave_s + away_s
        rows.append((t, 0.0, 0.0))
    return Glances(*np.array(rows, float).reshape(-1, 3).T)


def look_channels(
    weights: Float[np.ndarray, "frames 52"], gaze_rad: Float[np.ndarray, "frames 2"]
) -> Float[np.ndarray, "frames 52"]:
    """Set the eyeLook channels to what the gaze is, so that exports and lids say the same as the eyes."""
    looking = np.array(weights, np.float32)
    side, down = (gaze_rad / np.array(GAZE_AT_FULL_WEIGHT_RAD)).T
    values = {
        "eyeLookOutLeft": side, "eyeLookInRight": side, "eyeLookInLeft": -side, "eyeLookOutRight": -side,
        "eyeLookDownLeft": down, "eyeLookDownRight": down, "eyeLookUpLeft": -down, "eyeLookUpRight": -down,
    }  # fmt: skip
    for name, value in values.items():
        looking[:, CHANNEL[name]] = np.clip(value, 0, 1)
    return looking


def _mode(prosody: Prosody, moment_s: float) -> str:
    frame = int(moment_s * prosody.rate_hz)
    around = prosody.speaking[max(0, frame - 50) : frame + 150]
    return "talking" if around.any() else "listening"


def _hold_s(mode: str, kind: str, rng: np.random.Generator) -> float:
    """A gamma-distributed hold of the published mean and deviation."""
    mean, deviation = HOLDS_S[mode, kind]
    return max(SHORTEST_HOLD_S, rng.gamma((mean / deviation) ** 2, deviation**2 / mean))


def _averts_s(prosody: Prosody, rng: np.random.Generator) -> list[float]:
    """Moments before utterances at which the gaze leaves the viewer."""
    chances = rng.random(len(prosody.pauses))
    return [
        end_s - AVERT_BEFORE_S
        for (start_s, end_s), chance in zip(prosody.pauses, chances, strict=True)
        if chance < AVERT_CHANCE and end_s - start_s >= UTTERANCE_PAUSE_S and end_s > AVERT_BEFORE_S
    ]


def _jumps(times_s: Float[np.ndarray, "frames"], seed: int) -> Glances:
    """Small fixational jumps around the target."""
    rng = np.random.default_rng([seed, STREAM, 1])
    end_s = float(times_s[-1]) if len(times_s) else 0.0
    starts = np.cumsum(rng.uniform(*JUMP_EVERY_S, size=int(end_s / JUMP_EVERY_S[0]) + 2))
    size, angle = rng.uniform(*JUMP_DEG, size=len(starts)), rng.uniform(0, 2 * np.pi, size=len(starts))
    return Glances(starts, size / 2 * np.cos(angle), size / 2 * np.sin(angle))
