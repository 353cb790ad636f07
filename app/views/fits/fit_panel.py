"""The numbers of the selected fit, beside those of the version it is compared with."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.states.fits import FactLine, FitPanelState, VersionLine
from app.views.icons import TextButton
from app.views.text import frame, label, set_role
from app.views.viewport.colours import VERDICT_SIGNS
from core.records.fits import FitVerdict

_SHORT = 20  # letters
_VERDICT_ROLES = {
    FitVerdict.GOOD: "ok",
    FitVerdict.AMBIGUOUS: "warn",
    FitVerdict.TOO_FEW_POINTS: "soft",
    FitVerdict.OUTSIDE_SHAPE_SPACE: "bad",
}

_WIDE = "000.0 m"


class FitPanel(QScrollArea):
    """Draws a FitPanelState.

    Signals:
        compare_wanted(object): the version to compare with, by its id, or None.
        use_wanted(): the compared version is to be put in force.
    """

    compare_wanted = Signal(object)
    use_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("The fit")
        page = frame("panel")
        self.setWidget(page)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        self._body = QWidget()
        whole.addWidget(self._body)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(6)
        self._title = label("", "title")
        self._subtitle = label("", "soft", wrap=True)
        self._verdict = label("", "heading", wrap=True)
        self._reason = label("", wrap=True)
        self._review = label("", "soft", wrap=True)
        column.addWidget(self._title)
        column.addWidget(self._subtitle)
        column.addWidget(self._verdict)
        column.addWidget(self._reason)
        column.addWidget(self._review)
        self._warnings = label("", "warn", wrap=True)
        column.addWidget(self._warnings)
        column.addSpacing(2)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(10)
        self._facts.setVerticalSpacing(3)
        self._facts.setColumnStretch(1, 1)
        self._facts.setColumnStretch(2, 1)
        self._headings = (label("", "caption"), label("", "caption"))
        self._facts.addWidget(self._headings[0], 0, 1)
        self._facts.addWidget(self._headings[1], 0, 2)
        self._lines: list[tuple[QLabel, QLabel, QLabel]] = []
        column.addLayout(self._facts)
        column.addSpacing(4)
        self._versions_head = label("Versions", "caption")
        column.addWidget(self._versions_head)
        self._versions = QVBoxLayout()
        self._versions.setSpacing(2)
        column.addLayout(self._versions)
        self._buttons: list[TextButton] = []
        self.use = TextButton("Put it in force")
        self.use.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.use.clicked.connect(self.use_wanted)
        column.addWidget(self.use)
        column.addStretch(1)
        self._nothing = label("Select a car or a person to see the numbers of its fit.", "soft", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMargin(24)
        whole.addWidget(self._nothing, 1)
        self.show_state(FitPanelState())

    def show_state(self, state: FitPanelState) -> None:
        """Draws the numbers of another fit."""
        self._body.setVisible(state.instance_id is not None)
        self._nothing.setVisible(state.instance_id is None)
        if state.instance_id is None:
            return
        self._title.setText(state.title)
        self._subtitle.setText(state.subtitle)
        self._verdict.setVisible(state.verdict is not None)
        if state.verdict is not None:
            sign = VERDICT_SIGNS[state.verdict] or "✓"
            self._verdict.setText(f"{sign}  {state.verdict_text}".strip().capitalize())
            set_role(self._verdict, "role", _VERDICT_ROLES[state.verdict])
        for place, text in (
            (self._reason, state.reason),
            (self._review, state.review),
            (self._warnings, "\n".join(state.warnings)),
        ):
            place.setText(text)
            place.setVisible(bool(text))
        self._show_facts(state.facts, state.headings)
        self._show_versions(state.versions)

    @property
    def title(self) -> str:
        """Whose fit it is; empty where nothing is selected."""
        return "" if self._body.isHidden() else self._title.text()

    @property
    def verdict(self) -> str:
        """What the fit says of itself, as shown; empty where it says nothing."""
        return "" if self._verdict.isHidden() else self._verdict.text()

    @property
    def facts(self) -> dict[str, tuple[str, str]]:
        """The numbers shown: name -> its value, and that of the compared version."""
        return {
            name.text(): (_plain(value.text()), _plain(other.text()))
            for name, value, other in self._lines
            if not name.isHidden()
        }

    @property
    def warnings(self) -> str:
        """What is to be known about the fit, as shown."""
        return "" if self._warnings.isHidden() else self._warnings.text()

    @property
    def review_text(self) -> str:
        """What a person said, as shown."""
        return "" if self._review.isHidden() else self._review.text()

    @property
    def version_buttons(self) -> list[TextButton]:
        """One for each version, the newest first."""
        return [button for button in self._buttons if not button.isHidden()]

    def _show_facts(self, facts: tuple[FactLine, ...], headings: tuple[str, str]) -> None:
        compares = any(headings)
        for place, text in zip(self._headings, headings, strict=True):
            place.setText(text)
            place.setVisible(compares)
        # what stands once goes over both columns, and would leave the second hardly any room
        self._facts.setColumnMinimumWidth(2, self.fontMetrics().horizontalAdvance(_WIDE) if compares else 0)
        while len(self._lines) < len(facts):
            row = len(self._lines) + 1
            made = label("", "faint"), label("", wrap=True), label("", "soft", wrap=True)
            for column, place in enumerate(made):
                self._facts.addWidget(place, row, column, Qt.AlignmentFlag.AlignTop)
            for place in made[1:]:
                place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._lines.append(made)
        for number, (name, value, other) in enumerate(self._lines):
            shown = number < len(facts)
            name.setVisible(shown)
            value.setVisible(shown)
            other.setVisible(False)
            if shown:
                fact = facts[number]
                name.setText(fact.name)
                value.setText(fact.value if compares else _with_note(fact))
                other.setText(fact.other)
                beside = compares and fact.other != fact.value  # what is the same stands once
                self._facts.addWidget(value, number + 1, 1, 1, 1 if beside else 2)
                other.setVisible(beside)
                role = "warn" if fact.warn else ""
                if value.property("role") != role:
                    set_role(value, "role", role)

    def _show_versions(self, versions: tuple[VersionLine, ...]) -> None:
        while len(self._buttons) < len(versions):
            button = TextButton("", "chip")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys must keep reaching the list
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, number=len(self._buttons): self._choose(number))
            self._versions.addWidget(button)
            self._buttons.append(button)
        self._shown_versions = versions
        for number, button in enumerate(self._buttons):
            button.setVisible(number < len(versions))
            if number < len(versions):
                version = versions[number]
                button.setText(("● " if version.in_force else "○ ") + version.text)
                now = "In force now." if version.in_force else "Click to draw it beside the one in force."
                button.setToolTip(f"{version.tip}\n{now}")
                button.setChecked(version.compared)
                button.setEnabled(not version.in_force)
        self._versions_head.setVisible(bool(versions))
        self.use.setVisible(any(version.compared for version in versions))

    def _choose(self, number: int) -> None:
        version = self._shown_versions[number]
        self.compare_wanted.emit(None if version.compared else version.fit_id)


def _whole(text: str) -> str:
    """A number is not parted from its unit at the end of a line; longer texts are."""
    return text.replace(" ", "\u00a0") if len(text) <= _SHORT else text


def _with_note(fact: FactLine) -> str:
    return f"{_whole(fact.value)}, {_whole(fact.note)}" if fact.note else _whole(fact.value)


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")
