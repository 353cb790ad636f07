"""The blur against the same rule written pixel by pixel in Python's whole numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.compositing.privacy.blur import BLOCKS, blurred
from core.geometry.masks import patch_to_full
from core.records.masks import MaskPatch

Picture = NDArray[np.uint8]


def rounded(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def one_channel(part: list[list[int]], bits: list[list[bool]]) -> list[list[int]]:
    """The rule of the module's first lines, for one channel."""
    h, w = len(part), len(part[0])
    block = max(4, -(-max(h, w) // BLOCKS))
    inside = [part[y][x] for y in range(h) for x in range(w) if bits[y][x]]
    means = []
    for top in range(0, h, block):
        row = []
        for left in range(0, w, block):
            values = [
                part[y][x]
                for y in range(top, min(top + block, h))
                for x in range(left, min(left + block, w))
                if bits[y][x]
            ] or inside
            row.append(rounded(Fraction(sum(values), len(values))))
        means.append(row)

    def mean_at(y: int, x: int) -> int:
        row = min(max(y // block, 0), len(means) - 1)
        return means[row][min(max(x // block, 0), len(means[0]) - 1)]

    begin = -(block // 2)

    def down(y: int, x: int) -> int:
        return rounded(Fraction(sum(mean_at(y + begin + i, x) for i in range(block)), block))

    return [
        [rounded(Fraction(sum(down(y, x + begin + i) for i in range(block)), block)) for x in range(w)]
        for y in range(h)
    ]


@given(st.integers(0, 500), st.integers(1, 21), st.integers(1, 21))
@settings(max_examples=25, deadline=None)
def test_it_is_the_rule_in_whole_numbers(seed: int, h: int, w: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (30, 30, 3)).astype(np.uint8)
    bits = rng.random((h, w)) < 0.8
    bits[0, 0] = True
    out = blurred(picture, [MaskPatch(5, 3, bits)])
    part = picture[3 : 3 + h, 5 : 5 + w]
    expected = picture.copy()
    for channel in range(3):
        values = np.array(one_channel(part[..., channel].tolist(), bits.tolist()))
        expected[3 : 3 + h, 5 : 5 + w, channel][bits] = values[bits]
    assert (out == expected).all()


@given(st.integers(0, 500), st.permutations(range(3)))
def test_the_order_of_the_patches_makes_no_difference(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    patches = [MaskPatch(int(x), int(y), rng.random((12, 15)) < 0.9) for x, y in rng.integers(0, 25, (3, 2))]
    assert (blurred(picture, patches) == blurred(picture, [patches[i] for i in order])).all()


def test_nothing_else_changes_and_the_picture_given_stays() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (30, 30, 3)).astype(np.uint8)
    before = picture.copy()
    patch = MaskPatch(4, 6, np.eye(12, dtype=bool))
    out = blurred(picture, [patch, MaskPatch(0, 0, np.zeros((0, 0), dtype=bool))])
    assert (picture == before).all()
    outside = ~patch_to_full(patch, 30, 30)
    assert (out[outside] == picture[outside]).all()


def test_two_plates_whose_blocks_are_as_bright_look_the_same() -> None:
    """What is left of a plate is the means of its blocks: whatever else was on it is gone."""
    rng = np.random.default_rng(2)
    plates = []
    for _ in range(2):
        picture = np.full((60, 140, 3), 90, dtype=np.uint8)
        for top in range(10, 50, 30):
            for left in range(10, 130, 30):
                block = picture[top : top + 30, left : left + 30]
                ink = np.zeros(block[..., 0].size, dtype=bool)
                ink[: ink.size // 3] = True
                rng.shuffle(ink)
                block[ink.reshape(block.shape[:2])] = 230
        plates.append(picture)
    patch = MaskPatch(10, 10, np.ones((40, 120), dtype=bool))
    one, other = (blurred(picture, [patch])[10:40, 10:130] for picture in plates)
    assert (plates[0] != plates[1]).any()
    assert (one[:15] == other[:15]).all()
    assert int(np.ptp(one[:15].astype(int))) <= 1
