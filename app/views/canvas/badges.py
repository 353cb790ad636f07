"""The colours, lines and badges of labels: what each says by shape first, by colour second."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from app.states.review_marks import LabelMark, MarkShape

# The label colours of the dark theme, a little brighter: a picture does not follow the theme, and badges
# carry a dark backing of their own.
MARK_COLOURS: dict[MarkShape, str] = {
    MarkShape.UNOCCLUDED: "#3fd9bd",
    MarkShape.OCCLUDED: "#ffb048",
    MarkShape.REJECTED: "#d88bea",
    MarkShape.UNKNOWN: "#b4bdcb",
}
SELECTED_COLOUR = "#ffffff"
OCCLUDER_COLOUR = "#ff5d6c"
TRAIL_COLOUR = "#ffe66d"
BACKING_COLOUR = "#161a1f"
CANVAS_COLOUR = "#1b1e22"

_LINE_STYLES: dict[MarkShape, Qt.PenStyle] = {
    MarkShape.UNOCCLUDED: Qt.PenStyle.SolidLine,
    MarkShape.OCCLUDED: Qt.PenStyle.DashLine,
    MarkShape.REJECTED: Qt.PenStyle.DashDotDotLine,
    MarkShape.UNKNOWN: Qt.PenStyle.DotLine,
}


def mark_colour(mark: LabelMark) -> QColor:
    """The colour that goes with a label."""
    return QColor(MARK_COLOURS[mark.shape])


def mark_pen(mark: LabelMark, width: float, colour: QColor | None = None) -> QPen:
    """The pen that draws a box of this label, in screen pixels at every zoom."""
    pen = QPen(colour or mark_colour(mark), width, _LINE_STYLES[mark.shape])
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return pen


def draw_badge(painter: QPainter, centre: QPointF, diameter: float, mark: LabelMark) -> None:
    """Draws a label's badge.

    Unoccluded is a full circle, occluded a half disc, rejected a cross, no label a dot. What a person
    said is filled and has a white rim; what the machine said is hollow.

    Args:
        painter: in logical screen pixels.
        centre, diameter: of the badge with its backing.
    """
    scale = painter.device().devicePixelRatioF()
    corner = centre - QPointF(diameter / 2, diameter / 2)
    place = QPointF(round(corner.x() * scale) / scale, round(corner.y() * scale) / scale)
    painter.drawImage(place, _drawn(mark, diameter, scale))


@lru_cache(maxsize=64)
def _drawn(mark: LabelMark, diameter: float, scale: float) -> QImage:
    """A badge's pixels: a full frame shows dozens of the same few."""
    pixels = ceil(diameter * scale)
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    _paint(painter, QPointF(diameter / 2, diameter / 2), diameter, mark)
    painter.end()
    return image


def _paint(painter: QPainter, centre: QPointF, diameter: float, mark: LabelMark) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = diameter / 2
    backing = QColor(BACKING_COLOUR)
    painter.setBrush(backing)
    rim = QPen(QColor("#ffffff"), max(1.0, diameter / 12)) if mark.by_person else QPen(Qt.PenStyle.NoPen)
    painter.setPen(rim)
    painter.drawEllipse(centre, radius - rim.widthF() / 2, radius - rim.widthF() / 2)
    colour = mark_colour(mark)
    stroke = QPen(colour, max(1.4, diameter / 8))
    stroke.setCapStyle(Qt.PenCapStyle.RoundCap)
    stroke.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(stroke)
    painter.setBrush(colour if mark.by_person else Qt.BrushStyle.NoBrush)
    glyph = radius * 0.56
    if mark.shape is MarkShape.UNOCCLUDED:
        painter.drawEllipse(centre, glyph, glyph)
    elif mark.shape is MarkShape.OCCLUDED:
        painter.drawPath(_half_disc(centre, glyph * 1.1))
    elif mark.shape is MarkShape.REJECTED:
        reach = glyph * 0.8
        painter.drawLine(centre - QPointF(reach, reach), centre + QPointF(reach, reach))
        painter.drawLine(centre + QPointF(-reach, reach), centre + QPointF(reach, -reach))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(centre, glyph * 0.4, glyph * 0.4)


def _half_disc(centre: QPointF, radius: float) -> QPainterPath:
    box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    path = QPainterPath()
    path.moveTo(centre.x(), centre.y() - radius)
    path.arcTo(box, 90, 180)
    path.closeSubpath()
    return path
