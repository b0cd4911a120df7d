"""Measures of symbolic music: pitch, texture, bars and key, and two judges of what the music feels like."""
