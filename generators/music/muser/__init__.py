"""MusER: emotion, codes of musical elements, and compound words of piano music (Ji & Yang, AAAI 2024)."""
