"""What a portrait is asked to do."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, InstanceOf, WithJsonSchema

from espressivo.conditioning.borrowed import Borrowed, parse_borrowed
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.generators.base import GenerationRequest
from espressivo.generators.face.controls import FaceControls
from espressivo.generators.inputs import SpeechInput, TranscriptInput
from espressivo.generators.portrait.dicetalk.controls import VariantControls
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.inputmodel import Gain


def _read_emotion(value: Any) -> Any:
    return (parse_borrowed(value) or parse_emotion(value)) if isinstance(value, str) else value


PortraitEmotion = Annotated[
    InstanceOf[EmotionTrack] | InstanceOf[Borrowed],
    BeforeValidator(_read_emotion),
    WithJsonSchema({"type": "string", "description": "Emotion in the command line's notation, a file, or of:CLIP."}),
]
"""An `EmotionTrack`, or a text such as "happiness:0.8" or "of:clip.mp4"."""


class PortraitRequest(GenerationRequest):
    """A photograph, a line and an emotion."""

    speech: SpeechInput
    """The line that is spoken; phones are recognised if it has none."""
    emotion: PortraitEmotion
    """What the face shows: "happiness:0.8", keyframes, a file, "auto" (as the voice sounds), or "of:clip.mp4" (as
    somebody feels in a video, portrait, voice, text or piece of music)."""
    portrait: Path
    """The photograph or painting: PNG, JPEG, WebP or BMP with a face from the front. Or a video of somebody, who then
    says the line instead: the head moves as it was filmed, lips and emotion are new, rate and size are the video's."""
    face: int | None = Field(default=None, ge=0)
    """Which face of the picture, counted from the largest, 0."""
    transcript: TranscriptInput | None = None
    """The words that are spoken, or a .txt file with them: lips are placed better, and single words can be edited."""
    motion: str = "parametric"
    """Name of the face generator that moves the portrait (see `espressivo generators`)."""
    controls: LipControls = LipControls()
    """How the lips are spoken, and which part of the face shows what."""
    variants: VariantControls = VariantControls()
    """How an emotion varies from take to take."""
    face_controls: FaceControls = FaceControls()
    """Gains and speaking style of the built-in face generator."""
    fps: float = Field(default=25.0, ge=5, le=120)
    """Frames per second."""
    size: int = Field(default=512, ge=64, le=2048, multiple_of=2)
    """Side of the square around the head, px."""
    whole: bool = False
    """Show the whole picture with the moving head in it instead of the square, in its own resolution; one in which
    the square has more than 1280 pixels a side is made smaller."""
    breath: Gain = 1.0
    """How far the shoulders and the head move with the breath; in a video they move as they were filmed."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Another seed gives other blinks, glances and nods, and another variant of the emotion."""
    label: bool = False
    """Write "AI-generated" into the picture."""
    consent: str | None = None
    """A statement of consent of the person in the picture, such as "I am Ada, and this is my photograph"."""

    def heard(self) -> Speech:
        """Return the line with its words, where they are given."""
        return Speech(self.speech.samples, self.transcript) if self.transcript else self.speech
