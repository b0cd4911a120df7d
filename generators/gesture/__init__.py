"""Body motion: what it is, the skeleton that carries it, and the files it is read from and written to."""
