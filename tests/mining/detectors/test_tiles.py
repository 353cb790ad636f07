"""Tiles cover the picture, and small objects lie whole in at least one of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mining.detectors.tiles import Tile, plan_tiles


@settings(deadline=None)
@given(st.integers(20, 900), st.integers(20, 900), st.integers(0, 400), st.data())
def test_every_object_smaller_than_the_overlap_is_whole_in_some_tile(width, height, side, data):
    tiles = plan_tiles(width, height, side)
    assert tiles[0] == Tile(0, 0, width, height)
    size = max(side or max(width, height) // 2, 64)
    limit = max(int(size * 0.25) - 4, 1)
    w = data.draw(st.integers(1, min(limit, width)))
    h = data.draw(st.integers(1, min(limit, height)))
    x = data.draw(st.integers(0, width - w))
    y = data.draw(st.integers(0, height - h))
    whole = [
        tile
        for tile in tiles[1:] or tiles
        if tile.x <= x and tile.y <= y and x + w <= tile.x + tile.w and y + h <= tile.y + tile.h
        and not tile.cuts((x - tile.x, y - tile.y, x + w - tile.x, y + h - tile.y), width, height)
    ]  # fmt: skip
    assert whole


def test_tiles_lie_inside_the_picture_and_cover_it():
    covered = np.zeros((360, 640), dtype=int)
    for tile in plan_tiles(640, 360, 160)[1:]:
        assert tile.x >= 0
        assert tile.y >= 0
        assert tile.x + tile.w <= 640
        assert tile.y + tile.h <= 360
        covered[tile.y : tile.y + tile.h, tile.x : tile.x + tile.w] += 1
    assert covered.min() >= 1


def test_a_picture_no_larger_than_a_tile_is_looked_at_once():
    assert plan_tiles(300, 200, 300) == [Tile(0, 0, 300, 200)]


def test_a_box_at_the_pictures_own_border_is_not_cut_by_the_tile():
    tile = Tile(0, 0, 100, 100)
    assert not tile.cuts((0.0, 0.0, 50.0, 50.0), 300, 200)
    assert tile.cuts((50.0, 0.0, 99.5, 50.0), 300, 200)
    assert not tile.cuts((50.0, 0.0, 99.5, 50.0), 100, 100)
