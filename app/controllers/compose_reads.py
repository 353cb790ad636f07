"""Everything that the Compose workspace reads of the store, in calls that any thread may make."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.controllers.fits_scene import World, world_of
from core.compositing.edited import OnGround
from core.compositing.sampling.footprints import Footprint
from core.errors import AmodalError
from core.records.fits import FitRow
from core.records.project import BackgroundRow, CameraRow
from core.records.recipes import Piece, PieceCounts, PieceRow, RecipeRow, RecipeSetRow
from core.store.project import Project
from core.store.queries import backgrounds, cameras, fits, pieces, recipes
from core.store.queries.calibrations import calibration_in_force

if TYPE_CHECKING:
    from core.jobs.compose.stock import CameraStock
    from core.jobs.composites import StoredPieces

NO_PIECES = PieceCounts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class ComposeFacts:
    """What there is to compose from.

    Attributes:
        cameras: all of them.
        camera: the one that is asked for, or the one with most pieces; None where there is none.
        counts: its pieces. backgrounds: its own, one for each hour.
        calibration_id: in force, or None.
        sets: that hold recipes of this camera, newest first.
    """

    cameras: tuple[CameraRow, ...]
    camera: CameraRow | None = None
    counts: PieceCounts = NO_PIECES
    backgrounds: tuple[BackgroundRow, ...] = ()
    calibration_id: int | None = None
    sets: tuple[RecipeSetRow, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ingredients:
    """What is known of a recipe's pieces.

    Attributes:
        rows, places: of each piece that is there, by its id.
        fits: by piece id, as they were stored.
    """

    rows: Mapping[int, PieceRow]
    places: Mapping[int, OnGround]
    fits: Mapping[int, FitRow]


class ComposeReads:
    """Reads one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def facts(self, camera_id: int | None) -> ComposeFacts:
        """What there is at a camera, or at the one where there is most."""
        with self._project.read() as connection:
            rows = tuple(cameras.list_cameras(connection))
            counts = {row.id: pieces.piece_counts(connection, row.id) for row in rows}
            chosen = next((row for row in rows if row.id == camera_id), None)
            if chosen is None and rows:
                # that with most pieces; of as many, the one with most footage
                chosen = max(rows, key=lambda row: (counts[row.id].ready, row.frame_count, -row.id))
            if chosen is None:
                return ComposeFacts(rows)
            calibration = calibration_in_force(connection, chosen.id)
            sets = [
                one
                for one in recipes.recipe_sets(connection)
                if any(camera == chosen.id for camera, _ in one.counts)
            ]
            return ComposeFacts(
                rows,
                chosen,
                counts[chosen.id],
                tuple(backgrounds.list_backgrounds(connection, chosen.id)),
                None if calibration is None else calibration.id,
                tuple(sets),
            )

    def world(self, camera_id: int, width: int, height: int) -> World | None:
        """The calibrated camera for pictures of a size; None without a calibration that can be used."""
        from core.geometry.calibration.result import from_record

        with self._project.read() as connection:
            row = calibration_in_force(connection, camera_id)
        if row is None:
            return None
        try:
            camera, plane = from_record(row.record)
        except AmodalError:  # numbers of somebody's file that are no camera's: Sources says so
            return None
        if (camera.width, camera.height) != (width, height):
            camera = camera.resized(width, height)
        return world_of(camera, plane)

    def ids(self, set_id: int, camera_id: int) -> array[int]:
        """The recipes of a set, in order."""
        with self._project.read() as connection:
            return recipes.recipe_ids(connection, set_id, camera_id=camera_id)

    def recipes(self, recipe_ids: Sequence[int]) -> list[RecipeRow]:
        """Those of some recipes that are there."""
        with self._project.read() as connection:
            return recipes.recipes_by_ids(connection, recipe_ids)

    def histogram(self, set_id: int, camera_id: int) -> tuple[int, ...]:
        """How many objects of a set are hidden by how much."""
        with self._project.read() as connection:
            return recipes.occlusion_histogram(connection, set_id, camera_id=camera_id)

    def ingredients(self, piece_ids: Sequence[int]) -> Ingredients:
        """What is known of some pieces."""
        with self._project.read() as connection:
            rows = {row.id: row for row in pieces.piece_rows(connection, piece_ids)}
            whole = pieces.pieces_by_ids(connection, piece_ids)
            fit_ids = [one.fit_id for one in whole.values() if one.fit is not None and one.fit_id is not None]
            found = {row.id: row for row in fits.fits_by_ids(connection, fit_ids)}
        places = {key: place_of(row) for key, row in rows.items()}
        return Ingredients(rows, places, _by_piece(whole, found))

    def stock(self, camera_id: int, *, whole: bool = False) -> CameraStock:
        """What composites of a camera are drawn from.

        Args:
            whole: whether all of it is for training, instead of being split as the job does by default.
        """
        from core.jobs.compose.draw import split_settings
        from core.jobs.compose.stock import load_stock
        from core.jobs.composite_settings import ComposeSettings

        with self._project.read() as connection:
            camera = cameras.camera_by_id(connection, camera_id)
        assert camera is not None
        settings = ComposeSettings(validation_percent=0, test_percent=0) if whole else ComposeSettings()
        return load_stock(self._project, camera, split_settings(settings))

    def source(self) -> StoredPieces:
        """Where a composer reads; it opens the project once more, for reading."""
        from core.jobs.composites import StoredPieces

        return StoredPieces(self._project.path)

    def swap_candidates(self, piece_id: int) -> list[PieceRow]:
        """Pieces that could stand where one stands, the best first."""
        with self._project.read() as connection:
            return pieces.swap_candidates(connection, piece_id)


def place_of(row: PieceRow) -> OnGround:
    """Where a piece's own place is."""
    box = (int(row.box.x), int(row.box.y), int(row.box.w), int(row.box.h))
    return OnGround(None if row.footprint is None else Footprint(row.footprint), box, row.track_id)


def _by_piece(whole: Mapping[int, Piece], found: Mapping[int, FitRow]) -> dict[int, FitRow]:
    return {
        key: found[one.fit_id] for key, one in whole.items() if one.fit_id is not None and one.fit_id in found
    }
