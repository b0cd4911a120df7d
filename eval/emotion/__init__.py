"""What emotion a face shows: judges, how far they can be trusted, and what is measured with them."""
