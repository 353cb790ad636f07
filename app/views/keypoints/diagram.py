"""The diagram: the template with the current point lit: a plan that turns, or a figure that is mirrored."""

from __future__ import annotations

from math import cos, degrees, sin

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from app.states.keypoint_look import Side
from app.states.keypoints import KeypointsState
from app.views.canvas.badges import BACKING_COLOUR, SELECTED_COLOUR
from app.views.canvas.keypoint_marks import SIDE_COLOURS, TAG_COLOURS, draw_lines
from core.records.shapes import KeypointTag

_SIZE_PX = (172, 190)
_FOOT_PX = 34
_ROUND_PX = 13  # left free around a plan, which turns
_UP = -1.5707963267948966


class Diagram(QWidget):
    """A small plate over the canvas; clicks go through it.

    It shows the object as it is in the picture: a car from above, its front where the arrow is, a person from
    the front or from behind. Left and right are the object's own, each drawn as its lines are on the frame.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = KeypointsState()
        self._drawn: QPixmap | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_scale(1.0)

    def show_state(self, state: KeypointsState) -> None:
        """Draws another state."""
        before, self._state = self._state, state
        self.setVisible(state.look is not None)
        if _looks(before) != _looks(state):
            self._drawn = None
            self.update()
            self.setAccessibleName("" if state.look is None else f"Next: {state.look.names[state.current]}")

    def set_scale(self, scale: float) -> None:
        """Takes on a share of its full size, where the canvas is small."""
        self.setFixedSize(round(_SIZE_PX[0] * scale), round(_SIZE_PX[1] * scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: copies what was drawn last: the canvas below is drawn anew far more often than the plan."""
        scale = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.size() != self.size() * scale:
            self._drawn = QPixmap(self.size() * scale)
            self._drawn.setDevicePixelRatio(scale)
            self._drawn.fill(Qt.GlobalColor.transparent)
            self._draw(self._drawn)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _draw(self, canvas: QPixmap) -> None:
        """The plan, its points, and the current one's name."""
        look = self._state.look
        if look is None:
            return
        painter = QPainter(canvas)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        backing = QColor(BACKING_COLOUR)
        backing.setAlpha(215)
        painter.setPen(QPen(QColor(255, 255, 255, 40), 1))
        painter.setBrush(backing)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        area = QRectF(self.rect()).adjusted(0, 4, 0, -_FOOT_PX)
        turn = _UP if self._state.front_rad is None or not look.from_above else self._state.front_rad
        turn -= _UP
        mirror = -1.0 if self._state.turned_away else 1.0
        half = (min(area.width(), area.height()) / 2 - (_ROUND_PX if look.from_above else 6)) / look.length
        middle = area.center()

        def at(point: tuple[float, float]) -> QPointF:
            x, y = mirror * point[0] * half, point[1] * half * look.length
            return middle + QPointF(x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn))

        painter.setBrush(Qt.BrushStyle.NoBrush)
        for number, line in enumerate(look.plan_lines):
            outer = number == 0 or not look.from_above
            painter.setPen(QPen(QColor(255, 255, 255, 150 if outer else 80), 1.4 if outer else 1.0))
            painter.drawPolyline(QPolygonF([at(point) for point in line]))
        if look.from_above:
            self._paint_front(painter, at)
        else:
            self._paint_skeleton(painter, at)
        self._paint_sides(painter, at)
        for index, place in enumerate(look.plan):
            self._paint_point(painter, index, at(place))
        self._paint_name(painter, QRectF(0, self.height() - _FOOT_PX, self.width(), _FOOT_PX))
        painter.end()

    def _paint_front(self, painter: QPainter, at: object) -> None:
        tip, base = at((0.0, -0.78)), at((0.0, -0.52))  # type: ignore[operator]
        left, right = at((-0.22, -0.6)), at((0.22, -0.6))  # type: ignore[operator]
        painter.setPen(QPen(QColor("#ffffff"), 1.6))
        painter.drawLine(base, tip)
        painter.drawPolyline(QPolygonF([left, tip, right]))

    def _paint_skeleton(self, painter: QPainter, at: object) -> None:
        look = self._state.look
        assert look is not None
        for line in look.skeleton:
            side = look.side_of_line(line)
            ends = [at(look.plan[index]) for index in line]  # type: ignore[operator]
            draw_lines(painter, [QLineF(*ends)], QColor(SIDE_COLOURS[side]), hollow=side is Side.LEFT)

    def _paint_sides(self, painter: QPainter, at: object) -> None:
        look = self._state.look
        assert look is not None
        font = QFont(painter.font())
        font.setPixelSize(13)
        font.setBold(True)
        painter.setFont(font)
        for side, letter, place in zip((Side.LEFT, Side.RIGHT), "LR", look.side_marks, strict=True):
            spot = at(place)  # type: ignore[operator]
            painter.setPen(QColor(SIDE_COLOURS[side]))
            painter.drawText(QRectF(spot.x() - 9, spot.y() - 9, 18, 18), Qt.AlignmentFlag.AlignCenter, letter)

    def _paint_point(self, painter: QPainter, index: int, spot: QPointF) -> None:
        state = self._state
        assert state.look is not None
        point = state.points[index] if index < len(state.points) else None
        side = QColor(SIDE_COLOURS[state.look.sides[index]])
        if index == state.current:
            painter.setPen(QPen(QColor(SELECTED_COLOUR), 2.0))
            painter.setBrush(side)
            painter.drawEllipse(spot, 6.5, 6.5)
            glow = QColor(SELECTED_COLOUR)
            glow.setAlpha(90)
            painter.setPen(QPen(glow, 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(spot, 10.0, 10.0)
            return
        painter.setPen(QPen(side, 1.4))
        fill = QColor(BACKING_COLOUR) if point is None else QColor(TAG_COLOURS[point.tag])
        painter.setBrush(fill)
        painter.drawEllipse(spot, 3.6, 3.6)

    def _paint_name(self, painter: QPainter, room: QRectF) -> None:
        state = self._state
        assert state.look is not None
        font = QFont(painter.font())
        font.setPixelSize(12)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(SIDE_COLOURS[state.look.sides[state.current]]))
        name = state.look.names[state.current]
        text = painter.fontMetrics().elidedText(
            name[:1].upper() + name[1:], Qt.TextElideMode.ElideRight, int(room.width()) - 12
        )
        painter.drawText(room.adjusted(0, -4, 0, -10), Qt.AlignmentFlag.AlignCenter, text)
        font.setPixelSize(10)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QColor(255, 255, 255, 150))
        placed = sum(point is not None for point in state.points)
        words = f"{placed} of {state.look.count} placed"
        view = state.look.views[state.turned_away]
        if painter.fontMetrics().horizontalAdvance(f"{view}, {words}") < room.width() - 8:
            words = f"{view}, {words}"
        painter.drawText(room.adjusted(0, 14, 0, -2), Qt.AlignmentFlag.AlignCenter, words)


def _looks(state: KeypointsState) -> tuple[object, ...]:
    """What of a state the diagram shows; a car's heading in whole degrees."""
    tags: tuple[KeypointTag | None, ...] = tuple(None if p is None else p.tag for p in state.points)
    front = None if state.front_rad is None else round(degrees(state.front_rad))
    return state.look, state.current, tags, front, state.turned_away
