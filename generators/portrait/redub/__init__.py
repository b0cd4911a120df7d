"""Another line for a video: the head moves as it was filmed, lips and emotion are new."""
