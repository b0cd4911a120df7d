"""What is shown to a person: terminal progress and tables."""
