"""What a face does, measured: landmarks, blinks, head and brows on video, vertices on our own 3-D head."""
