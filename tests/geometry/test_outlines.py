"""A mask's outline against the pixels themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.geometry.outlines import outline_segments
from core.records.masks import MaskPatch

masks = arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def unit_edges(bits: np.ndarray, x: int, y: int) -> set[tuple[float, float, float, float]]:
    """Every edge between a pixel inside and one outside, pixel by pixel."""
    height, width = bits.shape

    def inside(row: int, column: int) -> bool:
        return 0 <= row < height and 0 <= column < width and bool(bits[row, column])

    edges = set()
    for row in range(-1, height + 1):
        for column in range(-1, width + 1):
            left, top = x + column - 0.5, y + row - 0.5
            if inside(row, column) != inside(row, column - 1):
                edges.add((left, top, left, top + 1))
            if inside(row, column) != inside(row - 1, column):
                edges.add((left, top, left + 1, top))
    return edges


@given(masks, st.integers(0, 30), st.integers(0, 30))
def test_the_outline_covers_every_border_edge_once(bits: np.ndarray, x: int, y: int) -> None:
    found = []
    for x1, y1, x2, y2 in outline_segments(MaskPatch(x, y, bits)).tolist():
        steps = int(max(x2 - x1, y2 - y1))
        assert (x1 == x2) != (y1 == y2)
        for n in range(steps):
            if y1 == y2:
                found.append((x1 + n, y1, x1 + n + 1, y1))
            else:
                found.append((x1, y1 + n, x1, y1 + n + 1))
    assert len(found) == len(set(found))
    assert set(found) == unit_edges(bits, x, y)


def test_an_empty_mask_has_no_outline() -> None:
    assert outline_segments(MaskPatch(0, 0, np.zeros((0, 0), dtype=np.bool_))).shape == (0, 4)
