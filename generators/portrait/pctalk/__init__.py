"""PC-Talk (Wang et al. 2025, arXiv 2503.14295): its control of lips and emotion, for any face generator's motion."""
