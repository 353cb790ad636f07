"""What the viewport draws, one visual for each kind; VisPy is imported here and nowhere else."""
