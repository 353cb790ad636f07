"""One cell of the crop grid: the crop, its label's badge, how certain the machine is, and its name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from app.states.review_queue import QueueItem
from app.theme import Theme
from app.views.canvas.badges import CANVAS_COLOUR, draw_badge

CAPTION_PX = 20
_BADGE_PX = 18.0
_GAP_PX = 6


def paint_cell(
    painter: QPainter,
    cell: QRectF,
    item: QueueItem | None,
    crop: QImage | None,
    theme: Theme,
    *,
    selected: bool,
    current: bool,
    focused: bool,
) -> None:
    """Paints a cell; what is still being read stays a quiet plate."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if selected or current:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent_wash"))
        painter.drawRoundedRect(cell.adjusted(-2, -2, 2, 2), 5, 5)
    picture = QRectF(cell.left(), cell.top(), cell.width(), cell.height() - CAPTION_PX)
    painter.fillRect(picture, QColor(CANVAS_COLOUR))
    if crop is not None and not crop.isNull():
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(_fitted(crop, picture), crop)
    elif crop is not None:
        painter.setPen(QColor("#818998"))
        painter.drawText(picture, Qt.AlignmentFlag.AlignCenter, "no crop")
    if item is not None:
        _paint_certainty(painter, picture, item, theme)
        draw_badge(painter, picture.topLeft() + QPointF(13, 13), _BADGE_PX, item.mark)
        _paint_caption(painter, cell, item, theme, strong=current)
    if selected or current:
        pen = QPen(
            theme.color("accent_strong" if focused or not current else "accent"), 3.0 if current else 1.5
        )
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = pen.widthF() / 2 - 1
        painter.drawRect(picture.adjusted(inset, inset, -inset, -inset))
    painter.restore()


def _fitted(crop: QImage, place: QRectF) -> QRectF:
    scale = min(place.width() / crop.width(), place.height() / crop.height())
    width, height = crop.width() * scale, crop.height() * scale
    return QRectF(place.center().x() - width / 2, place.center().y() - height / 2, width, height)


def _paint_certainty(painter: QPainter, picture: QRectF, item: QueueItem, theme: Theme) -> None:
    """A line from the threshold in the middle towards unoccluded (right) or occluded (left).

    In a queue of objects to annotate, a line from the left as long as they are done.
    """
    base = picture.bottom() - 3
    painter.fillRect(QRectF(picture.left(), base, picture.width(), 3), QColor(0, 0, 0, 130))
    if item.progress is not None:
        done = QRectF(picture.left(), base, item.progress * picture.width(), 3)
        painter.fillRect(done, theme.color("ok" if item.progress >= 1 else "accent"))
        return
    middle = picture.center().x()
    if item.margin is not None:
        reach = min(1.0, abs(item.margin)) * picture.width() / 2
        token = "unoccluded" if item.margin >= 0 else "occluded"
        left = middle if item.margin >= 0 else middle - reach
        painter.fillRect(QRectF(left, base, max(reach, 1.0), 3), theme.color(token))
        painter.fillRect(QRectF(middle - 0.75, base - 2, 1.5, 5), QColor("#ffffff"))


def _paint_caption(painter: QPainter, cell: QRectF, item: QueueItem, theme: Theme, *, strong: bool) -> None:
    font = QFont(painter.font())
    font.setPointSizeF(max(7.0, font.pointSizeF() - 1))
    painter.setFont(font)
    line = QRectF(cell.left() + 3, cell.bottom() - CAPTION_PX, cell.width() - 6, CAPTION_PX)
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.setPen(theme.color("text" if strong else "text_soft"))
    name, margin = caption_parts(painter.fontMetrics(), item, line.width())
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft | middle, name)
    painter.setPen(theme.color("text_faint"))
    painter.drawText(line, Qt.AlignmentFlag.AlignRight | middle, margin)


def caption_parts(metrics: QFontMetrics, item: QueueItem, width: float) -> tuple[str, str]:
    """The name and the margin that stand side by side in a width: the category gives way, the id does not.

    Returns:
        the name, elided where it must be, and the margin, or "" where there is none or no room for it.
    """
    number = f" {item.id}"
    margin = item.note or ("" if item.margin is None else f"{item.margin:+.3f}")
    room = width - metrics.horizontalAdvance(number)
    beside = room - metrics.horizontalAdvance(margin) - _GAP_PX
    if beside < metrics.horizontalAdvance("m…"):
        margin = ""
    category = metrics.elidedText(item.category, Qt.TextElideMode.ElideRight, int(beside if margin else room))
    return f"{category}{number}", margin
