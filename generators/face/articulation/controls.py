"""The dials of articulation."""

from pydantic import Field

from espressivo.inputmodel import InputModel


class ArticulationControls(InputModel):
    """How clearly a face speaks. Each dial is a gain: 1 is normal, 0 is none, 2 is double.

    `jaw` and `lips` are the two axes of JALI (Edwards et al. 2016): mumbling has little of both, shouting much jaw,
    enunciating much lip. Lips that must touch (P, B, M, F, V) touch at any setting above a quarter of `lips_gain`.
    """

    jaw: float = Field(default=1.0, ge=0.0, le=2.0, description="How far the jaw opens.")
    lips: float = Field(default=1.0, ge=0.0, le=2.0, description="How strongly the lips shape each sound.")
    lips_gain: float = Field(
        default=1.0, ge=0.0, le=2.0, description="All mouth motion of speech together; 0 keeps it still."
    )
    dynamics: float = Field(
        default=1.0,
        ge=0.0,
        le=2.0,
        description="How much louder sounds open the jaw further and sharper ones shape the lips more.",
    )
