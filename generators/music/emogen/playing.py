"""How what is written is played: the pedal, and how loud the emotion is. Rules, since the corpus has neither."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from espressivo.generators.music.dynamics import MEZZO_FORTE, played
from espressivo.generators.music.pedal import pedalled
from espressivo.media.notes import Notes


@dataclass(frozen=True)
class Playing:
    """Which rules are followed."""

    pedal: bool = True
    """Whether notes sound until their harmony changes."""
    dynamics: float = 1.0
    """How far loudness is that of the rule; at 0 it is what was written."""
    led: float = 1.0
    """How much of the emotion leads, 0..1; at 0 loudness is that of no emotion."""

    def of(
        self, notes: Notes, begin: int, end: int, places: Float[np.ndarray, "n 2"], velocity: tuple[int, int]
    ) -> Notes:
        """Return `notes` as they are played.

        Args:
            notes: as they are written; those before `begin`, and from `end` on, are played already.
            begin: tick of the first note that is to be played.
            end: tick at which the last one ends.
            places: valence and arousal at each note; 1 and -1 are full strength.
            velocity: limits that all notes keep.
        """
        new = (notes.start_tick >= begin) & (notes.start_tick < end)
        # What is added to a piece is as loud as the rest of it.
        neutral = MEZZO_FORTE if new.all() else float(notes.velocity[~new].mean())
        held = pedalled(notes, begin, end) if self.pedal else notes
        return played(held, self.led * places, self.dynamics, velocity, neutral, new)


AS_WRITTEN = Playing(pedal=False, dynamics=0.0)
