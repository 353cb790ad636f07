"""A mask's fill against the pixels themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.views.canvas.mask_fill import fill_pixels
from core.records.masks import MaskPatch

masks = arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(masks, st.integers(0, 255), st.integers(0, 255))
def test_the_fill_is_premultiplied_and_only_inside(bits: np.ndarray, red: int, alpha: int) -> None:
    pixels = fill_pixels(MaskPatch(0, 0, bits), red, 0, 255, alpha)
    assert (pixels[~bits] == 0).all()
    inside = pixels[bits].tolist()
    assert set(inside) <= {(alpha << 24) | ((red * alpha // 255) << 16) | alpha}
