"""Asks for a camera's name and how far its clock is from UTC."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.views.icons import TextButton
from app.views.sources.camera_list import offset_text
from app.views.text import label

_QUARTER_S = 900
_HALF_HOUR_ZONES = {-34200, -12600, 12600, 16200, 19800, 20700, 23400, 31500, 34200, 37800, 45900}


class CameraDialog(QDialog):
    """The dialog.

    Args:
        name, utc_offset_s: to begin with.
        title: of the dialog.
        button: the word on the button that takes it.

    Signals:
        taken(str, float): the name, and local time minus UTC in seconds.
    """

    taken = Signal(str, float)

    def __init__(
        self,
        title: str,
        button: str,
        name: str = "",
        utc_offset_s: float = 0.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(14)
        column.addWidget(label(title, "title"))
        intro = "A camera is one fixed viewpoint. All its footage shares backgrounds and calibration."
        column.addWidget(label(intro, "soft", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        self.name = QLineEdit(name)
        self.name.setPlaceholderText("Elm Street, north side")
        self.name.textChanged.connect(self._check)
        grid.addWidget(label("Name"), 0, 0)
        grid.addWidget(self.name, 0, 1)
        self.offset = QComboBox()
        for seconds in _offsets(utc_offset_s):
            self.offset.addItem(offset_text(seconds), float(seconds))
        self.offset.setCurrentIndex(self.offset.findData(float(utc_offset_s)))
        grid.addWidget(label("Clock"), 1, 0)
        grid.addWidget(self.offset, 1, 1)
        help_text = "Local time where the camera stands: hours of the day are counted in it."
        grid.addWidget(label(help_text, "faint", wrap=True), 2, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.addStretch(1)
        cancel = TextButton("Cancel")
        cancel.clicked.connect(self.reject)
        row.addWidget(cancel)
        self.take = TextButton(button, "primary")
        self.take.setDefault(True)
        self.take.clicked.connect(self._take)
        row.addWidget(self.take)
        column.addLayout(row)
        self._check()

    def _check(self) -> None:
        self.take.setEnabled(bool(self.name.text().strip()))

    def _take(self) -> None:
        self.taken.emit(self.name.text().strip(), float(self.offset.currentData()))
        self.accept()


def _offsets(present: float) -> list[float]:
    """Whole hours, the half and quarter hours that some place uses, and the present one."""
    hours = set(range(-12 * 3600, 14 * 3600 + 1, 4 * _QUARTER_S))
    return sorted({float(offset) for offset in hours | _HALF_HOUR_ZONES} | {float(present)})
