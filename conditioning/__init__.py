"""Emotion in: states, tracks, vocabularies, EmotionML, speech and its analysis."""
