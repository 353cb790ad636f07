"""Losses of WALT3D's and HMR 2.0's heads."""
