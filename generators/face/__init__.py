"""The built-in 3D face: rig, articulation, expression, liveliness, renderers and exporters."""
