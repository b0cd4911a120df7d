"""A small neural phone recogniser for speech without a transcript; runs in plain numpy."""
