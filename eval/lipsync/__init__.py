"""Lip sync without a network of its own: lag, closure and shapes of a mouth that is read off a face mesh."""
