"""Faces in pictures: where they are, a mesh of 468 points on them, and the mesh followed through a video."""
