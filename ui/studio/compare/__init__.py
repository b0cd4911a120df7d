"""Comparing: two takes side by side with their figures, and a grid of systems, seeds and intensities."""
