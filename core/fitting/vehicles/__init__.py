"""Cars: pose and shape from keypoints, tracks and outlines."""
