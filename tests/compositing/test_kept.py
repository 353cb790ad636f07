"""What is kept in memory has a bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.compositing.kept import Kept


def test_what_was_used_longest_ago_is_given_up_first():
    kept: Kept[str, int] = Kept(10)
    for name in "abc":
        kept.put(name, ord(name), 3)
    assert kept.get("a") == ord("a")
    kept.put("d", ord("d"), 3)
    assert [name for name in "abcd" if kept.get(name) is not None] == ["a", "c", "d"]


def test_what_is_larger_than_all_is_not_kept():
    kept: Kept[str, int] = Kept(10)
    kept.put("a", 1, 4)
    kept.put("b", 2, 11)
    assert kept.get("b") is None
    assert kept.get("a") == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8))))
def test_the_bound_holds_whatever_is_put_in(puts):
    kept: Kept[int, int] = Kept(12)
    sizes: dict[int, int] = {}
    for key, size in puts:
        kept.put(key, key, size)
        sizes[key] = size
        held = sum(size for key, size in sizes.items() if kept.get(key) is not None)
        assert kept.held_bytes == held <= 12
