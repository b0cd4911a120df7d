"""Which emotion a voice carries: own acoustic features, a calibrated linear recogniser, and a track made of it."""
