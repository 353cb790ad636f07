"""WALT2D's composite of the objects that are shown, drawn only while somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable

from app.controllers.compose_bench import ComposeBench, Rendered
from app.controllers.compose_lane import ComposeLane
from app.states.compose import CompositeState
from core.errors import AmodalError


class ComposeBeside:
    """Keeps the other composite up with the one that is shown.

    Attributes:
        wanted: whether it is looked at.
        state: it, or None while there is none yet; the one before stands until the next is drawn.

    Args:
        lane: where it is drawn, in order with all else.
        arrived: called when it was drawn.
    """

    def __init__(self, lane: ComposeLane, arrived: Callable[[], None]) -> None:
        self.wanted = False
        self.state: CompositeState | None = None
        self._lane, self._arrived = lane, arrived
        self._of: Rendered | None = None  # whose it is, or will be

    def forget(self) -> None:
        """There is nothing to set it beside."""
        self.state = self._of = None

    def follow(self, shown: Rendered | None, bench: ComposeBench | None) -> None:
        """Draws it for another composite, if it is looked at and not there or on its way."""
        if not self.wanted or bench is None or shown is None or self._of is shown:
            return
        self._of = shown

        def drawn(found: CompositeState) -> None:
            if self._of is shown:
                self.state = found
                self._arrived()

        def work() -> CompositeState:
            try:
                return bench.beside(shown.recipe).state
            except AmodalError as problem:
                error = f"{problem.problem}\n{problem.way_out}"
                return CompositeState(width=shown.state.width, height=shown.state.height, error=error)

        self._lane.in_order(work, drawn)
