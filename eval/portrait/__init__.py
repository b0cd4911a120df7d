"""Measures of the talking portrait: what it shows, whose face it stays, what moves and what does not, its speech."""
