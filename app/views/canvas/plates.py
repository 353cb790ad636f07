"""Small letters over a picture, on a dark backing that keeps them legible on any of them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.views.canvas.badges import BACKING_COLOUR

_LETTERS_PX = 12


def draw_plate(
    painter: QPainter, whole: QRectF, place: QPointF, text: str, colour: QColor, alpha: int = 190
) -> None:
    """Writes text at a place, moved inside the canvas where it would leave it.

    Args:
        whole: the canvas, logical screen pixels.
        place: the left end of the letters' base line.
        alpha: of the backing.
    """
    font = QFont(painter.font())
    font.setPixelSize(_LETTERS_PX)
    font.setBold(True)
    painter.setFont(font)
    room = QFontMetricsF(font).boundingRect(text).adjusted(-4, -2, 4, 2).translated(place)
    inside = QPointF(
        min(0.0, whole.right() - room.right()) + max(0.0, whole.left() - room.left()),
        min(0.0, whole.bottom() - room.bottom()) + max(0.0, whole.top() - room.top()),
    )
    room, place = room.translated(inside), place + inside
    backing = QColor(BACKING_COLOUR)
    backing.setAlpha(alpha)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(backing)
    painter.drawRoundedRect(room, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colour)
    painter.drawText(place, text)
