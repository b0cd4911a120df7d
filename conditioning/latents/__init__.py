"""What is said, how it feels and who speaks, as three vectors that can be exchanged between recordings."""
