"""Performing: a line, a face and an emotion become a take."""
