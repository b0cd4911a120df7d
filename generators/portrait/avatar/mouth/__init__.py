"""What lies behind the lips: teeth, gums, tongue and the dark, lit as the photograph is; the person's own teeth."""
