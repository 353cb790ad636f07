"""The selected evaluation: how it stands, what it was measured by, and what people noted of it."""

from __future__ import annotations

from app.states.evaluation import LOOK_WORDS, EvaluationFacts
from app.views.noted_panel import NotedPanel


class EvaluationPanel(NotedPanel):
    """Draws EvaluationFacts."""

    def __init__(self) -> None:
        super().__init__(EvaluationFacts(), "evaluation", "evaluate")
        self.show_facts(EvaluationFacts())

    @property
    def facts(self) -> EvaluationFacts:
        """What is shown."""
        return self._facts

    def show_facts(self, facts: EvaluationFacts) -> None:
        """Draws another evaluation, or the same as it is now."""
        self._facts = facts
        hidden = " · hidden" if facts.hidden else ""
        words = LOOK_WORDS[facts.look]
        self._show_noted(facts, f"{facts.about} · {words.lower()}{hidden}", words)
