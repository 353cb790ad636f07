"""Which composite is shown: of which camera, by which seed or out of which set."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.controllers.compose_bench import ComposeBench, Rendered
from app.controllers.compose_facts import (
    background_choices,
    chart_of,
    flat_note,
    missing_of,
    sampler_of,
    set_choices,
)
from app.controllers.compose_lane import ComposeLane
from app.controllers.compose_reads import ComposeFacts, ComposeReads
from app.states.compose import ComposeHead, Missing
from app.states.review_filter import Choice
from core.errors import AmodalError

if TYPE_CHECKING:
    from app.session import ProjectSession
    from core.records.recipes import RecipeSetRow

_SEEDS = 100_000  # five digits are easily told to a colleague


class ComposeBrowser(QObject):
    """Holds what there is to compose from, and goes from composite to composite.

    Args:
        seed: gives seeds to shuffle to.
        changed_id: gives the recipe as which what is shown is kept, where a person changed it.

    Attributes:
        bench: where composites of the camera are drawn; None while something is missing.
        head, missing: as they are drawn.

    Signals:
        head_changed(ComposeHead), missing_changed(Missing), chart_changed(OcclusionChart): draw these.
        leaving(): another composite is wanted.
        opened(Rendered): another composite is there.
        refused(AmodalError): it cannot be drawn.
        said(str): a line about where a key led.
    """

    head_changed = Signal(object)
    missing_changed = Signal(object)
    chart_changed = Signal(object)
    leaving = Signal()
    opened = Signal(object)
    refused = Signal(object)
    said = Signal(str)

    def __init__(
        self,
        session: ProjectSession,
        reads: ComposeReads,
        lane: ComposeLane,
        seed: Callable[[], int] | None,
        changed_id: Callable[[], int | None],
    ) -> None:
        super().__init__()
        self._session, self._reads, self._lane = session, reads, lane
        self._changed_id = changed_id
        self._draw_seed = seed or (lambda: random.randrange(_SEEDS))
        self._facts = ComposeFacts(())
        self.bench: ComposeBench | None = None
        self.head = ComposeHead()
        self.missing = Missing()
        self._ids: array[int] = array("q")  # of the set that is shown
        self._seed, self._next_seed = 0, self._draw_seed()
        self._last: Callable[[], None] | None = None  # shows again what is shown
        self._wanted: object | None = None
        self._percents: dict[tuple[int, int | None], tuple[int, ...]] = {}

    @property
    def camera_id(self) -> int | None:
        """Of the camera whose composites are shown."""
        return None if self._facts.camera is None else self._facts.camera.id

    @property
    def camera_name(self) -> str:
        """Its name, or ""."""
        return "" if self._facts.camera is None else self._facts.camera.name

    @property
    def shown_set(self) -> RecipeSetRow | None:
        """The set whose composites are shown; None where they are drawn here."""
        return next((one for one in self._facts.sets if one.id == self.head.set_id), None)

    @property
    def source_wanted(self) -> bool:
        """Whether a composite is on its way, so that what is shown is about to go."""
        return self._wanted is not None

    @property
    def flat(self) -> Missing:
        """Why composites are drawn without geometry, or nothing."""
        return flat_note(self._facts)

    # ---- what there is --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads anew what there is to compose from, and draws anew what is shown."""
        self._read(self.camera_id)

    def choose_camera(self, camera_id: int) -> None:
        """Shows another camera's composites."""
        if camera_id != self.camera_id:
            self.leaving.emit()
            self._last = None
            self._set_head(set_id=None, background_id=None, seed=None, place="", edited=False)
            self._read(camera_id)

    def read_sets(self) -> None:
        """Reads the sets anew, after an edit; the composite stays."""
        camera_id = self.camera_id

        def arrived(facts: ComposeFacts) -> None:
            if facts.camera is not None and facts.camera.id == self.camera_id:
                self._facts = facts
                self._set_head(sets=set_choices(facts))
                self._read_chart()
                self._read_ids(lambda _: None)

        self._session.in_background(lambda: self._reads.facts(camera_id), arrived, tag="compose facts")

    def _read(self, camera_id: int | None) -> None:
        self._session.in_background(
            lambda: self._reads.facts(camera_id), self._take_facts, tag="compose facts"
        )

    def _take_facts(self, facts: ComposeFacts) -> None:
        self._facts = facts
        self._percents.clear()
        kept = any(one.id == self.head.set_id for one in facts.sets)
        gone = self.head.set_id is not None and not kept
        known = any(one.id == self.head.background_id for one in facts.backgrounds)
        self._set_head(
            cameras=tuple(Choice(row.id, row.name) for row in facts.cameras),
            sets=set_choices(facts),
            backgrounds=background_choices(facts),
            camera_id=self.camera_id,
            set_id=self.head.set_id if kept else None,
            background_id=self.head.background_id if known else None,
        )
        self.missing = missing_of(facts)
        self.missing_changed.emit(self.missing)
        if facts.camera is None or self.missing.title:
            self._take_bench(None)
            return
        sampler, bodies = sampler_of(facts), self._session.bodies
        self._take_bench(ComposeBench(self._reads, facts.camera.id, sampler, bodies))
        changed = self._changed_id()
        if gone:  # so is what was shown of it
            self._draw(self._seed)
        elif self._last is not None:
            if changed is None:
                self._last()
            else:
                self.show_recipe(changed)
            self._read_ids(lambda _: None)
        elif self.head.set_id is not None:
            self._read_ids(self._show_first)
        else:
            self._seed = self._draw_seed()
            self._draw(self._seed)
        self._read_chart()

    def close(self) -> None:
        """Lets go of what composites are drawn with."""
        self._take_bench(None)

    def _take_bench(self, bench: ComposeBench | None) -> None:
        before, self.bench = self.bench, bench
        if before is not None:
            self._lane.in_order(before.close, lambda _: None)

    # ---- going from composite to composite ------------------------------------------------------

    def shuffle(self) -> None:
        """Another composite, by chance."""
        if self.head.set_id is not None:
            if len(self._ids):
                self.show_recipe(self._ids[random.randrange(len(self._ids))])
            return
        seed, self._next_seed = self._next_seed, self._draw_seed()
        self.go_to_seed(seed)

    def step(self, step: int, shown: Sequence[int]) -> None:
        """The next composite of the set, or the next seed; the one before where step is negative.

        Args:
            shown: recipes as which what is shown stands in sets.
        """
        if self.head.set_id is None:
            if self._seed + step >= 0:
                self.go_to_seed(self._seed + step)
            return
        place = self._place(shown)
        if place is None:
            place = -1 if step > 0 else len(self._ids)
        if 0 <= place + step < len(self._ids):
            self.show_recipe(self._ids[place + step])
        else:
            self.said.emit("The set ends here." if step > 0 else "The set begins here.")

    def go_to_seed(self, seed: int) -> None:
        """The composite of a seed."""
        if self.bench is not None:
            self.said.emit("")
            self._seed = seed
            self._draw(seed)

    def choose_set(self, set_id: int | None) -> None:
        """Shows the composites of a set, or those that are drawn here."""
        if set_id == self.head.set_id or self.bench is None:
            self._set_head()  # until something else is chosen, the chips show what is in force
            return
        self._set_head(set_id=set_id, place="")
        if set_id is None:
            self._draw(self._seed)
        else:
            self._read_ids(self._show_first)
        self._read_chart()

    def choose_background(self, background_id: int | None) -> None:
        """Draws on another background."""
        self._set_head(background_id=background_id)
        if self.bench is not None:
            self._draw(self._seed)

    def show_recipe(self, recipe_id: int) -> None:
        """A composite of the project."""
        bench = self.bench
        if bench is None:
            return

        def fetched(rendered: Rendered | None) -> None:
            if rendered is None:
                self.said.emit(f"Composite {recipe_id} is no longer there.")
                self._set_head(busy=False)
            else:
                self._opened(rendered)

        self._go(lambda: bench.fetch(recipe_id), fetched, lambda: self.show_recipe(recipe_id))

    def show_again(self, rendered: Rendered) -> None:
        """A composite that was there before, as it was then."""
        bench = self.bench
        if bench is not None:
            self._go(lambda: bench.show(rendered), self._opened, self._last)

    def draw_again(self) -> None:
        """The composite of the seed that is shown."""
        self._draw(self._seed)

    def tell(self, rendered: Rendered, shown: Sequence[int], *, edited: bool) -> None:
        """Says in the head what is shown.

        Args:
            shown: recipes as which it stands in sets.
        """
        place = self._place(shown)
        text = "" if place is None else f"{place + 1:,} of {len(self._ids):,}"
        self._set_head(seed=rendered.recipe.seed, place=text, edited=edited, busy=self.source_wanted)

    def _draw(self, seed: int) -> None:
        bench, background_id = self.bench, self.head.background_id
        if bench is None:
            return

        def drawn(rendered: Rendered) -> None:
            self._percents[seed, background_id] = rendered.percents
            if self.head.set_id is None:
                self._read_chart()
            self._opened(rendered)

        self._go(lambda: bench.draw(seed, background_id), drawn, lambda: self._draw(seed))

    def _go(
        self, work: Callable[[], Any], then: Callable[[Any], None], again: Callable[[], None] | None
    ) -> None:
        """Has another composite made; of many wishes the newest, and what there was time for before."""
        self.leaving.emit()
        bench, self._last = self.bench, again
        wanted = self._wanted = object()
        self._set_head(busy=True)

        def guarded() -> Any:
            try:
                return work()
            except AmodalError as problem:
                return problem

        def done(found: Any) -> None:
            if wanted is self._wanted:
                self._wanted = None
            if bench is not self.bench:
                return
            if isinstance(found, AmodalError):
                self._set_head(
                    seed=self._seed if self.head.set_id is None else None, place="", edited=False, busy=False
                )
                self.refused.emit(found)
            else:
                then(found)

        self._lane.newest(guarded, done)

    def _opened(self, rendered: Rendered) -> None:
        if rendered.row is not None or self.head.set_id is not None:
            self._seed = rendered.recipe.seed
        self.opened.emit(rendered)

    def look_ahead(self, shown: Sequence[int]) -> None:
        """Draws what comes next while nothing else is to do."""
        bench, background_id = self.bench, self.head.background_id
        if bench is None:
            return
        if self.head.set_id is not None:
            place = self._place(shown)
            if place is not None and place + 1 < len(self._ids):
                following = self._ids[place + 1]
                self._lane.when_idle(lambda: _quietly(bench.fetch_ahead, following), lambda _: None)
            return
        by_chance, after = self._next_seed, self._seed + 1

        def then(_: object) -> None:
            self._lane.when_idle(lambda: _quietly(bench.draw_ahead, after, background_id), lambda _: None)

        self._lane.when_idle(lambda: _quietly(bench.draw_ahead, by_chance, background_id), then)

    # ---- details --------------------------------------------------------------------------------

    def _place(self, shown: Sequence[int]) -> int | None:
        """Where the composite that is shown stands in the set that is shown."""
        if self.head.set_id is None:
            return None
        return next((self._ids.index(one) for one in shown if one in self._ids), None)

    def _show_first(self, ids: array[int]) -> None:
        if len(ids):
            self.show_recipe(ids[0])

    def _read_ids(self, then: Callable[[array[int]], None]) -> None:
        set_id, camera_id = self.head.set_id, self.camera_id
        if set_id is None or camera_id is None:
            return

        def arrived(ids: array[int]) -> None:
            if self.head.set_id == set_id:
                self._ids = ids
                then(ids)

        self._session.in_background(lambda: self._reads.ids(set_id, camera_id), arrived, tag="compose ids")

    def _read_chart(self) -> None:
        set_id, camera_id = self.head.set_id, self.camera_id
        row = next((one for one in self._facts.sets if one.id == set_id), None)
        if row is None or camera_id is None:
            self.chart_changed.emit(chart_of(None, self._percents.values()))
            return

        def arrived(counts: tuple[int, ...]) -> None:
            if self.head.set_id == row.id:
                self.chart_changed.emit(chart_of(row, (), counts))

        self._session.in_background(
            lambda: self._reads.histogram(row.id, camera_id), arrived, tag="compose chart"
        )

    def _set_head(self, **changes: Any) -> None:
        self.head = replace(self.head, **changes)
        self.head_changed.emit(self.head)


def _quietly(work: Callable[..., object], *arguments: object) -> None:
    """Does what was not asked for yet; what is wrong with it is told when it is."""
    try:
        work(*arguments)
    except AmodalError:
        return
