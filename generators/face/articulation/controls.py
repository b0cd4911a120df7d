"""The dials of articulation."""

from espressivo.inputmodel import Gain, InputModel


class ArticulationControls(InputModel):
    """How clearly a face speaks.

    `jaw` and `lips` are the two axes of JALI (Edwards et al. 2016): mumbling has little of both, shouting much jaw,
    enunciating much lip. Lips that must touch (P, B, M, F, V) touch at any setting above a quarter of `articulation`.
    """

    articulation: Gain = 1.0
    """All mouth motion of speech together; 0 keeps the mouth still."""
    jaw: Gain = 1.0
    """How far the jaw opens in speech."""
    lips: Gain = 1.0
    """How strongly the lips shape each sound."""
    dynamics: Gain = 1.0
    """How much louder sounds open the jaw further, and sharper ones shape the lips more."""
