"""The 100 attributes by which EmoGen steers music (Kang et al. 2023, section 3.2), in numpy: `attributes_of`."""
