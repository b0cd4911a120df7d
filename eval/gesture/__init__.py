"""Measures of body motion: how much, how smooth, in time with the voice, like real motion, with what emotion."""
