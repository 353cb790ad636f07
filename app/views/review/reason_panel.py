"""The reason panel: what the machine says, what people said, and how close each test came."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.states.review_marks import LabelMark, MarkShape
from app.states.review_panel import PanelState, ReasonLine
from app.theme import current_theme
from app.views.canvas.badges import CANVAS_COLOUR, draw_badge
from app.views.icons import TextButton
from app.views.review.category_button import CategoryButton
from app.views.text import frame, label, set_role


class ReasonPanel(QScrollArea):
    """Draws a PanelState.

    Signals:
        occluder_clicked(int): the instance that a test names.
        action_wanted(str): the id of an action, such as of one that corrects the category.
    """

    occluder_clicked = Signal(int)
    action_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Why")
        page, body = frame("panel"), QWidget()
        self.setWidget(page)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(body)
        column = QVBoxLayout(body)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(8)

        self._crop = CropPicture()
        self._title = label("", "title")
        self.category = CategoryButton()
        self.category.wanted.connect(self.action_wanted)
        self._subtitle = label("", "soft")
        self._together = label("", "warn", wrap=True)
        self._machine = LabelLine()
        self._person = LabelLine()
        column.addWidget(self._crop)
        named = QHBoxLayout()
        named.setSpacing(4)
        named.addWidget(self._title)
        named.addWidget(self.category)
        named.addStretch(1)
        column.addLayout(named)
        column.addWidget(self._subtitle)
        column.addWidget(self._together)
        column.addSpacing(2)
        column.addWidget(label("Machine", "caption"))
        column.addWidget(self._machine)
        column.addSpacing(2)
        column.addWidget(label("People", "caption"))
        column.addWidget(self._person)
        column.addSpacing(2)
        self._why = label("Why", "caption")
        column.addWidget(self._why)
        self._reasons = [ReasonRow() for _ in range(4)]
        for row in self._reasons:
            row.occluder_clicked.connect(self.occluder_clicked)
            column.addWidget(row)
        self._untested = label("No test has run on it.", "soft")
        column.addWidget(self._untested)
        column.addSpacing(2)
        column.addWidget(label("Where it comes from", "caption"))
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(3)
        self._facts.setColumnStretch(1, 1)
        self._fact_labels: list[tuple[QLabel, QLabel]] = []
        column.addLayout(self._facts)
        column.addStretch(1)
        self._nothing = label("Select an object to see why it got its label.", "soft", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMargin(24)
        whole.addWidget(self._nothing, 1)
        self._body = body
        self.show_state(PanelState())

    def show_state(self, state: PanelState) -> None:
        """Draws what is known of another instance."""
        self._body.setVisible(state.instance_id is not None)
        self._nothing.setVisible(state.instance_id is None)
        if state.instance_id is None:
            return
        self._title.setText(state.title)
        self._subtitle.setText(state.subtitle)
        self._together.setText(f"{state.selected_count:,} are selected: a key marks them all.")
        self._together.setVisible(state.selected_count > 1)
        self._machine.show_label(state.machine, state.machine_text)
        self._person.show_label(state.person, state.person_text)
        for place, row in enumerate(self._reasons):
            row.setVisible(place < len(state.reasons))
            if place < len(state.reasons):
                row.show_line(state.reasons[place])
        self._untested.setVisible(not state.reasons)
        self._show_facts(state.facts)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says which keys correct the category (see CategoryButton)."""
        self.category.show_keys(keys)

    def show_crop(self, image: QImage | None) -> None:
        """Shows the selected instance's crop, enlarged."""
        self._crop.show_image(image)

    @property
    def title(self) -> str:
        """What the instance is called; empty where none is selected."""
        return "" if self._body.isHidden() else self._title.text()

    @property
    def hint(self) -> str:
        """What is said where nothing is selected, or nothing."""
        return "" if self._nothing.isHidden() else self._nothing.text()

    @property
    def rows(self) -> list[ReasonRow]:
        """The rows of the tests that are shown."""
        return [row for row in self._reasons if not row.isHidden()]

    @property
    def machine_text(self) -> str:
        """What the machine said, as shown."""
        return self._machine.text

    @property
    def together_text(self) -> str:
        """How many are selected together, as shown, or nothing."""
        return "" if self._together.isHidden() else self._together.text()

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Names and values of the facts that are shown."""
        shown = (pair for pair in self._fact_labels if not pair[0].isHidden())
        return [(name.text(), value.text()) for name, value in shown]

    @property
    def person_text(self) -> str:
        """What people said, as shown."""
        return self._person.text

    def _show_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        while len(self._fact_labels) < len(facts):
            name, value = label("", "faint"), label("", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            row = len(self._fact_labels)
            self._facts.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            self._facts.addWidget(value, row, 1)
            self._fact_labels.append((name, value))
        for place, (name, value) in enumerate(self._fact_labels):
            shown = place < len(facts)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                name.setText(facts[place][0])
                value.setText(facts[place][1])


class LabelLine(QWidget):
    """A label's badge and words."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._badge = Badge()
        self._text = label("", wrap=True)
        self._role = ""
        row.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)

    @property
    def text(self) -> str:
        """The words."""
        return self._text.text()

    def show_label(self, mark: LabelMark | None, text: str) -> None:
        """Shows another label; without a mark, only faint words."""
        self._badge.show_mark(mark or LabelMark(MarkShape.UNKNOWN, False))
        self._text.setText(text)
        role = "" if mark is not None else "soft"
        if role != self._role:  # the style sheet is slow to apply
            self._role = role
            set_role(self._text, "role", role)


class Badge(QWidget):
    """A label's badge."""

    def __init__(self, diameter: int = 18) -> None:
        super().__init__()
        self._mark = LabelMark(MarkShape.UNKNOWN, False)
        self.setFixedSize(diameter, diameter)

    def show_mark(self, mark: LabelMark) -> None:
        """Draws another label."""
        self._mark = mark
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws the badge."""
        painter = QPainter(self)
        draw_badge(painter, QPointF(self.rect().center()) + QPointF(0.5, 0.5), self.width(), self._mark)
        painter.end()


class ReasonRow(QWidget):
    """One test: its question, what it found, and a bar from its threshold.

    Signals:
        occluder_clicked(int): the instance that it names.
    """

    occluder_clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._by: int | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 6)
        column.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._badge = Badge(15)
        self._title = label("", "heading", wrap=True)
        head.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        self._bar = MarginBar()
        self._numbers = label("", "faint")
        self._detail = label("", wrap=True)
        self._occluder = TextButton("", "plain")
        self._occluder.clicked.connect(lambda: self.occluder_clicked.emit(self._by))
        self._occluder.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addWidget(self._numbers)
        column.addWidget(self._detail)
        column.addWidget(self._occluder)

    @property
    def numbers(self) -> str:
        """The value and its limit, as shown."""
        return self._numbers.text()

    @property
    def occluder_button(self) -> TextButton:
        """What lifts out the instance that the test names."""
        return self._occluder

    def show_line(self, line: ReasonLine) -> None:
        """Shows another outcome."""
        self._by = line.by
        shape = MarkShape.OCCLUDED if line.occluded else MarkShape.UNOCCLUDED
        self._badge.show_mark(LabelMark(shape, False))
        self._title.setText(line.title)
        self._bar.show_margin(line.margin, line.occluded)
        self._numbers.setText(f"{line.value} {line.of}".rstrip() + f", limit {line.threshold}")
        self._numbers.setToolTip(line.measure)
        self._detail.setText(line.detail)
        self._detail.setVisible(bool(line.detail))
        self._occluder.setVisible(line.by is not None)
        self._occluder.setText(f"Show {line.by} in the frame")


class MarginBar(QWidget):
    """How far a test's value is from its threshold: the middle is the threshold, left is occluded."""

    def __init__(self) -> None:
        super().__init__()
        self._margin, self._occluded = 0.0, False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_margin(self, margin: float, occluded: bool) -> None:
        """Draws another margin, -1 to 1."""
        self._margin, self._occluded = margin, occluded
        self.setToolTip("The middle is the threshold. Left of it is occluded, right of it unoccluded.")
        self.update()

    def sizeHint(self) -> QSize:
        """Qt's: a thin line."""
        return QSize(120, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws the bar."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, height = self.width() / 2, self.height()
        painter.setBrush(theme.color("sunken"))
        painter.drawRoundedRect(QRectF(0, 3, self.width(), height - 6), 2, 2)
        reach = max(2.0, min(1.0, abs(self._margin)) * middle)
        left = middle - reach if self._occluded else middle
        painter.setBrush(theme.color("occluded" if self._occluded else "unoccluded"))
        painter.drawRoundedRect(QRectF(left, 2, reach, height - 4), 2, 2)
        painter.setBrush(theme.color("text"))
        painter.drawRect(QRectF(middle - 0.75, 0, 1.5, height))
        painter.end()


class CropPicture(QWidget):
    """The selected instance's crop, as large as the panel is wide."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self.setFixedHeight(150)

    def show_image(self, image: QImage | None) -> None:
        """Shows another crop, or none."""
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's: draws the crop."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), CANVAS_COLOUR)
        image = self._image
        if image is not None and not image.isNull():
            scale = min(self.width() / image.width(), self.height() / image.height())
            size = QSize(round(image.width() * scale), round(image.height() * scale))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            place = QRectF(
                (self.width() - size.width()) / 2,
                (self.height() - size.height()) / 2,
                size.width(),
                size.height(),
            )
            painter.drawImage(place, image)
        painter.end()
