"""The layers of a composite, nearest first: whether each is shown, how far away it is, how much is hidden."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from app.states.compose import CompositeState, Layer
from app.theme import Theme, current_theme
from app.views.canvas.object_colours import object_colour
from app.views.icons import icon_pixmap
from app.views.text import scroller

_ROW_PX = 30
_EYE_PX = 34  # from the left: the part of a row that switches it
_NAME_PX = 60
_BAR_PX = 52
_LIT_PERCENT = 95  # hidden by more, an object teaches nothing


class LayerList(QWidget):
    """One row for each layer.

    Signals:
        chosen(int): a row was clicked; a layer's key.
        switched(int): its eye was clicked.
        activated(int): it was double-clicked.
    """

    chosen = Signal(int)
    switched = Signal(int)
    activated = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._state = CompositeState()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Layers")

    def show_state(self, state: CompositeState) -> None:
        """Draws another state."""
        before, self._state = self._state, state
        if len(before.layers) != len(state.layers):
            self.updateGeometry()
        self.update()
        if state.selected != before.selected:
            self._bring_into_view()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is shown, nearest first."""
        return self._state.layers

    def row_text(self, row: int) -> str:
        """What a row says, for tests and tool tips."""
        layer = self._state.layers[row]
        words = [layer.name]
        if layer.distance_m is not None:
            words.append(f"{layer.distance_m:.1f} m away")
        if not layer.shown:
            words.append("switched off")
        elif layer.hidden_percent is not None:
            by = f" by {' and '.join(layer.hidden_by)}" if layer.hidden_by else ""
            words.append(f"{layer.hidden_percent} % hidden{by}")
        if layer.standing:
            words.append("stands in the background")
        if layer.moved:
            words.append("moved")
        if layer.stale:
            words.append("stale: its mask, points, fit or calibration has changed since")
        return ", ".join(words)

    def row_of(self, key: int | None) -> int | None:
        """Which row a layer has."""
        rows = (row for row, layer in enumerate(self._state.layers) if layer.key == key)
        return next(rows, None)

    def eye_place(self, row: int) -> QPointF:
        """The middle of a row's eye, widget pixels."""
        return QPointF(_EYE_PX / 2, (row + 0.5) * _ROW_PX)

    def sizeHint(self) -> QSize:
        """Qt's: a row for each layer."""
        return QSize(220, len(self._state.layers) * _ROW_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: switches a layer, or selects it."""
        layer = self._layer_at(event.position())
        if layer is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.position().x() < _EYE_PX:
            self.switched.emit(layer.key)
        else:
            self.chosen.emit(layer.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt's: brings a layer near; on an eye, two clicks are two clicks."""
        layer = self._layer_at(event.position())
        if layer is None:
            return
        if event.position().x() < _EYE_PX:
            self.switched.emit(layer.key)
        else:
            self.activated.emit(layer.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: says all of a row."""
        row = int(event.position().y()) // _ROW_PX
        self.setToolTip(self.row_text(row) if 0 <= row < len(self._state.layers) else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws the rows that are seen."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = QFont(painter.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1))
        plain = QFont(painter.font())
        first, last = event.rect().top() // _ROW_PX, event.rect().bottom() // _ROW_PX
        for row in range(max(first, 0), min(last + 1, len(self._state.layers))):
            place = QRectF(0, row * _ROW_PX, self.width(), _ROW_PX)
            self._paint_row(painter, place, self._state.layers[row], theme, plain, small)
        painter.end()

    def _paint_row(
        self, painter: QPainter, row: QRectF, layer: Layer, theme: Theme, plain: QFont, small: QFont
    ) -> None:
        if layer.key == self._state.selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_wash"))
            painter.drawRoundedRect(row.adjusted(4, 1, -4, -1), 5, 5)
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRectF(row.left() + 4, row.top() + 4, 3, row.height() - 8), 1.5, 1.5)
        scale = self.devicePixelRatioF()
        # what stands in the background has a lock's place: nothing to switch
        icon = "background" if layer.standing else ("eye" if layer.shown else "eye-off")
        token = "text_soft" if layer.shown and not layer.standing else "text_faint"
        eye = icon_pixmap(icon, theme.colors[token], 16, scale)
        painter.drawPixmap(QPointF(row.left() + _EYE_PX / 2 - 7, row.center().y() - 8), eye)
        swatch = QRectF(row.left() + _EYE_PX + 6, row.center().y() - 6, 12, 12)
        colour = object_colour(layer.colour)
        painter.setPen(QPen(colour.darker(130) if not theme.dark else colour, 1.4))
        painter.setBrush(colour if layer.shown else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(swatch, 3, 3)
        bar = QRectF(row.right() - _BAR_PX - 12, row.top(), _BAR_PX, row.height())
        self._paint_hidden(painter, bar, layer, theme, small)
        self._paint_name(painter, row, bar.left(), layer, theme, plain, small)

    def _paint_name(
        self,
        painter: QPainter,
        row: QRectF,
        until: float,
        layer: Layer,
        theme: Theme,
        plain: QFont,
        small: QFont,
    ) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        plain.setStrikeOut(not layer.shown)
        painter.setFont(plain)
        painter.setPen(theme.color("text" if layer.shown else "text_faint"))
        name = layer.name + ("  ↕" if layer.moved else "") + ("  !" if layer.stale else "")
        left = row.left() + _NAME_PX
        painter.drawText(QRectF(left, row.top(), until - left, row.height()), middle, name)
        wide = painter.fontMetrics().horizontalAdvance(name) + 6
        plain.setStrikeOut(False)
        away = "" if layer.distance_m is None else f"{layer.distance_m:.0f} m"
        painter.setFont(small)
        if away and left + wide + painter.fontMetrics().horizontalAdvance(away) + 2 < until:
            painter.setPen(theme.color("text_faint"))
            place = QRectF(left + wide, row.top(), until - left - wide, row.height())
            painter.drawText(place, middle, away)

    def _paint_hidden(
        self, painter: QPainter, room: QRectF, layer: Layer, theme: Theme, small: QFont
    ) -> None:
        painter.setFont(small)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        if not layer.shown or layer.hidden_percent is None:
            painter.setPen(theme.color("text_faint"))
            painter.drawText(room, right, "off" if not layer.shown else "")
            return
        much = layer.hidden_percent >= _LIT_PERCENT
        painter.setPen(theme.color("bad" if much else "text_soft"))
        text = f"{layer.hidden_percent} %" + (" !" if much else "")
        painter.drawText(room.adjusted(0, -3, 0, -3), right, text)
        bar = QRectF(room.left() + 8, room.bottom() - 7, room.width() - 8, 3)
        painter.fillRect(bar, theme.color("line"))
        reach = min(layer.hidden_percent, 100) / 100 * bar.width()
        ink = QColor(theme.color("bad" if much else "accent"))
        painter.fillRect(QRectF(bar.right() - reach, bar.top(), reach, 3), ink)

    def _layer_at(self, place: QPointF) -> Layer | None:
        row = int(place.y()) // _ROW_PX
        return self._state.layers[row] if 0 <= row < len(self._state.layers) else None

    def _bring_into_view(self) -> None:
        row, area = self.row_of(self._state.selected), self.parent()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parent()
        if row is not None and isinstance(area, QScrollArea):
            area.ensureVisible(0, row * _ROW_PX + _ROW_PX // 2, 0, _ROW_PX)


def layer_area(layers: LayerList) -> QScrollArea:
    """The list in an area that scrolls."""
    area = scroller(layers)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area
