"""How what is drawn lies over what is there."""

from __future__ import annotations

OVER = ("src_alpha", "one_minus_src_alpha", "zero", "one")
"""For `gloo.set_blend_func`: colours mix, and the picture that is read back stays opaque."""
