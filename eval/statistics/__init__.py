"""How sure a figure is: intervals over clips, paired differences between systems, agreement of labels and of ranks."""
