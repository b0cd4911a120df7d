"""Personality and emotion transition: who feels how strongly, what lingers, and what a dialogue does to people."""
