"""The Sources workspace: cameras at the left, the picture in the middle, what to do with it at the right."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from app.states.sources import SourcesState
from app.views.canvas.sketch_item import SketchItem
from app.views.icons import IconLabel, TextButton
from app.views.sources.background_tab import BackgroundTab
from app.views.sources.calibration_tab import CalibrationTab
from app.views.sources.camera_list import CameraList
from app.views.sources.info_tab import InfoTab
from app.views.sources.live_pane import LivePane
from app.views.sources.mine_tab import MineTab
from app.views.sources.player import Player
from app.views.sources.record_tab import RecordTab
from app.views.text import ElidedLabel, frame, label

_TABS = ("background", "calibration", "mine", "info")


class SourcesView(QWidget):
    """The whole workspace.

    Signals:
        wanted(str): the id of an action that was pressed somewhere in it.
        dropped(object): paths.
        tab_shown(str): background, calibration, mine, info or record came to the front.
    """

    wanted = Signal(str)
    dropped = Signal(object)
    tab_shown = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.list, self.player, self.live = CameraList(), Player(), LivePane()
        self.background, self.mine = BackgroundTab(), MineTab()
        self.calibration, self.sketch = CalibrationTab(), SketchItem()
        self.sketch.hide()
        self.player.canvas.add_item(self.sketch)
        self.info, self.record = InfoTab(), RecordTab()
        self._is_live = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._left())
        splitter.addWidget(self._middle())
        splitter.addWidget(self._right())
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([270, 700, 390])
        row.addWidget(splitter)
        self.list.wanted.connect(self.wanted)
        self.info.wanted.connect(self.wanted)

    @property
    def is_live(self) -> bool:
        """Whether a live stream is in the middle."""
        return self._is_live

    def show_state(self, state: SourcesState) -> None:
        """Draws the list, and what depends on it."""
        self.list.show_state(state)
        self.info.show_state(state)
        has_sources = any(node.sources for node in state.cameras)
        self._has_footage = has_sources or not state.loaded
        busy = bool(state.adding)
        self._empty_title.setText("Adding footage…" if busy else "Add footage to begin")
        self._empty_buttons.setVisible(not busy)
        self._arrange()

    def show_live(self, live: bool) -> None:
        """Puts the live stream in the middle, or the footage."""
        self._is_live = live
        self._footage_chip.setChecked(not live)
        self._live_chip.setChecked(live)
        self._arrange()
        if live:
            self.tab_shown.emit("record")
            self.live.address.setFocus()

    def show_tab(self, name: str) -> None:
        """Brings one of the tabs at the right to the front: background, calibration, mine or info."""
        self._tabs.setCurrentIndex(_TABS.index(name))

    def _on_tab(self, place: int) -> None:
        # the ground, and what is drawn to find it, lie over the frame only beside their own tab
        self.sketch.setVisible(_TABS[place] == "calibration")
        self.tab_shown.emit(_TABS[place])

    def _arrange(self) -> None:
        place = 1 if self._is_live else 0 if self._has_footage else 2
        self._stack.setCurrentIndex(place)
        self._right_stack.setCurrentIndex(1 if self._is_live else 0)

    def _left(self) -> QWidget:
        panel = frame("panel")
        panel.setMinimumWidth(220)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        return panel

    def _middle(self) -> QWidget:
        area = QWidget()
        area.setMinimumWidth(360)
        column = QVBoxLayout(area)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = frame("bar")
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(6)
        self._footage_chip = TextButton("Footage", "chip")
        self._live_chip = TextButton("Live stream", "chip")
        self._footage_chip.setChecked(True)
        self._footage_chip.clicked.connect(lambda: self.show_live(False))
        self._live_chip.clicked.connect(lambda: self.show_live(True))
        row.addWidget(self._footage_chip)
        row.addWidget(self._live_chip)
        row.addStretch(1)
        self.title = ElidedLabel(role="soft")
        row.addWidget(self.title)
        column.addWidget(head)
        self._stack = QStackedWidget()
        for page in (self.player, self.live, self._empty()):
            self._stack.addWidget(page)
        self._has_footage = True
        column.addWidget(self._stack, 1)
        return area

    def _right(self) -> QWidget:
        self._right_stack = QStackedWidget()
        self._right_stack.setMinimumWidth(300)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(_panel(self.background), "Background")
        self._tabs.addTab(_panel(self.calibration), "Calibration")
        self._tabs.addTab(_panel(self.mine), "Mine")
        self._tabs.addTab(_panel(self.info), "Info")
        self._tabs.currentChanged.connect(self._on_tab)
        self._right_stack.addWidget(_panel(self._tabs))
        self._right_stack.addWidget(_panel(self.record))
        return self._right_stack

    def _empty(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(40, 20, 40, 20)
        column.setSpacing(10)
        column.addStretch(1)
        column.addWidget(IconLabel("camera", "text_faint", 52), 0, Qt.AlignmentFlag.AlignHCenter)
        self._empty_title = label("Add footage to begin", "title")
        text = "A video of a fixed camera, a folder of its pictures, or a live stream to record."
        words = label(f"{text} Drop files here, too.", "soft", wrap=True)
        for widget in (self._empty_title, words):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(widget)
        self._empty_buttons = QWidget()
        row = QHBoxLayout(self._empty_buttons)
        row.setSpacing(8)
        row.addStretch(1)
        for text, kind, icon, action in (
            ("Add a video…", "primary", "video", "sources.add_video"),
            ("Add a folder…", "", "pictures", "sources.add_folder"),
            ("Live stream…", "", "stream", "sources.live"),
        ):
            button = TextButton(text, kind, icon)
            button.clicked.connect(lambda _=False, wanted=action: self.wanted.emit(wanted))
            row.addWidget(button)
        row.addStretch(1)
        column.addWidget(self._empty_buttons)
        column.addStretch(2)
        return page

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])


def _panel(content: QWidget) -> QWidget:
    panel = frame("panel")
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(content)
    return panel
