"""The list of points: each one's mark, name, what hides it and how far it is off."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.states.keypoints import DrawnPoint, KeypointsState
from app.theme import Theme, current_theme
from app.views.canvas.keypoint_marks import draw_mark
from core.records.shapes import KeypointTag

_ROW_PX = 23
_WIDEST_PX = 12.0  # a residual as long as this fills its bar
_MARK_PX = 34
_NUMBER_PX = 58

TAG_TITLES: dict[KeypointTag, str] = {
    KeypointTag.VISIBLE: "Visible",
    KeypointTag.SELF_OCCLUDED: "Self-occluded",
    KeypointTag.OTHER_OCCLUDED: "Other-occluded",
    KeypointTag.TRUNCATED: "Truncated",
    KeypointTag.UNLABELLED: "Not placed",
}


class PointList(QWidget):
    """One row for each point, in the order in which they are placed.

    It is painted as a whole, because it is drawn anew at every move of a drag.

    Signals:
        chosen(int): a row was clicked.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._state = KeypointsState()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Points")

    def show_state(self, state: KeypointsState) -> None:
        """Draws another state."""
        before, self._state = self._state, state
        if before.look is not state.look:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Qt's: a row for each point."""
        count = 0 if self._state.look is None else self._state.look.count
        return QSize(220, count * _ROW_PX)

    def row_text(self, index: int) -> str:
        """What a point's row says, for tests and tool tips."""
        look = self._state.look
        if look is None or index >= look.count:
            return ""
        point, ghost = self._state.points[index], self._state.ghosts[index]
        words = [look.names[index], _tag_text(point, ghost)]
        if point is not None and point.off_px is not None:
            words.append(f"{point.off_px:.1f} px off")
        return ", ".join(words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: makes a point the current one."""
        index = self._index_at(event)
        if index is not None:
            self.chosen.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: the whole of a row that is too long to be shown."""
        index = self._index_at(event)
        self.setToolTip("" if index is None else self.row_text(index))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws the rows."""
        look, theme = self._state.look, current_theme()
        if look is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = QFont(painter.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1))
        plain = QFont(painter.font())
        for place, index in enumerate(look.order):
            row = QRectF(0, place * _ROW_PX, self.width(), _ROW_PX)
            self._paint_row(painter, row, index, theme, plain, small)
        painter.end()

    def _index_at(self, event: QMouseEvent) -> int | None:
        """The point whose row is under the mouse."""
        row, look = int(event.position().y()) // _ROW_PX, self._state.look
        return look.order[row] if look is not None and 0 <= row < look.count else None

    def _paint_row(
        self, painter: QPainter, row: QRectF, index: int, theme: Theme, plain: QFont, small: QFont
    ) -> None:
        state = self._state
        assert state.look is not None
        point, ghost = state.points[index], state.ghosts[index]
        if index == state.current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_wash"))
            painter.drawRoundedRect(row.adjusted(4, 1, -4, -1), 5, 5)
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRectF(row.left() + 4, row.top() + 3, 3, row.height() - 6), 1.5, 1.5)
        spot = QPointF(row.left() + 20, row.center().y())
        # the marks keep their dark ground, so that they look as they do on the picture
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("window") if theme.dark else theme.color("text"))
        painter.setOpacity(1.0 if theme.dark else 0.86)
        painter.drawRoundedRect(QRectF(spot.x() - 9, spot.y() - 9, 18, 18), 5, 5)
        painter.setOpacity(1.0)
        if point is not None:
            draw_mark(painter, spot, 4.2, point.tag, filled=point.by_person, disagrees=False)
        elif ghost is not None:
            draw_mark(painter, spot, 4.2, ghost.tag, ghost=True)
        else:
            draw_mark(painter, spot, 4.2, KeypointTag.UNLABELLED)
        middle = Qt.AlignmentFlag.AlignVCenter
        strong = point is not None or index == state.current
        painter.setFont(plain)
        painter.setPen(theme.color("text" if strong else "text_soft"))
        name = QRectF(
            row.left() + _MARK_PX, row.top(), row.width() - _MARK_PX - _NUMBER_PX - 14, row.height()
        )
        elided = painter.fontMetrics().elidedText(
            state.look.names[index], Qt.TextElideMode.ElideRight, int(name.width())
        )
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | middle, elided)
        number = QRectF(row.right() - _NUMBER_PX - 14, row.top(), _NUMBER_PX, row.height())
        painter.setFont(small)
        if point is not None and point.off_px is not None:
            token = "bad" if point.outlier else "text_soft"
            painter.setPen(theme.color(token))
            text = f"{point.off_px:.1f} px" + (" !" if point.outlier else "")
            painter.drawText(number.adjusted(0, -2, 0, -2), Qt.AlignmentFlag.AlignRight | middle, text)
            bar = QRectF(number.left() + 10, row.bottom() - 4, number.width() - 10, 2)
            painter.fillRect(bar, theme.color("line"))
            reach = min(1.0, point.off_px / _WIDEST_PX) * bar.width()
            painter.fillRect(
                QRectF(bar.right() - reach, bar.top(), reach, 2),
                theme.color("bad" if point.outlier else "accent"),
            )
        else:
            painter.setPen(theme.color("text_faint"))
            text = "" if point is None and ghost is None else _short_text(point, ghost)
            painter.drawText(number, Qt.AlignmentFlag.AlignRight | middle, text)


def _tag_text(point: DrawnPoint | None, ghost: DrawnPoint | None) -> str:
    shown = point or ghost
    if shown is None:
        return "not placed"
    text = TAG_TITLES[shown.tag].lower()
    if shown.hider:
        text += f" by {shown.hider}"
    if point is None:
        return f"not placed; {text} where the fit puts it"
    if point.sure is not None:
        return f"{text}, proposed by a network that is {point.sure:.0%} sure"
    return text if point.by_person else f"{text}, {'guessed' if point.guessed else 'from the fit'}"


def _short_text(point: DrawnPoint | None, ghost: DrawnPoint | None) -> str:
    shown = point or ghost
    assert shown is not None
    if shown.hider:
        return shown.hider
    if point is not None and point.sure is not None:
        return f"{point.sure:.0%} sure"
    if point is None or point.by_person:
        return ""
    return "guessed" if point.guessed else "from fit"
