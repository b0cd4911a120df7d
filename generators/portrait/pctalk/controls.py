"""The dials of PC-Talk's control."""

from pydantic import field_validator

from espressivo.inputmodel import Gain, InputModel


class LipControls(InputModel):
    """How the lips of a line are spoken, and which part of the face shows what."""

    style: str = "neutral"
    """Manner of speaking: neutral, mumbling, reserved, enunciating, broad, pouting, loud, animated or deadpan, with a
    share ("mumbling:0.5"), mixed ("broad:0.6+reserved:0.4"), or that of a speaker in a video ("of:clip.mp4")."""
    edits: tuple[str, ...] = ()
    """Edits of the lips, for the clip ("wide 1.3", "purse 0.5, open 1.2") or for words ("never: wide 1.5")."""
    lip_scale: Gain = 1.0
    """How large all lip movements of speech are."""
    follow_loudness: Gain = 0.0
    """How much larger louder speech moves the lips."""
    regions: tuple[str, ...] = ()
    """Emotions of single regions (lips, eyes, brows, upper, lower or all), added to the main one:
    "lips=happiness:0.8" "brows=anger:0.5"."""
    emotion_gain: Gain = 1.0
    """How strongly the face shows its emotions, at the strength that they have."""

    @field_validator("style")
    @classmethod
    def _is_style(cls, text: str) -> str:
        from espressivo.generators.portrait.pctalk.styles import parse_style

        parse_style(text)
        return text

    @field_validator("edits")
    @classmethod
    def _are_edits(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        from espressivo.generators.portrait.pctalk.edits import parse_edits

        for text in texts:
            parse_edits(text)
        return texts

    @field_validator("regions")
    @classmethod
    def _are_conditions(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        from espressivo.generators.portrait.pctalk.conditions import parse_condition

        for text in texts:
            parse_condition(text)
        return texts
