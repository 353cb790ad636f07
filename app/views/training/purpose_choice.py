"""One thing that can be trained, to be chosen; and the labels that it takes, as bars."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.states.training import PURPOSE_NAMES, NeedBar, PurposeCard
from app.theme import current_theme
from app.views.click_frame import ClickFrame
from app.views.icons import IconLabel
from app.views.text import label, set_role
from core.records.runs import Purpose


class NeedBars(QWidget):
    """How many labels there are, beside how many are needed: a bar with a line where it is enough."""

    def __init__(self) -> None:
        super().__init__()
        self._needs: tuple[NeedBar, ...] = ()
        self._row_px = 34

    def show_needs(self, needs: tuple[NeedBar, ...]) -> None:
        """Draws others."""
        self._needs = needs
        self.setFixedHeight(len(needs) * self._row_px)
        self.setAccessibleName("; ".join(f"{need.what}: {need.words}" for need in needs))
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws a bar for each."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, need in enumerate(self._needs):
            top = row * self._row_px
            painter.setPen(theme.color("text" if need.met else "bad"))
            count = need.words
            place = QRectF(0, top, self.width(), 20)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
            painter.setPen(theme.color("text_soft"))
            wide = self.width() - painter.fontMetrics().horizontalAdvance(count) - 14
            words = painter.fontMetrics().elidedText(need.what, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words[:1].upper() + words[1:])
            bar = QRectF(0, top + 23, self.width(), 5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("line_strong"))
            painter.drawRoundedRect(bar, 2.5, 2.5)
            # the line stands where it is enough; what is beyond is shown up to twice of that
            share = min(need.have / (2 * need.least), 1.0) if need.least else 1.0
            painter.setBrush(theme.color("ok" if need.met else "bad"))
            painter.drawRoundedRect(QRectF(0, bar.top(), bar.width() * share, 5), 2.5, 2.5)
            painter.setBrush(theme.color("text"))
            painter.drawRect(QRectF(bar.width() / 2 - 1, bar.top() - 3, 2, 11))
        painter.end()


class PurposeChoice(ClickFrame):
    """One thing that can be trained; pressed as a whole."""

    def __init__(self, purpose: Purpose) -> None:
        super().__init__("choice", PURPOSE_NAMES[purpose])
        self.purpose = purpose
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(10)
        self._icon = IconLabel("waiting", "text_faint", 18)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(3)
        self._title = label(PURPOSE_NAMES[purpose], "heading")
        self._text = label("", "soft", wrap=True)
        self._state = label("", "faint", wrap=True)
        for part in (self._title, self._text, self._state):
            column.addWidget(part)
        row.addLayout(column, 1)

    def show_chosen(self, chosen: bool) -> None:
        """Says whether it is the one that is chosen."""
        set_role(self, "chosen", "true" if chosen else "false")

    def show_card(self, card: PurposeCard) -> None:
        """Draws it."""
        icon, token = ("done", "ok") if card.ready else ("cancelled", "text_faint")
        self._icon.set_icon(icon, token)
        self._icon.setToolTip("It can be trained" if card.ready else card.note)
        self._text.setText(card.text)
        words = [card.note] if card.note else []
        words += [card.in_use[:1].upper() + card.in_use[1:] + "."] if card.in_use else []
        self._state.setText(" ".join(words))
        self._state.setVisible(bool(words))
