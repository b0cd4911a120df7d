"""LivePortrait (Guo et al. 2024): a portrait's own keypoints, moved, and the picture that they draw.

The networks are written anew from the paper and from facts of the released code; the weights are the user's to bring.
"""
