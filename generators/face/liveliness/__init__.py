"""Signs of life that no phone or emotion spells out: blinks, gaze and head motion."""
