"""Pages that show what was blurred, as it is now: crops of the blurred pictures with a line about each.

What a plate or a face looked like before is never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.records.masks import MaskPatch

Picture = NDArray[np.uint8]

COLUMNS, ROWS = 8, 8
_TILE_W, _TILE_H, _TEXT_H, _GAP = 180, 130, 32, 8
_HEAD_H = 40
_AROUND = 0.75  # of the region's longer side, on each side of it
_LEAST_PX = 12
_PAPER, _INK, _QUIET = (250, 250, 250), (20, 20, 20), (110, 110, 110)


class ContactSheet:
    """Collects crops and hands out a page whenever one is full. One object is shown once."""

    def __init__(self, title: str, on_page: Callable[[int, Picture], None]) -> None:
        """Begins with no page.

        Args:
            title: stands at the head of each page.
            on_page: is given each page's number, from 1, and its (H, W, 3) uint8 RGB.
        """
        self._title = title
        self._on_page = on_page
        self._shown: dict[Hashable, None] = {}
        self._tiles: list[tuple[Picture, str, str]] = []
        self.pages = 0

    @property
    def count(self) -> int:
        """How many crops there are so far."""
        return len(self._shown)

    def wants(self, key: Hashable) -> bool:
        """Whether this thing has not been shown yet."""
        return key not in self._shown

    def add(self, key: Hashable, picture: Picture, patch: MaskPatch, what: str, where: str) -> None:
        """Show a region.

        Args:
            key: of the thing that it hides; shown once.
            picture: (H, W, 3) uint8 RGB, blurred.
            patch: the region.
            what, where: two short lines below it.
        """
        if not self.wants(key):
            return
        self._shown[key] = None
        self._tiles.append((_crop(picture, patch), what, where))
        if len(self._tiles) == COLUMNS * ROWS:
            self._give_page()

    def finish(self) -> None:
        """Hand out the last page, if anything is on it."""
        if self._tiles:
            self._give_page()

    def _give_page(self) -> None:
        self.pages += 1
        self._on_page(self.pages, _page(f"{self._title}, page {self.pages}", self._tiles))
        self._tiles = []


def _crop(picture: Picture, patch: MaskPatch) -> Picture:
    """The region with something around it, a copy."""
    h, w = patch.bits.shape
    margin = max(_LEAST_PX, round(_AROUND * max(h, w)))
    top, left = max(0, patch.y - margin), max(0, patch.x - margin)
    return picture[top : patch.y + h + margin, left : patch.x + w + margin].copy()


def _page(title: str, tiles: list[tuple[Picture, str, str]]) -> Picture:
    from PIL import Image, ImageDraw, ImageFont

    rows = -(-len(tiles) // COLUMNS)
    step_x, step_y = _TILE_W + _GAP, _TILE_H + _TEXT_H + _GAP
    page = Image.new("RGB", (COLUMNS * step_x + _GAP, _HEAD_H + rows * step_y), _PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_GAP, _GAP), title, _INK, ImageFont.load_default(18))
    font = ImageFont.load_default(11)
    for place, (crop, what, where) in enumerate(tiles):
        x, y = _GAP + place % COLUMNS * step_x, _HEAD_H + place // COLUMNS * step_y
        picture = Image.fromarray(crop)
        scale = min(_TILE_W / picture.width, _TILE_H / picture.height)
        size = max(1, round(scale * picture.width)), max(1, round(scale * picture.height))
        small = picture.resize(size, Image.Resampling.BILINEAR)
        page.paste(small, (x + (_TILE_W - size[0]) // 2, y + (_TILE_H - size[1]) // 2))
        draw.text((x, y + _TILE_H + 2), _fitting(draw, what, font), _INK, font)
        draw.text((x, y + _TILE_H + 15), _fitting(draw, where, font), _QUIET, font)
    return np.asarray(page)


def _fitting(draw: Any, text: str, font: Any) -> str:
    """As much of the end of a text as a tile is wide."""
    while len(text) > 1 and draw.textlength(text, font=font) > _TILE_W:
        text = "…" + text.lstrip("…")[1:]
    return text
