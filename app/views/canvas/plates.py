"""Small letters over a picture, on a dark backing that keeps them legible on any of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.views.canvas.badges import BACKING_COLOUR

_LETTERS_PX = 12
_APART_PX = 4.0


def draw_plate(
    painter: QPainter,
    whole: QRectF,
    place: QPointF,
    text: str,
    colour: QColor,
    alpha: int = 190,
    covered: Sequence[QRectF] = (),
) -> None:
    """Writes text at a place, moved inside the canvas where it would leave it, and from under what covers it.

    Args:
        whole: the canvas, logical screen pixels.
        place: the left end of the letters' base line.
        alpha: of the backing.
        covered: parts of the canvas that something stands over.
    """
    font = QFont(painter.font())
    font.setPixelSize(_LETTERS_PX)
    font.setBold(True)
    painter.setFont(font)
    room = QFontMetricsF(font).boundingRect(text).adjusted(-4, -2, 4, 2).translated(place)
    moved = seen(room, whole, covered)
    room, place = room.translated(moved), place + moved
    backing = QColor(BACKING_COLOUR)
    backing.setAlpha(alpha)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(backing)
    painter.drawRoundedRect(room, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colour)
    painter.drawText(place, text)


def seen(plate: QRectF, whole: QRectF, covered: Sequence[QRectF] = ()) -> QPointF:
    """By how much to move a plate so that it is seen whole, as little as can be; left where it cannot be."""
    inside = QPointF(
        min(0.0, whole.right() - plate.right()) + max(0.0, whole.left() - plate.left()),
        min(0.0, whole.bottom() - plate.bottom()) + max(0.0, whole.top() - plate.top()),
    )
    here = plate.translated(inside)
    if not any(here.intersects(part) for part in covered):
        return inside
    aside = [
        way
        for part in covered
        for way in (
            QPointF(part.left() - _APART_PX - here.right(), 0.0),
            QPointF(part.right() + _APART_PX - here.left(), 0.0),
            QPointF(0.0, part.top() - _APART_PX - here.bottom()),
            QPointF(0.0, part.bottom() + _APART_PX - here.top()),
        )
        if whole.contains(here.translated(way))
        and not any(here.translated(way).intersects(other) for other in covered)
    ]
    return min((inside + way for way in aside), key=lambda way: way.manhattanLength(), default=inside)
