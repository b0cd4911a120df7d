"""Weights that ship, and the manifest that says where each comes from."""
