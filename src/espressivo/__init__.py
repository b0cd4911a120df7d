"""espressivo: one emotion, conducted through face, body and music."""

__version__ = "0.1.0"
