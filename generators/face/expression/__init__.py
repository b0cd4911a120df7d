"""Emotion on the face: a fitted table, a layer that plays it over time, and its composition with speech."""
