"""Emotion over time: keyframes, their sampling, and JSON."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.easing import EASES, Ease, interpolate
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError

MAX_TIME_S = 1e6


@dataclass(frozen=True)
class Keyframe:
    """A state at a time, and how the track leaves it.

    Raises:
        EmotionError: a time that is negative, not finite or over `MAX_TIME_S`, or an unknown ease.
    """

    t_s: float
    """Kept to the microsecond, so that neighbours are the same moment or far enough apart to have a slope."""
    state: EmotionState
    ease: Ease = "linear"
    """The way to the next keyframe: `step` holds, `smooth` is 3u^2-2u^3, `pchip` a monotone cubic that runs through."""

    def __post_init__(self) -> None:
        if not 0 <= self.t_s <= MAX_TIME_S:
            raise EmotionError(f"Keyframe time {self.t_s:g} s must lie between 0 and {MAX_TIME_S:.0f} s.")
        if self.ease not in EASES:
            raise EmotionError(f"Ease {self.ease!r} of a keyframe must be one of {', '.join(EASES)}.")
        object.__setattr__(self, "t_s", round(float(self.t_s), 6) + 0.0)


@dataclass(frozen=True, eq=False)
class EmotionCurves:
    """A track sampled at times: what generators read. Arrays are read-only."""

    times_s: Float[np.ndarray, "times"]
    strengths: Float[np.ndarray, "times categories"]
    """Weight times intensity, float32, columns as `CATEGORIES`; rows sum to at most 1 and neutral's column is 0."""
    vad: Float[np.ndarray, "times 3"]
    """Valence, arousal, dominance in [-1, 1], float32."""

    def __post_init__(self) -> None:
        for array in (self.times_s, self.strengths, self.vad):
            array.setflags(write=False)


@dataclass(frozen=True)
class EmotionTrack:
    """Keyframed emotion in seconds. The first state holds before its time, the last one after its own.

    Keyframes may be given in any order; of two at the same time the later one in the list wins.

    Raises:
        EmotionError: there is no keyframe.
    """

    keyframes: tuple[Keyframe, ...]

    def __post_init__(self) -> None:
        by_time = {keyframe.t_s: keyframe for keyframe in self.keyframes}
        if not by_time:
            raise EmotionError("An emotion track needs at least one keyframe.")
        object.__setattr__(self, "keyframes", tuple(by_time[t_s] for t_s in sorted(by_time)))

    @classmethod
    def constant(cls, state: EmotionState) -> Self:
        """One state from beginning to end."""
        return cls((Keyframe(0.0, state),))

    @property
    def times_s(self) -> Float[np.ndarray, "keyframes"]:
        """Times of the keyframes."""
        return np.array([keyframe.t_s for keyframe in self.keyframes])

    def sample(self, times_s: Float[np.ndarray, "times"]) -> EmotionCurves:
        """Sample at any times; each value depends on its own time only, so chunks join up to the bit."""
        times_s = np.array(times_s, dtype=float)
        strengths, vad = self._channels_at(times_s)
        return EmotionCurves(times_s, strengths.astype(np.float32), vad.astype(np.float32))

    def sample_fps(self, fps: float, duration_s: float) -> EmotionCurves:
        """Sample at the left edges of the frames that cover `duration_s` seconds."""
        frames = math.ceil(duration_s * fps - 1e-9)
        return self.sample(np.arange(frames) / fps)

    def state_at(self, t_s: float) -> EmotionState:
        """Return the state at one time."""
        index = max(0, int(np.searchsorted(self.times_s, t_s, side="right")) - 1)
        before, after = self.keyframes[index], self.keyframes[min(index + 1, len(self.keyframes) - 1)]
        if t_s <= before.t_s or before is after or before.ease == "step":
            return before.state
        strengths, vad = (channel[0].tolist() for channel in self._channels_at(np.array([t_s])))
        named: dict[str, float] = dict(zip(CATEGORIES, strengths, strict=True))
        present = {name: named[name] for name in {**before.state.weights, **after.state.weights}}
        # A cubic's slopes differ between channels: VAD then does not follow from the strengths.
        own_place = before.state.vad_override or after.state.vad_override or before.ease == "pchip"
        place = (vad[0], vad[1], vad[2]) if own_place else None
        return EmotionState.from_strengths(present, place, before.state.style)

    def to_json(self) -> str:
        """Write as JSON: `{"keyframes": [{"t_s", "weights", "intensity", "vad"?, "style"?, "ease"}]}`."""
        return json.dumps({"keyframes": [_keyframe_record(keyframe) for keyframe in self.keyframes]}, indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` writes.

        Raises:
            EmotionError: it is no JSON of that form; the message names the keyframe.
        """
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise EmotionError(f"The emotion track is no JSON ({error}).") from None
        if not isinstance(record, dict) or not isinstance(record.get("keyframes"), list):
            raise EmotionError('The emotion track must be JSON like {"keyframes": [{"t_s": 0, "weights": {...}}]}.')
        return cls(tuple(_read_keyframe(number, item) for number, item in enumerate(record["keyframes"], start=1)))

    def _channels_at(
        self, times_s: Float[np.ndarray, "times"]
    ) -> tuple[Float[np.ndarray, "times categories"], Float[np.ndarray, "times 3"]]:
        """Strengths and VAD in float64."""
        values = np.array([[*keyframe.state.strengths(), *keyframe.state.vad] for keyframe in self.keyframes])
        eases: tuple[Ease, ...] = tuple(keyframe.ease for keyframe in self.keyframes)
        sampled = interpolate(self.times_s, values, eases, times_s)
        strengths, vad = sampled[:, : len(CATEGORIES)], sampled[:, len(CATEGORIES) :]
        # Cubics of different categories can add up to a little more than 1 between keyframes.
        return strengths / np.maximum(1.0, strengths.sum(axis=1, keepdims=True)), vad + 0.0


def _keyframe_record(keyframe: Keyframe) -> dict[str, Any]:
    state = keyframe.state
    optional = {"vad": state.vad_override, "style": state.style}
    return {
        "t_s": keyframe.t_s,
        "weights": dict(state.weights),
        "intensity": state.intensity,
        **{name: value for name, value in optional.items() if value is not None},
        "ease": keyframe.ease,
    }


def _read_keyframe(number: int, record: Any) -> Keyframe:
    known = {"t_s", "weights", "intensity", "vad", "style", "ease"}
    if not isinstance(record, Mapping) or not {"t_s", "weights"} <= record.keys() <= known:
        raise EmotionError(f"Keyframe {number} must hold t_s and weights, and may hold intensity, vad, style and ease.")
    try:
        vad = record.get("vad")
        state = EmotionState(
            record["weights"],
            record.get("intensity", 1.0),
            None if vad is None else tuple(vad),
            record.get("style"),
        )
        return Keyframe(record["t_s"], state, record.get("ease", "linear"))
    except (TypeError, AttributeError, ValueError, OverflowError):
        raise EmotionError(f"Keyframe {number} holds a value of the wrong type.") from None
    except EmotionError as error:
        raise EmotionError(f"Keyframe {number}: {error}") from None
