"""The contact sheet: every object once, in pages, and nothing but what the blurred picture shows."""

from __future__ import annotations

import numpy as np

from core.compositing.privacy.contact_sheet import COLUMNS, ROWS, ContactSheet
from core.records.masks import MaskPatch


def patch(x: int, y: int) -> MaskPatch:
    return MaskPatch(x, y, np.ones((10, 12), dtype=bool))


def test_pages_fill_up_and_the_last_one_comes_at_the_end() -> None:
    pages: list[tuple[int, np.ndarray]] = []
    sheet = ContactSheet("Blurred", lambda number, page: pages.append((number, page)))
    picture = np.full((60, 80, 3), 90, dtype=np.uint8)
    for n in range(COLUMNS * ROWS + 1):
        sheet.add(n, picture, patch(5, 5), "front plate", f"{n}.png")
        sheet.add(n, picture, patch(5, 5), "again", f"{n}.png")
    assert [number for number, _ in pages] == [1]
    sheet.finish()
    sheet.finish()
    assert [number for number, _ in pages] == [1, 2]
    assert sheet.count == COLUMNS * ROWS + 1
    assert pages[0][1].shape[0] > 4 * pages[1][1].shape[0]


def test_a_tile_shows_the_region_as_it_is_in_the_picture() -> None:
    pages: list[np.ndarray] = []
    sheet = ContactSheet("Blurred", lambda _, page: pages.append(page))
    picture = np.full((60, 80, 3), (10, 200, 30), dtype=np.uint8)
    # at each border of the picture, too
    for n, (x, y) in enumerate(((0, 0), (68, 50), (30, 20))):
        sheet.add(n, picture, patch(x, y), "head", "a name that is far too long to stand below one tile.png")
    sheet.finish()
    assert (pages[0].reshape(-1, 3) == (10, 200, 30)).all(axis=1).sum() > 3 * 100 * 100


def test_nothing_to_show_makes_no_page() -> None:
    sheet = ContactSheet("Blurred", lambda _, page: (_ for _ in ()).throw(AssertionError("a page")))
    sheet.finish()
    assert sheet.pages == 0
