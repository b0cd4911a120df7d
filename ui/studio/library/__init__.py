"""The library: a visitor's takes, to look through, open, go on from, delete, bring back and carry away."""
