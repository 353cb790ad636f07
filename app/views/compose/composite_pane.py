"""One composite: its title, its picture, and what is known of the objects over it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.states.compose import CompositeState
from app.views.canvas.composite_item import CompositeItem
from app.views.canvas.image_canvas import ImageCanvas
from app.views.text import ElidedLabel, frame, label

_AROUND = 0.5  # of an object's size, shown around it


class CompositePane(QWidget):
    """Draws a CompositeState.

    Args:
        changeable: whether its layers can be dragged.
    """

    def __init__(self, *, changeable: bool = True) -> None:
        super().__init__()
        self.canvas = ImageCanvas()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.item = CompositeItem(changeable=changeable)
        self.canvas.add_item(self.item)
        self._title = ElidedLabel("", "soft", Qt.TextElideMode.ElideRight)
        self._note = label("", "faint")
        head = frame("panel")
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self._title, 1)
        row.addWidget(self._note)
        head.setFixedHeight(32)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(frame("line"))
        column.addWidget(self.canvas, 1)
        self.item.panned.connect(self.canvas.pan_by)
        self.item.activated.connect(self.zoom_to)

    def show_state(self, state: CompositeState) -> None:
        """Draws another composite, or the same with other layers; the view stays."""
        before = self.item.state
        if state.image is not before.image:
            self.canvas.set_image(state.image)
        if state.width and state.height:
            self.canvas.set_extent(state.width, state.height)
        self.item.show_state(state)
        self._title.set_whole(state.title)
        if state.error != before.error:
            self.canvas.show_message(state.error)

    def show_note(self, text: str) -> None:
        """Says something beside the title, such as that a composite is being drawn."""
        self._note.setText(text)

    @property
    def title(self) -> str:
        """What is shown, in words."""
        return self._title.whole

    def zoom_to(self, key: int | None) -> None:
        """Shows a layer large."""
        layer = next((one for one in self.item.state.layers if one.key == key), None)
        if layer is not None and layer.box is not None:
            self.canvas.zoom_to_box(*layer.box, margin=_AROUND)
