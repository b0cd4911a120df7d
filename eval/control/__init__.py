"""How well a generator obeys its dials: slider metrics, the time line, and a study of any registered generator."""
