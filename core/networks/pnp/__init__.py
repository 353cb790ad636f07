"""Perspective n points, in batches and with gradients."""
