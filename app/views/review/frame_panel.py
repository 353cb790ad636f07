"""The frame panel: the canvas with the frame, its title above, and what to know about what is shown."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.states.review_frame import FrameState
from app.views.canvas.image_canvas import ImageCanvas
from app.views.canvas.tone import Tone
from app.views.icons import TextButton
from app.views.text import frame, label

_STEP = 1.15


class FramePanel(QWidget):
    """Draws a FrameState.

    Signals:
        instance_clicked(int, bool): an instance in the frame, and whether Ctrl was held.
        home_wanted(): back to the selected instance's own frame.
    """

    instance_clicked = Signal(int, bool)
    home_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = ImageCanvas()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # a click leaves the arrow keys with the queue
        self.canvas.instance_clicked.connect(self.instance_clicked)
        self.canvas.instance_activated.connect(lambda _: self.zoom_to_selected())
        self._state = FrameState()
        self._follows = False  # whether each selected instance is zoomed to
        self._title = label("", "soft")
        self._title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._tone = label("", "faint")
        self._away = label("", "warn")
        self._home = TextButton("Go back", "plain")
        self._home.clicked.connect(self.home_wanted)
        head = frame("panel")
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 6, 0)
        row.setSpacing(10)
        row.addWidget(self._title)
        row.addStretch(1)
        row.addWidget(self._tone)
        row.addWidget(self._away)
        row.addWidget(self._home)
        head.setFixedHeight(32)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(frame("line"))
        column.addWidget(self.canvas, 1)
        self.show_state(FrameState())

    def show_state(self, state: FrameState) -> None:
        """Draws another frame, or the same with other labels over it."""
        moved = state.focus != self._state.focus or state.frame_id != self._state.frame_id
        same_pixels = state.image is self._state.image and state.frame_id == self._state.frame_id
        self._state = state
        self._title.setText(state.title)
        self._away.setText(state.away)
        self._away.setVisible(bool(state.away))
        self._home.setVisible(bool(state.away))
        if not same_pixels or state.image is None:
            self.canvas.set_image(state.image)
        if state.width and state.height:
            self.canvas.set_extent(state.width, state.height)
        self.canvas.set_overlay(state.overlay)
        self.canvas.show_message(state.error)
        if moved and state.focus is not None:
            self._bring_into_view()

    @property
    def title_label(self) -> QLabel:
        """Where in the footage the frame is."""
        return self._title

    @property
    def away_text(self) -> str:
        """What the banner says where this is another frame than the selected instance's."""
        return self._away.text()

    # looking

    @property
    def follows(self) -> bool:
        """Whether each selected instance is zoomed to."""
        return self._follows

    def toggle_follow(self) -> None:
        """Zooms to the selected instance, and to each one after it; or shows whole frames again."""
        self._follows = not self._follows
        if self._follows:
            self.zoom_to_selected()
        else:
            self.canvas.fit()

    def zoom_to_selected(self) -> None:
        """Shows the selected instance large."""
        if self._state.focus is not None:
            self.canvas.zoom_to_box(*self._state.focus)

    def fit(self) -> None:
        """Shows the whole frame, and stops following."""
        self._follows = False
        self.canvas.fit()

    def _bring_into_view(self) -> None:
        if self._follows:
            self.zoom_to_selected()
            return
        focus = self._state.focus
        if self.canvas.fitted or focus is None:
            return
        seen = self.canvas.view_rect()
        left, top, right, bottom = focus
        if not (seen.contains(left, top) and seen.contains(right, bottom)):
            self.canvas.centre_on((left + right) / 2, (top + bottom) / 2)

    # layers and tone

    def toggle_layer(self, name: str) -> None:
        """Draws a part of the overlay, or no longer."""
        layers = self.canvas.layers
        self.canvas.set_layers(replace(layers, **{name: not getattr(layers, name)}))

    def layer(self, name: str) -> bool:
        """Whether a part of the overlay is drawn."""
        return bool(getattr(self.canvas.layers, name))

    def change_gamma(self, up: bool) -> None:
        """Brightens or darkens the shadows."""
        self._set_tone(self.canvas.tone.with_gamma(_STEP if up else 1 / _STEP))

    def change_contrast(self, up: bool) -> None:
        """More or less contrast."""
        self._set_tone(self.canvas.tone.with_contrast(_STEP if up else 1 / _STEP))

    def reset_tone(self) -> None:
        """Shows the picture as it is."""
        self._set_tone(Tone())

    def _set_tone(self, tone: Tone) -> None:
        self.canvas.set_tone(tone)
        self._tone.setText("" if tone.neutral else f"contrast {tone.contrast:.2f}, gamma {tone.gamma:.2f}")
