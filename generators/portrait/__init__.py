"""Portrait generators: a photograph or painting that speaks and feels."""
