"""The Evaluate workspace's widget: evaluations left, numbers in the middle, the objects behind them right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.states.evaluation import (
    LOOK_WORDS,
    BarChart,
    Below,
    ConfusionTable,
    CurveSheet,
    EvaluateHead,
    EvaluationDraft,
    EvaluationFacts,
    FigureTable,
)
from app.states.training import RunList
from app.views.action_bar import ActionBar
from app.views.evaluate.bars import BarsPane
from app.views.evaluate.confusion_table import ConfusionView
from app.views.evaluate.curves import CurvesPane
from app.views.evaluate.draft_page import EvaluationDraftPage
from app.views.evaluate.figure_table import FigureTableView
from app.views.evaluate.object_list import ObjectList
from app.views.evaluate.object_pane import ObjectPane
from app.views.evaluate.panel import EvaluationPanel
from app.views.filter_chips import Chip
from app.views.icons import TextButton
from app.views.text import frame, label
from app.views.training.run_list import RunListView, run_area

_LEAST_SIDE_PX = 226
_LAYOUTS = ("both", "numbers", "objects")
_BELOW_TITLES = {Below.FIGURES: "Figures", Below.CONFUSION: "Confusion", Below.CURVES: "Curves"}
_WISHES = (
    ("evaluate.mark", "Compare"),
    ("evaluate.send", "Send to review"),
    ("evaluate.send_all", "Send all"),
    ("evaluate.fits", "See in 3D"),
    ("evaluate.report", "Report…"),
    ("evaluate.layout", "Layout"),
)


class EvaluateView(QWidget):
    """Lays the parts of the workspace out; composition joins their signals.

    Args:
        model: rows of objects.

    Signals:
        new_wanted(), hidden_wanted(): an evaluation is to be prepared; hidden ones are to be listed, or not.
        below_chosen(object): what is to stand below the bars.
    """

    new_wanted = Signal()
    hidden_wanted = Signal()
    below_chosen = Signal(object)

    def __init__(self, model: QAbstractItemModel) -> None:
        super().__init__()
        self.setObjectName("evaluate")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.evaluations = RunListView("Evaluations", LOOK_WORDS)
        self.panel, self.draft = EvaluationPanel(), EvaluationDraftPage()
        self.bars, self.figures = BarsPane(), FigureTableView()
        self.confusion, self.curves = ConfusionView(), CurvesPane()
        self.objects, self.object = ObjectList(model), ObjectPane()
        self.bar = ActionBar()
        for action_id, title in _WISHES:
            self.bar.add_wish(action_id, title)
        self._layout = "both"
        self._laid_out = False
        self._left = self._build_left()
        self._numbers, self._right = self._build_numbers(), self._build_right()
        self._inner = QSplitter(Qt.Orientation.Horizontal)
        self._inner.setChildrenCollapsible(False)
        self._inner.addWidget(self._numbers)
        self._inner.addWidget(self._right)
        measured = QWidget()
        column = QVBoxLayout(measured)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._inner, 1)
        column.addWidget(frame("line"))
        column.addWidget(self.bar)
        self._stack = QStackedWidget()
        self._stack.addWidget(measured)
        self._stack.addWidget(self.draft)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._left)
        self._split.addWidget(self._stack)
        self._split.setStretchFactor(1, 1)
        self._left.setMinimumWidth(_LEAST_SIDE_PX)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(self._split)
        self.show_below(Below.FIGURES)

    # ---- what the controllers say ---------------------------------------------------------------

    def show_head(self, head: EvaluateHead) -> None:
        """Shows what was measured, or an evaluation that is being prepared."""
        if head.drafting is not self.drafting:
            self._stack.setCurrentIndex(1 if head.drafting else 0)
            if self.isVisible():
                self.setFocus()  # what had it may be hidden now, and keys would go nowhere
        self.new.setEnabled(not head.drafting)

    def show_list(self, evaluations: RunList) -> None:
        """Draws the evaluations that there are."""
        self.evaluations.show_state(evaluations)
        self.hidden.setChecked(evaluations.hidden_shown)
        self._empty.setVisible(not evaluations.items)

    def show_facts(self, facts: EvaluationFacts) -> None:
        """Draws the selected evaluation."""
        self.panel.show_facts(facts)

    def show_chart(self, chart: BarChart) -> None:
        """Draws the bars."""
        self.bars.show_chart(chart)

    def show_table(self, table: FigureTable) -> None:
        """Draws the figures."""
        self.figures.show_table(table)

    def show_confusion(self, table: ConfusionTable) -> None:
        """Draws the confusion."""
        self.confusion.show_table(table)

    def show_curves(self, sheet: CurveSheet) -> None:
        """Draws the curves."""
        self.curves.show_sheet(sheet)

    def show_below(self, below: Below) -> None:
        """Brings figures, confusion or curves to the front."""
        self._pages.setCurrentIndex(list(Below).index(below))
        self.below[below].setChecked(True)

    def show_draft(self, draft: EvaluationDraft) -> None:
        """Draws an evaluation that is being prepared."""
        self.draft.show_draft(draft)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each button's key.

        Args:
            keys: action id -> its first key, for people.
        """
        self.bar.show_keys(keys)
        self.panel.show_keys(keys)
        self.draft.show_keys(keys)
        self.object.show_keys(keys.get("evaluate.truth", ""), keys.get("evaluate.said", ""))
        key = keys.get("evaluate.new", "")
        self.new.setText(f"New evaluation   {key}" if key else "New evaluation")

    # ---- what a person switches -----------------------------------------------------------------

    @property
    def layout_shown(self) -> str:
        """What is shown: "both", "numbers" or "objects"."""
        return self._layout

    def next_layout(self) -> None:
        """Numbers and objects, numbers alone, objects alone."""
        self._layout = _LAYOUTS[(_LAYOUTS.index(self._layout) + 1) % len(_LAYOUTS)]
        self._numbers.setVisible(self._layout != "objects")
        self._right.setVisible(self._layout != "numbers")

    def go_to_confusion(self) -> None:
        """Gives the keys to the confusion's cells."""
        self.below_chosen.emit(Below.CONFUSION)
        if not self.confusion.grid.isHidden() and self.confusion.table.counts:
            self.confusion.grid.setFocus()

    @property
    def drafting(self) -> bool:
        """Whether an evaluation is being prepared."""
        return self._stack.currentIndex() == 1

    def showEvent(self, event: QShowEvent) -> None:
        """Qt's: shares the room out when it is first known."""
        super().showEvent(event)
        if not self._laid_out:
            self._laid_out = True
            left = min(max(self.width() * 19 // 100, 246), 320)
            rest = self.width() - left
            self._split.setSizes([left, rest])
            self._inner.setSizes([rest * 54 // 100, rest * 46 // 100])
            self._column.setSizes([self.height() * 42 // 100, self.height() * 58 // 100])
            self._rows.setSizes([self.height() * 50 // 100, self.height() * 50 // 100])
            self._objects.setSizes([self.height() * 44 // 100, self.height() * 56 // 100])

    # ---- details --------------------------------------------------------------------------------

    def _build_left(self) -> QWidget:
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QWidget()
        inner = QVBoxLayout(head)
        inner.setContentsMargins(10, 8, 10, 8)
        inner.setSpacing(8)
        self.new = TextButton("New evaluation", "primary", "plus")
        self.new.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.new.clicked.connect(lambda: self.new_wanted.emit())
        inner.addWidget(self.new)
        self.hidden = Chip("Hidden too")
        self.hidden.setCheckable(True)
        self.hidden.clicked.connect(lambda: self.hidden_wanted.emit())
        row = QHBoxLayout()
        row.addWidget(self.hidden)
        row.addStretch(1)
        inner.addLayout(row)
        column.addWidget(head)
        column.addWidget(frame("line"))
        self._empty = label("No evaluation yet.\nWhat is measured stands here.", "faint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMinimumHeight(90)
        column.addWidget(self._empty)
        area = run_area(self.evaluations)
        area.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(area, 1)
        self._column = QSplitter(Qt.Orientation.Vertical)
        self._column.setChildrenCollapsible(False)
        self._column.addWidget(above)
        self._column.addWidget(self.panel)
        left = frame("panel")
        whole = QVBoxLayout(left)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._column)
        return left

    def _build_numbers(self) -> QWidget:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = frame("panel")
        row = QHBoxLayout(head)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(6)
        self.below: dict[Below, Chip] = {}
        self._group = QButtonGroup(self)
        for one, title in _BELOW_TITLES.items():
            chip = Chip(title)
            chip.setCheckable(True)
            chip.clicked.connect(_sender(self.below_chosen.emit, one))
            self._group.addButton(chip)
            row.addWidget(chip)
            self.below[one] = chip
        row.addStretch(1)
        column.addWidget(head)
        column.addWidget(frame("line"))
        self._pages = QStackedWidget()
        for page in (self.figures, self.confusion, self.curves):
            self._pages.addWidget(page)
        column.addWidget(self._pages, 1)
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.setChildrenCollapsible(False)
        self._rows.addWidget(self.bars)
        self._rows.addWidget(below)
        return self._rows

    def _build_right(self) -> QWidget:
        self._objects = QSplitter(Qt.Orientation.Vertical)
        self._objects.setChildrenCollapsible(False)
        self._objects.addWidget(self.objects)
        self._objects.addWidget(self.object)
        return self._objects


def _sender(emit: Callable[[object], None], value: object) -> Callable[[], None]:
    return lambda: emit(value)
