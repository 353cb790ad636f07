"""Drawing on the frame to calibrate: points to place, drag and nudge, over the ground that follows."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem

from app.states.calibration import CalibrationState, Line, Stick
from app.views.canvas.badges import BACKING_COLOUR, SELECTED_COLOUR
from app.views.canvas.plates import draw_plate
from core.records.sketches import Stroke, StrokeRole

_COLOURS = {
    StrokeRole.CORNERS: "#ffe14d",
    StrokeRole.FIRST: "#ff9a5c",
    StrokeRole.SECOND: "#5cc8ff",
    StrokeRole.LENGTH: "#ffe14d",
    StrokeRole.HORIZON: "#ff7ad9",
    StrokeRole.UPRIGHT: "#b9f26b",
    StrokeRole.PLACE: "#ffe14d",
    StrokeRole.STRAIGHT: "#d7a6ff",
}
_GRID, _HORIZON, _STICK = "#7df0ff", "#ff7ad9", "#ffffff"
_HANDLE_PX, _GRAB_PX = 5.0, 11.0
_NUDGES = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
_FINE, _COARSE = 0.25, 5.0
_WORTH_PX = 0.5  # a residual below this is what any hand leaves


class SketchItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws a CalibrationState over the frame and tells what the mouse and the keys do with it.

    Signals:
        placed(float, float): a click where no point is, in canvas coordinates.
        moved(object, float, float): a point (stroke, point) was dragged there.
        selected(object): a point was clicked.
        nudged(float, float): the arrow keys: a pixel, a quarter with Ctrl, five with Shift.
        taken_back(), escaped(), accepted(): Backspace, Esc, Enter.
        hovered(float, float): where the cursor is.
        left(): the cursor is not on the picture any more.
    """

    placed = Signal(float, float)
    moved = Signal(object, float, float)
    selected = Signal(object)
    nudged = Signal(float, float)
    taken_back = Signal()
    escaped = Signal()
    accepted = Signal()
    hovered = Signal(float, float)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state = CalibrationState()
        self._extent = QRectF()
        self._canvas = QRectF()
        self._stick: Stick | None = None
        self._cursor: QPointF | None = None
        self._held: tuple[int, int] | None = None
        self.setZValue(20)
        self.setAcceptHoverEvents(True)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable)

    def show_state(self, state: CalibrationState) -> None:
        """Draws another state."""
        self._state = state
        width, height = state.size or (0, 0)
        extent = QRectF(-width, -height, 3 * width, 3 * height)
        if extent != self._extent:
            self.prepareGeometryChange()
            self._extent = extent
        drawing = state.sketch is not None and state.role is not None
        self.setCursor(Qt.CursorShape.CrossCursor if drawing else Qt.CursorShape.ArrowCursor)
        self.update()

    def show_stick(self, stick: Stick | None) -> None:
        """Stands a stick where the cursor is."""
        self._stick = stick
        self.update()

    def boundingRect(self) -> QRectF:
        """Qt's: the picture with room around it, because a horizon may lie above it."""
        return self._extent

    # ---- the mouse and the keys -----------------------------------------------------------------

    def mouseClickEvent(self, event: object) -> None:
        """pyqtgraph's: a click places a point, or takes hold of one."""
        if event.button() != Qt.MouseButton.LeftButton or self._state.sketch is None:  # type: ignore[attr-defined]
            event.ignore()  # type: ignore[attr-defined]
            return
        event.accept()  # type: ignore[attr-defined]
        self.setFocus()
        point = event.pos()  # type: ignore[attr-defined]
        handle = self._handle_at(point)
        if handle is None:
            self.placed.emit(point.x(), point.y())
        elif self._joins(handle):
            self.placed.emit(*self._state.sketch.strokes[handle[0]].points[handle[1]])
        else:
            self.selected.emit(handle)

    def mouseDragEvent(self, event: object) -> None:
        """pyqtgraph's: a drag that begins on a point moves it; any other moves the picture."""
        if event.isStart():  # type: ignore[attr-defined]
            self._held = self._handle_at(event.buttonDownPos())  # type: ignore[attr-defined]
        if event.button() != Qt.MouseButton.LeftButton or self._held is None:  # type: ignore[attr-defined]
            event.ignore()  # type: ignore[attr-defined]
            return
        event.accept()  # type: ignore[attr-defined]
        self.setFocus()
        point = event.pos()  # type: ignore[attr-defined]
        self.moved.emit(self._held, point.x(), point.y())
        if event.isFinish():  # type: ignore[attr-defined]
            self._held = None

    def hoverMoveEvent(self, event: object) -> None:
        """Qt's: the unfinished line and the stick follow the cursor."""
        self._cursor = event.pos()  # type: ignore[attr-defined]
        self.hovered.emit(self._cursor.x(), self._cursor.y())
        self.update()

    def hoverLeaveEvent(self, _: object) -> None:
        """Qt's: nothing follows the cursor any more."""
        self._cursor = self._stick = None
        self.left.emit()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's: the arrows nudge; Backspace and Esc take back; Enter accepts."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if self._state.way is not None and key in _NUDGES:
            fine, coarse = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
            step = _FINE if held & fine else _COARSE if held & coarse else 1.0
            dx, dy = _NUDGES[key]
            self.nudged.emit(step * dx, step * dy)
        elif self._state.way is not None and key == Qt.Key.Key_Backspace:
            self.taken_back.emit()
        elif self._state.way is not None and key == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._state.candidate is not None:
            self.accepted.emit()
        else:
            event.ignore()
            return
        event.accept()

    def _handle_at(self, point: QPointF) -> tuple[int, int] | None:
        """The point nearest to a place, where one is near enough to grab."""
        sketch = self._state.sketch
        if sketch is None:
            return None
        reach = _GRAB_PX * float(self.pixelWidth() or 1.0)
        near = [
            (abs(complex(point.x() - x, point.y() - y)), (stroke, place))
            for stroke, drawn in enumerate(sketch.strokes)
            for place, (x, y) in enumerate(drawn.points)
        ]
        distance, handle = min(near, default=(reach, None))
        return handle if distance < reach else None

    def _joins(self, handle: tuple[int, int]) -> bool:
        """Whether a click on a point draws another one there, as where a stop line begins at the kerb.

        It does while a line waits for its end, and where the next line is of another kind than the point's.
        """
        sketch, role = self._state.sketch, self._state.role
        if sketch is None or role is None or _whole(role) not in (2, 3):
            return False
        last = sketch.strokes[-1]
        waits = last.role is role and len(last.points) < _whole(role)
        return handle[0] != len(sketch.strokes) - 1 if waits else sketch.strokes[handle[0]].role is not role

    # ---- painting -------------------------------------------------------------------------------

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: the ground first, then what was drawn, then what follows the cursor."""
        to_screen = painter.worldTransform()
        canvas = self.getViewWidget()
        self._canvas = QRectF() if canvas is None else QRectF(canvas.viewport().rect())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, to_screen)
        sketch = self._state.sketch
        if sketch is not None:
            for number, stroke in enumerate(sketch.strokes):
                self._paint_stroke(painter, to_screen, number, stroke)
        painter.restore()

    def _paint_ground(self, painter: QPainter, to_screen: QTransform) -> None:
        ground = self._state.ground
        grid = QColor(_GRID)
        grid.setAlpha(120 if self._state.ground_is_new else 90)
        painter.setPen(QPen(grid, 1.0))
        for line in ground.grid:
            painter.drawPolyline(_polygon(line, to_screen))
        for line in ground.horizon:
            painter.setPen(QPen(QColor(BACKING_COLOUR), 3.5))
            painter.drawPolyline(_polygon(line, to_screen))
            painter.setPen(QPen(QColor(_HORIZON), 1.8, Qt.PenStyle.DashLine))
            painter.drawPolyline(_polygon(line, to_screen))
        sticks = list(ground.sticks)
        if self._stick is not None and self._held is None and self._state.role is None:
            sticks.append(self._stick)
        for stick in sticks:
            shape = _polygon(stick.line, to_screen)
            painter.setPen(QPen(QColor(BACKING_COLOUR), 5.0))
            painter.drawPolyline(shape)
            painter.setPen(QPen(QColor(_STICK), 2.4))
            painter.drawPolyline(shape)
            draw_plate(painter, self._canvas, shape.at(0) + QPointF(7, 4), stick.text, QColor(_STICK))

    def _paint_stroke(self, painter: QPainter, to_screen: QTransform, number: int, stroke: Stroke) -> None:
        colour = QColor(_COLOURS[stroke.role])
        points = [to_screen.map(QPointF(x, y)) for x, y in stroke.points]
        shape = list(points)
        last = self._state.sketch is not None and number == len(self._state.sketch.strokes) - 1
        growing = last and self._state.role is stroke.role and len(points) < _whole(stroke.role)
        if growing and self._cursor is not None and self._held is None:
            painter.setPen(QPen(colour, 1.4, Qt.PenStyle.DotLine))
            painter.drawLine(points[-1], to_screen.map(self._cursor))
        if stroke.role is StrokeRole.CORNERS and len(points) == 4:
            fill = QColor(colour)
            fill.setAlpha(36)
            painter.setBrush(fill)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPolygon(QPolygonF(points))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            shape.append(points[0])
        for width, tint in ((4.0, QColor(BACKING_COLOUR)), (2.0, colour)):
            painter.setPen(QPen(tint, width))
            painter.drawPolyline(QPolygonF(shape))
        for place, point in enumerate(points):
            chosen = self._state.selected == (number, place)
            painter.setPen(
                QPen(QColor(SELECTED_COLOUR if chosen else BACKING_COLOUR), 2.0 if chosen else 1.4)
            )
            painter.setBrush(colour)
            radius = _HANDLE_PX + (2.0 if chosen else 0.0)
            painter.drawEllipse(point, radius, radius)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            off = self._state.residuals.get((number, place), 0.0)
            name = "  ".join(
                part
                for part in (self._name(number, place, stroke), f"{off:.1f} px off" * (off >= _WORTH_PX))
                if part
            )
            if name:
                draw_plate(painter, self._canvas, point + QPointF(9, -7), name, colour)
        self._paint_lengths(painter, stroke, points, colour)

    def _paint_lengths(
        self, painter: QPainter, stroke: Stroke, points: list[QPointF], colour: QColor
    ) -> None:
        """The metres that were typed, beside what they measure."""
        sketch = self._state.sketch
        if sketch is None:
            return
        if stroke.role is StrokeRole.CORNERS and len(points) == 4 and sketch.sides_m is not None:
            for (start, end), metres in zip(((0, 1), (1, 2)), sketch.sides_m, strict=True):
                draw_plate(painter, self._canvas, (points[start] + points[end]) / 2, f"{metres:g} m", colour)
        if stroke.role is StrokeRole.LENGTH and len(points) == 2 and sketch.length_m is not None:
            draw_plate(painter, self._canvas, (points[0] + points[1]) / 2, f"{sketch.length_m:g} m", colour)

    def _name(self, number: int, place: int, stroke: Stroke) -> str:
        if stroke.role is StrokeRole.CORNERS:
            return str(place + 1)
        sketch = self._state.sketch
        if stroke.role is StrokeRole.PLACE and sketch is not None:
            return str(sum(one.role is StrokeRole.PLACE for one in sketch.strokes[: number + 1]))
        return ""


def _whole(role: StrokeRole) -> int:
    return {StrokeRole.CORNERS: 4, StrokeRole.PLACE: 1, StrokeRole.STRAIGHT: 3}.get(role, 2)


def _polygon(line: Line, to_screen: QTransform) -> QPolygonF:
    return to_screen.map(QPolygonF([QPointF(x, y) for x, y in line.tolist()]))
