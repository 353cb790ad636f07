"""The image canvas that every workspace with a frame shares: one picture, its overlay, zoom and pan.

Canvas coordinates: the centre of the picture's top left pixel is (0, 0), x to the right, y down.
"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.states.overlay import Overlay
from app.views.canvas.badges import CANVAS_COLOUR
from app.views.canvas.frame_item import FrameItem
from app.views.canvas.hit_testing import instances_at, next_under_cursor
from app.views.canvas.overlay_item import Layers, OverlayItem
from app.views.canvas.tone import Tone

_SLACK_PX = 4.0  # how far beside a box a click still counts, on the screen
_FIT_MARGIN = 0.01
_LEAST_SEEN_PX = 72.0  # picture pixels that zooming to a box shows at least
_DEEPEST_ZOOM = 6.0  # picture pixels across the canvas when zoomed in most


class ImageCanvas(pg.GraphicsView):  # type: ignore[misc]
    """Shows a frame and what was found in it.

    Signals:
        instance_clicked(int, bool): an instance's id, and whether Ctrl was held.
        instance_activated(int): an instance was double-clicked.
        ground_clicked(float, float): a click beside every instance, in canvas coordinates.
        hovered(object): the id of the instance under the cursor, or None.
        view_changed(): zoomed, panned or resized.
    """

    instance_clicked = Signal(int, bool)
    instance_activated = Signal(int)
    ground_clicked = Signal(float, float)
    hovered = Signal(object)
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=CANVAS_COLOUR)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Frame")
        self._box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False, defaultPadding=0.0)
        self._box.disableAutoRange()
        self.setCentralItem(self._box)
        self._frame = FrameItem()
        self._overlay_item = OverlayItem()
        self._box.addItem(self._frame, ignoreBounds=True)
        self._box.addItem(self._overlay_item, ignoreBounds=True)
        self._image: NDArray[np.uint8] | None = None
        self._extent = QRectF()
        self._overlay = Overlay()
        self._boxes = np.zeros((0, 4))
        self._tone = Tone()
        self._layers = Layers()
        self._hovered: int | None = None
        self._clicked: int | None = None
        self._fitted = True
        self._message = QLabel(self)
        self._message.setObjectName("canvasMessage")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._message.setStyleSheet(
            "color: #dfe5ec; background: rgba(22, 26, 31, 215); border-radius: 8px; padding: 16px;"
        )
        self._message.hide()
        self._box.sigRangeChangedManually.connect(self._on_moved_by_hand)
        self._box.sigRangeChanged.connect(self.view_changed)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    # what is shown

    def set_image(self, image: NDArray[np.uint8] | None) -> None:
        """Shows an (H, W, 3) uint8 RGB picture; the view stays, but for one of another size.

        The array is kept, not copied, to tone it again; it must not change afterwards.
        """
        self._image = image
        self._frame.set_pixels(None if image is None else self._tone.apply(image))
        if image is not None:
            self.set_extent(image.shape[1], image.shape[0])

    def set_extent(self, width: int, height: int) -> None:
        """Says how large the picture is, in pixels, where its pixels cannot be shown."""
        extent = QRectF(-0.5, -0.5, width, height)
        if extent != self._extent:
            self._extent = extent
            self._box.setLimits(
                minXRange=_DEEPEST_ZOOM,
                maxXRange=8.0 * width,
                xMin=-width * 1.5,
                xMax=width * 2.5,
                yMin=-height * 1.5,
                yMax=height * 2.5,
            )
            self._overlay_item.set_overlay(self._overlay, extent)
            self.fit()

    def set_overlay(self, overlay: Overlay) -> None:
        """Draws another overlay over the picture."""
        self._overlay = overlay
        self._boxes = np.array(
            [[item.left, item.top, item.right, item.bottom] for item in overlay.instances]
        ).reshape(-1, 4)
        self._overlay_item.set_overlay(overlay, self._extent)
        if self._hovered is not None and all(item.id != self._hovered for item in overlay.instances):
            self._set_hovered(None)

    def add_item(self, item: pg.GraphicsObject) -> None:
        """Puts a workspace's own item over the picture, in canvas coordinates."""
        self._box.addItem(item, ignoreBounds=True)

    def show_message(self, text: str) -> None:
        """Shows a sentence at the foot of the canvas, or takes it away when empty."""
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._place_message()

    @property
    def message(self) -> str:
        """The sentence at the foot of the canvas, or nothing."""
        return self._message.text()

    @property
    def overlay(self) -> Overlay:
        """What is drawn over the picture."""
        return self._overlay

    @property
    def image(self) -> NDArray[np.uint8] | None:
        """The picture as it was set."""
        return self._image

    @property
    def layers(self) -> Layers:
        """Which parts of the overlay are drawn."""
        return self._layers

    def set_layers(self, layers: Layers) -> None:
        """Draws other parts of the overlay."""
        self._layers = layers
        self._overlay_item.set_layers(layers)

    @property
    def tone(self) -> Tone:
        """How the picture's values are shown."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Shows the picture's values otherwise."""
        if tone != self._tone:
            self._tone = tone
            self.set_image(self._image)

    # where one looks

    def fit(self) -> None:
        """Shows the whole picture, and keeps showing it when the canvas changes size."""
        self._fitted = True
        self._show_rect(self._extent, _FIT_MARGIN)

    @property
    def fitted(self) -> bool:
        """Whether the whole picture is shown and kept so."""
        return self._fitted

    def zoom_to_box(self, left: float, top: float, right: float, bottom: float, margin: float = 0.6) -> None:
        """Shows a box, in canvas coordinates, with a margin around it in parts of its size.

        A small box gets more of its surroundings: they tell more than its few pixels.
        """
        self._fitted = False
        box = QRectF(QPointF(left, top), QPointF(right, bottom))
        larger = max(box.width(), box.height())
        if larger > 0:
            margin = max(margin, (_LEAST_SEEN_PX / larger - 1) / 2)
        self._show_rect(box, margin)

    def show_actual_size(self) -> None:
        """Shows one picture pixel as one screen pixel, around the present middle."""
        self._fitted = False
        scale = self.screen_scale
        if scale > 0:
            self._box.scaleBy((scale, scale))

    def zoom_by(self, factor: float) -> None:
        """Zooms in (factor above 1) or out around the middle."""
        self._fitted = False
        self._box.scaleBy((1 / factor, 1 / factor))

    def centre_on(self, x: float, y: float) -> None:
        """Moves a point, in canvas coordinates, to the middle at the present zoom."""
        self._fitted = False
        middle = self._box.viewRect().center()
        self._box.translateBy((x - middle.x(), y - middle.y()))

    def pan_by(self, across: float, down: float) -> None:
        """Moves what is seen by so much, in canvas coordinates."""
        self._fitted = False
        self._box.translateBy((across, down))

    def look_like(self, other: ImageCanvas) -> None:
        """Shows the same part of its picture as another canvas does of its own."""
        if other.fitted:
            self.fit()
        else:
            self._fitted = False
            self._box.setRange(other.view_rect(), padding=0)

    def view_rect(self) -> QRectF:
        """What is seen, in canvas coordinates."""
        seen: QRectF = self._box.viewRect()
        return seen

    @property
    def screen_scale(self) -> float:
        """Screen pixels per picture pixel."""
        width = self._box.viewRect().width()
        return self._box.width() / width if width > 0 else 0.0

    def to_image(self, point: QPointF) -> QPointF:
        """Where a point of the widget lies, in canvas coordinates."""
        place: QPointF = self._box.mapSceneToView(self.mapToScene(point.toPoint()))
        return place

    def to_widget(self, x: float, y: float) -> QPointF:
        """Where a point in canvas coordinates lies on the widget."""
        return QPointF(self.mapFromScene(self._box.mapViewToScene(QPointF(x, y))))

    def sizeHint(self) -> QSize:
        """Qt's: a canvas wants room."""
        return QSize(720, 480)

    # events

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Qt's: keeps a fitted picture fitted."""
        super().resizeEvent(event)
        if hasattr(self, "_message"):  # pyqtgraph resizes itself while it is being built
            if self._fitted:
                self.fit()
            self._place_message()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: the canvas answers every button, also where nothing lies under the cursor."""
        super().mousePressEvent(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt's: see mousePressEvent."""
        super().mouseReleaseEvent(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: follows what is under the cursor."""
        super().mouseMoveEvent(event)
        if event.buttons() == Qt.MouseButton.NoButton:
            hit = self._hits(event.position())
            self._set_hovered(hit[0] if hit else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Qt's: nothing is under the cursor any more."""
        super().leaveEvent(event)
        self._set_hovered(None)

    def close(self) -> bool:
        """Qt's: hides it. pyqtgraph's own takes the viewport away, which Qt does not survive."""
        return QWidget.close(self)

    # details

    def _hits(self, point: QPointF) -> list[int]:
        place = self.to_image(point)
        scale = self.screen_scale
        slack = _SLACK_PX / scale if scale > 0 else 0.0
        masks = [item.mask for item in self._overlay.instances]
        found = instances_at(place.x(), place.y(), self._boxes, masks, slack)
        return [self._overlay.instances[index].id for index in found]

    def _set_hovered(self, instance_id: int | None) -> None:
        if instance_id != self._hovered:
            self._hovered = instance_id
            self._overlay_item.set_hovered(instance_id)
            self.viewport().setToolTip(
                next((item.tooltip for item in self._overlay.instances if item.id == instance_id), "")
            )
            self.hovered.emit(instance_id)

    def _on_clicked(self, event: object) -> None:
        if event.button() != Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return
        place: QPoint = self.mapFromScene(event.scenePos())  # type: ignore[attr-defined]
        hits = self._hits(QPointF(place))
        if event.double():  # type: ignore[attr-defined]
            if self._clicked in hits:
                self.instance_activated.emit(self._clicked)
            return
        self._clicked = next_under_cursor(hits, self._clicked)
        if self._clicked is None:
            point = self.to_image(QPointF(place))
            self.ground_clicked.emit(point.x(), point.y())
        else:
            held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)  # type: ignore[attr-defined]
            self.instance_clicked.emit(self._clicked, held)

    def _on_moved_by_hand(self, *_: object) -> None:
        self._fitted = False

    def _show_rect(self, rect: QRectF, margin: float) -> None:
        if rect.width() > 0 and rect.height() > 0:
            across, down = rect.width() * margin, rect.height() * margin
            self._box.setRange(rect.adjusted(-across, -down, across, down), padding=0)

    def _place_message(self) -> None:
        width = min(520, max(120, self.width() - 40))
        self._message.setFixedWidth(width)
        self._message.adjustSize()
        self._message.move((self.width() - width) // 2, max(0, self.height() - self._message.height() - 18))
