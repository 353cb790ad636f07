"""Composites of a project for a data set: a set that was made, or an endless supply drawn on the fly."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path

from core.errors import CompositeError, JobError
from core.jobs.compose.draw import MOST_NUMBERS, RecipeDrawer, split_settings
from core.jobs.compose.stock import load_stock
from core.jobs.composite_settings import ComposeSettings
from core.jobs.composites import StoredPieces
from core.records.recipes import Recipe, Split
from core.store.queries.cameras import list_cameras
from core.store.queries.recipes import recipe_ids, set_by_name


class StoredComposites:
    """The recipes of a set that was made, in their order: as `CompositeSupply`.

    Only their ids are kept, eight bytes each.

    Args:
        path: of the project.
        name: of the set.
        split: only these, or None for all.
        left_out: ids of recipes that are not among them.

    Raises:
        JobError: there is no such set, or nothing in it.
    """

    def __init__(
        self, path: Path, name: str, split: Split | None = None, left_out: frozenset[int] = frozenset()
    ) -> None:
        source = StoredPieces(path)
        with source.project().read() as connection:
            found = set_by_name(connection, name)
            ids = array("q") if found is None else recipe_ids(connection, found.id, split=split)
        source.close()
        ids = array("q", (one for one in ids if one not in left_out)) if left_out else ids
        if found is None:
            raise JobError(f"There is no set of composites called {name}.", "Make one with `amodal compose`.")
        if not ids:
            what = "" if split is None else f" for {split.value}"
            raise JobError(f"The set {name} has no composites{what}.", "Choose another set or split.")
        self._ids, self._source = ids, source

    def __len__(self) -> int:
        return len(self._ids)

    def recipe(self, index: int) -> Recipe:
        """The recipe of a place.

        Raises:
            CompositeError: it was removed meanwhile.
        """
        found = self._source.recipe(self._ids[index])
        if found is None:
            raise CompositeError(
                f"Composite {self._ids[index]} was removed from its set.", "Open the data set anew."
            )
        return found

    def pieces(self) -> StoredPieces:
        """The pieces of the project."""
        return self._source


class DrawnComposites:
    """Composites drawn when they are asked for, from what is cut out: as `CompositeSupply`.

    The same settings, over the same pieces, give the same composites as the job `compose` writes. Every
    process draws from the pieces that there were when this was made.

    Args:
        path: of the project.
        settings: of the composites; their `name` and `count` do not matter.
        length: how many there are to be.
        first: number of the first: an epoch later, go on where the one before ended.

    Raises:
        CompositeError: none can be made, or one seed does not give so many.
        JobError: there is no such camera.
    """

    def __init__(self, path: Path, settings: ComposeSettings, length: int, first: int = 0) -> None:
        if first < 0 or length < 1 or first + length > MOST_NUMBERS:
            raise CompositeError(
                f"One seed gives {MOST_NUMBERS} composites, and numbers {first} to {first + length - 1} are "
                "asked for.",
                "Go on with another seed.",
            )
        self._settings, self._length, self._first = settings, length, first
        self._source = StoredPieces(path)
        self._newest: dict[int, int] | None = None
        self._digests: list[str] = []
        self._drawer: RecipeDrawer | None = self._drawn_from()

    def __len__(self) -> int:
        return self._length

    def recipe(self, index: int) -> Recipe:
        """The recipe of a place.

        Raises:
            CompositeError: its scene has no room for one, or this is a process of its own that finds other
                pieces than there were when this was made.
        """
        if self._drawer is None:
            self._drawer = self._drawn_from()
        return self._drawer.recipe(self._first + index).recipe

    def pieces(self) -> StoredPieces:
        """The pieces of the project."""
        return self._source

    def __reduce__(self) -> tuple[Callable[..., DrawnComposites], tuple[object, ...]]:
        # a spawned process reads the pieces itself, when it draws the first
        return _again, (
            self._source,
            self._settings,
            self._length,
            self._first,
            self._newest,
            self._digests,
        )

    def _drawn_from(self) -> RecipeDrawer:
        project = self._source.project()
        with project.read() as connection:
            cameras = [row for row in list_cameras(connection) if self._settings.camera in ("", row.name)]
        if not cameras:
            raise JobError(f"There is no camera {self._settings.camera}.", "Choose one of the project's.")
        known = self._newest
        stocks = [
            load_stock(
                project,
                camera,
                split_settings(self._settings),
                hours=self._settings.hours,
                newest_piece=None if known is None else known.get(camera.id, 0),
            )
            for camera in cameras
        ]
        digests = [one.digest for one in stocks]
        if known is None:
            self._newest, self._digests = {one.camera.id: one.newest_piece for one in stocks}, digests
        elif digests != self._digests:
            raise CompositeError(
                "What these composites are drawn from has changed since the data set was opened.",
                "Open it anew, or make a set with `amodal compose` and train on that.",
            )
        return RecipeDrawer(stocks, self._settings)


def _again(
    source: StoredPieces,
    settings: ComposeSettings,
    length: int,
    first: int,
    newest: dict[int, int] | None,
    digests: list[str],
) -> DrawnComposites:
    made = DrawnComposites.__new__(DrawnComposites)
    made._source, made._settings, made._length, made._first = source, settings, length, first
    made._newest, made._digests, made._drawer = newest, digests, None
    return made
