"""PC-Talk's own networks (Wang et al. 2025), written anew; they move the implicit keypoints of LivePortrait.

The weights are the user's to bring.
"""
