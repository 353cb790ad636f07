"""A dock with the window's own head: a title, buttons and a way to close it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QVBoxLayout, QWidget

from app.views.icons import IconButton
from app.views.text import frame, label


class Dock(QDockWidget):
    """A panel at the window's side.

    Args:
        name: for the window's remembered layout.
        title: for people.
        content: what it shows.
    """

    def __init__(self, name: str, title: str, content: QWidget) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        head = frame("dockhead")
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 0, 8, 0)
        row.addWidget(label(title, "heading"), 1)
        close = IconButton("close", f"Close {title}", size=14)
        close.clicked.connect(self.close)
        row.addWidget(close)
        self.setTitleBarWidget(head)
        panel = frame("dock")
        column = QVBoxLayout(panel)
        column.setContentsMargins(1, 0, 0, 0)
        column.addWidget(content)
        self.setWidget(panel)
        self.setMinimumWidth(300)
