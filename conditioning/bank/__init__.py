"""The bank: one learned embedding of emotion for every generator, and encoders by which recordings enter it."""
