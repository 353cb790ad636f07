"""The queue's pane: the cars or people to annotate as crops, with how far each is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractItemModel, QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from app.states.review_queue import ID_ROLE
from app.views.icons import TextButton
from app.views.review.crop_grid import CropGrid
from app.views.text import ElidedLabel
from core.records.keypoints import Template

_KINDS = ((Template.CAR, "Cars", "car"), (Template.PERSON, "People", "person"))


class ObjectQueue(QWidget):
    """Shows the queue and tells which object a person wants.

    Signals:
        chosen(int): an object's id.
        all_wanted(bool): whether objects with all their points are to be shown, too.
        proposed_wanted(): only those whose points a network proposes are to be shown, or all again.
        template_wanted(Template): whether cars are to be shown, or people.
    """

    chosen = Signal(int)
    all_wanted = Signal(bool)
    proposed_wanted = Signal()
    template_wanted = Signal(object)

    def __init__(self, model: QAbstractItemModel, rows_of: Callable[[Sequence[int]], list[int]]) -> None:
        super().__init__()
        self._model, self._rows_of = model, rows_of
        self._current: int | None = None
        self._mirroring = False
        self.grid = CropGrid()
        self.grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.grid.setModel(model)
        self.grid.selectionModel().currentRowChanged.connect(self._on_current)
        for gone in (model.rowsAboutToBeRemoved, model.modelAboutToBeReset):
            gone.connect(self._hold)
        for back in (model.rowsRemoved, model.modelReset):
            back.connect(self._release)
        self._count = ElidedLabel("", "heading", Qt.TextElideMode.ElideRight)
        self._all = TextButton("All", "chip")
        self._all.setToolTip("Those that have all their points, too")
        self._all.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._all.clicked.connect(self.all_wanted)
        self._proposed = TextButton("Proposed", "chip")
        self._proposed.setToolTip(
            "Only those whose points a network placed and nobody has confirmed, the least certain first"
        )
        self._proposed.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._proposed.clicked.connect(lambda _=False: self.proposed_wanted.emit())
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 8, 4)
        head.setSpacing(4)
        head.addWidget(self._count, 1)
        which = QHBoxLayout()
        which.setContentsMargins(8, 4, 8, 0)
        which.setSpacing(4)
        which.addWidget(self._proposed, 1)
        which.addWidget(self._all, 1)
        kinds = QHBoxLayout()
        kinds.setContentsMargins(8, 6, 8, 0)
        kinds.setSpacing(4)
        self.kinds: dict[Template, TextButton] = {}
        for template, title, icon in _KINDS:
            button = TextButton(title, "chip", icon)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, wish=template: self._on_kind(wish))
            kinds.addWidget(button, 1)
            self.kinds[template] = button
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(24)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setProperty("role", "soft")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(kinds)
        column.addLayout(which)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.setFocusProxy(self.grid)
        self.show_template(Template.CAR)

    def show_current(self, instance_id: int | None) -> None:
        """Marks an object's row, where the queue has one."""
        self._current = instance_id
        rows = [] if instance_id is None else self._rows_of([instance_id])
        selection = self.grid.selectionModel()
        self._mirroring = True
        try:
            if rows:
                flag = QItemSelectionModel.SelectionFlag
                index = self._model.index(rows[0], 0)
                selection.setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
                self.grid.scrollTo(index)
            else:
                selection.clear()
        finally:
            self._mirroring = False

    def show_rows(self) -> None:
        """Rows came or went."""
        self.show_current(self._current)

    def show_count(self, text: str) -> None:
        """Says how many there are."""
        self._count.set_whole(text)

    def show_empty(self, text: str) -> None:
        """Says why the queue is empty; with an empty text, shows the queue."""
        self._empty.setText(text)
        self._stack.setCurrentWidget(self._empty if text else self.grid)

    def show_template(self, template: Template) -> None:
        """Marks what the queue is of."""
        self._template = template
        for mine, button in self.kinds.items():
            button.setChecked(mine is template)

    def show_all(self, shown: bool) -> None:
        """Marks whether objects with all their points are shown, too."""
        self._all.setChecked(shown)

    def show_proposed(self, only: bool) -> None:
        """Marks whether only proposals are shown: they have as many points as they have."""
        self._proposed.setChecked(only)
        self._all.setEnabled(not only)

    @property
    def count_text(self) -> str:
        """How many there are, as shown."""
        return self._count.whole

    @property
    def empty_text(self) -> str:
        """Why the queue is empty, or nothing."""
        return self._empty.text()

    def _on_kind(self, wish: Template) -> None:
        self.show_template(self._template)  # Qt has turned the button on its own
        if wish is not self._template:
            self.template_wanted.emit(wish)

    def _on_current(self, *_: object) -> None:
        index = self.grid.currentIndex()
        if not self._mirroring and index.isValid():
            self.chosen.emit(int(index.data(ID_ROLE)))

    def _hold(self, *_: object) -> None:
        self._mirroring = True  # Qt makes another row current on its own when one goes

    def _release(self, *_: object) -> None:
        self._mirroring = False
