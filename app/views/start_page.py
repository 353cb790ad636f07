"""The first page: what to open, what to begin with, and what was open before."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.states.start import RecentProject, StartState
from app.views.click_frame import ClickFrame
from app.views.icons import IconButton, IconLabel, TextButton, icon_pixmap
from app.views.text import ElidedLabel, frame, label, scroller, set_role
from app.words import ago

_WIDTH = 940


class _Choice(ClickFrame):
    """One way to begin: an icon, a title, a line of help and the key."""

    def __init__(self, icon: str, title: str, text: str, key: str) -> None:
        super().__init__("choice", title)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 12, 14, 12)
        row.setSpacing(14)
        row.addWidget(IconLabel(icon, "accent", 24), 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(label(title, "heading"))
        words.addWidget(label(text, "faint", wrap=True))
        words.addStretch(1)
        row.addLayout(words, 1)
        if key:
            row.addWidget(label(key, "key"), 0, Qt.AlignmentFlag.AlignVCenter)


class _Recent(ClickFrame):
    """One recent project; a missing one says so by shape and word."""

    removed = Signal()

    def __init__(self, recent: RecentProject) -> None:
        super().__init__("item", f"Open {recent.name}")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        icon = IconLabel("file" if recent.found else "missing", "accent" if recent.found else "warn", 20)
        row.addWidget(icon)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(recent.name, "heading"))
        place = ElidedLabel(_short(recent.path.parent), "faint")
        words.addWidget(place)
        row.addLayout(words, 1)
        when = ago(recent.opened_at) if recent.found else "not found"
        row.addWidget(label(when, "faint" if recent.found else "warn"))
        remove = IconButton("close", "Take off this list (the file stays)", token="text_faint", size=14)
        remove.clicked.connect(self.removed)
        row.addWidget(remove)


class StartPage(QWidget):
    """The page itself.

    Signals:
        new_wanted(), open_wanted(), demo_wanted(), demo_stopped()
        recent_wanted(Path), recent_removed(Path)
        dropped(object): a list of dropped paths.
    """

    new_wanted = Signal()
    open_wanted = Signal()
    demo_wanted = Signal()
    demo_stopped = Signal()
    recent_wanted = Signal(object)
    recent_removed = Signal(object)
    dropped = Signal(object)

    def __init__(self, keys: dict[str, str]) -> None:
        """keys: action id -> the key to print beside "file.new" and the like."""
        super().__init__()
        self._shown: tuple[RecentProject, ...] | None = None
        self.setAcceptDrops(True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        page = QWidget()
        outer.addWidget(scroller(page))
        sides = QHBoxLayout(page)
        sides.setContentsMargins(32, 32, 32, 32)
        sides.addStretch(1)
        body = QWidget()
        body.setMaximumWidth(_WIDTH)
        body.setMinimumWidth(640)
        sides.addWidget(body, 100)
        sides.addStretch(1)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addStretch(2)
        column.addLayout(self._head())
        column.addSpacing(34)
        column.addWidget(self._busy_card())
        column.addWidget(self._busy_gap)
        halves = QHBoxLayout()
        halves.setSpacing(28)
        halves.addLayout(self._begin(keys), 5)
        halves.addLayout(self._recent(), 6)
        column.addLayout(halves)
        column.addSpacing(24)
        column.addWidget(self._drop())
        column.addStretch(3)

    def show_state(self, state: StartState) -> None:
        """Draws the state."""
        if state.recents != self._shown:
            self._shown = state.recents
            self._show_recents(state.recents)
        busy = state.making is not None or state.opening is not None
        self._busy.setVisible(busy)
        self._busy_gap.setVisible(busy)
        self._begin_area.setEnabled(not busy)
        self._recents_area.setEnabled(not busy)
        if state.opening is not None:
            self._busy_title.setText(f"Opening {state.opening.stem}…")
            self._busy_text.setText(str(state.opening))
            self._bar.setRange(0, 0)
        elif state.making is not None:
            self._busy_title.setText("Making the demo project")
            self._busy_text.setText(state.making.message)
            self._bar.setRange(0, 1000 if state.making.share is not None else 0)
            self._bar.setValue(round(1000 * (state.making.share or 0)))
        self._stop.setVisible(state.making is not None and state.opening is None)

    # ---- parts ----------------------------------------------------------------------------------

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(20)
        logo = QLabel()
        logo.setPixmap(icon_pixmap("logo", "#ffffff", 64, self.devicePixelRatioF()))
        logo.setFixedSize(64, 64)
        row.addWidget(logo)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label("Amodal Studio", "display"))
        words.addWidget(label("Teach machines to see what is hidden.", "soft"))
        row.addLayout(words, 1)
        return row

    def _begin(self, keys: dict[str, str]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(label("BEGIN", "caption"))
        self._begin_area = QWidget()
        inner = QVBoxLayout(self._begin_area)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(10)
        for icon, title, text, action, signal in (
            (
                "new",
                "New project",
                "An empty project for footage of your own cameras.",
                "file.new",
                self.new_wanted,
            ),
            ("open", "Open project", "A file that ends in .amodal.", "file.open", self.open_wanted),
            (
                "demo",
                "Try the demo",
                "A small street that the program draws itself, ready to look at in a minute.",
                "file.demo",
                self.demo_wanted,
            ),
        ):
            choice = _Choice(icon, title, text, keys.get(action, ""))
            choice.clicked.connect(signal)
            choice.setMinimumHeight(76)
            inner.addWidget(choice, 1)
        column.addWidget(self._begin_area, 1)
        return column

    def _recent(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(label("RECENT", "caption"))
        self._recents_area = frame("card")
        inner = QVBoxLayout(self._recents_area)
        inner.setContentsMargins(5, 5, 5, 5)
        inner.setSpacing(0)
        self._recents = QWidget()
        self._recents_column = QVBoxLayout(self._recents)
        self._recents_column.setContentsMargins(0, 0, 0, 0)
        self._recents_column.setSpacing(2)
        inner.addWidget(scroller(self._recents))
        column.addWidget(self._recents_area, 1)
        return column

    def _show_recents(self, recents: tuple[RecentProject, ...]) -> None:
        while (item := self._recents_column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        for recent in recents:
            row = _Recent(recent)
            row.clicked.connect(lambda path=recent.path: self.recent_wanted.emit(path))
            row.removed.connect(lambda path=recent.path: self.recent_removed.emit(path))
            self._recents_column.addWidget(row)
        if not recents:
            empty = label("Projects that you open are listed here.", "faint")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._recents_column.addWidget(empty, 1)
        else:
            self._recents_column.addStretch(1)

    def _busy_card(self) -> QFrame:
        self._busy = frame("note")
        row = QHBoxLayout(self._busy)
        row.setContentsMargins(16, 12, 12, 12)
        row.setSpacing(14)
        words = QVBoxLayout()
        words.setSpacing(4)
        self._busy_title = label("", "heading")
        self._busy_text = label("", "faint")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        for widget in (self._busy_title, self._busy_text, self._bar):
            words.addWidget(widget)
        row.addLayout(words, 1)
        self._stop = TextButton("Stop")
        self._stop.clicked.connect(self.demo_stopped)
        row.addWidget(self._stop, 0, Qt.AlignmentFlag.AlignVCenter)
        self._busy_gap = QWidget()
        self._busy_gap.setFixedHeight(22)
        self._busy.setVisible(False)
        self._busy_gap.setVisible(False)
        return self._busy

    def _drop(self) -> QFrame:
        self._drop_frame = frame("drop")
        row = QHBoxLayout(self._drop_frame)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(10)
        row.addStretch(1)
        row.addWidget(IconLabel("download", "text_faint", 18))
        row.addWidget(label("Drop a project, a video or a folder of pictures anywhere on this page", "soft"))
        row.addStretch(1)
        return self._drop_frame

    # ---- dropping -------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            set_role(self._drop_frame, "over", "true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        set_role(self._drop_frame, "over", "false")

    def dropEvent(self, event: QDropEvent) -> None:
        set_role(self._drop_frame, "over", "false")
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)


def _short(path: Path) -> str:
    """A folder with the home folder written as ~."""
    try:
        return "~/" + path.relative_to(Path.home()).as_posix()
    except ValueError:
        return str(path)
