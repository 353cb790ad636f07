"""One object in its picture, on the canvas that all workspaces share, with its numbers above it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.states.evaluation import ObjectPicture
from app.theme import current_theme
from app.views.canvas.image_canvas import ImageCanvas
from app.views.canvas.said_item import SAID_COLOUR, TRUTH_COLOUR, SaidItem
from app.views.text import ElidedLabel, frame

_STROKE_PX = 26


class _Key(QWidget):
    """What a stroke on the canvas means; pressed it draws that, or no longer.

    Signals:
        pressed(): a click.
    """

    pressed = Signal()

    def __init__(self, text: str, colour: str, style: Qt.PenStyle) -> None:
        super().__init__()
        self._text, self._colour, self._style, self._on = text, colour, style, True
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)

    def set_on(self, on: bool) -> None:
        """Says whether it is drawn."""
        self._on = on
        self.update()

    def show_key(self, key: str) -> None:
        """Says by which key it is switched."""
        self.setToolTip(f"Draws {self._text}, or no longer  {key}".strip())

    def sizeHint(self) -> QSize:
        """Qt's: the stroke and the words."""
        metrics = self.fontMetrics()
        return QSize(_STROKE_PX + 6 + metrics.horizontalAdvance(self._text) + 6, metrics.height() + 4)

    def mousePressEvent(self, _: object) -> None:
        """Qt's: switches it."""
        self.pressed.emit()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws it; struck through where it is off."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y, theme = self.height() / 2, current_theme()
        if self._on:
            painter.setPen(QPen(QColor(0, 0, 0, 150), 5))
            painter.drawLine(QPointF(1, y), QPointF(_STROKE_PX, y))
            painter.setPen(QPen(QColor(self._colour), 2.4, self._style))
            painter.drawLine(QPointF(1, y), QPointF(_STROKE_PX, y))
        painter.setPen(theme.color("text_soft" if self._on else "text_faint"))
        font = painter.font()
        font.setStrikeOut(not self._on)
        painter.setFont(font)
        place = self.rect().adjusted(_STROKE_PX + 6, 0, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)
        painter.end()


class ObjectPane(QWidget):
    """Draws an ObjectPicture."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = ImageCanvas()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # a click leaves the arrow keys with the list
        self.item = SaidItem()
        self.canvas.add_item(self.item)
        self._state = ObjectPicture()
        self._follows = True
        head = frame("panel")
        column = QVBoxLayout(head)
        column.setContentsMargins(10, 4, 10, 4)
        column.setSpacing(1)
        first = QHBoxLayout()
        first.setSpacing(8)
        self._title = ElidedLabel("", "heading", Qt.TextElideMode.ElideRight)
        self.truth = _Key("truth", TRUTH_COLOUR, Qt.PenStyle.SolidLine)
        self.said = _Key("said", SAID_COLOUR, Qt.PenStyle.DashLine)
        self.truth.pressed.connect(lambda: self.toggle("truth"))
        self.said.pressed.connect(lambda: self.toggle("said"))
        first.addWidget(self._title, 1)
        first.addWidget(self.truth)
        first.addWidget(self.said)
        self._facts = ElidedLabel("", "soft", Qt.TextElideMode.ElideRight)
        self._place = ElidedLabel("", "faint", Qt.TextElideMode.ElideMiddle)
        column.addLayout(first)
        column.addWidget(self._facts)
        column.addWidget(self._place)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        whole.addWidget(frame("line"))
        whole.addWidget(self.canvas, 1)
        self._head = head
        self.show_state(ObjectPicture())

    @property
    def state(self) -> ObjectPicture:
        """What is shown."""
        return self._state

    @property
    def follows(self) -> bool:
        """Whether each object is zoomed to."""
        return self._follows

    def show_state(self, state: ObjectPicture) -> None:
        """Draws another object."""
        moved = state.key != self._state.key
        same_pixels = state.image is self._state.image and not moved
        self._state = state
        self._title.set_whole(state.title or "No object is selected")
        self._facts.set_whole(state.facts)
        self._place.set_whole(state.place)
        if not same_pixels or state.image is None:
            self.canvas.set_image(state.image)
        if state.width and state.height:
            self.canvas.set_extent(state.width, state.height)
        self.item.show_state(state)
        self.canvas.show_message(state.error)
        if moved and self._follows:
            self.zoom()

    def show_keys(self, truth: str, said: str) -> None:
        """Says by which keys the truth and what was said are switched."""
        self.truth.show_key(truth)
        self.said.show_key(said)

    def toggle(self, name: str) -> None:
        """Draws "truth" or "said", or no longer."""
        layers = self.item.layers
        self.item.set_layers(replace(layers, **{name: not getattr(layers, name)}))
        self.truth.set_on(self.item.layers.truth)
        self.said.set_on(self.item.layers.said)

    def shown(self, name: str) -> bool:
        """Whether "truth" or "said" is drawn."""
        return bool(getattr(self.item.layers, name))

    def zoom(self) -> None:
        """Shows the object large."""
        if self._state.focus is not None:
            self.canvas.zoom_to_box(*self._state.focus)

    def toggle_follow(self) -> None:
        """Zooms to this object and to each one after it; or shows whole pictures again."""
        self._follows = not self._follows
        if self._follows:
            self.zoom()
        else:
            self.canvas.fit()

    def fit(self) -> None:
        """Shows the whole picture, and stops following."""
        self._follows = False
        self.canvas.fit()
