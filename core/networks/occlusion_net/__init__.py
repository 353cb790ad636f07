"""Occlusion-Net: where a car's hidden points are, from those that are seen (Reddy et al., CVPR 2019)."""
