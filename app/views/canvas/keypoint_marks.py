"""How keypoints look: a shape and a colour for each tag, filled where a person placed the point."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.states.keypoint_look import Side
from app.views.canvas.badges import BACKING_COLOUR, SELECTED_COLOUR
from core.records.shapes import KeypointTag

TAG_COLOURS: dict[KeypointTag, str] = {
    KeypointTag.VISIBLE: "#3fd9bd",
    KeypointTag.SELF_OCCLUDED: "#ffb048",
    KeypointTag.OTHER_OCCLUDED: "#ff7f8d",
    KeypointTag.TRUNCATED: "#d88bea",
    KeypointTag.UNLABELLED: "#9aa3b2",
}
SIDE_COLOURS: dict[Side, str] = {Side.LEFT: "#ff8fd0", Side.RIGHT: "#7cc0ff", Side.MIDDLE: "#d5dbe4"}
DISAGREES_COLOUR = "#ff4d5e"
OUTLINE_COLOUR = "#f4f7fb"


def draw_lines(
    painter: QPainter,
    lines: Sequence[QLineF],
    colour: QColor,
    *,
    hollow: bool = False,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> None:
    """Draws lines of one side of an object.

    Args:
        hollow: draws each as two lines with a gap, so that a side is told without its colour.
    """
    core = QColor(BACKING_COLOUR)
    for width, pen_colour in ((3.8, colour), (1.6, core)) if hollow else ((1.6, colour),):
        pen = QPen(pen_colour, width, style if width > 2 or not hollow else Qt.PenStyle.SolidLine)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLines(list(lines))


def draw_mark(
    painter: QPainter,
    centre: QPointF,
    radius: float,
    tag: KeypointTag,
    *,
    filled: bool = True,
    ghost: bool = False,
    chosen: bool = False,
    disagrees: bool = False,
) -> None:
    """Draws a point: visible a disc, self-occluded a diamond, other-occluded a square, truncated a triangle.

    Args:
        centre, radius: in logical screen pixels.
        filled: whether a person placed it; what a fit put there is hollow.
        ghost: whether it is only where a fit would put it: dotted, and paler.
        chosen: whether the next key places it: a white ring around it.
        disagrees: whether it disagrees with the fit: a red ring and a stroke through it.
    """
    colour = QColor(TAG_COLOURS[tag])
    backing = QColor(BACKING_COLOUR)
    if ghost:
        colour.setAlpha(215)
        backing.setAlpha(150)
    inside = colour if filled and not ghost else QColor(BACKING_COLOUR)
    if not filled or ghost:
        inside.setAlpha(110)
    style = Qt.PenStyle.DotLine if ghost else Qt.PenStyle.SolidLine
    if chosen:
        for width, ring in ((4.0, backing), (2.0, QColor(SELECTED_COLOUR))):
            painter.setPen(QPen(ring, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, radius + 4.5, radius + 4.5)
    if disagrees:
        for width, ring in ((4.0, backing), (2.0, QColor(DISAGREES_COLOUR))):
            painter.setPen(QPen(ring, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, radius + 3.0, radius + 3.0)
            reach = QPointF(radius + 6.0, -radius - 6.0)
            painter.drawLine(centre - reach, centre + reach)
    painter.setPen(QPen(backing, 3.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _shape(painter, centre, radius, tag)
    pen = QPen(colour, 1.8, style)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(inside)
    _shape(painter, centre, radius, tag)
    if filled and not ghost and radius >= 4:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(BACKING_COLOUR))
        painter.drawEllipse(centre, 1.3, 1.3)


def _shape(painter: QPainter, centre: QPointF, radius: float, tag: KeypointTag) -> None:
    x, y = centre.x(), centre.y()
    if tag is KeypointTag.SELF_OCCLUDED:
        reach = radius * 1.25
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(x, y - reach),
                    QPointF(x + reach, y),
                    QPointF(x, y + reach),
                    QPointF(x - reach, y),
                ]
            )
        )
    elif tag is KeypointTag.OTHER_OCCLUDED:
        reach = radius * 0.92
        painter.drawRect(QRectF(x - reach, y - reach, 2 * reach, 2 * reach))
    elif tag is KeypointTag.TRUNCATED:
        reach = radius * 1.2
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(x, y - reach),
                    QPointF(x + reach, y + reach * 0.8),
                    QPointF(x - reach, y + reach * 0.8),
                ]
            )
        )
    elif tag is KeypointTag.UNLABELLED:
        painter.drawEllipse(centre, radius * 0.55, radius * 0.55)
    else:
        painter.drawEllipse(centre, radius, radius)
