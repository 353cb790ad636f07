"""What networks learn from: data sets, and how their samples are changed at random."""
