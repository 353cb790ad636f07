"""The selected run: how it stands, what it came to, what it was made from, and what people noted of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from app.states.training import LOOK_WORDS, RunFacts
from app.views.facts import FactRows
from app.views.icons import IconLabel
from app.views.noted_panel import NotedPanel, say
from app.views.text import frame, label


class RunPanel(NotedPanel):
    """Draws RunFacts."""

    def __init__(self) -> None:
        self._learned_title = label("LEARNS FROM", "caption")
        self._mixed = label("", "soft", wrap=True)
        self._learned_view = FactRows()
        self._use_box: QFrame = frame("well")
        learned = (self._learned_title, self._mixed, self._learned_view)
        super().__init__(RunFacts(), "run", "training", middle=(self._use_box,), below=learned)
        self._build_use()
        self.show_facts(RunFacts())

    def _build_use(self) -> None:
        inner = QVBoxLayout(self._use_box)
        inner.setContentsMargins(10, 9, 10, 10)
        inner.setSpacing(7)
        head = QHBoxLayout()
        head.setSpacing(7)
        self._used_icon = IconLabel("check", "ok", 16)
        self._used = label("In use", "ok")
        head.addWidget(self._used_icon)
        head.addWidget(self._used, 1)
        inner.addLayout(head)
        self._use_text = label("", "soft", wrap=True)
        inner.addWidget(self._use_text)
        self.use = self._button("Use this model", "training.use")
        self.use.setProperty("kind", "primary")
        self.use_none = self._button("Use none", "training.use_none")
        self.label = self._button("Label with it…", "training.label")
        self.label.setProperty("kind", "primary")
        inner.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(self.label, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(self.use_none, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def facts(self) -> RunFacts:
        """What is shown."""
        return self._facts

    def show_facts(self, facts: RunFacts) -> None:
        """Draws another run, or the same as it is now."""
        self._facts = facts
        words = LOOK_WORDS[facts.look]
        line = f"{facts.purpose_text} · {words.lower()}"
        if not self._show_noted(facts, line, words, facts.progress_text):
            return
        self._use_box.setVisible(facts.key is not None and facts.key > 0)
        self._use_text.setText(facts.use_text)
        for part in (self._used_icon, self._used, self.label, self.use_none):
            part.setVisible(facts.in_use)
        self.use.setVisible(not facts.in_use)
        self.use.setEnabled(facts.can_use)
        say(self._mixed, facts.mixed)
        self._learned_view.show_rows(facts.learned)
        self._learned_view.setVisible(bool(facts.learned))
        self._learned_title.setVisible(bool(facts.mixed or facts.learned))
