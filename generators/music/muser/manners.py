"""How codes and elements are drawn: temperature, nucleus, and how much of the guidance each is given."""

from collections.abc import Mapping

from espressivo.generators.music.drawing import Manner

Manners = Mapping[str, Manner]
"""By element, and `CODES`."""
CODES = "codes"
_HOTTEST = 5.0

AUTHORS: Manners = {
    CODES: Manner(1.0, 0.9, 1.0),
    "type": Manner(1.0, 0.9, 1.0),
    "tempo": Manner(1.2, 0.9, 1.0),
    "chord": Manner(1.0, 0.99, 1.0),
    "bar-beat": Manner(1.2, 1.0, 1.0),
    "pitch": Manner(1.0, 0.9, 1.0),
    "duration": Manner(2.0, 0.9, 1.0),
    "velocity": Manner(5.0, 1.0, 1.0),
}
"""As published, for the authors' weights. Their prior's .3 is part of what it was trained with."""
OWN: Manners = {
    CODES: Manner(1.0, 0.97, 1.0),
    "type": Manner(1.0, 0.9, 0.5),
    "tempo": Manner(0.8, 0.8, 0.5),
    "chord": Manner(0.9, 0.9, 0.5),
    "bar-beat": Manner(0.9, 0.9, 0.5),
    "pitch": Manner(0.9, 0.9, 0.5),
    "duration": Manner(0.9, 0.9, 0.5),
    "velocity": Manner(0.9, 0.9, 0.5),
}
"""For the weights that ship. Milder: their mistakes are more frequent."""


def adjusted(manners: Manners, temperature: float, guidance: float) -> Manners:
    """Return manners with all temperatures and guidances that many times as high, as far as they go."""
    return {
        name: Manner(min(_HOTTEST, each.temperature * temperature), each.top_p, each.guidance * guidance)
        for name, each in manners.items()
    }
