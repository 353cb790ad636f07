"""Predictions on the fixed validation pictures: each beside the truth, as large as there is room for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from app.states.training import Gallery, Pair
from app.theme import current_theme
from app.views.canvas.frame_item import screen_image
from app.views.text import ElidedLabel, frame, label, scroller

_HIGH_PX = 118  # a picture lower than this shows nothing
_CELL_PX = 170  # and a caption narrower than this says nothing
_GAP_PX, _HEAD_PX = 3, 18
_CAPTION_PX, _LINE_PX = 24, 15  # of one line, and of one more


class PairView(QWidget):
    """The truth left, the prediction right, a line below; one picture where what differs is in the line."""

    def __init__(self) -> None:
        super().__init__()
        self._pair: Pair | None = None
        self._images: tuple[QImage | None, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def caption(self) -> str:
        """What is said below, as shown."""
        return "" if self._pair is None else self._pair.caption

    @property
    def titles(self) -> tuple[str, ...]:
        """What is said above each picture."""
        return ("Truth", "Prediction") if len(self._images) > 1 else ()

    def show_pair(self, pair: Pair) -> None:
        """Draws another pair."""
        if self._pair is pair:
            return
        self._pair = pair
        truth, said = pair.truth, pair.prediction
        alike = truth is not None and said is not None and np.array_equal(truth, said)
        self._images = (_image(said),) if alike else (_image(truth), _image(said))
        words = f"Picture {pair.place + 1}: {pair.caption}"
        self.setAccessibleName(words)
        left = "" if alike else "Left the labels, right what"
        self.setToolTip(f"{words}\n{left or 'What'} was predicted after step {pair.step:,}.")
        self.updateGeometry()
        self.update()

    @property
    def least_width(self) -> int:
        """Below it, the pictures show nothing, pixels."""
        count = len(self._images)
        return max(_CELL_PX, round(count * _HIGH_PX / self._ratio()) + (count - 1) * _GAP_PX)

    def hasHeightForWidth(self) -> bool:
        """Qt's: as high as its pictures are."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Qt's: as high as its pictures are."""
        count = max(len(self._images), 1)
        wide = (width - (count - 1) * _GAP_PX) / count
        return round(wide * self._ratio()) + self._caption_height(width) + self._head_height()

    def sizeHint(self) -> QSize:
        """Qt's: see heightForWidth."""
        return QSize(self.least_width, self.heightForWidth(self.least_width))

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws the pictures."""
        if self._pair is None:
            return
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(self._small_font())
        count, above, below = len(self._images), self._head_height(), self._caption_height(self.width())
        wide = (self.width() - (count - 1) * _GAP_PX) / count
        high = self.height() - below - above
        for place, title in enumerate(self.titles):
            painter.setPen(theme.color("text_faint"))
            head = QRectF(place * (wide + _GAP_PX) + 2, 0, wide, above)
            painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, title)
        for place, image in enumerate(self._images):
            room = QRectF(place * (wide + _GAP_PX), above, wide, high)
            painter.fillRect(room, theme.color("sunken"))
            if image is None:
                painter.setPen(theme.color("text_faint"))
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "This picture cannot be shown.")
                continue
            scale = min(room.width() / image.width(), room.height() / image.height())
            size = QRectF(0, 0, image.width() * scale, image.height() * scale)
            size.moveCenter(room.center())
            painter.drawImage(size, image)
        painter.setPen(theme.color("text_soft"))
        place_below = QRectF(2, self.height() - below, self.width() - 4, below)
        text, flags = self._words(), Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        if below == _CAPTION_PX:  # one that is too long for two lines ends in dots, too
            wide_below = int(place_below.width())
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, wide_below)
        painter.drawText(place_below, flags, text)
        painter.end()

    def _ratio(self) -> float:
        """Height over width that a picture has room for: one that is taller than wide stands in a square."""
        sizes = [one.height() / one.width() for one in self._images if one is not None]
        return min(max(sizes, default=9 / 16), 1.0)

    def _words(self) -> str:
        return "" if self._pair is None else f"{self._pair.place + 1}   {self._pair.caption}"

    def _head_height(self) -> int:
        return _HEAD_PX if self.titles else 0

    def _caption_height(self, width: int) -> int:
        long = QFontMetricsF(self._small_font()).horizontalAdvance(self._words())
        return _CAPTION_PX + _LINE_PX if width - 4 < long < 1.8 * (width - 4) else _CAPTION_PX

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(max(7.0, font.pointSizeF() - 1))
        return font


class GalleryPane(QWidget):
    """Draws a Gallery."""

    def __init__(self) -> None:
        super().__init__()
        self.views: list[PairView] = []
        self._columns = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = frame("panel")
        head.setFixedHeight(32)
        inner = QVBoxLayout(head)
        inner.setContentsMargins(12, 0, 12, 0)
        self._title = ElidedLabel("Predictions", "soft", Qt.TextElideMode.ElideRight)
        inner.addWidget(self._title)
        column.addWidget(head)
        column.addWidget(frame("line"))
        self._note = label("", "soft", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._note, 1)
        page = QWidget()
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(10, 8, 10, 8)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(6)
        self._area = scroller(page)
        column.addWidget(self._area, 1)
        self.show_gallery(Gallery())

    @property
    def title(self) -> str:
        """What is shown, in words."""
        return self._title.whole

    @property
    def note(self) -> str:
        """Why nothing is shown, or ""."""
        return "" if self._note.isHidden() else self._note.text()

    def show_gallery(self, gallery: Gallery) -> None:
        """Draws other pictures; what is the same stays."""
        self._title.set_whole(gallery.title)
        self._note.setText(gallery.note)
        self._note.setVisible(not gallery.pairs)
        self._area.setVisible(bool(gallery.pairs))
        changed = len(self.views) != len(gallery.pairs)
        while len(self.views) > len(gallery.pairs):
            view = self.views.pop()
            self._grid.removeWidget(view)
            view.deleteLater()
        while len(self.views) < len(gallery.pairs):
            self.views.append(PairView())
        for view, pair in zip(self.views, gallery.pairs, strict=True):
            view.show_pair(pair)
        if changed or self._fitting() != self._columns:
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: as many pairs beside each other as there is room for."""
        super().resizeEvent(event)
        if self._fitting() != self._columns:
            self._arrange()

    def _fitting(self) -> int:
        """As few as show all of them at once, and as many as there is room for where none do."""
        least = max((view.least_width for view in self.views), default=_CELL_PX)
        most, count = max(1, self.width() // least), len(self.views)
        for columns in range(1, most):
            high = self.views[0].heightForWidth(self._area.width() // columns) if count else 0
            if -(-count // columns) * high <= self._area.height():
                return columns
        return most

    def _arrange(self) -> None:
        self._columns = self._fitting()
        while self._grid.count():
            self._grid.takeAt(0)
        for place, view in enumerate(self.views):
            self._grid.addWidget(view, place // self._columns, place % self._columns)
            view.show()
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        self._grid.setRowStretch(-(-len(self.views) // self._columns), 1)


def _image(pixels: NDArray[np.uint8] | None) -> QImage | None:
    return None if pixels is None else screen_image(pixels)
