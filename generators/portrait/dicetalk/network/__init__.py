"""DICE-Talk's own conditioning networks (Tan et al. 2025), written anew from facts of the paper and the released code.

The weights, which are CC BY-NC-SA 4.0, are the user's to bring.
"""
