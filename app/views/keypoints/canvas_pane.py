"""The canvas of the Keypoints workspace: the frame, the points over it, the loupe and the diagram."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.states.keypoints import KeypointFrame, KeypointsState
from app.views.canvas.image_canvas import ImageCanvas
from app.views.canvas.keypoints_item import KeypointsItem
from app.views.canvas.tone import Tone
from app.views.keypoints.diagram import Diagram
from app.views.keypoints.loupe import Loupe
from app.views.text import ElidedLabel, frame, label

_STEP = 1.15
_MARGIN_PX = 10
_ROOMY_PX, _SMALL = 640, 0.75
_AROUND = 0.35  # of the object's size, shown around it


class CanvasPane(QWidget):
    """Draws a KeypointFrame with a KeypointsState over it.

    Signals:
        resized(): the canvas has another size.
    """

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.canvas = ImageCanvas()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.item = KeypointsItem()
        self.canvas.add_item(self.item)
        self.diagram = Diagram(self.canvas)
        self.loupe = Loupe(self.canvas)
        self._loupe_wanted = True
        self._scale = 1.0
        self._aside = False  # whether the loupe has made way for the cursor
        self._frame = KeypointFrame()
        self._state = KeypointsState()
        self._seen: tuple[int | None, int | None] = (None, None)  # the object and the frame zoomed to
        self._title = ElidedLabel("", "soft", Qt.TextElideMode.ElideRight)
        self._tone = label("", "faint")
        head = frame("panel")
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(self._title, 1)
        row.addWidget(self._tone)
        head.setFixedHeight(32)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(frame("line"))
        column.addWidget(self.canvas, 1)
        self.item.hovered.connect(self._on_hovered)
        self.item.left.connect(self._on_left)
        self.item.panned.connect(self.canvas.pan_by)
        self.loupe.tone_changed.connect(self._set_tone)
        self.loupe.picture.entered.connect(self._step_aside)
        self.canvas.view_changed.connect(self._place_parts)
        self.diagram.show_state(self._state)
        self._show_loupe()

    # ---- what is shown --------------------------------------------------------------------------

    def show_frame(self, state: KeypointFrame) -> None:
        """Draws another frame."""
        self._frame = state
        self._title.set_whole(state.title)
        self.canvas.set_image(state.image)
        if state.width and state.height:
            self.canvas.set_extent(state.width, state.height)
            self.item.set_size(state.width, state.height)
        self.canvas.show_message(state.error)
        self._bring_into_view()
        self._look()

    def show_state(self, state: KeypointsState) -> None:
        """Draws other points."""
        self._state = state
        self.item.show_state(state)
        self.diagram.show_state(state)
        self._look()

    def open_state(self, state: KeypointsState) -> None:
        """Draws another object, and brings it into view."""
        self._seen = (None, None)
        self.show_state(state)
        self._bring_into_view()

    # ---- looking --------------------------------------------------------------------------------

    def zoom_to_object(self) -> None:
        """Shows the object large."""
        if self._state.box is not None:
            self.canvas.zoom_to_box(*self._state.box, margin=_AROUND)

    @property
    def loupe_shown(self) -> bool:
        """Whether the loupe is wanted."""
        return self._loupe_wanted

    def toggle_loupe(self) -> None:
        """Shows the loupe, or takes it away."""
        self._loupe_wanted = not self._loupe_wanted
        self._show_loupe()
        self._look()

    def change_gamma(self, up: bool) -> None:
        """Brightens or darkens the shadows."""
        self._set_tone(self.canvas.tone.with_gamma(_STEP if up else 1 / _STEP))

    def change_contrast(self, up: bool) -> None:
        """More or less contrast."""
        self._set_tone(self.canvas.tone.with_contrast(_STEP if up else 1 / _STEP))

    def reset_tone(self) -> None:
        """Shows the picture as it is."""
        self._set_tone(Tone())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: loupe and diagram keep their corners."""
        super().resizeEvent(event)
        self._place_parts()
        self.resized.emit()

    # ---- details --------------------------------------------------------------------------------

    def _set_tone(self, tone: Tone) -> None:
        self.canvas.set_tone(tone)
        self.loupe.show_tone(tone)
        self._tone.setText("" if tone.neutral else f"contrast {tone.contrast:.2f}, gamma {tone.gamma:.2f}")

    def _bring_into_view(self) -> None:
        """Zooms once to an object, when both it and its frame are there; then the view is left alone."""
        wanted = (self._state.instance_id, self._frame.frame_id)
        if None not in wanted and wanted != self._seen:
            self._seen = wanted
            self.zoom_to_object()

    def _on_hovered(self, x: float, y: float) -> None:
        place = self.canvas.to_widget(x, y)
        if self._aside and not QRectF(self.loupe.geometry()).contains(place):
            self._aside = False
            self._show_loupe()
        self.diagram.setVisible(
            self._state.look is not None and not self.diagram.geometry().contains(place.toPoint())
        )
        self._tell_covered()
        self._look((x, y))

    def _step_aside(self) -> None:
        """The loupe makes way for the cursor, until that has passed."""
        self._aside = True
        self._show_loupe()

    def _on_left(self) -> None:
        if self._aside and not self.canvas.underMouse():
            self._aside = False
            self._show_loupe()
        self._look()

    def _look(self, place: tuple[float, float] | None = None) -> None:
        """The loupe shows what is around the cursor, else around the current point."""
        if self.loupe.isHidden():
            return
        if place is None:
            place = self._current_place()
        if place is not None:
            self.loupe.look_at(self._frame.image, *place, self._state.points)

    def _current_place(self) -> tuple[float, float] | None:
        state = self._state
        if state.instance_id is None:
            return None
        spot = state.points[state.current] or state.ghosts[state.current]
        if spot is not None:
            return spot.x, spot.y
        cursor = self.item.cursor_place()
        if cursor is not None or state.box is None:
            return cursor
        left, top, right, bottom = state.box
        return (left + right) / 2, (top + bottom) / 2

    def _show_loupe(self) -> None:
        self.loupe.setVisible(self._loupe_wanted and not self._aside)
        self._tell_covered()

    def _tell_covered(self) -> None:
        """The names of points keep clear of what stands over the picture."""
        over = [part for part in (self.loupe, self.diagram) if not part.isHidden()]
        self.item.set_covered([QRectF(part.geometry()) for part in over])

    def _place_parts(self) -> None:
        """Into the corners: the loupe above at the right, the diagram below at the left."""
        room = self.canvas.rect()
        scale = 1.0 if room.width() >= _ROOMY_PX else _SMALL
        if scale != self._scale:
            self._scale = scale
            self.loupe.set_scale(scale)
            self.diagram.set_scale(scale)
        self.loupe.move(room.width() - self.loupe.width() - _MARGIN_PX, _MARGIN_PX)
        self.diagram.move(_MARGIN_PX, room.height() - self.diagram.height() - _MARGIN_PX)
        self._tell_covered()
