"""How one line is told from another: a colour, a stroke and a mark that go with its number."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import Theme, current_theme

SYMBOLS = ("o", "s", "t1", "d", "t", "x", "star")
"""pyqtgraph's names of the marks."""

_HUES = (0.60, 0.08, 0.40, 0.86, 0.52, 0.98, 0.74)  # neighbours in number are far apart
_STROKES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotDotLine,
)
_SAMPLE_PX = 26


def series_colour(number: int, theme: Theme | None = None) -> QColor:
    """The colour of a line: deep on a light ground, bright on a dark one."""
    hue = _HUES[number % len(_HUES)]
    dark = (theme or current_theme()).dark
    return QColor.fromHsvF(hue, 0.52 if dark else 0.88, 0.96 if dark else 0.66)


def series_stroke(number: int) -> Qt.PenStyle:
    """The stroke of a line."""
    return _STROKES[number % len(_STROKES)]


def series_symbol(number: int) -> str:
    """pyqtgraph's name of a line's mark."""
    return SYMBOLS[number % len(SYMBOLS)]


def paint_mark(painter: QPainter, middle: QPointF, number: int, size: float, *, filled: bool = True) -> None:
    """Paints a line's mark.

    Args:
        painter: with antialiasing. middle: of the mark. number: the line's. size: across, pixels.
        filled: whether it is full or only drawn around.
    """
    colour = series_colour(number)
    painter.save()
    painter.translate(middle)
    painter.setPen(QPen(colour, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    painter.drawPath(_mark(series_symbol(number), size / 2))
    painter.restore()


def _mark(symbol: str, r: float) -> QPainterPath:
    path = QPainterPath()
    if symbol == "o":
        path.addEllipse(QPointF(0, 0), r, r)
    elif symbol == "s":
        path.addRect(QRectF(-r * 0.88, -r * 0.88, r * 1.76, r * 1.76))
    elif symbol == "x":
        for sign in (1, -1):
            path.moveTo(-r * 0.8, -r * 0.8 * sign)
            path.lineTo(r * 0.8, r * 0.8 * sign)
    elif symbol == "star":
        for x, y in ((0, r), (r * 0.87, r * 0.5), (r * 0.87, -r * 0.5)):
            path.moveTo(-x, -y)
            path.lineTo(x, y)
    else:
        corners = {
            "t1": ((0, -r), (r, r * 0.8), (-r, r * 0.8)),
            "t": ((0, r), (r, -r * 0.8), (-r, -r * 0.8)),
            "d": ((0, -r), (r, 0), (0, r), (-r, 0)),
        }[symbol]
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        path.closeSubpath()
    return path


class Sample(QWidget):
    """A piece of a line with its mark and its words, for legends."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__()
        self._number, self._text = number, text
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    @property
    def number(self) -> int:
        """Of its line."""
        return self._number

    @property
    def text(self) -> str:
        """Its words."""
        return self._text

    def show_text(self, text: str) -> None:
        """Says other words."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Qt's: the line and the words."""
        metrics = self.fontMetrics()
        return QSize(_SAMPLE_PX + 6 + metrics.horizontalAdvance(self._text) + 8, metrics.height() + 2)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = self.height() / 2
        painter.setPen(QPen(series_colour(self._number), 2, series_stroke(self._number)))
        painter.drawLine(QPointF(0, y), QPointF(_SAMPLE_PX, y))
        paint_mark(painter, QPointF(_SAMPLE_PX / 2, y), self._number, 8)
        painter.setPen(current_theme().color("text_soft"))
        room = QRectF(_SAMPLE_PX + 6, 0, self.width() - _SAMPLE_PX - 6, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)
        painter.end()
