"""Fits over the picture: outlines of their meshes, and wireframes where the 3D view cannot be drawn."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from app.states.scene import ColourBy
from app.states.wires import WireObject, Wires
from app.views.canvas.badges import BACKING_COLOUR, SELECTED_COLOUR
from app.views.canvas.keypoint_marks import DISAGREES_COLOUR, TAG_COLOURS, draw_mark
from app.views.viewport.colours import car_colour

_RADIUS_PX = 4.5
_BONES_NEED_PX = 60.0
_POINTS_NEED_PX = 45.0  # size of the car on the screen


class WireItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws Wires in lines of a width in screen pixels at every zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._wires = Wires()
        self._by = ColourBy.ERROR
        self._whole = False
        self._outlines = True
        self._bones = True
        self._extent = QRectF()
        self._paths: dict[int, QPainterPath] = {}
        self.setZValue(15)

    def set_wires(self, wires: Wires, width: int, height: int) -> None:
        """Draws other fits over a picture of this size."""
        extent = QRectF(-width, -height, 3 * width, 3 * height)
        if extent != self._extent:
            self.prepareGeometryChange()
            self._extent = extent
        self._wires = wires
        self._paths = {}
        self.update()

    def set_colour_by(self, by: ColourBy) -> None:
        """Colours the fits by something else."""
        self._by = by
        self.update()

    def set_whole(self, whole: bool) -> None:
        """Draws all edges that face the camera, or the outlines alone."""
        self._whole = whole
        self.update()

    @property
    def whole(self) -> bool:
        """Whether all edges are drawn."""
        return self._whole

    def set_outlines(self, shown: bool) -> None:
        """Draws the fits, or nothing of them."""
        self._outlines = shown
        self.update()

    @property
    def outlines(self) -> bool:
        """Whether the fits are drawn."""
        return self._outlines

    def set_bones(self, shown: bool) -> None:
        """Draws the selected person's bones, or not."""
        self._bones = shown
        self.update()

    @property
    def wires(self) -> Wires:
        """What is drawn."""
        return self._wires

    def boundingRect(self) -> QRectF:
        """Qt's: the picture with room around it: a fit may stand half outside."""
        return self._extent

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: draws the fits, the farthest first, the selected one last."""
        if not self._outlines:
            return
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = self._wires.selected
        for number, wire in enumerate(self._wires.objects):
            if wire.object.instance_id != selected:
                self._paint_object(painter, to_screen, number, wire, chosen=False)
        for number, wire in enumerate(self._wires.objects):
            if wire.object.instance_id == selected:
                self._paint_object(painter, to_screen, number, wire, chosen=True)
        self._paint_points(painter, to_screen)
        painter.restore()

    def _paint_object(
        self, painter: QPainter, to_screen: QTransform, number: int, wire: WireObject, *, chosen: bool
    ) -> None:
        colour = car_colour(wire.object, self._by)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._whole or not wire.outlines:
            path = self._paths.setdefault(number, _segments(wire.edges))
            pen = QPen(colour, 1.1)
            painter.setPen(pen)
            painter.drawPath(to_screen.map(path))
        style = Qt.PenStyle.DashLine if wire.object.beside else Qt.PenStyle.SolidLine
        if chosen and not wire.object.beside:
            colour = QColor(SELECTED_COLOUR)
        widths = (4.6, 2.2) if chosen else (3.4, 1.5)
        for outline in wire.outlines:
            shape = to_screen.map(QPolygonF([QPointF(x, y) for x, y in outline.tolist()]))
            backing = QColor(BACKING_COLOUR)
            backing.setAlpha(150)
            for width, tint, line in (
                (widths[0], backing, Qt.PenStyle.SolidLine),
                (widths[1], colour, style),
            ):
                painter.setPen(QPen(tint, width, line))
                painter.drawPolygon(shape)
        if chosen and self._bones and not wire.object.beside:
            self._paint_bones(painter, to_screen, wire)
        if np.isfinite(wire.base).all() and (chosen or self._whole):
            painter.setPen(QPen(colour, 1.4))
            painter.drawPolygon(to_screen.map(QPolygonF([QPointF(x, y) for x, y in wire.base.tolist()])))

    def _paint_bones(self, painter: QPainter, to_screen: QTransform, wire: WireObject) -> None:
        """A person's bones, where there is room for them."""
        ends = wire.bones.reshape(-1, 2)
        if not len(ends) or float(np.ptp(ends, axis=0).max()) * abs(to_screen.m11()) < _BONES_NEED_PX:
            return
        path = to_screen.map(_segments(wire.bones))
        for width, tint in ((3.4, QColor(0, 0, 0, 110)), (1.5, QColor(255, 255, 255, 215))):
            painter.setPen(QPen(tint, width))
            painter.drawPath(path)

    def _paint_points(self, painter: QPainter, to_screen: QTransform) -> None:
        """The keypoints as in Keypoints, each with a line to where the fit puts it."""
        points = self._wires.points
        if not points or self._wires.span_px * abs(to_screen.m11()) < _POINTS_NEED_PX:
            return  # they would hide the car
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for point in points:
            if np.isfinite([point.fitted_x, point.fitted_y]).all():
                colour = DISAGREES_COLOUR if point.outlier else TAG_COLOURS[point.tag]
                placed = to_screen.map(QPointF(point.x, point.y))
                fitted = to_screen.map(QPointF(point.fitted_x, point.fitted_y))
                for width, tint in ((3.6, QColor(0, 0, 0, 130)), (1.6, QColor(colour))):
                    painter.setPen(QPen(tint, width))
                    painter.drawLine(placed, fitted)
        for point in points:
            draw_mark(
                painter,
                to_screen.map(QPointF(point.x, point.y)),
                _RADIUS_PX,
                point.tag,
                filled=point.by_person,
                disagrees=point.outlier,
            )


def _segments(edges: NDArray[np.float64]) -> QPainterPath:
    ends = edges.reshape(-1, 2)
    if not len(ends):
        return QPainterPath()
    path: QPainterPath = pg.functions.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs", finiteCheck=False)
    return path
