"""Short messages at the top of what is shown: what was done, what went wrong, and the way out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.states.toasts import Toast, Tone
from app.views.icons import IconButton, IconLabel, TextButton
from app.views.text import label

_ICONS = {
    Tone.DONE: ("done", "ok"),
    Tone.INFO: ("info", "accent"),
    Tone.WARNING: ("warning", "warn"),
    Tone.ERROR: ("error", "bad"),
}
_MOST = 3
_WIDTH = 560
_LEAST_WIDTH = 300  # a place with less room than this is too narrow to stand over
_MARGIN = 18
_HEAD = 52  # below the rows of buttons at the head of a place that names no other
_LONG = 60


class _Card(QFrame):
    """One message."""

    closed = Signal(object)

    def __init__(self, toast: Toast) -> None:
        super().__init__()
        self.toast = toast
        self.setProperty("role", "toast")
        icon, token = _ICONS[toast.tone]
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 8, 9)
        row.setSpacing(11)
        row.addWidget(IconLabel(icon, token, 20), 0, Qt.AlignmentFlag.AlignVCenter)
        self._words = QVBoxLayout()
        self._words.setSpacing(2)
        self._text = label(toast.text, "heading" if toast.way_out else "", wrap=True)
        self._lines = [self._text]
        if toast.way_out:
            self._lines.append(label(toast.way_out, "soft", wrap=True))
        for line in self._lines:
            self._words.addWidget(line)
        row.addLayout(self._words, 1)
        self._button: TextButton | None = None
        if toast.button:
            self._button = TextButton(toast.button, "plain")
            self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._button.clicked.connect(self._press)
            row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        close = IconButton("close", "Close this message", token="text_faint", size=14)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(lambda: self.closed.emit(self))
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignVCenter)

    def can_become(self, toast: Toast) -> bool:
        """Whether another message fits into this card: who labels fast gets one card, not many."""
        old = self.toast
        short = len(old.text) <= _LONG and len(toast.text) <= _LONG
        alike = bool(old.button) == bool(toast.button) and bool(old.way_out) == bool(toast.way_out)
        return short and alike and not old.way_out and not old.stays and not toast.stays

    def become(self, toast: Toast) -> None:
        """Shows another message."""
        self.toast = toast
        self._text.setText(toast.text)
        if self._button is not None:
            self._button.setText(toast.button)

    def fit(self, widest: int) -> None:
        """Takes the width that its words want, up to one, and the height that they then need."""
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        parts = [part for place in range(row.count()) if (part := row.itemAt(place)) is not None]
        beside = sum(part.sizeHint().width() for part in parts if part.layout() is not self._words)
        margins = row.contentsMargins()
        around = margins.left() + margins.right() + row.spacing() * (len(parts) - 1)
        for line in self._lines:
            line.ensurePolished()
        longest = max(line.fontMetrics().horizontalAdvance(line.text()) for line in self._lines)
        width = min(longest + 2 + beside + around, widest)
        self.setFixedSize(width, max(row.totalHeightForWidth(width), row.totalMinimumSize().height()))

    def _press(self) -> None:
        self.closed.emit(self)
        if self.toast.on_button is not None:
            self.toast.on_button()


class Toasts(QWidget):
    """The stack of messages, at the top of its parent or of one part of it. It takes no keys and no focus."""

    def __init__(self, parent: QWidget, seconds: float = 5.0) -> None:
        super().__init__(parent)
        self.seconds = seconds
        self._cards: list[_Card] = []
        self._timers: dict[_Card, QTimer] = {}
        self._over: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        parent.installEventFilter(self)
        self.hide()

    def show_toast(self, toast: Toast) -> None:
        """Shows a message; what was done last replaces what was done before."""
        for card in list(self._cards):
            both_done = card.toast.tone is Tone.DONE and toast.tone is Tone.DONE
            if both_done and card.can_become(toast):
                card.become(toast)
                self._timers[card].start(round(self.seconds * 1000))
                self._place()
                return
            same = card.toast.text == toast.text or (toast.about and card.toast.about == toast.about)
            if same or (both_done and card.toast.button and toast.button):
                self._remove(card)
        while len(self._cards) >= _MOST:
            self._remove(self._cards[0])
        card = _Card(toast)
        card.closed.connect(self._remove)
        self._cards.append(card)
        self._column.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        card.show()  # Qt would do so later, and until then the layout leaves no room for it
        if not toast.stays:
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self._remove(card))
            timer.start(round(self.seconds * 1000))
            self._timers[card] = timer
        self.show()
        self.raise_()
        self._place()

    def stand_over(self, part: QWidget | None) -> None:
        """Says at the top of which part of the parent the messages stand; None for the parent itself."""
        if self._over is not None:
            self._over.removeEventFilter(self)
            self._over.destroyed.disconnect(self._forget_place)
        self._over = part
        if part is not None:
            part.installEventFilter(self)
            part.destroyed.connect(self._forget_place)
        self._place()

    def _forget_place(self) -> None:
        self._over = None

    def texts(self) -> list[str]:
        """The messages that are shown, oldest first."""
        return [card.toast.text for card in self._cards]

    def clear(self) -> None:
        """Takes all messages away."""
        for card in list(self._cards):
            self._remove(card)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return False

    def _remove(self, card: _Card) -> None:
        if card not in self._cards:
            return
        self._cards.remove(card)
        timer = self._timers.pop(card, None)
        if timer is not None:
            timer.stop()
            timer.deleteLater()
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()
        self.setVisible(bool(self._cards))
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None or not self._cards:
            return
        area = parent.rect().adjusted(0, _HEAD - _MARGIN, 0, 0)
        if self._over is not None and self._over.isVisibleTo(parent) and self._over.width() >= _LEAST_WIDTH:
            area = QRect(self._over.mapTo(parent, QPoint(0, 0)), self._over.size())
        width = min(_WIDTH, area.width() - 2 * _MARGIN)
        for card in self._cards:
            card.fit(width)  # a layout would give it the height for a width that it does not get
        height = self._column.sizeHint().height()
        top = min(area.top() + _MARGIN, max(parent.height() - height, 0))
        self.setGeometry(area.left() + (area.width() - width) // 2, top, width, height)
