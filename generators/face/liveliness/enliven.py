"""Bring a speaking, feeling face to life: head, gaze and blinks on top of its weights."""

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.prosody import Prosody
from espressivo.conditioning.track import EmotionCurves
from espressivo.generators.face.liveliness.blinks import blink_motion, close_lids
from espressivo.generators.face.liveliness.controls import LivelinessControls
from espressivo.generators.face.liveliness.gaze import gaze_motion, look_channels, schedule_glances
from espressivo.generators.face.liveliness.head import head_motion
from espressivo.generators.face.motion import FaceMotion


def enliven(
    weights: Float[np.ndarray, "frames 52"],
    curves: EmotionCurves,
    prosody: Prosody,
    fps: float,
    seed: int = 0,
    controls: LivelinessControls | None = None,
) -> FaceMotion:
    """Add head motion, gaze and blinks.

    Args:
        weights: ARKit weights of speech and expression.
        curves: Emotion at the same frames, best with the face's own onsets (`Expression.curves`).
        prosody: The line's pauses and accents.
        fps: Frames per second.
        seed: Chooses the take.
        controls: Gains by part.
    """
    gains = controls or LivelinessControls()
    head_rad = head_motion(prosody, curves, seed, gains.head)
    glances = schedule_glances(prosody, len(weights) / fps, seed)
    gaze_rad = gaze_motion(glances, curves, seed, gains.gaze, head_rad)
    shifts_s = glances.large_shifts_s() if gains.gaze else None
    lids = blink_motion(prosody, curves, seed, gains.blinks, shifts_s)
    return FaceMotion(close_lids(look_channels(weights, gaze_rad), lids), head_rad, gaze_rad, fps)
