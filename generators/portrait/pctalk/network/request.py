"""What PC-Talk is asked to do."""

from pathlib import Path

from pydantic import Field

from espressivo.conditioning.speech import Speech
from espressivo.generators.base import GenerationRequest
from espressivo.generators.inputs import SpeechInput, TranscriptInput
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.portrait.request import PortraitEmotion


class PCTalkRequest(GenerationRequest):
    """A photograph, a line and an emotion; the video has 25 frames per second."""

    speech: SpeechInput
    """The line that is spoken."""
    emotion: PortraitEmotion
    """What the face shows: "happiness:0.8", keyframes, a file, "auto" (as the voice sounds), or "of:clip.mp4". Calm and
    boredom, which PC-Talk does not know, leave the face as it is."""
    portrait: Path
    """The photograph or painting: PNG, JPEG, WebP or BMP with a face from the front."""
    face: int | None = Field(default=None, ge=0)
    """Which face of the picture, counted from the largest, 0."""
    transcript: TranscriptInput | None = None
    """The words that are spoken, or a .txt file with them, so that single words can be edited."""
    controls: LipControls = LipControls()
    """How the lips are spoken, and which part of the face shows what. Of a style of the bank, what it says of lips is
    used; "of:clip.mp4" is read by PC-Talk's own style encoder."""
    person: int = Field(default=0, ge=0)
    """Whose manner of moving the lips, by number in the checkpoint; its authors recommend 192, 166 and 202."""
    template: Path | None = None
    """Motion template (.npz) whose turns of the head, blinks and glances the portrait takes over, forth and back for as
    long as the line; without one the head keeps still."""
    whole: bool = False
    """Show the whole picture with the moving head in it, in its own resolution, instead of the square."""
    label: bool = False
    """Write "AI-generated" into the picture."""
    consent: str | None = None
    """A statement of consent of the person in the picture, such as "I am Ada, and this is my photograph"."""

    def heard(self) -> Speech:
        """Return the line with its words, where they are given."""
        return Speech(self.speech.samples, self.transcript) if self.transcript else self.speech
