"""From 2D evidence to pose and shape: vehicles, and cameras calibrated from them."""
