"""Dialogs that tell of faults: a bug that was caught, a crash of the last start, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.views.icons import IconLabel, TextButton, icon_pixmap
from app.views.text import label, log_view


class FaultDialog(QDialog):
    """Says that something went wrong and that nothing is lost; never in the way of the window.

    Args:
        title, text: plain sentences.
        details: for a report.
        log_path: where the whole of it is.
    """

    def __init__(
        self, title: str, text: str, details: str, log_path: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Amodal Studio")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 360)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(IconLabel("warning", "warn", 30), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.addWidget(label(title, "title", wrap=True))
        words.addWidget(label(text, "soft", wrap=True))
        head.addLayout(words, 1)
        column.addLayout(head)
        self.details = log_view(details)
        column.addWidget(self.details, 1)
        place = label(f"Log: {log_path}", "faint", wrap=True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(place)
        row = QHBoxLayout()
        row.addStretch(1)
        copy = TextButton("Copy details")
        copy.clicked.connect(self._copy)
        row.addWidget(copy)
        close = TextButton("Carry on", "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        row.addWidget(close)
        column.addLayout(row)

    def add(self, details: str) -> None:
        """Adds another fault to the same dialog, so that many do not stack up."""
        self.details.appendPlainText("\n" + details)

    def _copy(self) -> None:
        self.details.selectAll()
        self.details.copy()


class AboutDialog(QDialog):
    """What this program is, and where it keeps its files.

    Args:
        version: of the program.
        places: what -> where, to select and copy.
    """

    def __init__(self, version: str, places: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Amodal Studio")
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 26, 28, 20)
        column.setSpacing(14)
        head = QHBoxLayout()
        head.setSpacing(18)
        logo = QLabel()
        logo.setPixmap(icon_pixmap("logo", "#ffffff", 56, self.devicePixelRatioF()))
        logo.setFixedSize(56, 56)
        head.addWidget(logo)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label("Amodal Studio", "title"))
        words.addWidget(label(f"Version {version}, Apache License 2.0", "soft"))
        head.addLayout(words, 1)
        column.addLayout(head)
        text = (
            "Finds the cars and people that nothing covers, lets people check them, and teaches networks "
            "to see whole objects behind what hides them. It sends nothing anywhere."
        )
        about = label(text, wrap=True)
        about.setMinimumWidth(460)
        column.addWidget(about)
        for what, where in places.items():
            line = label(f"{what}: {where}", "faint", wrap=True)
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(line)
        close = TextButton("Close", "primary")
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
