"""People: body pose, shape and place from keypoints, box and the ground."""
