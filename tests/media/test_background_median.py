"""The exact masked median against numpy's, and how it counts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media.background_median import masked_median


def reference_median(stack: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """numpy's, column by column, halves rounded up."""
    result = np.zeros(stack.shape[1], np.uint8)
    for column in range(stack.shape[1]):
        counted = stack[~hidden[:, column], column]
        if len(counted):
            result[column] = int(np.floor(np.median(counted.astype(np.float64)) + 0.5))
    return result


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    length=st.integers(1, 40),
    share_hidden=st.floats(0, 1),
    values=st.sampled_from([(0, 255), (250, 255), (0, 3), (7, 7)]),
)
def test_it_is_the_median_of_what_is_not_hidden(
    seed: int, length: int, share_hidden: float, values: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    stack = rng.integers(values[0], values[1] + 1, (length, 23)).astype(np.uint8)
    hidden = rng.random((length, 23)) < share_hidden
    median, support = masked_median(stack.copy(), hidden)
    np.testing.assert_array_equal(median, reference_median(stack, hidden))
    np.testing.assert_array_equal(support, (~hidden).sum(axis=0))


def test_long_stacks_are_counted_past_what_a_byte_holds() -> None:
    rng = np.random.default_rng(3)
    stack = rng.integers(0, 256, (700, 11)).astype(np.uint8)
    hidden = rng.random((700, 11)) < 0.4
    median, support = masked_median(stack.copy(), hidden)
    np.testing.assert_array_equal(median, reference_median(stack, hidden))
    np.testing.assert_array_equal(support, (~hidden).sum(axis=0))


def test_nothing_hidden_is_the_plain_median() -> None:
    stack = np.random.default_rng(4).integers(0, 256, (9, 50)).astype(np.uint8)
    median, support = masked_median(stack.copy())
    np.testing.assert_array_equal(median, np.median(stack, axis=0).astype(np.uint8))
    assert (support == 9).all()


def test_a_place_that_is_always_hidden_has_no_support() -> None:
    hidden = np.zeros((4, 2), np.bool_)
    hidden[:, 1] = True
    median, support = masked_median(np.full((4, 2), 9, np.uint8), hidden)
    assert support.tolist() == [4, 0]
    assert median.tolist() == [9, 0]
