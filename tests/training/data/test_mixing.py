"""Data sets mixed by weight: so many of each, and each goes on where it ended."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch.utils.data import Dataset  # noqa: E402

from core.training.data.mixing import Mixed, shares  # noqa: E402


class Named(Dataset[str]):
    """Samples that say which they are."""

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count = name, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> str:
        assert 0 <= index < self.count
        return f"{self.name}{index}"


def all_of(data: Any) -> list[str]:
    return [data[index] for index in range(len(data))]


def test_weights_are_shares() -> None:
    mixed = Mixed([Named("a", 100), Named("b", 100)], [3.0, 1.0], 8)
    assert all_of(mixed) == ["a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1"]


def test_each_part_goes_on_in_the_next_epoch_and_begins_anew_at_its_end() -> None:
    parts = [Named("a", 5), Named("b", 1000)]
    epochs = [all_of(Mixed(parts, [1.0, 1.0], 6, epoch)) for epoch in range(3)]
    assert epochs[0] == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert epochs[1] == ["a3", "a4", "a0", "b3", "b4", "b5"]
    assert epochs[2] == ["a1", "a2", "a3", "b6", "b7", "b8"]


def test_a_part_without_weight_is_not_seen() -> None:
    assert all_of(Mixed([Named("a", 2), Named("b", 2)], [0.0, 1.0], 3)) == ["b0", "b1", "b0"]


def test_samples_are_changed_at_the_end() -> None:
    assert all_of(Mixed([Named("a", 2)], [1.0], 2, transform=str.upper)) == ["A0", "A1"]


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [-1.0, 2.0], [float("nan"), 1.0]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="parts"):
        Mixed([Named("a", 2), Named("b", 2)], weights, 3)


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Mixed([Named("a", 2), Named("b", 0)], [1.0, 1.0], 3)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=5).filter(lambda one: sum(one) > 0.01),
    st.integers(1, 500),
)
def test_shares_add_up_and_are_off_by_less_than_one(weights: list[float], length: int) -> None:
    counts = shares(weights, length)
    assert sum(counts) == length
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count - length * weight / sum(weights)) < 1 + 1e-9
