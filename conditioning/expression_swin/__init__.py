"""A Swin transformer with squeeze-and-excitation that names the expression of a face, trained with SAM."""
