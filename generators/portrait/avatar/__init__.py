"""The renderer that needs no checkpoint: a face mesh laid over a photograph, moved by ARKit weights, and drawn."""
