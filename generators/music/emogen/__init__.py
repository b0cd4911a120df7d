"""EmoGen: from an emotion to attributes of the music, and from attributes to the music (Kang et al. 2023)."""
