"""Pictures on their way out: blurred where that is wanted, and shown on the contact sheet."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.compositing.privacy.blur import blurred
from core.compositing.privacy.contact_sheet import ContactSheet
from core.exchange.composites.composite import encoded
from core.exchange.picture_folder import PictureFolder
from core.jobs.privacy import Marked

Picture = NDArray[np.uint8]

SHEET_FOLDER = "contact-sheet"
"""Where the pages lie in an export's folder."""


class Release:
    """What one export does to its pictures.

    Args:
        folder: that they are written into.
        title: of the contact sheet.
        sheet: whether there is one.
    """

    def __init__(self, folder: PictureFolder, title: str, *, sheet: bool) -> None:
        self._folder = folder
        self._sheet = ContactSheet(title, self._write_page) if sheet else None
        self.regions = 0

    @property
    def pages(self) -> int:
        """How many pages the sheet has so far."""
        return 0 if self._sheet is None else self._sheet.pages

    def ready(self, picture: Picture, marked: Sequence[Marked]) -> Picture:
        """A picture as it may leave: a copy, blurred in its regions."""
        return blurred(picture, [one.region.patch for one in marked])

    def show(self, name: str, picture: Picture | None, marked: Sequence[Marked]) -> None:
        """Put what was blurred in a picture on the sheet, each part of an object once.

        Args:
            name: of the picture's file. picture: blurred, or None where it was there already.
            marked: its regions.
        """
        self.regions += len(marked)
        if self._sheet is None:
            return
        wanted = [one for one in marked if self._sheet.wants(one.key)]
        if not wanted:
            return
        if picture is None:
            picture = _decoded(self._folder.read(name))
        if picture is None:
            return
        for one in wanted:
            self._sheet.add(
                one.key, picture, one.region.patch, f"{one.region.hidden.value}, {one.name}", name
            )

    def finish(self) -> None:
        """Write the last page."""
        if self._sheet is not None:
            self._sheet.finish()

    def _write_page(self, number: int, page: Picture) -> None:
        self._folder.write_page(f"{SHEET_FOLDER}/page-{number:03d}.png", encoded(page, ".png"))


def _decoded(data: bytes) -> Picture | None:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else np.ascontiguousarray(image[..., ::-1])
