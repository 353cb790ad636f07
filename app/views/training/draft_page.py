"""A training that is about to begin: what, from what, where, how long; and one button that begins it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.states.training import Draft, Estimate, Tone
from app.views.filter_chips import Chip
from app.views.icons import IconLabel, TextButton
from app.views.settings_form import FormView
from app.views.text import frame, label, scroller
from app.views.training.note_box import NoteBox
from app.views.training.purpose_choice import NeedBars, PurposeChoice
from core.records.forms import FieldKind, Form
from core.records.runs import Purpose

_WIDE_PX = 900  # from here on there are two columns
_APART = frozenset({"what", "device", "estimate", "variant"})  # settings that have parts of their own here
_TIME_SIGNS = {
    Tone.QUIET: ("clock", "text_soft"),
    Tone.GOOD: ("clock", "ok"),
    Tone.DOUBTFUL: ("warning", "warn"),
    Tone.BAD: ("error", "bad"),
}
_VARIANTS = {"resnet50": "ResNet-50", "swin_t": "Swin-T"}
_DEVICE_TIPS = {
    "auto": "A GPU where there is one",
    "cpu": "The processor: slow, but it is always there",
    "cuda": "An NVIDIA GPU, or the training refuses to begin",
    "mps": "An Apple GPU, or the training refuses to begin",
}


class DraftPage(QWidget):
    """Draws a Draft.

    Signals:
        purpose_chosen(object), device_chosen(str), variant_chosen(str): of a training.
        values_taken(object): of the other settings, by name.
        wanted(str): the id of an action whose button was pressed.
        refused(str): the settings do not fit, and why.
    """

    purpose_chosen = Signal(object)
    device_chosen = Signal(str)
    variant_chosen = Signal(str)
    values_taken = Signal(object)
    wanted = Signal(str)
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state = Draft()
        self._train_key = ""
        self.form: FormView | None = None
        self._form_of: tuple[Form | None, Purpose] = (None, Purpose.DETECTOR)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        page = QWidget()
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(24, 18, 24, 18)
        self._grid.setHorizontalSpacing(28)
        self._grid.setVerticalSpacing(14)
        self._left, self._right = self._build_what(), self._build_how()
        self._columns = 0
        outer.addWidget(scroller(page), 1)
        outer.addWidget(frame("line"))
        outer.addWidget(self._build_foot())
        self._arrange()

    # ---- building -------------------------------------------------------------------------------

    def _build_what(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("WHAT TO TRAIN", "caption"))
        self.choices: dict[Purpose, PurposeChoice] = {}
        for purpose in Purpose:
            choice = PurposeChoice(purpose)
            choice.clicked.connect(lambda purpose=purpose: self.purpose_chosen.emit(purpose))
            self.choices[purpose] = choice
            column.addWidget(choice)
        column.addStretch(1)
        return whole

    def _build_how(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("FROM WHAT", "caption"))
        self._needs = NeedBars()
        column.addWidget(self._needs)
        self.labels = NoteBox()
        self.labels.wanted.connect(self.wanted)
        column.addWidget(self.labels)
        self._stock_place = QWidget()
        self._stock = QGridLayout(self._stock_place)
        self._stock.setContentsMargins(2, 0, 0, 4)
        self._stock.setHorizontalSpacing(14)
        self._stock.setVerticalSpacing(3)
        self._stock.setColumnStretch(1, 1)
        column.addWidget(self._stock_place)
        column.addSpacing(6)
        column.addWidget(label("ON WHAT", "caption"))
        self.devices, self._device_row = self._build_chips()
        column.addLayout(self._device_row)
        self.device = NoteBox()
        column.addWidget(self.device)
        self._variant_title = label("WHICH NETWORK", "caption")
        self.variants, self._variant_row = self._build_chips()
        column.addSpacing(6)
        column.addWidget(self._variant_title)
        column.addLayout(self._variant_row)
        self.begin = NoteBox()
        self.begin.wanted.connect(self.wanted)
        column.addWidget(self.begin)
        column.addSpacing(6)
        column.addWidget(label("HOW", "caption"))
        self._form_place = QVBoxLayout()
        column.addLayout(self._form_place)
        column.addStretch(1)
        return whole

    def _build_chips(self) -> tuple[dict[str, Chip], QHBoxLayout]:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addStretch(1)
        return {}, row

    def _build_foot(self) -> QWidget:
        foot = frame("panel")
        row = QHBoxLayout(foot)
        row.setContentsMargins(24, 10, 24, 10)
        row.setSpacing(14)
        column = QVBoxLayout()
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(7)
        self._time_icon = IconLabel("clock", "text_soft", 16)
        self._time = label("", "heading")
        head.addWidget(self._time_icon)
        head.addWidget(self._time)
        head.addStretch(1)
        column.addLayout(head)
        self._estimate = label("", "soft", wrap=True)
        column.addWidget(self._estimate)
        self._problem = label("", "bad", wrap=True)
        column.addWidget(self._problem)
        row.addLayout(column, 1)
        self.leave = TextButton("Back to the runs")
        self.leave.clicked.connect(lambda: self.wanted.emit("training.clear_marks"))
        self.measure = TextButton("Estimate", "", "clock")
        self.measure.setToolTip("Makes a few steps, to tell how long it takes and how much memory")
        self.measure.clicked.connect(lambda: self.wanted.emit("training.estimate"))
        self.train = TextButton("Train", "primary", "train")
        self.train.clicked.connect(lambda: self.wanted.emit("training.start"))
        for button in (self.leave, self.measure, self.train):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        return foot

    # ---- what is shown --------------------------------------------------------------------------

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each button's key.

        Args:
            keys: action id -> its first key, for people.
        """
        self._train_key = keys.get("training.start", "")
        key = keys.get("training.estimate", "")
        self.measure.setText(f"Estimate   {key}" if key else "Estimate")

    @property
    def state(self) -> Draft:
        """What is shown."""
        return self._state

    @property
    def estimate_text(self) -> str:
        """How long it will take, as shown."""
        return f"{self._time.text()}\n{self._estimate.text()}".strip()

    @property
    def problem(self) -> str:
        """Why it cannot begin, as shown."""
        return "" if self._problem.isHidden() else self._problem.text()

    def show_draft(self, draft: Draft) -> None:
        """Draws another state."""
        before, self._state = self._state, draft
        if draft.purpose is not before.purpose and self.choices[before.purpose].hasFocus():
            self.choices[draft.purpose].setFocus()
        for card in draft.cards:
            self.choices[card.purpose].show_card(card)
        for purpose, choice in self.choices.items():
            choice.show_chosen(purpose is draft.purpose)
        card_now = draft.card
        self._needs.show_needs(() if card_now is None else card_now.needs)
        self._needs.setVisible(card_now is not None and bool(card_now.needs))
        self.labels.show_note(draft.labels)
        if draft.stock != before.stock:
            self._show_stock(draft.stock)
        self._show_form(draft)
        self._show_devices(draft)
        self._show_variants(draft)
        self.device.show_note(draft.device)
        self.begin.show_note(draft.begin)
        self._show_estimate(draft.estimate)
        self._problem.setText(draft.problem)
        self._problem.setVisible(bool(draft.problem))
        self.leave.setVisible(draft.can_leave)
        ready = card_now is not None and card_now.ready and draft.form is not None and draft.fits
        self.train.setEnabled(ready and not draft.starting)
        words = f"Train   {self._train_key}" if self._train_key else "Train"
        self.train.setText("Starting…" if draft.starting else words)
        self.measure.setEnabled(ready and not draft.estimate.measuring)

    def _show_stock(self, stock: tuple[tuple[str, str], ...]) -> None:
        while self._stock.count():
            item = self._stock.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, (name, text) in enumerate(stock):
            self._stock.addWidget(label(name, "faint"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._stock.addWidget(label(text, "soft", wrap=True), row, 1)

    def _show_form(self, draft: Draft) -> None:
        wanted = (draft.form, draft.purpose)
        if draft.form is None or (self.form is not None and self._form_of == wanted):
            return
        if self.form is not None:
            self.form.hide()
            self.form.deleteLater()
        self._form_of = wanted
        self.form = FormView(draft.form, draft.values, _APART)
        self.form.changed.connect(self._take_values)
        self._form_place.addWidget(self.form)
        # the tab key leaves a form that has just been made for the buttons below it
        last = [one for one in self.form.findChildren(QWidget) if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
        for button in (self.leave, self.measure, self.train):
            QWidget.setTabOrder(last[-1], button)
            last.append(button)

    def show_values(self, draft: Draft) -> None:
        """Draws the settings anew, where others were taken over."""
        self._form_of = (None, draft.purpose)
        self.show_draft(draft)

    def _show_devices(self, draft: Draft) -> None:
        if draft.form is None:
            return
        field = next((one for one in draft.form.fields if one.name == "device"), None)
        choices = () if field is None or field.kind is not FieldKind.CHOICE else field.choices
        self._fill(self.devices, self._device_row, choices, self.device_chosen)
        default = "" if field is None else str(field.default)
        chosen = str(draft.values.get("device", default))
        for value, chip in self.devices.items():
            chip.setChecked(value == chosen)
            chip.setToolTip(_DEVICE_TIPS.get(value, ""))

    def _show_variants(self, draft: Draft) -> None:
        choices = tuple((one, _VARIANTS.get(one, one.replace("_", " "))) for one in draft.variants)
        shown = len(choices) > 1
        self._fill(self.variants, self._variant_row, choices if shown else (), self.variant_chosen)
        self._variant_title.setVisible(shown)
        chosen = str(draft.values.get("variant") or (draft.variants[0] if draft.variants else ""))
        for value, chip in self.variants.items():
            chip.setChecked(value == chosen)

    def _fill(
        self,
        chips: dict[str, Chip],
        row: QHBoxLayout,
        choices: tuple[tuple[str, str], ...],
        chosen: object,
    ) -> None:
        if list(chips) == [value for value, _ in choices]:
            return
        for chip in chips.values():
            row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        chips.clear()
        group = QButtonGroup(self)
        for place, (value, text) in enumerate(choices):
            chip = Chip(text)
            group.addButton(chip)
            chip.clicked.connect(lambda _=False, value=value: chosen.emit(value))  # type: ignore[attr-defined]
            row.insertWidget(place, chip)
            chips[value] = chip

    def _show_estimate(self, estimate: Estimate) -> None:
        icon, token = ("running", "accent") if estimate.measuring else _TIME_SIGNS[estimate.tone]
        self._time_icon.set_icon(icon, token)
        self._time.setText(estimate.title)
        self._estimate.setText(estimate.text)

    # ---- what a person does ---------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Qt's: keys that buttons and fields need are theirs while the focus is among them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = {Qt.Key.Key_Space}
            if isinstance(QApplication.focusWidget(), QLineEdit | QAbstractSpinBox | QComboBox):
                keys |= {Qt.Key.Key_Up, Qt.Key.Key_Down}
            if event.key() in keys and not event.modifiers():
                event.accept()
                return True
        return super().event(event)

    def resizeEvent(self, event: object) -> None:
        """Qt's: one column or two."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._arrange()

    def _arrange(self) -> None:
        columns = 2 if self.width() >= _WIDE_PX else 1
        if columns == self._columns:
            return
        self._columns = columns
        self._grid.addWidget(self._left, 0, 0)
        self._grid.addWidget(self._right, *((0, 1) if columns == 2 else (1, 0)))
        self._grid.setColumnStretch(0, 5)
        self._grid.setColumnStretch(1, 6 if columns == 2 else 0)
        self._grid.setRowStretch(2, 1)

    def _take_values(self) -> None:
        assert self.form is not None
        problem = self.form.problem()
        if problem:
            self.refused.emit(problem)
        else:
            self.values_taken.emit(self.form.values())
