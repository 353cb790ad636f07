"""Going through the objects that may stand in a composite instead of one, there and back."""

from __future__ import annotations

from collections.abc import Sequence

from app.controllers.compose_bench import Rendered


class SwapRound:
    """The choices for one layer, and which of them is there now. Used by the thread that renders."""

    def __init__(self) -> None:
        self._choices: list[int] = []
        self._place = 0
        self._stands: int | None = None  # the piece that this round has put there

    def goes_on(self, now: Rendered, index: int) -> bool:
        """Whether a layer is the one that this round has swapped last."""
        return self._stands is not None and now.recipe.objects[index].piece_id == self._stands

    def begin(self, now: Rendered, index: int, choices: Sequence[int]) -> None:
        """Starts with a layer as it is; it is the first choice itself."""
        self._stands = now.recipe.objects[index].piece_id
        self._choices = [self._stands, *choices]
        self._place = 0

    def step(self, step: int) -> int | None:
        """The piece that comes next (or before), round and round; None where there is no other."""
        if len(self._choices) < 2:
            return None
        self._place = (self._place + step) % len(self._choices)
        self._stands = self._choices[self._place]
        return self._stands
