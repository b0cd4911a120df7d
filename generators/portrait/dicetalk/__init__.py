"""DICE-Talk (Tan et al. 2025, arXiv 2504.18087): its conditioning on emotions that belong to nobody in particular."""
