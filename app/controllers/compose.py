"""The Compose workspace's controller: what is changed in the composite that is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.compose_bench import Change, Rendered
from app.controllers.compose_beside import ComposeBeside
from app.controllers.compose_browser import ComposeBrowser
from app.controllers.compose_drawing import card_of
from app.controllers.compose_hand import ComposeHand
from app.controllers.compose_lane import ComposeLane
from app.controllers.compose_reads import ComposeReads
from app.controllers.compose_slide import Held, hold, require_room
from app.controllers.compose_swaps import SwapRound
from app.states.compose import CompositeState, Layer
from app.states.scene import Scene
from core.compositing.edited import all_shown, moved, switched
from core.errors import AmodalError
from core.records.history import Touched
from core.records.jobs import JobRow, JobState
from core.records.recipes import Move, Recipe, RecipeRow
from core.store.edits.recipes import hide_set

if TYPE_CHECKING:
    from app.session import ProjectSession

log = logging.getLogger(__name__)

_HOLD_MS = 700  # steps of the keys within it are one change
_SCENE_MS, _HELD_SCENE_MS = 20, 120  # until the scene from above follows; while a layer is held
_MAKES_STOCK = ("cut", "fit", "background", "compose", "mine")
_TOLD_BY = frozenset({"camera", "calibration", "source", "background", "recipe_set"})


class ComposeController(QObject):
    """Holds the composite that is shown and turns wishes into undoable edits.

    Args:
        seed: gives the seeds to shuffle to; for tests.

    Attributes:
        browser: which composite is shown.

    Signals:
        changed(CompositeState, CompositeState): draw the composite, and WALT2D's of the same objects.
        slid(object): how the layer that is held is drawn, a Slide, or None.
        scene_changed(Scene), card_changed(FitCard): draw these.
        said(str): a line about what was just done; empty once the person has gone on.
    """

    changed = Signal(object, object)
    slid = Signal(object)
    scene_changed = Signal(object)
    card_changed = Signal(object)
    said = Signal(str)

    def __init__(
        self,
        session: ProjectSession,
        reads: ComposeReads | None = None,
        seed: Callable[[], int] | None = None,
    ) -> None:
        super().__init__()
        self._session = session
        self._reads = reads or ComposeReads(session.project)
        self._lane = ComposeLane(self._on_bug)
        self._hand = ComposeHand(session)
        self.browser = ComposeBrowser(
            session, self._reads, self._lane, seed, changed_id=lambda: self._hand.row_id
        )
        self._shown: Rendered | None = None  # as a person left it
        self._drawn: Rendered | None = None  # with a layer where it is held
        self._beside = ComposeBeside(self._lane, self._emit)
        self._selected: int | None = None
        self._held: Held | None = None
        self._swaps = SwapRound()
        self._outdated = True
        self._visible = False
        self._error = ""
        self._scene = Scene()
        self._scene_soon = QTimer(self)
        self._scene_soon.setSingleShot(True)
        self._scene_soon.timeout.connect(self._tell_scene)
        self._hold = QTimer(self)
        self._hold.setSingleShot(True)
        self._hold.setInterval(_HOLD_MS)
        self._hold.timeout.connect(self.drop)
        self.browser.leaving.connect(self._leave)
        self.browser.opened.connect(self._open)
        self.browser.refused.connect(self._refuse)
        self.browser.missing_changed.connect(lambda _: self._emit())
        self.browser.said.connect(self.said)
        self._hand.refused.connect(self.browser.refresh)
        self._hand.said.connect(self.said)
        session.undone.connect(lambda touched: self._on_reversed(touched, "Undid"))
        session.redone.connect(lambda touched: self._on_reversed(touched, "Did again"))

    @property
    def shown(self) -> Rendered | None:
        """The composite that is shown."""
        return self._shown

    @property
    def selected(self) -> int | None:
        """The key of the layer that is selected."""
        return self._selected

    # ---- life -----------------------------------------------------------------------------------

    def on_shown(self) -> None:
        """The workspace came to the front."""
        self._visible = True
        if self._outdated:
            self.refresh()

    def on_hidden(self) -> None:
        """The workspace left the front."""
        self.settle()
        self._visible = False
        self.said.emit("")

    def settle(self) -> None:
        """Keeps what is held, and waits until every change so far is asked of the store."""
        self.drop()
        self._lane.settle()

    def close(self) -> None:
        """Stops timers and thread."""
        self.settle()
        self._scene_soon.stop()
        self.browser.close()
        self._lane.settle()
        self._lane.close()

    def refresh(self) -> None:
        """Reads anew what there is to compose from, and draws anew what is shown."""
        self._outdated = False
        self.browser.refresh()

    def step(self, step: int) -> None:
        """The next composite of the set, or the next seed; the one before where step is negative."""
        self.browser.step(step, self._hand.ids)

    def _leave(self) -> None:
        """What is held in the composite that is left is kept first."""
        self.drop()
        self._swaps = SwapRound()

    def _open(self, rendered: Rendered) -> None:
        """Shows another composite."""
        self._error = ""
        self._hand.take(rendered)
        self._selected = None
        self._take(rendered)
        self.browser.look_ahead(self._hand.ids)

    def _refuse(self, problem: AmodalError) -> None:
        """Says why there is no composite."""
        self._error = f"{problem.problem}\n{problem.way_out}"
        self._shown = self._drawn = None
        self._selected = None
        self._beside.forget()
        self._emit()

    def _take(self, rendered: Rendered) -> None:
        self._shown = self._drawn = rendered
        self.browser.tell(rendered, self._hand.ids, edited=self._hand.edited)
        self._emit()
        self._beside.follow(rendered, self.browser.bench)

    # ---- layers ---------------------------------------------------------------------------------

    def select(self, key: int | None) -> None:
        """Selects a layer, or none."""
        if self._held is not None and key != self._selected:
            self.drop()
        if key != self._selected:
            self._selected = key
            self._emit()

    def select_instance(self, instance_id: int) -> None:
        """Selects the nearest layer of an instance."""
        layers = () if self._drawn is None else self._drawn.state.layers
        self.select(next((layer.key for layer in layers if layer.instance_id == instance_id), None))

    def step_layer(self, step: int) -> None:
        """Selects the layer below in the list (farther away), or above where step is negative."""
        layers = () if self._drawn is None else self._drawn.state.layers
        if not layers:
            return
        keys = [layer.key for layer in layers]
        place = keys.index(self._selected) + step if self._selected in keys else (0 if step > 0 else -1)
        self.select(keys[min(max(place, 0), len(keys) - 1)] if self._selected in keys else keys[place])

    def switch(self, key: int | None = None) -> None:
        """Switches a layer, or the selected one, off or on."""
        layer = self._layer(key)
        if layer is None:
            return
        wanted, index = not layer.shown, layer.key

        def change(now: Rendered) -> tuple[Recipe, int | None]:
            if wanted:
                require_room(now, index)
            return switched(now.recipe, index, wanted), index

        self._change(f"Switch {layer.name} {'on' if wanted else 'off'}", change)

    def all_on(self) -> None:
        """Switches every layer on."""
        selected = self._selected

        def change(now: Rendered) -> tuple[Recipe, int | None]:
            for index, one in enumerate(now.recipe.objects):
                if not one.shown:
                    require_room(now, index)
            return all_shown(now.recipe), selected

        self._change("Switch all layers on", change)

    def put_back(self) -> None:
        """Puts the selected layer back to its own place."""
        layer = self._layer()
        if layer is None:
            return
        if not layer.moved:
            self.said.emit(f"{layer.name} stands at its own place.")
            return
        index = layer.key

        def change(now: Rendered) -> tuple[Recipe, int | None]:
            recipe, place = moved(now.recipe, index, Move(), now.ingredients.places)
            require_room(replace(now, recipe=recipe), place)
            return recipe, place

        self._change(f"Put {layer.name} back", change)

    def swap(self, step: int = 1) -> None:
        """Puts the next object (or an earlier one) near the place of the selected layer instead of it."""
        layer, bench = self._layer(), self.browser.bench
        if layer is None or bench is None:
            return
        if layer.standing:
            self.said.emit(f"{layer.name} stands in the background, and stays there.")
            return
        swaps, index = self._swaps, layer.key

        def change(now: Rendered) -> tuple[Recipe, int | None] | None:
            if not swaps.goes_on(now, index):
                swaps.begin(now, index, bench.swap_choices(now, index))
            piece_id = swaps.step(step)
            return None if piece_id is None else bench.swapped(now, index, piece_id)

        def title(after: Rendered) -> str:
            other = next(one.name for one in after.state.layers if one.key == after.selected)
            return f"Swap {layer.name} for {other}"

        self._change(title, change, f"No other object fits where {layer.name} stands.")

    def remove(self) -> None:
        """Takes what is shown out of its set, where a person made it."""
        self.drop()
        if not self._hand.remove():
            self.said.emit("Only a composite that was changed by hand can be taken out.")

    def remove_set(self) -> None:
        """Takes the set that is shown off the lists; then what is drawn here is shown."""
        self.settle()  # a change that comes later would bring the set by hand back
        chosen, history = self.browser.shown_set, self._session.history
        if chosen is None:
            self.said.emit("No set is shown: choose one at Shows first.")
            return
        set_id = chosen.id
        self._session.perform(
            lambda: hide_set(history, set_id), lambda touched: self.said.emit(f"Done: {touched.title}.")
        )

    # ---- holding a layer ------------------------------------------------------------------------

    def drag(self, key: int, dx: float, dy: float) -> None:
        """A layer is held, so many pixels away from where the mouse took hold of it."""
        held = self._take_hold(key)
        if held is not None:
            held.drag(dx, dy)
            self._follow(held)

    def nudge(self, step_m: float) -> None:
        """Slides the selected layer so many metres farther."""
        layer = self._layer()
        held = None if layer is None else self._take_hold(layer.key)
        if held is not None:
            held.step(step_m)
            self._follow(held)
            self._hold.start()

    def drop(self) -> None:
        """Lets go of the layer that is held, where it may stand: one change."""
        self._hold.stop()
        held, self._held = self._held, None
        if held is None:
            return
        self._lane.drop_newest()
        if not held.changed:
            self._take(held.start)
            self.slid.emit(None)
            if held.blocked:
                self.said.emit(f"{held.name} would stand in {held.blocked}.")
            return
        index, free = held.index, held.free

        def change(now: Rendered) -> tuple[Recipe, int | None]:
            return moved(now.recipe, index, free, now.ingredients.places)

        self._change(held.title, change)

    def let_go(self) -> None:
        """Gives up what is held: the layer stays where it was."""
        self._hold.stop()
        held, self._held = self._held, None
        if held is not None:
            self._lane.drop_newest()
            self._take(held.start)
            self.slid.emit(None)

    def _take_hold(self, key: int) -> Held | None:
        if self._held is not None:
            return self._held
        shown = self._shown
        if shown is None or self._lane_changes():
            return None
        if key != self._selected:
            self.select(key)
        try:
            self._held = hold(shown, key)
        except AmodalError as problem:
            self.said.emit(f"{problem.problem} {problem.way_out}")
        return self._held

    def _lane_changes(self) -> bool:
        """Whether a change is under way, so that what is shown is about to be another."""
        return self._hand.changing > 0

    def _follow(self, held: Held) -> None:
        """Draws the layer where it is held: its outline at once, the picture as soon as it is rendered."""
        self._show_slide(held)
        bench = self.browser.bench
        if bench is None:
            return
        recipe, index = held.recipe
        if self._drawn is not None and recipe == self._drawn.recipe:
            return

        def rendered(found: Rendered) -> None:
            if self._held is held:
                self._drawn = found
                self._selected = found.selected
                self._emit()
                self._show_slide(held)

        self._lane.newest(lambda: bench.held(recipe, index), rendered)

    def _show_slide(self, held: Held) -> None:
        if self._drawn is not None and self._selected is not None:
            self.slid.emit(held.slide(self._drawn, self._selected))

    # ---- WALT2D beside --------------------------------------------------------------------------

    def want_other(self, wanted: bool) -> None:
        """Says whether WALT2D's composite of the same objects is looked at."""
        self._beside.wanted = wanted
        self._beside.follow(self._shown, self.browser.bench)

    # ---- news -----------------------------------------------------------------------------------

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed."""
        own = self._hand.is_own(touched)
        if not self._visible:
            self._outdated = True  # pieces may be stale now, too
        elif "recipe" in touched.rows:
            if not own:
                self._show_reversed(touched.rows["recipe"])
            self.browser.read_sets()
        elif _TOLD_BY & touched.rows.keys():
            self.refresh()

    def on_job_changed(self, row: JobRow) -> None:
        """A job that makes what composites are made of has ended."""
        if row.kind in _MAKES_STOCK and row.state is JobState.DONE:
            if self._visible:
                self.refresh()
            else:
                self._outdated = True

    def _on_reversed(self, touched: Touched, word: str) -> None:
        self._hand.on_reversed(touched)
        if self._visible:
            self.said.emit(f"{word}: {touched.title}.")

    def _show_reversed(self, ids: tuple[int, ...]) -> None:
        """What was taken back, or done again, is seen at once."""
        self._hold.stop()
        self._held = None

        def arrived(rows: list[RecipeRow]) -> None:
            here = [row.id for row in rows if row.recipe.camera_id == self.browser.camera_id]
            before = self._hand.before(ids)
            if here:
                self.browser.show_recipe(max(here))
            elif before is not None:
                self.browser.show_again(before)
            elif self._hand.row_id in ids:
                self.browser.draw_again()

        self._session.in_background(lambda: self._reads.recipes(ids), arrived, tag="compose reversed")

    # ---- details --------------------------------------------------------------------------------

    def _change(self, title: str | Callable[[Rendered], str], change: Change, nothing: str = "") -> None:
        """Changes what is shown and keeps that as one edit.

        Args:
            title: of the edit, or what names it once it is known what it led to.
            nothing: what is said where nothing changes.
        """
        bench = self.browser.bench
        if bench is None or self._shown is None:
            return
        if self.browser.source_wanted:  # what is shown is about to go
            self.said.emit("Nothing was changed: another composite is on its way. Press again then.")
            return
        if self._held is not None:
            self.drop()
        self._hand.changing += 1

        def work() -> Rendered | AmodalError | None:
            try:
                return bench.change(change)
            except AmodalError as problem:
                return problem

        def done(found: Rendered | AmodalError | None) -> None:
            self._hand.changing -= 1
            if bench is not self.browser.bench:
                return
            self.slid.emit(None)
            if found is None or isinstance(found, AmodalError):
                text = nothing if found is None else f"{found.problem} {found.way_out}"
                if text:
                    self.said.emit(text)
                if self._shown is not None:
                    self._take(self._shown)
                return
            self._selected = found.selected
            words = title if isinstance(title, str) else title(found)
            self._hand.save(found, words)
            self._take(found)
            if found.covers_ignored:
                self.said.emit("It now meets something parked that has no fit: nobody knows which is nearer.")

        self._lane.in_order(work, done)

    def _layer(self, key: int | None = None) -> Layer | None:
        """A layer, or the selected one; says so where there is none."""
        wanted = self._selected if key is None else key
        layers = () if self._drawn is None else self._drawn.state.layers
        found = next((layer for layer in layers if layer.key == wanted), None)
        if found is None and layers:
            self.said.emit("Select a layer first: click an object, or press the down arrow.")
        return found

    def _emit(self) -> None:
        drawn = self._drawn
        if drawn is None:
            state, scene = CompositeState(error=self._error), Scene()
        else:
            state = replace(drawn.state, selected=self._selected, error=self._error)
            if self._hand.edited:
                state = replace(state, title=f"{state.title}, changed by hand")
            layer = state.selected_layer
            scene = replace(drawn.scene, selected=None if layer is None else layer.instance_id)
        self.changed.emit(state, self._beside.state or CompositeState())
        self._scene = scene
        # the picture first; and a drag has no time for it at each of its moves
        if not self._scene_soon.isActive():
            self._scene_soon.start(_SCENE_MS if self._held is None else _HELD_SCENE_MS)
        self.card_changed.emit(card_of(state.selected_layer, self.browser.flat))

    def _tell_scene(self) -> None:
        self._scene_soon.stop()
        self.scene_changed.emit(self._scene)

    def _on_bug(self, problem: BaseException) -> None:
        log.error("an error that nobody expected", exc_info=problem)
        self._session.broke.emit(problem)
