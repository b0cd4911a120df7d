"""Generators: each makes one kind of artefact (face, portrait, gesture, music) from a typed request."""
