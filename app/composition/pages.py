"""Opens a page that the program wrote in what the system shows pages with."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

_PAGES = (".html", ".htm", ".pdf")


def open_page(path: str) -> str:
    """Opens a report; gives why it is not open, or "".

    Args:
        path: of the file, as its job told it. Nothing but a page that is there is opened.
    """
    page = Path(path)
    if page.suffix.lower() not in _PAGES or not page.is_file():
        return f"{path} is not there any more: write the report anew."
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(page.absolute()))):
        return f"This system shows no pages. The report is {page}."
    return ""
