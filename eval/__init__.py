"""Measuring instruments: how well lips and emotion are met."""
