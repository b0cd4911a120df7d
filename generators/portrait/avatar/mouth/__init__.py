"""What lies behind the lips: teeth, gums, tongue and the dark, in the photograph's light; and the person's own teeth."""
