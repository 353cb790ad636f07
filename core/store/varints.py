"""Whole numbers as few bytes: seven bits a byte, lowest first, the eighth says that more follow (LEB128)."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_BYTES = 10  # 64 bits


def pack(numbers: Iterable[int]) -> bytes:
    """Whole numbers that are not negative, one after the other.

    Raises:
        ValueError: one is negative or needs more than 64 bits.
    """
    out = bytearray()
    for number in numbers:
        if not 0 <= number < 1 << 64:
            raise ValueError(f"{number} cannot be packed")
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def unpack(data: bytes) -> list[int]:
    """The inverse of `pack`.

    Raises:
        ValueError: the bytes end within a number, or one is longer than 64 bits.
    """
    numbers: list[int] = []
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            if shift >= 7 * _MOST_BYTES:
                raise ValueError("a packed number is too long")
        else:
            numbers.append(number)
            number = shift = 0
    if shift:
        raise ValueError("packed numbers are cut off")
    return numbers


def folded(number: int) -> int:
    """A whole number of either sign as one that is not negative, small ones small: 0, -1, 1, -2, 2."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def unfolded(number: int) -> int:
    """The inverse of `folded`."""
    return number >> 1 if not number & 1 else -((number + 1) >> 1)
