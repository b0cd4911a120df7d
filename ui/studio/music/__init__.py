"""Making music: every registered generator with its own controls, an emotion over time, and bars written anew."""
