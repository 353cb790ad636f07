"""One object on its picture: what was said of it over the truth, each told by stroke as well as colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from app.states.evaluation import ObjectPicture, SaidShape

TRUTH_COLOUR, SAID_COLOUR = "#3fd9bd", "#ffb048"
_HALO = QColor(0, 0, 0, 140)
_POINT_PX = 4.5
_FILL_ALPHA = 40


@dataclass(frozen=True, slots=True)
class SaidLayers:
    """Which of the two are drawn."""

    truth: bool = True
    said: bool = True


class SaidItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws an ObjectPicture: the truth in solid strokes and rings, what was said dashed and with crosses."""

    def __init__(self) -> None:
        super().__init__()
        self._state = ObjectPicture()
        self._layers = SaidLayers()
        self._extent = QRectF()
        self.setZValue(20)

    @property
    def layers(self) -> SaidLayers:
        """Which of the two are drawn."""
        return self._layers

    def set_layers(self, layers: SaidLayers) -> None:
        """Draws others."""
        self._layers = layers
        self.update()

    def show_state(self, state: ObjectPicture) -> None:
        """Draws another object."""
        self._state = state
        extent = QRectF(-state.width, -state.height, 3 * state.width, 3 * state.height)
        if extent != self._extent:
            self.prepareGeometryChange()
            self._extent = extent
        self.update()

    def boundingRect(self) -> QRectF:
        """Qt's: the picture with room around it."""
        return self._extent

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: draws the truth, and over it what was said."""
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        truth, said = self._state.truth, self._state.said
        if self._layers.truth:
            self._paint_shape(painter, truth, to_screen, QColor(TRUTH_COLOUR), Qt.PenStyle.SolidLine)
        if self._layers.said:
            self._paint_shape(painter, said, to_screen, QColor(SAID_COLOUR), Qt.PenStyle.DashLine)
        if self._layers.truth and self._layers.said:
            self._paint_apart(painter, truth, said, to_screen)
        if self._layers.truth:
            self._paint_rings(painter, truth, to_screen)
        if self._layers.said:
            self._paint_crosses(painter, said, to_screen)
        painter.restore()

    def _paint_shape(
        self,
        painter: QPainter,
        shape: SaidShape,
        to_screen: QTransform,
        colour: QColor,
        style: Qt.PenStyle,
    ) -> None:
        whole, seen = _path(shape.whole, to_screen), _path(shape.seen, to_screen)
        if shape.seen and style is Qt.PenStyle.SolidLine:
            fill = QColor(colour)
            fill.setAlpha(_FILL_ALPHA)
            painter.fillPath(seen, fill)
        if shape.whole or shape.seen:
            _stroke(painter, whole if shape.whole else seen, colour, 2.0, style)
            if shape.whole and shape.seen:
                _stroke(painter, seen, colour, 1.0, style)
        elif len(shape.wire):
            path = QPainterPath()
            for x, y, to_x, to_y in shape.wire.tolist():
                path.moveTo(to_screen.map(QPointF(x, y)))
                path.lineTo(to_screen.map(QPointF(to_x, to_y)))
            _stroke(painter, path, colour, 1.6, style)
        elif shape.box is not None:
            left, top, right, bottom = shape.box
            path = QPainterPath()
            path.addRect(to_screen.mapRect(QRectF(QPointF(left, top), QPointF(right, bottom))))
            _stroke(painter, path, colour, 2.0, style)

    def _paint_apart(
        self, painter: QPainter, truth: SaidShape, said: SaidShape, to_screen: QTransform
    ) -> None:
        """A line from where each point is to where it was said to be."""
        there = {int(number): (x, y) for x, y, number in said.points.tolist()}
        lines = [
            QLineF(to_screen.map(QPointF(x, y)), to_screen.map(QPointF(*there[int(number)])))
            for x, y, number in truth.points.tolist()
            if int(number) in there
        ]
        for width, colour in ((3.0, _HALO), (1.2, QColor("#ffffff"))):
            painter.setPen(QPen(colour, width))
            painter.drawLines(lines)

    def _paint_rings(self, painter: QPainter, shape: SaidShape, to_screen: QTransform) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for point in _points(shape.points, to_screen):
            for width, colour in ((4.0, _HALO), (2.0, QColor(TRUTH_COLOUR))):
                painter.setPen(QPen(colour, width))
                painter.drawEllipse(point, _POINT_PX, _POINT_PX)

    def _paint_crosses(self, painter: QPainter, shape: SaidShape, to_screen: QTransform) -> None:
        across, down = QPointF(_POINT_PX, _POINT_PX), QPointF(_POINT_PX, -_POINT_PX)
        for point in _points(shape.points, to_screen):
            for width, colour in ((4.0, _HALO), (2.0, QColor(SAID_COLOUR))):
                painter.setPen(QPen(colour, width))
                painter.drawLine(QLineF(point - across, point + across))
                painter.drawLine(QLineF(point - down, point + down))


def _points(points: NDArray[np.float64], to_screen: QTransform) -> list[QPointF]:
    return [to_screen.map(QPointF(x, y)) for x, y, _ in points.tolist()]


def _path(polygons: Sequence[NDArray[np.float64]], to_screen: QTransform) -> QPainterPath:
    path = QPainterPath()
    for polygon in polygons:
        path.addPolygon(to_screen.map(QPolygonF([QPointF(x, y) for x, y in polygon.tolist()])))
        path.closeSubpath()
    return path


def _stroke(painter: QPainter, path: QPainterPath, colour: QColor, width: float, style: Qt.PenStyle) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_HALO, width + 2.0))
    painter.drawPath(path)
    painter.setPen(QPen(colour, width, style))
    painter.drawPath(path)
