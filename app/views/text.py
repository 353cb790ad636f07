"""Small pieces that every screen is made of: labels by their role, rows of widgets."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QScrollArea, QSizePolicy, QWidget


def label(text: str, role: str = "", parent: QWidget | None = None, wrap: bool = False) -> QLabel:
    """A label of plain text in one of the roles of resources/themes/window.qss."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


class ElidedLabel(QLabel):
    """A line of plain text that gives way where there is no room.

    Args:
        role: of resources/themes/window.qss.
        mode: which part gives way.
    """

    def __init__(
        self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
    ) -> None:
        super().__init__()
        self._whole, self._mode = text, mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)
        self._elide()

    @property
    def whole(self) -> str:
        """The text without what gave way."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Shows another text."""
        if text != self._whole:
            self._whole = text
            self.updateGeometry()
            self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._whole) + 4, metrics.height())

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, self._mode, max(self.width() - 2, 0))
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


def frame(role: str, parent: QWidget | None = None) -> QFrame:
    """A frame in one of the roles of resources/themes/window.qss."""
    made = QFrame(parent)
    made.setProperty("role", role)
    return made


def log_view(text: str) -> QPlainTextEdit:
    """A read-only text in letters of one width, to scroll and copy."""
    made = QPlainTextEdit(text)
    made.setReadOnly(True)
    made.setProperty("role", "log")
    made.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setStyleSheet(f'font-family: "{font.family()}";')
    return made


def scroller(page: QWidget) -> QScrollArea:
    """A scroll area that lets what lies behind it shine through, and scrolls up and down only."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    page.setObjectName("page")
    area.setWidget(page)
    return area


def set_role(widget: QWidget, name: str, value: str) -> None:
    """Changes a property that the style sheet looks at, and draws the widget anew."""
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
