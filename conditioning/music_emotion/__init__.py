"""Which emotion a piece of music expresses, read from its notes (MIDI)."""
