"""The built-in face generator: speech moves the mouth, emotion the whole face, and the face stays alive."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field

from espressivo.errors import InputError
from espressivo.generators.base import GenerationRequest, GeneratorSpec
from espressivo.generators.face.controls import FaceControls
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.inputs import EmotionInput, SpeechInput
from espressivo.progress import ProgressCallback, ProgressEvent

if TYPE_CHECKING:
    from espressivo.generators.face.articulation.closure import LipGap

_STAGE = "move the face"


class FaceRequest(GenerationRequest):
    """What the face is asked to do."""

    speech: SpeechInput
    """The line that is spoken; phones are recognised if it has none."""
    emotion: EmotionInput
    """A track, or a text in the command line's notation."""
    fps: float = Field(default=30.0, ge=5, le=120)
    """Frames per second."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Another seed gives other blinks, glances and nods."""
    controls: FaceControls = FaceControls()
    """Gains and speaking style."""


class ParametricFace:
    """Visemes with coarticulation, fitted expressions, blinks, gaze and head motion: rules and tables, no network."""

    spec: ClassVar = GeneratorSpec(
        name="parametric",
        kind="face",
        summary="3D face from rules and tables fitted on real faces; 52 ARKit channels, head and gaze",
        licence="Apache-2.0 (tables computed by this project)",
    )
    Request: ClassVar = FaceRequest

    def __init__(self, lip_gap: "LipGap") -> None:
        self._lip_gap = lip_gap

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        """Load the tables that ship. They run on the CPU, whatever `device` is.

        Raises:
            InputError: a checkpoint was given; this generator has none.
        """
        if checkpoint is not None:
            raise InputError(f"The parametric face takes no checkpoint, so {checkpoint} cannot be used; leave it out.")
        from espressivo.generators.face.articulation.closure import LipGap
        from espressivo.generators.face.rig import load_head

        return cls(LipGap.of(load_head().lip_gap_mm))

    def generate(self, request: FaceRequest, progress: ProgressCallback | None = None) -> FaceMotion:
        """Return the motion of the face for the whole line."""
        from espressivo.conditioning.phones import recognise_phones
        from espressivo.conditioning.prosody import analyse_prosody
        from espressivo.generators.face.articulation.closure import enforce_closures
        from espressivo.generators.face.articulation.composition import articulate
        from espressivo.generators.face.expression.compose import compose
        from espressivo.generators.face.expression.layer import express
        from espressivo.generators.face.liveliness.enliven import enliven

        report = progress or _unheard
        report(ProgressEvent(_STAGE, 0.0))
        controls, fps = request.controls, request.fps
        speech = request.speech if request.speech.phones else recognise_phones(request.speech)
        prosody = analyse_prosody(speech)
        times_s = np.arange(max(1, round(speech.duration_s * fps))) / fps
        report(ProgressEvent(_STAGE, 0.4))

        expression = express(request.emotion.sample(times_s), fps, request.seed, controls)
        spoken = articulate(speech, prosody, times_s, controls)
        report(ProgressEvent(_STAGE, 0.7))

        weights = compose(spoken.weights, expression.weights, prosody, times_s)
        weights = enforce_closures(weights, spoken, self._lip_gap)
        motion = enliven(weights, expression.curves, prosody, fps, request.seed, controls)
        report(ProgressEvent(_STAGE, 1.0, 0.0))
        return motion


def _unheard(event: ProgressEvent) -> None:
    """Report to nobody."""
