"""Scores as sound: synthesis, loudness, mixing with speech."""
