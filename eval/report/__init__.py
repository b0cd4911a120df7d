"""What an evaluation found, to be read by people (HTML, Markdown) and by programs (JSON, CSV)."""
