"""Music FaderNets: sliders for rhythm and note density, and arousal transfer (H. Tan, D. Herremans, ISMIR 2020)."""
