"""The rail on the left: one button for each workspace, in the order in which the data runs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout

from app.theme import current_theme
from app.views.icons import themed_icon

WIDTH = 78


class RailButton(QToolButton):
    """An icon over a word, with a small number in a corner where something waits there."""

    def __init__(self, icon: str, text: str, tip: str) -> None:
        super().__init__()
        self._icon, self._count = icon, 0
        self.setText(text)
        self.setToolTip(tip)
        self.setAccessibleName(text)
        self.setProperty("role", "rail")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedWidth(WIDTH)
        self.setIconSize(QSize(24, 24))
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._tint)
        self._tint()

    def set_count(self, count: int) -> None:
        """Shows a number; 0 shows none."""
        self._count = count
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._count:
            return
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(max(font.pointSizeF() - 1.5, 6))
        font.setBold(True)
        painter.setFont(font)
        text = str(self._count) if self._count < 100 else "99+"
        width = max(painter.fontMetrics().horizontalAdvance(text) + 8, 16)
        place = QRectF(self.width() / 2 + 5, 5, width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent_strong"))
        painter.drawRoundedRect(place, 8, 8)
        painter.setPen(QColor(theme.color("on_accent")))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _tint(self) -> None:
        self.setIcon(themed_icon(self._icon, "accent" if self.isChecked() else "text_soft", 24))


class Rail(QFrame):
    """The rail itself.

    Signals:
        chosen(str): the id of a workspace, or of a tool at the foot of the rail.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "rail")
        self.setFixedWidth(WIDTH + 1)
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 1, 6)
        column.setSpacing(2)
        self._places = QVBoxLayout()
        self._places.setSpacing(2)
        column.addLayout(self._places)
        column.addStretch(1)
        self._tools = QVBoxLayout()
        self._tools.setSpacing(2)
        column.addLayout(self._tools)

    def add_place(self, place: str, title: str, icon: str, tip: str) -> None:
        """Adds a workspace below the others."""
        button = self._add(place, title, icon, tip)
        self._group.addButton(button)
        self._places.addWidget(button)

    def add_tool(self, tool: str, title: str, icon: str, tip: str) -> None:
        """Adds a panel's switch at the foot."""
        self._tools.addWidget(self._add(tool, title, icon, tip))

    def clear_places(self) -> None:
        """Takes all workspaces off."""
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._places.removeWidget(button)
            self._buttons = {key: kept for key, kept in self._buttons.items() if kept is not button}
            button.hide()  # it is deleted only when the event loop comes round
            button.deleteLater()

    def set_current(self, place: str) -> None:
        """Marks the workspace in front."""
        self._buttons[place].setChecked(True)

    def set_open(self, tool: str, shown: bool) -> None:
        """Marks a panel's switch as on or off."""
        self._buttons[tool].setChecked(shown)

    def set_count(self, key: str, count: int) -> None:
        """Shows a number on a button."""
        self._buttons[key].set_count(count)

    def _add(self, key: str, title: str, icon: str, tip: str) -> RailButton:
        button = RailButton(icon, title, tip)
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._buttons[key] = button
        return button
