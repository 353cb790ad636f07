"""What lies over the frame: masks, boxes, badges, captions, the trail; drawn from one Overlay state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QTransform,
)

from app.states.overlay import Overlay, OverlayInstance, OverlayRole
from app.states.review_marks import MarkShape
from app.views.canvas.badges import (
    BACKING_COLOUR,
    OCCLUDER_COLOUR,
    SELECTED_COLOUR,
    TRAIL_COLOUR,
    draw_badge,
    mark_colour,
    mark_pen,
)
from app.views.canvas.mask_fill import fill_pixels
from core.records.masks import MaskPatch

_BADGE_PX = 15.0
_BADGE_NEEDS_PX = 22.0  # a box smaller than this on the screen has no room for a badge
_CAPTION_NEEDS_PX = 70.0


@dataclass(frozen=True, slots=True)
class Layers:
    """Which parts of the overlay are drawn."""

    boxes: bool = True
    masks: bool = True
    badges: bool = True
    captions: bool = False
    trail: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _MaskShape:
    """A mask made ready to draw: its fill, where that goes, and its outline."""

    fill: QImage
    place: QRectF
    outline: QPainterPath


class OverlayItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws an Overlay over the frame, with lines, badges and text in screen pixels at every zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._overlay = Overlay()
        self._layers = Layers()
        self._hovered: int | None = None
        self._extent = QRectF()
        self._shapes: dict[int, tuple[MaskPatch, OverlayInstance, _MaskShape]] = {}
        self.setZValue(10)

    def set_overlay(self, overlay: Overlay, extent: QRectF) -> None:
        """Draws another state over a picture of this extent, in canvas coordinates."""
        self._overlay = overlay
        kept = {instance.id for instance in overlay.instances}
        self._shapes = {key: value for key, value in self._shapes.items() if key in kept}
        if extent != self._extent:
            self.prepareGeometryChange()
            self._extent = extent
        self.update()

    def set_layers(self, layers: Layers) -> None:
        """Draws other parts."""
        self._layers = layers
        self.update()

    def set_hovered(self, instance_id: int | None) -> None:
        """Lifts the instance under the cursor out of the rest."""
        if instance_id != self._hovered:
            self._hovered = instance_id
            self.update()

    def boundingRect(self) -> QRectF:
        """Qt's: the picture with room for badges and captions beside it."""
        return self._extent.adjusted(-4000, -4000, 4000, 4000) if not self._extent.isEmpty() else QRectF()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: draws everything, the selected instance last."""
        to_screen = painter.worldTransform()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # upright lines are sharper without
        order = sorted(self._overlay.instances, key=lambda instance: _ROLE_ORDER[instance.role])
        if self._layers.masks:
            for instance in order:
                self._paint_mask(painter, instance)
                self._paint_whole(painter, instance)
        painter.resetTransform()
        if self._layers.trail:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_trail(painter, to_screen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for instance in order:
            box = _screen_box(instance, to_screen)
            if self._layers.boxes or instance.role is OverlayRole.SELECTED:
                self._paint_box(painter, instance, box)
        for instance in order:
            self._paint_labels(painter, instance, _screen_box(instance, to_screen))
        painter.restore()

    def _paint_mask(self, painter: QPainter, instance: OverlayInstance) -> None:
        if instance.mask is None or instance.mask.bits.size == 0:
            return
        shape = self._mask_shape(instance)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(shape.place, shape.fill)
        line = _accent(instance)
        if instance.role is OverlayRole.NONE:
            line.setAlpha(150)
        pen = QPen(line, 1.6 if instance.role is OverlayRole.SELECTED else 1.0)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shape.outline)

    def _paint_whole(self, painter: QPainter, instance: OverlayInstance) -> None:
        """The border of the hidden part, too, where a network told it: dotted, for nobody sees it."""
        if not instance.whole:
            return
        path = QPainterPath()
        for polygon in instance.whole:
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in [*polygon.tolist(), polygon[0].tolist()]]))
        for width, colour in ((3.0, QColor(0, 0, 0, 130)), (1.6, _accent(instance))):
            pen = QPen(colour, width, Qt.PenStyle.DotLine)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(path)

    def _mask_shape(self, instance: OverlayInstance) -> _MaskShape:
        known = self._shapes.get(instance.id)
        mask = instance.mask
        assert mask is not None
        if known is not None and known[0] is mask and _same_look(known[1], instance):
            return known[2]
        colour = _accent(instance)
        alpha = _FILL_ALPHA[instance.role]
        pixels = fill_pixels(mask, colour.red(), colour.green(), colour.blue(), alpha)
        height, width = pixels.shape
        fill = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
        shape = _MaskShape(
            fill=fill,
            place=QRectF(mask.x - 0.5, mask.y - 0.5, width, height),
            outline=_segments_path(instance.outline),
        )
        self._shapes[instance.id] = (mask, instance, shape)
        return shape

    def _paint_box(self, painter: QPainter, instance: OverlayInstance, box: QRectF) -> None:
        selected = instance.role is OverlayRole.SELECTED
        strong = selected or instance.role is OverlayRole.OCCLUDER or instance.id == self._hovered
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if strong:
            halo = QPen(QColor(0, 0, 0, 150), 5.0 if selected else 4.0)
            halo.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(halo)
            painter.drawRect(box)
        painter.setPen(mark_pen(instance.mark, 2.4 if strong else 1.3, _accent(instance)))
        painter.drawRect(box)
        if instance.mark.shape is MarkShape.REJECTED:
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.bottomLeft(), box.topRight())
        if selected:
            self._paint_corners(painter, box)

    def _paint_corners(self, painter: QPainter, box: QRectF) -> None:
        """Brackets around the selected instance: its sign by shape, whatever its label's line."""
        frame = box.adjusted(-5, -5, 5, 5)
        reach = min(16.0, max(5.0, min(frame.width(), frame.height()) / 4))
        for width, colour in ((4.5, QColor(0, 0, 0, 170)), (2.2, QColor(SELECTED_COLOUR))):
            pen = QPen(colour, width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            for corner, across, down in (
                (frame.topLeft(), 1, 1),
                (frame.topRight(), -1, 1),
                (frame.bottomRight(), -1, -1),
                (frame.bottomLeft(), 1, -1),
            ):
                painter.drawPolyline(
                    QPolygonF(
                        [corner + QPointF(across * reach, 0), corner, corner + QPointF(0, down * reach)]
                    )
                )

    def _paint_labels(self, painter: QPainter, instance: OverlayInstance, box: QRectF) -> None:
        prominent = instance.role in (OverlayRole.SELECTED, OverlayRole.OCCLUDER)
        prominent = prominent or instance.id == self._hovered
        lift = 5.0 if instance.role is OverlayRole.SELECTED else 0.0
        corner = box.topLeft() + QPointF(0, -lift)
        room = max(box.width(), box.height())
        if self._layers.badges and (prominent or room >= _BADGE_NEEDS_PX):
            diameter = _BADGE_PX + (3.0 if prominent else 0.0)
            draw_badge(painter, corner + QPointF(0, 0), diameter, instance.mark)
        if prominent or (self._layers.captions and box.width() >= _CAPTION_NEEDS_PX):
            self._paint_caption(painter, instance, corner)

    def _paint_caption(self, painter: QPainter, instance: OverlayInstance, corner: QPointF) -> None:
        text = instance.caption
        if instance.role is OverlayRole.OCCLUDER:
            text = f"{text} in front"
        font = QFont(painter.font())
        font.setPixelSize(12)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        plate = QRectF(corner.x() + 12, corner.y() - 17, metrics.horizontalAdvance(text) + 12, 17)
        seen = QRectF(painter.viewport())
        plate.moveRight(min(plate.right(), seen.right() - 2))
        plate.moveTop(max(plate.top(), seen.top() + 2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        backing = QColor(BACKING_COLOUR)
        backing.setAlpha(215)
        painter.setBrush(backing)
        painter.drawRoundedRect(plate, 3, 3)
        painter.setPen(_accent(instance) if instance.role is OverlayRole.OCCLUDER else QColor("#ffffff"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_trail(self, painter: QPainter, to_screen: QTransform) -> None:
        trail = self._overlay.trail
        if len(trail) < 2:
            return
        points = [to_screen.map(QPointF(x, y)) for x, y in np.asarray(trail).tolist()]
        painter.save()
        for instance in self._overlay.instances:
            if instance.role is OverlayRole.SELECTED:  # its own pixels stay clear
                window = QPainterPath()
                window.addRect(QRectF(painter.viewport()).adjusted(-9, -9, 9, 9))
                hole = QPainterPath()
                hole.addRect(_screen_box(instance, to_screen))
                painter.setClipPath(window - hole, Qt.ClipOperation.IntersectClip)
        for width, colour in ((3.6, QColor(0, 0, 0, 120)), (1.6, QColor(TRAIL_COLOUR))):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(TRAIL_COLOUR))
        painter.drawEllipse(points[-1], 3.0, 3.0)  # where it went: the end of the trail
        if self._overlay.trail_now is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(TRAIL_COLOUR), 1.8))
            painter.drawEllipse(points[self._overlay.trail_now], 4.5, 4.5)
        painter.restore()


# the selected object's own pixels are what a reviewer judges: no colour over them
_FILL_ALPHA = {
    OverlayRole.NONE: 34,
    OverlayRole.SAME_TRACK: 34,
    OverlayRole.OCCLUDER: 70,
    OverlayRole.SELECTED: 0,
}
_ROLE_ORDER = {
    OverlayRole.NONE: 0,
    OverlayRole.SAME_TRACK: 1,
    OverlayRole.OCCLUDER: 2,
    OverlayRole.SELECTED: 3,
}


def _accent(instance: OverlayInstance) -> QColor:
    if instance.role is OverlayRole.OCCLUDER:
        return QColor(OCCLUDER_COLOUR)
    return mark_colour(instance.mark)


def _segments_path(segments: NDArray[np.float64]) -> QPainterPath:
    """(n, 4) segments as a path, without a call for each."""
    ends = segments.reshape(-1, 2)
    path: QPainterPath = pg.functions.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs", finiteCheck=False)
    return path


def _same_look(one: OverlayInstance, other: OverlayInstance) -> bool:
    return one.role is other.role and one.mark == other.mark


def _screen_box(instance: OverlayInstance, to_screen: QTransform) -> QRectF:
    corners = QRectF(QPointF(instance.left, instance.top), QPointF(instance.right, instance.bottom))
    return QRectF(to_screen.mapRect(corners).toRect())  # whole pixels: sharp lines
