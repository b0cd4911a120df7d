"""Text -> emotion: V/A/D, category posterior, intensity and confidence of sentences, and tracks over longer text."""
