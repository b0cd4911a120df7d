"""Evaluating: takes, videos and music become a report."""
