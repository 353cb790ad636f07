"""Whole numbers come back from their bytes, and torn bytes are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.store.varints import folded, pack, unfolded, unpack

NUMBERS = st.lists(st.integers(0, 2**64 - 1))


@given(NUMBERS)
def test_numbers_come_back(numbers: list[int]) -> None:
    assert unpack(pack(numbers)) == numbers


@given(st.integers(-(2**62), 2**62))
def test_signs_come_back(number: int) -> None:
    assert folded(number) >= 0
    assert unfolded(folded(number)) == number


def test_it_is_leb128() -> None:
    # 624485 is the example of the DWARF standard, appendix C
    assert pack([624485]) == bytes([0xE5, 0x8E, 0x26])
    assert [folded(n) for n in (0, -1, 1, -2, 2)] == [0, 1, 2, 3, 4]


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        numbers = unpack(data)
    except ValueError:
        return
    assert all(number >= 0 for number in numbers)


@pytest.mark.parametrize("data", [b"\x80", b"\x01\xff", b"\xff" * 11])
def test_torn_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(data)


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError):
        pack([-1])
