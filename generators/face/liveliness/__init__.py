"""Signs of life that no phone or emotion spells out: blinks, gaze and head motion."""

from espressivo.generators.face.liveliness.enliven import enliven

__all__ = ["enliven"]
