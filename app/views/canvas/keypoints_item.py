"""Keypoints on the frame: points to place and drag, ghosts where the fit puts the rest, its outline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneHoverEvent, QGraphicsSceneMouseEvent

from app.states.keypoint_look import Side
from app.states.keypoints import DrawnPoint, KeypointsState
from app.views.canvas.badges import BACKING_COLOUR, SELECTED_COLOUR
from app.views.canvas.keypoint_marks import (
    DISAGREES_COLOUR,
    OUTLINE_COLOUR,
    SIDE_COLOURS,
    TAG_COLOURS,
    draw_lines,
    draw_mark,
)
from app.views.canvas.plates import draw_plate

_RADIUS_PX, _GHOST_PX, _GRAB_PX, _DRAG_PX = 5.0, 4.6, 12.0, 3.0
_WORTH_PX = 1.5  # a residual that is shorter on the screen is no line
_UNSURE = 0.45  # opacity of what a fit says that is not determined


class KeypointsItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws a KeypointsState over the frame and tells what the mouse does with it.

    Signals:
        placed(float, float): a click where no point is, in canvas coordinates.
        picked(int): a point or a ghost was clicked.
        dragged(int, float, float): a point or a ghost is held there.
        dropped(): it was let go.
        panned(float, float): the picture was dragged so far, in canvas coordinates.
        hovered(float, float): where the cursor is.
        left(): the cursor is not on the picture any more.
    """

    placed = Signal(float, float)
    picked = Signal(int)
    dragged = Signal(int, float, float)
    dropped = Signal()
    panned = Signal(float, float)
    hovered = Signal(float, float)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state = KeypointsState()
        self._extent = QRectF()
        self._hidden = False
        self._outlined = True
        self._joined = True
        self._under: int | None = None  # the point under the cursor
        self._held: int | None = None
        self._pressed: QPointF | None = None  # scene coordinates
        self._moved = False
        self._cursor: QPointF | None = None  # scene coordinates
        self._covered: tuple[QRectF, ...] = ()
        self.setZValue(20)
        self.setAcceptHoverEvents(True)
        self.setAcceptedMouseButtons(
            Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton | Qt.MouseButton.MiddleButton
        )
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsFocusable, False)
        self.setCursor(Qt.CursorShape.CrossCursor)

    # ---- what is shown --------------------------------------------------------------------------

    def show_state(self, state: KeypointsState) -> None:
        """Draws another state."""
        self._state = state
        if self._under is not None and self._spot(self._under) is None:
            self._under = None
        self.update()

    def set_size(self, width: int, height: int) -> None:
        """Says how large the picture is, in pixels."""
        extent = QRectF(-width, -height, 3 * width, 3 * height)
        if extent != self._extent:
            self.prepareGeometryChange()
            self._extent = extent

    def set_covered(self, parts: Sequence[QRectF]) -> None:
        """Says what stands over the canvas, where no name can be read; widget coordinates."""
        if tuple(parts) != self._covered:
            self._covered = tuple(parts)
            self.update()

    @property
    def state(self) -> KeypointsState:
        """What is drawn."""
        return self._state

    @property
    def hidden(self) -> bool:
        """Whether everything but the current point is hidden."""
        return self._hidden

    def hide_all(self, hidden: bool) -> None:
        """Hides everything, so that the picture itself is seen, or shows it again."""
        self._hidden = hidden
        self.update()

    @property
    def outlined(self) -> bool:
        """Whether the outline of what is fitted is drawn."""
        return self._outlined

    def show_outline(self, shown: bool) -> None:
        """Draws the outline of what is fitted, or not."""
        self._outlined = shown
        self.update()

    @property
    def joined(self) -> bool:
        """Whether the skeleton is drawn."""
        return self._joined

    def show_skeleton(self, shown: bool) -> None:
        """Draws the lines between points, or not."""
        self._joined = shown
        self.update()

    def cursor_place(self) -> tuple[float, float] | None:
        """Where the cursor is now, in canvas coordinates; None where it is not on the picture."""
        box, cursor = self.getViewBox(), self._cursor
        widget = self.getViewWidget()
        if cursor is None and widget is not None:
            # it may lie there since before the canvas was shown, and has not moved
            there = widget.viewport().mapFromGlobal(QCursor.pos())
            if widget.isVisible() and widget.viewport().rect().contains(there):
                cursor = widget.mapToScene(there)
        if cursor is None or box is None:
            return None
        point = box.mapSceneToView(cursor)  # the view may have moved below a cursor that did not
        return point.x(), point.y()

    def boundingRect(self) -> QRectF:
        """Qt's: the picture with room around it, because points may lie outside."""
        return self._extent

    # ---- the mouse ------------------------------------------------------------------------------

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Qt's: takes hold of a point, or of the picture."""
        self._pressed, self._moved = event.scenePos(), False
        self._held = None
        if event.button() == Qt.MouseButton.LeftButton and self._state.instance_id is not None:
            self._held = self._point_at(event.pos())
            if self._held is not None:
                self.picked.emit(self._held)
        event.accept()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Qt's: drags the point that is held, or with the right button the picture."""
        self._cursor = event.scenePos()
        way = event.scenePos() - self._pressed if self._pressed is not None else QPointF()
        self._moved = self._moved or abs(complex(way.x(), way.y())) > _DRAG_PX
        if not event.buttons() & Qt.MouseButton.LeftButton:
            box = self.getViewBox()
            before, now = box.mapSceneToView(event.lastScenePos()), box.mapSceneToView(event.scenePos())
            self.panned.emit(before.x() - now.x(), before.y() - now.y())
            return
        if self._held is not None and self._moved:
            self.dragged.emit(self._held, event.pos().x(), event.pos().y())
        self.hovered.emit(event.pos().x(), event.pos().y())
        self.update()

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Qt's: lets the point go, or places one."""
        if event.button() == Qt.MouseButton.LeftButton:
            if self._held is not None and self._moved:
                self.dropped.emit()
            elif self._held is None and self._state.instance_id is not None:
                self.placed.emit(event.pos().x(), event.pos().y())
        self._held = self._pressed = None
        event.accept()

    def hoverMoveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Qt's: names what is under the cursor."""
        self._cursor = event.scenePos()
        self._under = self._point_at(event.pos())
        self.setCursor(
            Qt.CursorShape.CrossCursor if self._under is None else Qt.CursorShape.PointingHandCursor
        )
        self.hovered.emit(event.pos().x(), event.pos().y())
        self.update()

    def hoverLeaveEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        """Qt's: nothing follows the cursor any more."""
        self._cursor = self._under = None
        self.left.emit()
        self.update()

    def _point_at(self, point: QPointF) -> int | None:
        """The point or ghost nearest to a place, where one is near enough to grab; points before ghosts."""
        if self._hidden or self._state.look is None:
            return None
        reach = _GRAB_PX * float(self.pixelWidth() or 1.0)
        near = []
        for index in range(self._state.look.count):
            spot = self._spot(index)
            if spot is not None:
                distance = abs(complex(point.x() - spot.x, point.y() - spot.y))
                ghostly = self._state.points[index] is None
                near.append((distance + 0.25 * reach * ghostly, distance, index))
        _, distance, index = min(near, default=(reach, reach, -1))
        return index if distance < reach else None

    def _spot(self, index: int) -> DrawnPoint | None:
        """A point, or its ghost."""
        if index >= len(self._state.points):
            return None
        return self._state.points[index] or self._state.ghosts[index]

    # ---- painting -------------------------------------------------------------------------------

    def paint(self, painter: QPainter, *_: object) -> None:
        """Qt's: what is fitted first, then lines, then points, then names."""
        state = self._state
        if state.look is None:
            return
        to_screen = painter.worldTransform()
        widget = self.getViewWidget()
        canvas = QRectF() if widget is None else QRectF(widget.viewport().rect())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_box(painter, to_screen)
        if not self._hidden:
            solid = 1.0 if state.sure else _UNSURE
            painter.setOpacity(solid)
            if self._outlined:
                self._paint_outline(painter, to_screen)
            if self._joined:
                self._paint_skeleton(painter, to_screen, solid)
            painter.setOpacity(1.0)
            self._paint_residuals(painter, to_screen)
            self._paint_points(painter, to_screen, solid)
            self._paint_names(painter, to_screen, canvas)
        if self._held is None and self._cursor is not None and self._under is None:
            self._paint_next(painter, canvas)
        painter.restore()

    def _paint_box(self, painter: QPainter, to_screen: QTransform) -> None:
        """Brackets around the object, a little outside: its own pixels stay clear."""
        if self._state.box is None:
            return
        left, top, right, bottom = self._state.box
        box = to_screen.mapRect(QRectF(QPointF(left, top), QPointF(right, bottom))).adjusted(-6, -6, 6, 6)
        reach = min(18.0, max(6.0, min(box.width(), box.height()) / 5))
        for width, colour in ((4.0, QColor(0, 0, 0, 140)), (1.8, QColor(255, 255, 255, 170))):
            pen = QPen(colour, width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            for corner, across, down in (
                (box.topLeft(), 1, 1),
                (box.topRight(), -1, 1),
                (box.bottomRight(), -1, -1),
                (box.bottomLeft(), 1, -1),
            ):
                way = [corner + QPointF(across * reach, 0), corner, corner + QPointF(0, down * reach)]
                painter.drawPolyline(QPolygonF(way))

    def _paint_outline(self, painter: QPainter, to_screen: QTransform) -> None:
        # as lines, which are drawn in half the time of a path, and it is drawn at every move
        lines = [line for polygon in self._state.outline for line in _closed(polygon, to_screen)]
        backing, line = QColor(BACKING_COLOUR), QColor(OUTLINE_COLOUR)
        backing.setAlpha(120)
        line.setAlpha(200)
        for pen in (QPen(backing, 3.2), QPen(line, 1.3)):
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLines(lines)

    def _paint_skeleton(self, painter: QPainter, to_screen: QTransform, solid: float) -> None:
        state = self._state
        assert state.look is not None
        lines: dict[tuple[Side, bool], list[QLineF]] = {}
        for line in state.look.skeleton:
            ends = [self._spot(index) for index in line]
            if ends[0] is None or ends[1] is None:
                continue
            placed = all(state.points[index] is not None for index in line)
            pair = QLineF(_on_screen(ends[0], to_screen), _on_screen(ends[1], to_screen))
            lines.setdefault((state.look.side_of_line(line), placed), []).append(pair)
        for (side, placed), pairs in lines.items():
            painter.setOpacity(1.0 if placed else 0.8 * solid)
            backing, colour = QColor(BACKING_COLOUR), QColor(SIDE_COLOURS[side])
            backing.setAlpha(110)
            style = Qt.PenStyle.SolidLine if placed else Qt.PenStyle.DashLine
            hollow = state.look.hollow_left and side is Side.LEFT
            if placed and not hollow:
                painter.setPen(QPen(backing, 3.0))
                painter.drawLines(pairs)
            if hollow:
                draw_lines(painter, pairs, colour, hollow=True, style=style)
                continue
            painter.setPen(QPen(colour, 1.4, style))
            painter.drawLines(pairs)

    def _paint_residuals(self, painter: QPainter, to_screen: QTransform) -> None:
        """From each point to where the fit puts it: where that is worth a look."""
        state = self._state
        if state.fitted is None:
            return
        for point, (x, y) in zip(state.points, state.fitted.tolist(), strict=False):
            if point is None or point.off_px is None or not np.isfinite(x + y):
                continue
            here, there = _on_screen(point, to_screen), to_screen.map(QPointF(x, y))
            way = there - here
            if abs(complex(way.x(), way.y())) < _WORTH_PX:
                continue
            for width, colour in ((4.0, QColor(0, 0, 0, 150)), (1.8, QColor(DISAGREES_COLOUR))):
                painter.setPen(QPen(colour, width))
                painter.drawLine(here, there)

    def _paint_points(self, painter: QPainter, to_screen: QTransform, solid: float) -> None:
        state = self._state
        order = sorted(range(len(state.points)), key=lambda index: index == state.current)
        for index in order:
            point, chosen = state.points[index], index == state.current
            if point is not None:
                painter.setOpacity(1.0)
                draw_mark(
                    painter,
                    _on_screen(point, to_screen),
                    _RADIUS_PX,
                    point.tag,
                    filled=point.by_person,
                    chosen=chosen,
                    disagrees=point.outlier,
                )
            elif state.ghosts[index] is not None:
                ghost = state.ghosts[index]
                assert ghost is not None
                painter.setOpacity(1.0 if chosen else solid)
                draw_mark(
                    painter, _on_screen(ghost, to_screen), _GHOST_PX, ghost.tag, ghost=True, chosen=chosen
                )
        painter.setOpacity(1.0)

    def _paint_names(self, painter: QPainter, to_screen: QTransform, canvas: QRectF) -> None:
        """Names beside the current point and the one under the cursor."""
        state = self._state
        assert state.look is not None
        for index in dict.fromkeys([state.current, *([] if self._under is None else [self._under])]):
            spot = self._spot(index)
            if spot is None:
                continue
            words = [state.look.names[index]]
            if spot.hider:
                words.append(f"behind {spot.hider}")
            if spot.off_px is not None:
                words.append(f"{spot.off_px:.1f} px off")
            colour = QColor(DISAGREES_COLOUR if spot.outlier else TAG_COLOURS[spot.tag])
            draw_plate(
                painter,
                canvas,
                _on_screen(spot, to_screen) + QPointF(12, -9),
                "  ".join(words),
                colour,
                covered=self._covered,
            )

    def _paint_next(self, painter: QPainter, canvas: QRectF) -> None:
        """Beside the cursor: the point that the next key or click places."""
        state, cursor = self._state, self._cursor
        assert state.look is not None
        assert cursor is not None
        widget = self.getViewWidget()
        if widget is None or all(point is not None for point in state.points):
            return
        place = QPointF(widget.mapFromScene(cursor)) + QPointF(14, 24)
        draw_plate(
            painter,
            canvas,
            place,
            state.look.names[state.current],
            QColor(SELECTED_COLOUR),
            alpha=150,
            covered=self._covered,
        )


def _on_screen(point: DrawnPoint, to_screen: QTransform) -> QPointF:
    return to_screen.map(QPointF(point.x, point.y))


def _closed(polygon: np.ndarray, to_screen: QTransform) -> list[QLineF]:
    """A polygon's sides on the screen."""
    points = np.asarray(polygon, dtype=np.float64)
    across = points[:, 0] * to_screen.m11() + points[:, 1] * to_screen.m21() + to_screen.dx()
    down = points[:, 0] * to_screen.m12() + points[:, 1] * to_screen.m22() + to_screen.dy()
    ends = np.stack([across, down, np.roll(across, -1), np.roll(down, -1)], axis=1)
    return [QLineF(*side) for side in ends.tolist()]
