"""PC-Talk's control on the motion of any face generator.

    speaking = the motion without emotion, its lips spoken in a style, as large as asked, edited
    pure     = the motion with an emotion less the one without, by the same seed
    result   = speaking + gain x sum of (pure, cut to its region), with lips shut wherever phones shut them

With every dial at rest that is the face generator's own motion to the bit, and an edit of one word leaves all frames
outside of it as they are, to the bit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.prosody import Prosody, analyse_prosody
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.generators.base import Generator
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.articulation.closure import LipGap
from espressivo.generators.face.expression.compose import SPEAKING_SHARE, hold_opposites, mouth_share
from espressivo.generators.face.expression.dynamics import shape_onsets
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.pctalk.conditions import Condition
from espressivo.generators.portrait.pctalk.contacts import touch_again
from espressivo.generators.portrait.pctalk.deformation import Deformation, deformed
from espressivo.generators.portrait.pctalk.direction import Direction
from espressivo.generators.portrait.pctalk.lids import with_blinks, without_blinks
from espressivo.generators.portrait.pctalk.speaking import spoken
from espressivo.generators.registry import request_for
from espressivo.progress import ProgressCallback, ProgressEvent

Emphasis = Callable[
    [
        Float[np.ndarray, "frames 52"],
        Float[np.ndarray, "frames categories"],
        Float[np.ndarray, "frames"],
        Float[np.ndarray, "frames"],
    ],
    Float[np.ndarray, "frames 52"],
]
"""(pure deformation, strengths of its emotion, how far its mouth has given way to speech, how round sounds make the
lips) -> the deformation as a renderer has to show it."""

_NEUTRAL: Final = parse_emotion("neutral")
_STAGE: Final = "move the face"
_ROUNDED: Final = [CHANNEL["mouthFunnel"], CHANNEL["mouthPucker"]]
_SAME: Final = 1e-5
"""Frames that differ by less have only been rounded on their way through the algebra."""


@dataclass(frozen=True, eq=False)
class ControlledFace:
    """The parts of a face's motion, before they are put together."""

    speech: Speech
    prosody: Prosody
    full: FaceMotion
    """What the face generator makes of the main emotion."""
    speaking: FaceMotion
    """Without emotion and blinks."""
    blinks: Float[np.ndarray, "frames 2"]
    pure: tuple[tuple[Condition, Deformation], ...]
    """Every emotion and what it alone does, not yet cut to its region."""
    gain: float

    def motion(self, lip_gap: LipGap) -> FaceMotion:
        """Return ARKit weights in [0, 1], with contacts made on a rig whose lips part by this law."""
        parts = [part.times(self.gain).within(condition.region) for condition, part in self.pure]
        moved = deformed(self.speaking, parts)
        weights = hold_opposites(np.clip(moved.weights, 0.0, 1.0))
        moved = with_blinks(FaceMotion(weights, moved.head_rad, moved.gaze_rad, moved.fps), self.blinks)
        weights, changed = _kept(moved.weights, self.full.weights)
        return FaceMotion(
            touch_again(weights, changed, self.speech, self.prosody, moved.times_s, lip_gap),
            _kept(moved.head_rad, self.full.head_rad)[0],
            _kept(moved.gaze_rad, self.full.gaze_rad)[0],
            moved.fps,
        )

    def emphasised(self, emphasis: Emphasis, lip_gap: LipGap) -> FaceMotion:
        """Return the motion for a renderer that shows emotions by its own measure; weights may go beyond 1."""
        plain, times_s = self.motion(lip_gap), self.speaking.times_s
        weights = self.speaking.weights.astype(np.float64)
        gave_way = ((1 - mouth_share(self.prosody, times_s)) / (1 - SPEAKING_SHARE)).astype(np.float32)
        rounded = np.clip(self.speaking.weights[:, _ROUNDED].sum(axis=1), 0, 1)
        for condition, part in self.pure:
            strengths = shape_onsets(condition.emotion.sample(times_s).strengths, plain.fps)
            stronger = Deformation(emphasis(part.weights, strengths, gave_way, rounded), part.head_rad, part.gaze_rad)
            weights += stronger.times(self.gain).within(condition.region).weights
        moved = with_blinks(
            FaceMotion(np.maximum(weights, 0.0), plain.head_rad, plain.gaze_rad, plain.fps), self.blinks
        )
        everywhere = np.ones(len(moved), bool)
        weights = touch_again(moved.weights, everywhere, self.speech, self.prosody, times_s, lip_gap)
        return FaceMotion(weights, plain.head_rad, plain.gaze_rad, plain.fps)


def control(
    generator: Generator,
    speech: Speech,
    emotion: EmotionTrack,
    direction: Direction,
    fps: float = 25.0,
    seed: int = 0,
    face_controls: Any = None,
    progress: ProgressCallback | None = None,
) -> ControlledFace:
    """Let a face generator move once for every emotion and once for none, and take the motions apart.

    Args:
        generator: of kind `face`.
        speech: the line, with phones.
        emotion: of the whole face.
        direction: everything else that is asked.
        fps: frames per second.
        seed: of the face generator, if it has one.
        face_controls: dials of the face generator; one that has others, or none, does not see them.
        progress: told how far it has come.

    Raises:
        InputError: the generator moves no faces, or an edit is for a word that is not said.
    """
    if generator.spec.kind != "face":
        raise InputError(f"'{generator.spec.name}' moves no face; choose a face generator, such as parametric.")
    report = progress or (lambda event: None)
    own = {"controls": face_controls} if _takes(generator, face_controls) else {}
    conditions = (Condition(emotion), *direction.conditions)
    tracks = list(dict.fromkeys([_NEUTRAL, *(condition.emotion for condition in conditions)]))
    motions: dict[EmotionTrack, FaceMotion] = {}
    for number, track in enumerate(tracks):
        report(ProgressEvent(_STAGE, number / len(tracks)))
        asked = {"speech": speech, "emotion": track, "fps": fps, "seed": seed} | own
        motions[track] = generator.generate(request_for(generator, asked, at_rest={"seed": seed}))
    prosody = analyse_prosody(speech)
    still = {track: without_blinks(motion) for track, motion in motions.items()}
    neutral, _ = still[_NEUTRAL]
    face = ControlledFace(
        speech=speech,
        prosody=prosody,
        full=motions[emotion],
        speaking=spoken(neutral, direction, speech, prosody),
        blinks=still[emotion][1],
        pure=tuple((one, Deformation.between(neutral, still[one.emotion][0])) for one in conditions),
        gain=direction.gain,
    )
    report(ProgressEvent(_STAGE, 1.0, 0.0))
    return face


def _takes(generator: Generator, face_controls: Any) -> bool:
    """Whether the generator has dials, and these are of that kind."""
    field = generator.Request.model_fields.get("controls")
    return field is not None and field.annotation is type(face_controls)


def _kept(
    made: Float[np.ndarray, "frames n"], before: Float[np.ndarray, "frames n"]
) -> tuple[Float[np.ndarray, "frames n"], Bool[np.ndarray, "frames"]]:
    """Put back, to the bit, the rows that were not meant to change; return also which rows were."""
    changed = np.abs(made - before).max(axis=1) > _SAME
    return np.where(changed[:, np.newaxis], made, before), changed
