"""The Train workspace's widget: runs left, charts and pictures in the middle, the selected run right."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.states.review_filter import Choice
from app.states.training import PURPOSE_NAMES, Charts, Comparison, Draft, Gallery, Head, RunFacts, RunList
from app.views.filter_chips import Chip, ChoiceChip
from app.views.icons import TextButton
from app.views.text import frame, label
from app.views.training.charts_pane import ChartsPane
from app.views.training.comparison import ComparisonView
from app.views.training.draft_page import DraftPage
from app.views.training.gallery import GalleryPane
from app.views.training.run_list import RunListView, run_area
from app.views.training.run_panel import RunPanel
from app.views.training.training_bar import TrainingBar
from core.records.runs import Purpose

_LEAST_SIDE_PX = 236
_LAYOUTS = ("both", "charts", "pictures")
_PURPOSES = (Choice(None, "any"), *(Choice(purpose, PURPOSE_NAMES[purpose]) for purpose in Purpose))


class TrainingView(QWidget):
    """Lays the parts of the workspace out; composition joins their signals.

    Signals:
        purpose_chosen(object): runs of it alone are listed; None for all.
        new_wanted(), hidden_wanted(): a training is to be prepared; hidden runs are to be listed, or not.
    """

    purpose_chosen = Signal(object)
    new_wanted = Signal()
    hidden_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("training")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.runs, self.charts, self.gallery = RunListView(), ChartsPane(), GalleryPane()
        self.comparison, self.panel, self.draft = ComparisonView(), RunPanel(), DraftPage()
        self.bar = TrainingBar()
        self._layout = "both"
        self._laid_out = False
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self._left, self._right = self._build_left(), self._build_right()
        for part in (self._left, self._build_middle(), self._right):
            split.addWidget(part)
        split.setStretchFactor(1, 1)
        self._left.setMinimumWidth(_LEAST_SIDE_PX)
        self._right.setMinimumWidth(_LEAST_SIDE_PX)
        self._split = split
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(split)

    # ---- what the controllers say ---------------------------------------------------------------

    def show_head(self, head: Head) -> None:
        """Shows runs, one or several, or a training that is being prepared."""
        if head.drafting is not self.drafting:
            self._stack.setCurrentIndex(1 if head.drafting else 0)
            if self.isVisible():
                self.setFocus()  # what had it may be hidden now, and keys would go nowhere
        self._right.setVisible(not head.drafting)
        self.new.setEnabled(not head.drafting)
        self._below.setCurrentIndex(1 if head.compared > 1 else 0)

    def show_list(self, runs: RunList) -> None:
        """Draws the runs that there are."""
        self.runs.show_state(runs)
        self.purposes.show_value(runs.purpose, narrows=runs.purpose is not None)
        self.hidden.setChecked(runs.hidden_shown)
        self._empty.setVisible(not runs.items)

    def show_charts(self, charts: Charts) -> None:
        """Draws the curves."""
        self.charts.show_state(charts)
        self.bar.show_toggles(log=charts.log, smooth=charts.smoothed)

    def show_gallery(self, gallery: Gallery) -> None:
        """Draws the predictions."""
        self.gallery.show_gallery(gallery)

    def show_comparison(self, comparison: Comparison) -> None:
        """Draws runs side by side."""
        self.comparison.show_comparison(comparison)

    def show_facts(self, facts: RunFacts) -> None:
        """Draws the selected run."""
        self.panel.show_facts(facts)

    def show_draft(self, draft: Draft) -> None:
        """Draws a training that is being prepared."""
        self.draft.show_draft(draft)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each button's key.

        Args:
            keys: action id -> its first key, for people.
        """
        self.bar.show_keys(keys)
        self.panel.show_keys(keys)
        self.draft.show_keys(keys)
        self.new.setText(_with_key("New training", keys.get("training.new", "")))

    # ---- what a person switches -----------------------------------------------------------------

    @property
    def layout_shown(self) -> str:
        """What the middle shows: "both", "charts" or "pictures"."""
        return self._layout

    def next_layout(self) -> None:
        """Charts and pictures, charts alone, pictures alone."""
        self._layout = _LAYOUTS[(_LAYOUTS.index(self._layout) + 1) % len(_LAYOUTS)]
        self.charts.setVisible(self._layout != "pictures")
        self._below.setVisible(self._layout != "charts")

    @property
    def drafting(self) -> bool:
        """Whether a training is being prepared."""
        return self._stack.currentIndex() == 1

    def showEvent(self, event: QShowEvent) -> None:
        """Qt's: shares the room out when it is first known."""
        super().showEvent(event)
        if not self._laid_out:
            self._laid_out = True
            left = min(max(self.width() * 22 // 100, 262), 340)
            right = min(max(self.width() * 22 // 100, 270), 360)
            self._split.setSizes([left, self.width() - left - right, right])
            self._rows.setSizes([self.height() * 56 // 100, self.height() * 44 // 100])

    # ---- details --------------------------------------------------------------------------------

    def _build_left(self) -> QWidget:
        left = frame("panel")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QWidget()
        inner = QVBoxLayout(head)
        inner.setContentsMargins(10, 8, 10, 8)
        inner.setSpacing(8)
        self.new = TextButton("New training", "primary", "plus")
        self.new.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.new.clicked.connect(lambda: self.new_wanted.emit())
        inner.addWidget(self.new)
        chips = QHBoxLayout()
        chips.setSpacing(6)
        self.purposes = ChoiceChip("For", _PURPOSES)
        self.purposes.chosen.connect(self.purpose_chosen)
        self.purposes.show_value(None, narrows=False)
        self.hidden = Chip("Hidden too")
        self.hidden.clicked.connect(lambda: self.hidden_wanted.emit())
        chips.addWidget(self.purposes)
        chips.addWidget(self.hidden)
        chips.addStretch(1)
        inner.addLayout(chips)
        column.addWidget(head)
        column.addWidget(frame("line"))
        self._empty = label("No run yet.\nWhat is trained stands here.", "faint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMinimumHeight(90)
        column.addWidget(self._empty)
        area = run_area(self.runs)
        area.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(area, 1)
        return left

    def _build_middle(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        runs = QWidget()
        inner = QVBoxLayout(runs)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        self._below = QStackedWidget()
        self._below.addWidget(self.gallery)
        self._below.addWidget(self.comparison)
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.setChildrenCollapsible(False)
        self._rows.addWidget(self.charts)
        self._rows.addWidget(self._below)
        inner.addWidget(self._rows, 1)
        inner.addWidget(frame("line"))
        inner.addWidget(self.bar)
        self._stack = QStackedWidget()
        self._stack.addWidget(runs)
        self._stack.addWidget(self.draft)
        column.addWidget(self._stack)
        return middle

    def _build_right(self) -> QWidget:
        right = frame("panel")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.panel)
        return right


def _with_key(title: str, key: str) -> str:
    return f"{title}   {key}" if key else title
