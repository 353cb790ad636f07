"""A live stream in the middle of the Sources workspace: its address, its picture, how the connection is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.states.live import LiveState, Watching
from app.views.canvas.image_canvas import ImageCanvas
from app.views.icons import IconLabel, TextButton
from app.views.text import frame, label

_LOOKS = {
    Watching.OFF: ("stream", "text_faint", "Not connected"),
    Watching.CONNECTING: ("waiting", "accent", "Connecting…"),
    Watching.LIVE: ("record", "ok", "Live"),
    Watching.LOST: ("warning", "warn", "Lost, connecting again…"),
    Watching.REFUSED: ("error", "bad", "Not connected"),
}
_HINT = "rtsp://user:password@camera/stream    http://camera/video.mjpg    usb:0"


class LivePane(QWidget):
    """The pane.

    Signals:
        watch_wanted(str): an address.
        stop_wanted()
    """

    watch_wanted = Signal(str)
    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._image: object = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = frame("bar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(8)
        self.address = QLineEdit()
        self.address.setPlaceholderText(_HINT)
        self.address.setAccessibleName("Address of the stream")
        self.address.setClearButtonEnabled(True)
        self.address.returnPressed.connect(self._watch)
        row.addWidget(self.address, 1)
        self._button = TextButton("Watch", "primary", "play")
        self._button.clicked.connect(self._press)
        row.addWidget(self._button)
        column.addWidget(bar)
        self.canvas = ImageCanvas()
        column.addWidget(self.canvas, 1)
        foot = frame("panel")
        words = QHBoxLayout(foot)
        words.setContentsMargins(14, 8, 14, 8)
        words.setSpacing(8)
        self._icon = IconLabel("stream", "text_faint", 18)
        self._text = label("", "soft", wrap=True)
        words.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self._text, 1)
        column.addWidget(foot)
        self.show_state(LiveState())

    def show_state(self, state: LiveState) -> None:
        """Draws the state."""
        self._on = state.watching not in (Watching.OFF, Watching.REFUSED)
        self._button.setText("Stop" if self._on else "Watch")
        self._button.set_icon("stop" if self._on else "play")
        self.address.setEnabled(not self._on)
        if state.image is not self._image:
            self._image = state.image
            self.canvas.set_image(state.image)
        icon, token, word = _LOOKS[state.watching]
        self._icon.set_icon(icon, token)
        parts = [word]
        if state.watching is Watching.LIVE and state.image is not None:
            height, width = state.image.shape[:2]
            parts.append(f"{width} × {height}")
            if state.fps:
                parts.append(f"{state.fps:.1f} frames a second")
        if state.problem:
            parts = [f"{word.rstrip('…')}. {state.problem} {state.way_out}".strip()]
        self._text.setText(" · ".join(parts))
        if state.image is None:
            invitation = "" if state.problem else "Type a stream's address above and watch it here."
            waiting = state.watching is Watching.CONNECTING
            self.canvas.show_message("Connecting…" if waiting else invitation)
        else:
            self.canvas.show_message("")

    def _press(self) -> None:
        if self._on:
            self.stop_wanted.emit()
        else:
            self._watch()

    def _watch(self) -> None:
        address = self.address.text().strip()
        if address:
            self.watch_wanted.emit(address)
        else:
            self.address.setFocus()
