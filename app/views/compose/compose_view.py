"""The Compose workspace's widget: from above left, the composite in the middle, its layers right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.states.compose import ComposeHead, CompositeState, Missing, OcclusionChart
from app.states.scene import ColourBy, Look, Scene
from app.views.canvas.image_canvas import ImageCanvas
from app.views.compose.compose_bar import ComposeBar
from app.views.compose.head_bar import HeadBar
from app.views.compose.layer_list import LayerList, layer_area
from app.views.compose.missing_page import MissingPage
from app.views.compose.occlusion_chart import OcclusionChartView
from app.views.compose.pair import Pair
from app.views.keypoints.fit_card import FitCardView
from app.views.text import ElidedLabel, frame, label
from app.views.viewport.viewport import SWITCHED_OFF, Viewport
from app.words import plural

_LEAST_SIDE_PX, _LEAST_ABOVE_PX = 220, 150


class ComposeView(QWidget):
    """Lays the parts of the workspace out; composition joins their signals.

    Args:
        use_opengl: False leaves the view from above out.

    Signals:
        above_switched(): the view from above is shown, or no longer.
    """

    above_switched = Signal()

    def __init__(self, *, use_opengl: bool = True) -> None:
        super().__init__()
        self.setObjectName("compose")
        self.head, self.pair, self.bar = HeadBar(), Pair(), ComposeBar()
        self.layers, self.chart = LayerList(), OcclusionChartView()
        self.card = FitCardView()
        self.missing = MissingPage()
        self.viewport = Viewport(use_opengl=use_opengl)
        self.viewport.set_look(Look.ABOVE)
        self.viewport.set_colour_by(ColourBy.OBJECT)
        self.viewport.failed.connect(self._show_above_note)
        self._note = ""
        self._laid_out = False
        self._above, right, middle = self._build_above(), self._build_right(), self._build_middle()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        for part in (self._above, middle, right):
            split.addWidget(part)
        split.setStretchFactor(1, 1)
        self._above.setMinimumWidth(_LEAST_ABOVE_PX)
        right.setMinimumWidth(_LEAST_SIDE_PX)
        self._split = split
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.head)
        page.addWidget(frame("line"))
        page.addWidget(split, 1)
        self.setFocusProxy(self.canvas)
        self.show_toggles()

    @property
    def canvas(self) -> ImageCanvas:
        """The composite's."""
        return self.pair.main.canvas

    # ---- what the controller says ---------------------------------------------------------------

    def show_head(self, state: ComposeHead) -> None:
        """Draws what is shown and what else can be."""
        self.head.show_state(state)
        self.pair.main.show_note("drawing…" if state.busy else "")

    def show_states(self, main: CompositeState, other: CompositeState) -> None:
        """Draws a composite with its layers, and WALT2D's of the same objects."""
        self.pair.show_states(main, other)
        self.layers.show_state(main)
        order = "pasted last first" if main.flat else "nearest first"
        count = plural(len(main.layers), "layer")
        self._layers_title.set_whole(f"{count}, {order}" if main.layers else "Layers")
        self._card_box.setVisible(bool(main.layers))

    def show_missing(self, missing: Missing) -> None:
        """Says what is missing for a composite, or shows it where nothing is."""
        self.missing.show_missing(missing)
        self._stack.setCurrentIndex(1 if missing.title else 0)

    def show_chart(self, chart: OcclusionChart) -> None:
        """Draws how much is hidden over the set."""
        self.chart.show_chart(chart)
        self._chart_title.set_whole(chart.title or "Occlusion")

    def show_scene(self, scene: Scene) -> None:
        """Draws the composite's objects from above; where one alone has moved, only that one anew."""
        before = self.viewport.scene
        moved = [car for car, old in zip(scene.objects, before.objects, strict=False) if car is not old]
        same = [car.instance_id for car in scene.objects] == [car.instance_id for car in before.objects]
        if same and len(moved) == 1 and scene.selected == before.selected:
            self.viewport.update_car(moved[0])
        else:
            self.viewport.set_scene(scene)
        self._show_above_note(scene.note)

    # ---- what a person switches -----------------------------------------------------------------

    def toggle(self, name: str) -> None:
        """Draws "amodal" or "modal" masks or "points", or no longer."""
        self.pair.toggle(name)
        self.show_toggles()
        layers = self.layers.layers
        if name == "points" and self.pair.main.item.shown.points and not any(one.points for one in layers):
            self.bar.say("No object here has keypoints. They are placed in the Keypoints workspace.")

    def toggle_beside(self) -> None:
        """Shows WALT2D's composite of the same objects beside this one, or no longer."""
        self.pair.show_both(not self.pair.both_shown)
        self.show_toggles()

    @property
    def above_shown(self) -> bool:
        """Whether the view from above is shown."""
        return not self._above.isHidden()

    def toggle_above(self) -> None:
        """Shows the view from above, or no longer."""
        self._above.setVisible(not self.above_shown)
        self.show_toggles()
        self.above_switched.emit()

    def show_toggles(self) -> None:
        """Presses the buttons of what is drawn."""
        shown = self.pair.main.item.shown
        self.bar.show_toggles(shown, beside=self.pair.both_shown, above=self.above_shown)

    @property
    def above_note(self) -> str:
        """Why nothing is seen from above, as shown."""
        return "" if self._above_text.isHidden() else self._above_text.text()

    def showEvent(self, event: QShowEvent) -> None:
        """Qt's: shares the width out when it is first known."""
        super().showEvent(event)
        if not self._laid_out:
            self._laid_out = True
            right = min(max(self.width() * 21 // 100, 236), 330)
            above = min(max(self.width() * 19 // 100, 190), 380)
            self._split.setSizes([above, self.width() - above - right, right])

    # ---- details --------------------------------------------------------------------------------

    def _build_above(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_head(label("From above", "soft")))
        column.addWidget(frame("line"))
        column.addWidget(self.viewport, 1)
        self._above_text = label("", "", wrap=True, parent=self.viewport)
        self._above_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._above_text.setStyleSheet(
            "color: #dfe5ec; background: rgba(22, 26, 31, 215); border-radius: 8px; padding: 12px;"
        )
        self._above_text.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over = QVBoxLayout(self.viewport)
        over.setContentsMargins(12, 12, 12, 12)
        over.addStretch(1)
        over.addWidget(self._above_text)
        over.addStretch(3)
        self._above_text.hide()
        return whole

    def _build_middle(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.pair)
        self._stack.addWidget(self.missing)
        column.addWidget(self._stack, 1)
        column.addWidget(frame("line"))
        column.addWidget(self.bar)
        return middle

    def _build_right(self) -> QWidget:
        right = frame("panel")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(0)
        self._layers_title = ElidedLabel("Layers", "soft", Qt.TextElideMode.ElideRight)
        self._chart_title = ElidedLabel("Occlusion", "soft", Qt.TextElideMode.ElideMiddle)
        column.addWidget(_head(self._layers_title))
        column.addWidget(frame("line"))
        area = layer_area(self.layers)
        area.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(area, 1)
        column.addWidget(frame("line"))
        self._card_box = QWidget()
        inner = QVBoxLayout(self._card_box)
        inner.setContentsMargins(12, 8, 12, 8)
        inner.addWidget(self.card)
        column.addWidget(self._card_box)
        column.addWidget(frame("line"))
        self._card_box.hide()
        column.addWidget(_head(self._chart_title))
        column.addWidget(self.chart)
        return right

    def _show_above_note(self, note: str) -> None:
        problem = self.viewport.problem
        if problem == SWITCHED_OFF:
            note = "The 3D view is switched off in the settings."
        elif problem:
            note = f"OpenGL does not work here ({problem})."
        self._above_text.setText(note)
        self._above_text.setVisible(bool(note))


def _head(text: QWidget) -> QWidget:
    head = frame("panel")
    head.setFixedHeight(32)
    row = QVBoxLayout(head)
    row.setContentsMargins(12, 0, 12, 0)
    row.addWidget(text)
    return head
