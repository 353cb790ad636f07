"""The runs, newest first: how each stands, how well it did, whether it is in use and compared."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from app.states.training import LOOK_WORDS, RunItem, RunList, RunLook
from app.theme import current_theme
from app.views.icons import icon_pixmap
from app.views.text import scroller
from app.views.training.looks import LOOK_SIGNS
from app.views.training.series import paint_mark
from app.words import ago

_ROW_PX = 52
_MARK_PX = 34  # from the left: the part of a row that marks it
_TEXT_PX = 64


class RunListView(QWidget):
    """One row for each run, or each of what stands and is compared like one.

    Args:
        name: of the list. words: how each stands.

    Signals:
        chosen(int): a row was clicked; a run's key.
        marked(int): its mark was clicked, or it was clicked with Ctrl.
        activated(int): it was double-clicked.
    """

    chosen = Signal(int)
    marked = Signal(int)
    activated = Signal(int)

    def __init__(self, name: str = "Runs", words: Mapping[RunLook, str] = LOOK_WORDS) -> None:
        super().__init__()
        self._words = words
        self._state = RunList()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(name)

    def show_state(self, state: RunList) -> None:
        """Draws another state."""
        before, self._state = self._state, state
        if len(before.items) != len(state.items):
            self.updateGeometry()
        self.update()
        if state.selected != before.selected:
            self._bring_into_view()

    @property
    def items(self) -> tuple[RunItem, ...]:
        """What is shown, newest first."""
        return self._state.items

    @property
    def selected(self) -> int | None:
        """The key of the run that is selected."""
        return self._state.selected

    def row_text(self, row: int) -> str:
        """What a row says, for tests, tool tips and screen readers."""
        item = self._state.items[row]
        words = [item.name, item.about, self._words[item.look].lower()]
        if item.look in (RunLook.RUNNING, RunLook.STOPPED, RunLook.INTERRUPTED):
            words.append(f"{item.share:.0%}")
        words += [item.value_text] if item.value_text else []
        words += ["in use"] if item.in_use else []
        words += ["hidden"] if item.hidden else []
        words += ["compared"] if item.marked else []
        words += [ago(item.since)] if item.since is not None else []
        return ", ".join(words)

    def mark_place(self, row: int) -> QPointF:
        """The middle of a row's mark, widget pixels."""
        return QPointF(_MARK_PX / 2, (row + 0.5) * _ROW_PX)

    def sizeHint(self) -> QSize:
        """Qt's: a row for each run."""
        return QSize(240, len(self._state.items) * _ROW_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: selects a run, or marks it."""
        item = self._item_at(event.position())
        if item is None or event.button() != Qt.MouseButton.LeftButton:
            return
        held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if held or event.position().x() < _MARK_PX:
            self.marked.emit(item.key)
        else:
            self.chosen.emit(item.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt's: two clicks on a mark are two clicks."""
        item = self._item_at(event.position())
        if item is not None:
            on_mark = event.position().x() < _MARK_PX
            (self.marked if on_mark else self.activated).emit(item.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: says all of a row."""
        row = int(event.position().y()) // _ROW_PX
        inside = 0 <= row < len(self._state.items)
        on_mark = inside and event.position().x() < _MARK_PX
        text = "Compare it with others" if on_mark else (self.row_text(row) if inside else "")
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws the rows that are seen."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, last = event.rect().top() // _ROW_PX, event.rect().bottom() // _ROW_PX
        for row in range(max(first, 0), min(last + 1, len(self._state.items))):
            place = QRectF(0, row * _ROW_PX, self.width(), _ROW_PX)
            self._paint_row(painter, place, self._state.items[row])
        painter.end()

    def _paint_row(self, painter: QPainter, row: QRectF, item: RunItem) -> None:
        theme = current_theme()
        if item.key == self._state.selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_wash"))
            painter.drawRoundedRect(row.adjusted(4, 1, -4, -1), 6, 6)
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRectF(row.left() + 4, row.top() + 6, 3, row.height() - 12), 1.5, 1.5)
        middle = QPointF(row.left() + _MARK_PX / 2 + 2, row.center().y())
        if item.key > 0:
            drawn = item.marked or item.key == self._state.selected
            if drawn:
                paint_mark(painter, middle, item.number, 12 if item.marked else 8, filled=item.marked)
            if not item.marked:
                painter.setPen(QPen(theme.color("line_strong"), 1.2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(middle.x() - 8, middle.y() - 8, 16, 16), 4, 4)
        icon, token = LOOK_SIGNS[item.look]
        sign = icon_pixmap(icon, theme.colors[token], 18, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(row.left() + _MARK_PX + 5, row.top() + 7), sign)
        self._paint_words(painter, row, item)

    def _paint_words(self, painter: QPainter, row: QRectF, item: RunItem) -> None:
        theme = current_theme()
        plain = QFont(self.font())
        small = QFont(plain)
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1))
        left, right = row.left() + _TEXT_PX, row.right() - 12
        if item.in_use:
            right = self._paint_badge(painter, right, row.top() + 16, small) - 8
        plain.setWeight(QFont.Weight.DemiBold if item.key == self._state.selected else QFont.Weight.Normal)
        painter.setFont(plain)
        painter.setPen(theme.color("text_faint" if item.hidden else "text"))
        above = QRectF(left, row.top() + 6, right - left, 20)
        name = f"{item.name} (hidden)" if item.hidden else item.name
        name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(above.width()))
        painter.drawText(above, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(small)
        painter.setPen(theme.color("text_faint"))
        below = QRectF(left, row.top() + 26, row.right() - 12 - left, 18)
        if item.look in (RunLook.RUNNING, RunLook.WAITING):
            self._paint_share(painter, below, item)
            return
        said = item.value_text or self._words[item.look].lower()
        words = [said, item.about, *([ago(item.since)] if item.since is not None else [])]
        metrics = QFontMetricsF(small)
        while len(words) > 2 and metrics.horizontalAdvance(" · ".join(words)) > below.width():
            words.pop()
        text = metrics.elidedText(" · ".join(words), Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_share(self, painter: QPainter, room: QRectF, item: RunItem) -> None:
        """A bar, its percentage, and the best value so far."""
        theme = current_theme()
        text = "waiting" if item.look is RunLook.WAITING else f"{item.share:.0%}"
        said = f"{text}   {item.value_text}" if item.value_text else text
        wide = QFontMetricsF(painter.font()).horizontalAdvance(said) + 8
        bar = QRectF(room.left(), room.center().y() - 2, max(room.width() - wide, 20), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("line_strong"))
        painter.drawRoundedRect(bar, 2, 2)
        painter.setBrush(theme.color("accent_strong"))
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * item.share, 4), 2, 2)
        painter.setPen(theme.color("text_faint"))
        place = QRectF(bar.right() + 8, room.top(), room.right() - bar.right() - 8, room.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)

    def _paint_badge(self, painter: QPainter, right: float, middle: float, small: QFont) -> float:
        """Says that it is in use; gives the left of what was painted."""
        theme = current_theme()
        wide = QFontMetricsF(small).horizontalAdvance("in use") + 28
        place = QRectF(right - wide, middle - 9, wide, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("ok_wash"))
        painter.drawRoundedRect(place, 9, 9)
        tick = icon_pixmap("check", theme.colors["ok"], 12, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(place.left() + 6, middle - 6), tick)
        painter.setFont(small)
        painter.setPen(theme.color("ok"))
        words = place.adjusted(20, 0, -6, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, "in use")
        return place.left()

    def _item_at(self, place: QPointF) -> RunItem | None:
        row = int(place.y()) // _ROW_PX
        return self._state.items[row] if 0 <= row < len(self._state.items) else None

    def _bring_into_view(self) -> None:
        keys = [item.key for item in self._state.items]
        area = self.parent()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parent()
        if self._state.selected in keys and isinstance(area, QScrollArea):
            row = keys.index(self._state.selected)
            area.ensureVisible(0, row * _ROW_PX + _ROW_PX // 2, 0, _ROW_PX)


def run_area(runs: RunListView) -> QScrollArea:
    """The list in an area that scrolls."""
    area = scroller(runs)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area
