"""The 3D workspace's widget: filter above, picture and 3D view, the list below, the numbers right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from app.states.fits import FitViewState
from app.states.scene import ColourBy, Look
from app.views.canvas.image_canvas import ImageCanvas
from app.views.canvas.overlay_item import Layers as OverlayLayers
from app.views.canvas.wire_item import WireItem
from app.views.fits.action_bar import FitActionBar
from app.views.fits.filter_bar import FitFilterBar
from app.views.fits.fit_panel import FitPanel
from app.views.fits.fit_table import FitTable
from app.views.icons import TextButton
from app.views.text import ElidedLabel, frame, label
from app.views.viewport.viewport import SWITCHED_OFF, Viewport

_LOOKS = ((Look.CAMERA, "Camera"), (Look.ABOVE, "Above"), (Look.FREE, "Free"))
_COLOURS = (ColourBy.ERROR, ColourBy.VERDICT, ColourBy.TRACK)
_OPACITY_STEP = 0.15
_TABLE_PX = 250


class FitsView(QWidget):
    """Lays the parts of the workspace out, and keeps picture and 3D view together.

    Args:
        model, row_of: the list (see FitTable).
        use_opengl: False draws the wireframe on the picture instead.

    Signals:
        car_clicked(int, bool): a car in either view, and whether Ctrl was held.
        view_changed(): another view, colour or layer.
    """

    car_clicked = Signal(int, bool)
    view_changed = Signal()

    def __init__(
        self,
        model: QAbstractItemModel,
        row_of: Callable[[int], int | None],
        *,
        use_opengl: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("fits")
        self._state = FitViewState()
        self._note = ""
        self._laid_out = False
        self.filters = FitFilterBar()
        self.viewport = Viewport(use_opengl=use_opengl)
        self.canvas = ImageCanvas()
        self.wires = WireItem()
        self.table = FitTable(model, row_of)
        self.panel = FitPanel()
        self.actions_bar = FitActionBar()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # a click leaves the arrow keys with the list
        self.canvas.add_item(self.wires)
        self.canvas.set_layers(
            OverlayLayers(boxes=False, masks=False, badges=False, captions=False, trail=False)
        )
        self.canvas.instance_clicked.connect(self.car_clicked)
        self.viewport.car_clicked.connect(self.car_clicked)
        self.viewport.car_activated.connect(lambda _: self.show_selected())
        self.canvas.instance_activated.connect(lambda _: self.show_selected())
        self.viewport.failed.connect(self._on_failed)
        self.viewport.look_changed.connect(lambda _: self._show_looks())
        self._build()
        if self.viewport.problem:
            self._on_failed(self.viewport.problem)
        self._show_looks()

    # ---- what the controller says ---------------------------------------------------------------

    def show_state(self, state: FitViewState) -> None:
        """Draws another frame, or the same with other fits, in both views."""
        moved = state.focus != self._state.focus or state.frame_id != self._state.frame_id
        same_pixels = state.image is self._state.image and state.frame_id == self._state.frame_id
        self._state = state
        self._title.set_whole(state.title)
        if not same_pixels or state.image is None:
            self.canvas.set_image(state.image)
        if state.width and state.height:
            self.canvas.set_extent(state.width, state.height)
        self.canvas.set_overlay(state.overlay)
        self.wires.set_wires(state.wires, state.width, state.height)
        self.viewport.set_scene(state.scene)
        self._show_message()
        if moved and state.focus is not None:
            self.viewport.bring_into_view()
            self._bring_into_view(state.focus)

    def show_note(self, note: str) -> None:
        """Says what is missing to show the frame in 3D."""
        self._note = note
        self._show_message()

    @property
    def message(self) -> str:
        """What is said over the 3D view, or ""."""
        return self._over.text() if not self._over.isHidden() else ""

    # ---- looking --------------------------------------------------------------------------------

    def set_look(self, look: Look) -> None:
        """Looks from elsewhere in the 3D view."""
        self.viewport.set_look(look)
        self.view_changed.emit()

    def show_all(self) -> None:
        """Shows the whole picture, and all cars."""
        self.canvas.fit()
        self.viewport.show_all()

    def show_selected(self) -> None:
        """Brings the selected car near in both views."""
        if self._state.focus is not None:
            self.canvas.zoom_to_box(*self._state.focus)
        self.viewport.show_selected()

    def zoom_by(self, factor: float) -> None:
        """Zooms both views in (factor above 1) or out."""
        self.canvas.zoom_by(factor)
        self.viewport.zoom_by(factor)

    def change_opacity(self, up: bool) -> None:
        """Makes the cars over the picture denser, or lets more of the picture through."""
        step = _OPACITY_STEP if up else -_OPACITY_STEP
        opacity = min(1.0, max(0.0, self.viewport.layers.opacity + step))
        self.viewport.set_layers(replace(self.viewport.layers, opacity=opacity))
        self.view_changed.emit()

    def toggle_layer(self, name: str) -> None:
        """Draws a part of the 3D view, or no longer; outlines and bones on the picture go with it."""
        layers = self.viewport.layers
        self.viewport.set_layers(replace(layers, **{name: not getattr(layers, name)}))
        if name == "cars":
            self.wires.set_outlines(self.viewport.layers.cars)
        elif name == "skeleton":
            self.wires.set_bones(self.viewport.layers.skeleton)
        self.view_changed.emit()

    def next_colour(self) -> None:
        """Colours the cars by error, verdict or track in turn."""
        by = _COLOURS[(_COLOURS.index(self.viewport.colour_by) + 1) % len(_COLOURS)]
        self.viewport.set_colour_by(by)
        self.wires.set_colour_by(by)
        self._show_looks()
        self.view_changed.emit()

    def next_layout(self) -> None:
        """Shows both views, the 3D view alone, or the picture alone, in turn."""
        shown = not self._left.isHidden(), not self._right.isHidden()
        following = {(True, True): (False, True), (False, True): (True, False)}.get(shown, (True, True))
        self._left.setVisible(following[0])
        self._right.setVisible(following[1])
        self.view_changed.emit()

    # ---- details --------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Qt's: shares the room out when it is first known."""
        super().showEvent(event)
        if not self._laid_out:
            self._laid_out = True
            panel = min(max(self.width() * 22 // 100, 230), 330)
            self._across.setSizes([self.width() - panel, panel])
            self._down.setSizes([max(self.height() - _TABLE_PX - 110, 200), _TABLE_PX])
            half = (self.width() - panel) // 2
            shares = (14, 6) if self.viewport.problem else (9, 11)
            self._both.setSizes([half * share // 10 for share in shares])

    def _build(self) -> None:
        self._title = ElidedLabel("", "soft")
        self._left = QWidget()
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = frame("panel")
        head.setFixedHeight(32)
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 6, 0)
        row.addWidget(self._title, 1)
        column.addWidget(head)
        column.addWidget(frame("line"))
        column.addWidget(self.canvas, 1)
        self._right = QWidget()
        column = QVBoxLayout(self._right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = frame("panel")
        head.setFixedHeight(32)
        row = QHBoxLayout(head)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(4)
        self.look_buttons: dict[Look, TextButton] = {}
        for look, title in _LOOKS:
            button = TextButton(title, "chip")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, wish=look: self.set_look(wish))
            row.addWidget(button)
            self.look_buttons[look] = button
        row.addStretch(1)
        self._colour = TextButton("", "plain")
        self._colour.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._colour.clicked.connect(self.next_colour)
        row.addWidget(self._colour)
        column.addWidget(head)
        column.addWidget(frame("line"))
        column.addWidget(self.viewport, 1)
        self._over = label("", "", wrap=True, parent=self.viewport)
        self._over.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._over.setStyleSheet(
            "color: #dfe5ec; background: rgba(22, 26, 31, 215); border-radius: 8px; padding: 14px;"
        )
        self._over.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over = QVBoxLayout(self.viewport)
        over.setContentsMargins(24, 24, 24, 24)
        over.addStretch(1)
        over.addWidget(self._over)
        over.addStretch(3)
        self._over.hide()

        self._both = QSplitter(Qt.Orientation.Horizontal)
        self._both.addWidget(self._left)
        self._both.addWidget(self._right)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.actions_bar)
        column.addWidget(frame("line"))
        column.addWidget(self.table, 1)
        self._down = QSplitter(Qt.Orientation.Vertical)
        self._down.addWidget(self._both)
        self._down.addWidget(below)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self._across.addWidget(self._down)
        self._across.addWidget(self.panel)
        for split in (self._both, self._down, self._across):
            split.setChildrenCollapsible(False)
        self._across.setStretchFactor(0, 1)
        self._down.setStretchFactor(0, 1)
        self.panel.setMinimumWidth(220)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.filters)
        page.addWidget(frame("line"))
        page.addWidget(self._across, 1)
        self.setFocusProxy(self.table)

    def _show_looks(self) -> None:
        for look, button in self.look_buttons.items():
            button.setChecked(look is self.viewport.look)
        self._colour.setText(f"Colour: {self.viewport.colour_by.value}")

    def _bring_into_view(self, focus: tuple[float, float, float, float]) -> None:
        if self.canvas.fitted:
            return
        seen = self.canvas.view_rect()
        left, top, right, bottom = focus
        if not (seen.contains(left, top) and seen.contains(right, bottom)):
            self.canvas.centre_on((left + right) / 2, (top + bottom) / 2)

    def _on_failed(self, problem: str) -> None:
        """OpenGL cannot be used: the wireframe on the picture stands in."""
        self.wires.set_whole(True)
        across = sum(self._both.sizes())
        self._both.setSizes([across * 7 // 10, across * 3 // 10])
        self._show_message()

    def _show_message(self) -> None:
        words = []
        if self.viewport.problem == SWITCHED_OFF:
            words.append(
                "The 3D view is switched off in the settings.\nA wireframe on the picture stands in."
            )
        elif self.viewport.problem:
            words.append(
                f"The 3D view cannot be drawn: OpenGL does not work here ({self.viewport.problem}).\n"
                "The wireframe on the picture stands in. Run amodal doctor to find out why."
            )
        if self._note:
            words.append(self._note)
        self._over.setText("\n\n".join(words))
        self._over.setVisible(bool(words))
        self.canvas.show_message(self._state.error)
