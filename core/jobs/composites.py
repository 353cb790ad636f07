"""A project's pieces, cut-outs and backgrounds as the composer reads them: by id, when they are needed."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from core.jobs.background import decode_png
from core.records.masks import Rle
from core.records.recipes import Cutout, Piece, Recipe
from core.store.project import Project
from core.store.queries.backgrounds import background_images
from core.store.queries.pieces import cutouts_by_ids, masks_by_ids, pieces_by_ids
from core.store.queries.recipes import recipe_alone


class StoredPieces:
    """The pieces of a project, as `PieceSource`. Nothing is kept here: the composer keeps what it decodes.

    It opens the project for reading when it is first asked, once in each process: it may be handed to
    processes that are forked or spawned, such as a DataLoader's workers. SQLite's connections must not be
    carried over a fork, so it lets go of its own before one.

    Args:
        path: of the project.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._project: Project | None = None
        self._lock = RLock()
        if hasattr(os, "register_at_fork"):
            own = weakref.ref(self)
            os.register_at_fork(
                before=lambda: _before_fork(own),
                after_in_parent=lambda: _after_fork(own),
                after_in_child=lambda: _after_fork(own),
            )

    def pieces(self, ids: Sequence[int]) -> Mapping[int, Piece]:
        """Pieces by their ids; those that are not there are left out."""
        with self._lock, self._open().read() as connection:
            return pieces_by_ids(connection, ids)

    def cutouts(self, ids: Sequence[int]) -> Mapping[int, Cutout]:
        """Cut-outs by their own ids; those that are not there are left out."""
        with self._lock, self._open().read() as connection:
            return cutouts_by_ids(connection, ids)

    def background(self, background_id: int) -> NDArray[np.uint8] | None:
        """(H, W, 3) uint8 RGB of a background, or None where there is none of that id."""
        with self._lock, self._open().read() as connection:
            images = background_images(connection, background_id)
        return None if images is None else decode_png(images[0])

    def masks(self, ids: Sequence[int]) -> Mapping[int, Rle]:
        """Masks by their ids; those that are not there are left out."""
        with self._lock, self._open().read() as connection:
            return masks_by_ids(connection, ids)

    def recipe(self, recipe_id: int) -> Recipe | None:
        """A recipe by its id, or None."""
        with self._lock, self._open().read() as connection:
            return recipe_alone(connection, recipe_id)

    def project(self) -> Project:
        """The project, open for reading in this process; `close` lets go of it."""
        with self._lock:
            return self._open()

    def close(self) -> None:
        """Let go of the file; the next reading opens it again."""
        with self._lock:
            if self._project is not None:
                self._project.close()
                self._project = None

    def __reduce__(self) -> tuple[type[StoredPieces], tuple[Path]]:
        return StoredPieces, (self.path,)

    def _open(self) -> Project:
        if self._project is None:
            self._project = Project.open(self.path, read_only=True)
        return self._project


def _before_fork(own: weakref.ref[StoredPieces]) -> None:
    pieces = own()
    if pieces is not None:
        pieces._lock.acquire()  # a thread that is reading comes to its end first
        pieces.close()


def _after_fork(own: weakref.ref[StoredPieces]) -> None:
    pieces = own()
    if pieces is not None:
        pieces._lock.release()
