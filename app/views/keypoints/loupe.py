"""The loupe: the pixels around the cursor, magnified, with contrast and shadows to adjust."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from app.states.keypoints import DrawnPoint
from app.views.canvas.badges import BACKING_COLOUR, CANVAS_COLOUR
from app.views.canvas.frame_item import screen_image
from app.views.canvas.keypoint_marks import draw_mark
from app.views.canvas.tone import Tone
from app.views.text import frame, label

_SIDE_PX = 168
_SEEN_PX = 21  # picture pixels across; odd, so that one is in the middle
_STEPS = 100
_CONTRAST, _GAMMA = (0.4, 4.0), (0.25, 4.0)


class Loupe(QWidget):
    """A small window over the canvas.

    Signals:
        tone_changed(Tone): the sliders were moved.
    """

    tone_changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.picture = _Picture()
        self._card = card = frame("popup", self)
        self._outer = outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
        self._column = column = QVBoxLayout(card)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.picture)
        self._sliders = sliders = QGridLayout()
        sliders.setHorizontalSpacing(6)
        sliders.setVerticalSpacing(0)
        sliders.setColumnStretch(1, 1)
        self.contrast, self.shadows = _slider("Contrast"), _slider("Shadows")
        for row, (name, slider) in enumerate((("Contrast", self.contrast), ("Shadows", self.shadows))):
            sliders.addWidget(label(name, "faint"), row, 0)
            sliders.addWidget(slider, row, 1)
            slider.valueChanged.connect(self._on_slider)
        column.addLayout(sliders)
        self._tone = Tone()
        self.show_tone(self._tone)
        self.adjustSize()

    def set_scale(self, scale: float) -> None:
        """Takes on a share of its full size, where the canvas is small."""
        self.picture.set_side(round(_SIDE_PX * scale / _SEEN_PX) * _SEEN_PX)
        self._card.updateGeometry()  # else the layout around it goes by what it needed before
        for layout in (self._sliders, self._column, self._outer):
            layout.invalidate()
        self.resize(self._outer.sizeHint())

    def look_at(
        self, image: NDArray[np.uint8] | None, x: float, y: float, points: tuple[DrawnPoint | None, ...]
    ) -> None:
        """Magnifies what is around a place, in canvas coordinates."""
        self.picture.look_at(image, x, y, points, self._tone)

    def show_tone(self, tone: Tone) -> None:
        """Sets the sliders."""
        self._tone = tone
        for slider, value, span in (
            (self.contrast, tone.contrast, _CONTRAST),
            (self.shadows, tone.gamma, _GAMMA),
        ):
            slider.blockSignals(True)
            slider.setValue(_place(value, span))
            slider.blockSignals(False)
        self.picture.set_tone(tone)

    def _on_slider(self, _: int) -> None:
        tone = Tone(_value(self.contrast.value(), _CONTRAST), _value(self.shadows.value(), _GAMMA))
        self._tone = tone
        self.picture.set_tone(tone)
        self.tone_changed.emit(tone)


class _Picture(QWidget):
    """The magnified pixels, the middle marked.

    Signals:
        entered(): the cursor came upon it: what it covers is wanted.
    """

    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._side = _SIDE_PX
        self._image: NDArray[np.uint8] | None = None
        self._x = self._y = 0.0
        self._points: tuple[DrawnPoint | None, ...] = ()
        self._tone = Tone()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_side(self, side: int) -> None:
        """Takes on a width and height, in screen pixels."""
        self._side = side
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Qt's: as many screen pixels as show whole picture pixels."""
        return QSize(self._side, self._side)

    def look_at(
        self,
        image: NDArray[np.uint8] | None,
        x: float,
        y: float,
        points: tuple[DrawnPoint | None, ...],
        tone: Tone,
    ) -> None:
        """Magnifies what is around a place."""
        self._image, self._x, self._y, self._points, self._tone = image, x, y, points, tone
        self.update()

    def set_tone(self, tone: Tone) -> None:
        """Shows the values otherwise."""
        self._tone = tone
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Qt's: makes way."""
        super().enterEvent(event)
        self.entered.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws the pixels large, and the points among them."""
        painter = QPainter(self)
        place = QRectF(self.rect())
        painter.fillRect(place, QColor(CANVAS_COLOUR))
        scale = place.width() / _SEEN_PX
        left, top = self._x - _SEEN_PX / 2, self._y - _SEEN_PX / 2  # canvas coordinates
        cut = None if self._image is None else _cut(self._image, left, top)
        if cut is not None:
            pixels, column, row = cut
            picture = screen_image(self._tone.apply(pixels))
            goal = QRectF(
                (column - 0.5 - left) * scale,
                (row - 0.5 - top) * scale,
                picture.width() * scale,
                picture.height() * scale,
            )
            painter.drawImage(goal, picture)
        middle = QPointF(place.center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for point in self._points:
            if point is not None:
                spot = QPointF((point.x - left) * scale, (point.y - top) * scale)
                if place.contains(spot) and abs(complex(point.x - self._x, point.y - self._y)) > 0.5:
                    draw_mark(painter, spot, 5.0, point.tag, filled=point.by_person)
        for width, colour in ((3.0, QColor(BACKING_COLOUR)), (1.2, QColor("#ffffff"))):
            painter.setPen(QPen(colour, width))
            for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                way = QPointF(across, down)
                painter.drawLine(middle + way * scale * 0.75, middle + way * scale * 2.75)
        painter.end()


def _cut(image: NDArray[np.uint8], left: float, top: float) -> tuple[NDArray[np.uint8], int, int] | None:
    """The pixels in sight, and the column and row of the first; None where none is."""
    height, width = image.shape[:2]
    first_column, first_row = int(np.floor(left + 0.5)), int(np.floor(top + 0.5))
    columns = slice(max(first_column, 0), min(first_column + _SEEN_PX + 2, width))
    rows = slice(max(first_row, 0), min(first_row + _SEEN_PX + 2, height))
    if columns.start >= columns.stop or rows.start >= rows.stop:
        return None
    return image[rows, columns], columns.start, rows.start


def _slider(name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(-_STEPS, _STEPS)
    slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    slider.setAccessibleName(name)
    # as wide as the picture leaves room for, whatever the letters' size
    slider.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return slider


def _place(value: float, span: tuple[float, float]) -> int:
    """A factor's place on a slider whose middle is 1."""
    end = np.log(span[1]) if value >= 1 else -np.log(span[0])
    return round(_STEPS * float(np.log(value) / end))


def _value(place: int, span: tuple[float, float]) -> float:
    end = np.log(span[1]) if place >= 0 else -np.log(span[0])
    return float(np.exp(place / _STEPS * end))
