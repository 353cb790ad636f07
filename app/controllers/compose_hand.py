"""The undoable edits of the Compose workspace: each keeps a changed composite as a recipe of its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.compose_bench import Rendered
from core.records.history import Touched
from core.store.edits.recipes import remove_recipes, save_recipe

if TYPE_CHECKING:
    from app.session import ProjectSession

BY_HAND = "by hand"
"""The set to which composites go that a person changed: what jobs made stays as it was."""

_KEPT = 200


@dataclass(slots=True, eq=False)
class _Chain:
    """One composite from where a person took it up, through all changes of it.

    Attributes:
        begun: as it was taken up.
        origin_id: the job's recipe that it was made from, or None.
        row_id: its present state in the project, once it is changed; set on the edit thread.
    """

    begun: Rendered
    origin_id: int | None
    row_id: int | None


class ComposeHand(QObject):
    """Keeps what a person makes of composites, in the order in which it is made.

    Attributes:
        changing: how many changes are being rendered and are not asked of the store yet.

    Signals:
        refused(): a change was not kept: what is shown is not what is stored.
        said(str): what was done.
    """

    refused = Signal()
    said = Signal(str)

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._chain: _Chain | None = None
        self._own: list[int] = []
        self._first: OrderedDict[int, Rendered] = OrderedDict()  # of a first change -> what it changed
        self._reversed = 0
        self._lost = False
        self._pending = 0
        self.changing = 0
        session.failed.connect(self._on_failed)
        session.broke.connect(self._on_failed)

    @property
    def edited(self) -> bool:
        """Whether what is shown was changed by hand."""
        return self._chain is not None and (self._chain.row_id is not None or self._pending > 0)

    @property
    def ids(self) -> tuple[int, ...]:
        """The recipes as which what is shown stands in sets: what a person made of it first."""
        chain = self._chain
        found = () if chain is None else (chain.row_id, chain.origin_id)
        return tuple(one for one in found if one is not None)

    @property
    def row_id(self) -> int | None:
        """The recipe as which what is shown is kept, where it was changed by hand."""
        return None if self._chain is None else self._chain.row_id

    def take(self, rendered: Rendered) -> None:
        """What is changed from now on."""
        row = rendered.row
        if row is not None and row.annotator == self._session.annotator:
            self._chain = _Chain(rendered, row.edited_from, row.id)
        else:
            self._chain = _Chain(rendered, None if row is None else row.id, None)

    def save(self, changed: Rendered, title: str) -> None:
        """Keeps a changed composite, in the place of its earlier state where there is one."""
        chain = self._chain
        assert chain is not None
        history = self._session.history

        def verb() -> Touched:
            try:
                touched = save_recipe(
                    history,
                    changed.recipe,
                    changed.percents,
                    BY_HAND,
                    edited_from=chain.origin_id if chain.row_id is None else None,
                    instead_of=chain.row_id,
                    title=title,
                )
            except BaseException:
                self._lost = True
                raise
            first = chain.row_id is None
            chain.row_id = max(touched.rows["recipe"])
            if first:
                self._first[chain.row_id] = chain.begun
                while len(self._first) > _KEPT:
                    self._first.popitem(last=False)
            return touched

        self._perform(verb)

    def remove(self) -> bool:
        """Takes what is shown out of its set, where a person made it; says whether there is such a recipe."""
        row_id = self.row_id
        if row_id is not None:
            history = self._session.history
            self._perform(lambda: remove_recipes(history, [row_id]), own=False)
        return row_id is not None

    def before(self, ids: Sequence[int]) -> Rendered | None:
        """What the first change of a composite was made from, where one of these recipes is it."""
        return next((self._first[one] for one in ids if one in self._first), None)

    def on_reversed(self, touched: Touched) -> None:
        """An edit was taken back, or made again: what is shown is no longer what is stored."""
        self._reversed = touched.edit_id

    def is_own(self, touched: Touched) -> bool:
        """Whether an edit was made here, so that what is shown is at least as new."""
        if touched.edit_id and touched.edit_id == self._reversed:
            self._reversed = 0
            return False
        return touched.edit_id in self._own

    def _perform(self, verb: Callable[[], Touched], *, own: bool = True) -> None:
        def committed(touched: Touched) -> None:
            self._pending -= 1
            if own and touched.edit_id:
                self._own = [*self._own[-_KEPT:], touched.edit_id]
            self.said.emit(f"Done: {touched.title}.")

        self._pending += 1
        self._session.perform(verb, committed)

    def _on_failed(self, _: object) -> None:
        if self._lost:
            self._lost = False
            self._pending -= 1
            self.refused.emit()
