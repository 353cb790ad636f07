"""A composite's objects on the picture: amodal and modal masks, keypoints by tag, and the drag of a layer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneHoverEvent, QGraphicsSceneMouseEvent

from app.states.compose import CompositeState, Layer, Slide
from app.views.canvas.badges import BACKING_COLOUR, SELECTED_COLOUR
from app.views.canvas.hit_testing import mask_covers
from app.views.canvas.keypoint_marks import DISAGREES_COLOUR, draw_mark
from app.views.canvas.mask_fill import fill_pixels
from app.views.canvas.object_colours import object_colour
from app.views.canvas.plates import draw_plate
from core.records.masks import MaskPatch

_DRAG_PX = 3.0
_MARK_PX, _SMALL_MARK_PX = 4.0, 2.6
# an object smaller than the first on the screen has no room for marks, than the second none for large ones
_MARKS_NEED_PX = (30.0, 90.0)
_SEEN_ALPHA, _HIDDEN_ALPHA = 78, 165
_HATCH_PX = 6  # picture pixels from one stroke to the next; a third of them is inked


@dataclass(frozen=True, slots=True)
class Shown:
    """What is drawn over the picture."""

    amodal: bool = False
    modal: bool = False
    points: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """A layer's masks made ready to draw."""

    seen: QImage
    seen_place: QRectF
    hidden: QImage
    hidden_place: QRectF
    outline: QPainterPath


class CompositeItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws a CompositeState's layers over its picture and tells what the mouse does with them.

    Args:
        changeable: whether layers can be dragged.

    Signals:
        picked(object): a layer's key was pressed, or None beside all of them.
        dragged(int, float, float): a layer is held, so far from where it was pressed, canvas coordinates.
        dropped(): it was let go.
        activated(int): a layer was double-clicked.
        panned(float, float): the picture was dragged so far, in canvas coordinates.
        hovered(object): the key of the layer under the cursor, or None.
    """

    picked = Signal(object)
    dragged = Signal(int, float, float)
    dropped = Signal()
    activated = Signal(int)
    panned = Signal(float, float)
    hovered = Signal(object)

    def __init__(self, *, changeable: bool = True) -> None:
        super().__init__()
        self._changeable = changeable
        self._state = CompositeState()
        self._shown = Shown()
        self._extent = QRectF()
        self._shapes: dict[int, tuple[Layer, _Shape]] = {}
        self._slide: Slide | None = None
        self._under: int | None = None
        self._held: int | None = None
        self._pressed: QPointF | None = None  # scene coordinates
        self._start = QPointF()  # canvas coordinates
        self._moved = False
        self.setZValue(20)
        self.setAcceptHoverEvents(True)
        self.setAcceptedMouseButtons(
            Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton | Qt.MouseButton.MiddleButton
        )
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable, False)

    # ---- what is shown --------------------------------------------------------------------------

    @property
    def state(self) -> CompositeState:
        """What is drawn."""
        return self._state

    def show_state(self, state: CompositeState) -> None:
        """Draws another state."""
        self._state = state
        kept = {layer.key: layer for layer in state.layers}
        self._shapes = {key: value for key, value in self._shapes.items() if kept.get(key) is value[0]}
        extent = QRectF(-0.5, -0.5, state.width, state.height)
        if extent != self._extent:
            self.prepareGeometryChange()
            self._extent = extent
        if self._under not in kept:
            self._set_under(None)
        self.update()

    @property
    def slide(self) -> Slide | None:
        """How the dragged layer's outline is drawn away from its picture."""
        return self._slide

    def show_slide(self, slide: Slide | None) -> None:
        """Draws a layer's outline where it goes, before it is rendered there."""
        self._slide = slide
        self.update()

    @property
    def shown(self) -> Shown:
        """What is drawn over the picture."""
        return self._shown

    def toggle(self, name: str) -> None:
        """Draws "amodal" masks, "modal" masks or "points", or no longer."""
        self._shown = replace(self._shown, **{name: not getattr(self._shown, name)})
        self.update()

    def boundingRect(self) -> QRectF:
        """Qt's: the picture with room around it, because masks and points may leave it."""
        width, height = self._extent.width(), self._extent.height()
        return self._extent.adjusted(-width, -height, width, height)

    # ---- the mouse ------------------------------------------------------------------------------

    def layer_at(self, x: float, y: float) -> int | None:
        """The key of the layer that is seen at a place, in canvas coordinates."""
        for layer in self._state.layers:  # nearest first: whose whole mask is met, is seen
            if mask_covers(layer.amodal, x, y):
                return layer.key
        return None

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Qt's: takes hold of a layer, or of the picture."""
        self._pressed, self._start, self._moved = event.scenePos(), event.pos(), False
        self._held = None
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = self.layer_at(event.pos().x(), event.pos().y())
            self.picked.emit(self._held)
        event.accept()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Qt's: drags the layer that is held, else the picture."""
        way = event.scenePos() - self._pressed if self._pressed is not None else QPointF()
        self._moved = self._moved or abs(complex(way.x(), way.y())) > _DRAG_PX
        left = bool(event.buttons() & Qt.MouseButton.LeftButton)
        if not left or self._held is None or not self._changeable:
            box = self.getViewBox()
            before, now = box.mapSceneToView(event.lastScenePos()), box.mapSceneToView(event.scenePos())
            self.panned.emit(before.x() - now.x(), before.y() - now.y())
        elif self._moved:
            step = event.pos() - self._start
            self.dragged.emit(self._held, step.x(), step.y())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Qt's: lets the layer go."""
        if event.button() == Qt.MouseButton.LeftButton and self._held is not None and self._moved:
            self.dropped.emit()
        self._held = self._pressed = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Qt's: a double click brings a layer near."""
        found = self.layer_at(event.pos().x(), event.pos().y())
        if found is not None:
            self.activated.emit(found)
        event.accept()

    def hoverMoveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Qt's: names what is under the cursor."""
        self._set_under(self.layer_at(event.pos().x(), event.pos().y()))

    def hoverLeaveEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        """Qt's: nothing is under the cursor any more."""
        self._set_under(None)

    def _set_under(self, key: int | None) -> None:
        if key != self._under:
            self._under = key
            self.setCursor(Qt.CursorShape.ArrowCursor if key is None else Qt.CursorShape.OpenHandCursor)
            self.hovered.emit(key)
            self.update()

    # ---- painting -------------------------------------------------------------------------------

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: masks far to near, then points, then what is selected, then names."""
        far_to_near = [layer for layer in reversed(self._state.layers) if layer.amodal is not None]
        if not far_to_near:
            return
        to_screen = painter.worldTransform()
        widget = self.getViewWidget()
        canvas = QRectF() if widget is None else QRectF(widget.viewport().rect())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for layer in far_to_near:
            self._paint_masks(painter, layer)
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._shown.points:
            for layer in far_to_near:
                self._paint_points(painter, layer, to_screen)
        for layer in far_to_near:
            if layer.key in (self._state.selected, self._under):
                self._paint_lifted(painter, layer, to_screen, canvas)
        painter.restore()

    def _paint_masks(self, painter: QPainter, layer: Layer) -> None:
        if not (self._shown.amodal or self._shown.modal):
            return
        shape = self._shape(layer)
        if self._shown.modal:
            painter.drawImage(shape.seen_place, shape.seen)
        if self._shown.amodal:
            painter.drawImage(shape.hidden_place, shape.hidden)
            backing = QColor(BACKING_COLOUR)
            backing.setAlpha(150)
            for colour, width in ((backing, 3.0), (object_colour(layer.colour), 1.4)):
                pen = QPen(colour, width)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawPath(shape.outline)

    def _paint_points(self, painter: QPainter, layer: Layer, to_screen: QTransform) -> None:
        size = 0.0 if layer.box is None else _on_screen(layer.box, to_screen).height()
        if size < _MARKS_NEED_PX[0]:
            return
        radius = _MARK_PX if size >= _MARKS_NEED_PX[1] else _SMALL_MARK_PX
        for point in layer.points:
            if point is not None:
                place = to_screen.map(QPointF(point.x, point.y))
                draw_mark(painter, place, radius, point.tag, filled=point.by_person)

    def _paint_lifted(self, painter: QPainter, layer: Layer, to_screen: QTransform, canvas: QRectF) -> None:
        """The outline and the name of the layer that is selected or under the cursor."""
        slide = self._slide if self._slide is not None and self._slide.key == layer.key else None
        where = to_screen
        if slide is not None:
            where = QTransform(slide.scale, 0, 0, slide.scale, slide.dx, slide.dy) * to_screen
        selected = layer.key == self._state.selected
        blocked = slide is not None and bool(slide.blocked)
        colour = QColor(DISAGREES_COLOUR if blocked else SELECTED_COLOUR)
        outline = where.map(self._shape(layer).outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        backing = QColor(BACKING_COLOUR)
        backing.setAlpha(170)
        style = Qt.PenStyle.SolidLine if selected else Qt.PenStyle.DashLine
        painter.setPen(QPen(backing, 3.6 if selected else 3.0))
        painter.drawPath(outline)
        painter.setPen(QPen(colour, 1.8 if selected else 1.3, style))
        painter.drawPath(outline)
        if layer.box is None:
            return
        box = _on_screen(layer.box, where)
        if selected and not layer.standing and self._changeable:
            self._paint_ray(painter, box, colour)
        words = [layer.name]
        if blocked and slide is not None:
            words.append(f"would stand in {slide.blocked}")
        elif layer.hidden_percent is not None:
            words.append(f"{layer.hidden_percent} % hidden")
        draw_plate(painter, canvas, box.topLeft() + QPointF(4, -8), "  ".join(words), colour)

    def _paint_ray(self, painter: QPainter, box: QRectF, colour: QColor) -> None:
        """Two arrows: it can be dragged farther, up, and nearer, down."""
        reach = 7.0
        for tip, way in (
            (QPointF(box.center().x(), box.top() - 30), -1.0),
            (QPointF(box.center().x(), box.bottom() + 14), 1.0),
        ):
            arrow = QPolygonF(
                [
                    tip + QPointF(-reach, -way * reach * 0.5),
                    tip + QPointF(reach, -way * reach * 0.5),
                    tip + QPointF(0, way * reach * 0.8),
                ]
            )
            painter.setPen(QPen(QColor(BACKING_COLOUR), 1.6))
            painter.setBrush(colour)
            painter.drawPolygon(arrow)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _shape(self, layer: Layer) -> _Shape:
        known = self._shapes.get(layer.key)
        if known is not None and known[0] is layer:
            return known[1]
        amodal, modal = layer.amodal, layer.modal
        assert amodal is not None
        colour = object_colour(layer.colour)
        rgb = colour.red(), colour.green(), colour.blue()
        seen = modal if modal is not None else amodal
        ends = layer.outline.reshape(-1, 2)
        shape = _Shape(
            _picture(fill_pixels(seen, *rgb, _SEEN_ALPHA)),
            _place(seen),
            _picture(fill_pixels(hatched(amodal, modal), *rgb, _HIDDEN_ALPHA)),
            _place(amodal),
            pg.functions.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs", finiteCheck=False),
        )
        self._shapes[layer.key] = (layer, shape)
        return shape


def hatched(amodal: MaskPatch, modal: MaskPatch | None) -> MaskPatch:
    """The hidden part of a mask as slanting strokes, on the whole mask's patch."""
    height, width = amodal.bits.shape
    hidden = amodal.bits.copy()
    if modal is not None and modal.bits.size:
        down, across = modal.y - amodal.y, modal.x - amodal.x
        h, w = modal.bits.shape
        hidden[down : down + h, across : across + w] &= ~modal.bits
    rows, columns = np.ogrid[amodal.y : amodal.y + height, amodal.x : amodal.x + width]
    return MaskPatch(amodal.x, amodal.y, hidden & ((rows + columns) % _HATCH_PX < _HATCH_PX // 3))


def _picture(pixels: np.ndarray) -> QImage:
    if not pixels.size:
        return QImage()
    height, width = pixels.shape
    return QImage(
        np.ascontiguousarray(pixels).data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied
    ).copy()


def _place(mask: MaskPatch) -> QRectF:
    height, width = mask.bits.shape
    return QRectF(mask.x - 0.5, mask.y - 0.5, width, height)


def _on_screen(box: tuple[float, float, float, float], to_screen: QTransform) -> QRectF:
    left, top, right, bottom = box
    return to_screen.mapRect(QRectF(QPointF(left, top), QPointF(right, bottom)))
