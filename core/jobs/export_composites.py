"""The job that writes a set of composites as pictures with labels, for other tools."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.compositing.render import Composer
from core.errors import CompositeError, ExchangeError
from core.exchange.composites.coco import write_coco
from core.exchange.composites.composite import CompositeSet, ExportedComposite, picture_name
from core.exchange.composites.walt import FOLDERS, write_walt
from core.exchange.picture_folder import PictureFolder
from core.jobs.bodies import Bodies
from core.jobs.composite_settings import ExportCompositesSettings
from core.jobs.composites import StoredPieces
from core.jobs.context import JobContext
from core.jobs.privacy import Marked, Privacy, digest_of
from core.jobs.release import SHEET_FOLDER, Release
from core.records.cameras import CalibrationRecord
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.project import BackgroundRow, CameraRow
from core.records.recipes import Piece, RecipeRow, RecipeSetRow, Split
from core.store.project import Project
from core.store.queries.backgrounds import list_backgrounds
from core.store.queries.calibrations import calibration_history
from core.store.queries.cameras import list_cameras
from core.store.queries.recipes import recipe_page, recipe_sets, set_by_name
from core.store.queries.standing import objects_of_masks

_PAGE = 100


def run_export_composites(context: JobContext) -> dict[str, Any]:
    """Write pictures and labels, split by split; a second run goes on where the first stopped.

    Raises:
        ExchangeError: there is no such set or camera, or the folder is not fit, or holds another export.
        DiskFullError: there is no room; what is written stays.
    """
    settings = context.settings(ExportCompositesSettings)
    path = settings.path.expanduser().absolute()
    with context.project.read() as connection:
        chosen = _chosen_set(recipe_sets(connection), settings.set) or set_by_name(connection, settings.set)
    if chosen is None:
        raise ExchangeError(
            f"There is no set of composites called {settings.set}."
            if settings.set
            else "There is no set of composites.",
            "Make one with `amodal compose` or in the Compose workspace.",
        )
    blur, export = settings.blur_faces_and_plates, _sets_apart(settings, chosen)
    with PictureFolder(context.project, path, blurred=blur, export=export) as folder:
        source = StoredPieces(context.project.path)
        try:
            return _Export(context, settings, chosen, folder, source).run()
        finally:
            source.close()


def _chosen_set(sets: Sequence[RecipeSetRow], name: str) -> RecipeSetRow | None:
    return next((one for one in sets if not name or one.name == name), None)


def _sets_apart(settings: ExportCompositesSettings, chosen: RecipeSetRow) -> dict[str, str]:
    """What must be the same for a folder to be gone on with; each split has labels of its own."""
    walt = settings.format == "walt"
    camera = {"camera": settings.camera} if settings.camera else {}
    return {
        "set": chosen.name,
        "format": "WALT" if walt else "COCO",
        "kind of picture": "JPEG" if walt or settings.picture == "jpeg" else "PNG",
        **camera,
    }


class _Export:
    """One run over one set."""

    def __init__(
        self,
        context: JobContext,
        settings: ExportCompositesSettings,
        chosen: RecipeSetRow,
        folder: PictureFolder,
        source: StoredPieces,
    ) -> None:
        self._context, self._settings, self._set, self._folder = context, settings, chosen, folder
        self._source = source
        self._composer = Composer(source)
        blur = settings.blur_faces_and_plates
        self._privacy = Privacy(context.project, Bodies(settings.body)) if blur else None
        title = f"Blurred in {chosen.name}"
        sheet = blur and settings.contact_sheet
        self._release = Release(folder, title, sheet=sheet)
        self._cameras, self._backgrounds, self._calibrations = _tables(context.project)
        self._used: set[int] = set()
        self._done = self._left_out = 0
        self._camera = self._camera_id(settings.camera)
        self._splits = [one for one in Split if settings.split in ("all", one.value) and self._count(one)]
        self._total = sum(map(self._count, self._splits))

    def run(self) -> dict[str, Any]:
        """Write every split; gives what the job tells."""
        if not self._total:
            raise ExchangeError(
                f"There are no such composites in {self._set.name}.", "Choose another set, split or camera."
            )
        pictures = objects = 0
        for split in self._splits:
            written, labelled = self._write(split)
            pictures, objects = pictures + written, objects + labelled
        self._release.finish()
        if not pictures:
            raise CompositeError(
                f"None of the {self._total} composites of {self._set.name} can be rendered.",
                "The job's log says why; make composites again.",
            )
        result: dict[str, Any] = {"folder": str(self._folder.path), "pictures": pictures, "objects": objects}
        if self._folder.kept:
            result["files that were there"] = self._folder.kept
        if self._left_out:
            result["left out, not to be rendered"] = self._left_out
        if self._privacy is None:
            result["blurred"] = "nothing: faces and plates can be read"
        else:
            result["blurred"] = f"{self._release.regions} faces and plates"
            if self._release.pages:
                result["contact sheet"] = str(self._folder.path / SHEET_FOLDER)
        return result

    def _write(self, split: Split) -> tuple[int, int]:
        self._used.clear()
        whole = CompositeSet(
            self._context.project.uuid, self._set.name, self._privacy is not None, self._used_calibrations
        )
        if self._settings.format == "walt":
            kind = self._settings.walt_kind
            return write_walt(self._folder, whole, split, lambda: self._composites(split), kind=kind)
        return write_coco(
            self._folder,
            whole,
            split,
            lambda: self._composites(split),
            format=self._settings.picture,
            segmentation=self._settings.segmentation,
        )

    def _composites(self, split: Split) -> Iterator[ExportedComposite]:
        """A split's composites; each is shown on the sheet once its picture is written."""
        for row in self._rows(split):
            self._context.check_stop()
            self._context.progress(self._done / self._total, f"Writing {self._set.name}, {split.value}")
            self._done += 1
            try:
                one, picture, marked = self._rendered(row, split)
            except CompositeError as problem:
                self._left_out += 1
                self._context.log(f"Composite {row.id}: {problem.problem}")
                continue
            yield one
            self._release.show(self._name(row.id, split), picture, marked)

    def _rendered(
        self, row: RecipeRow, split: Split
    ) -> tuple[ExportedComposite, NDArray[np.uint8] | None, list[Marked]]:
        """A composite, its blurred picture unless that is there already, and what is blurred in it."""
        recipe = row.recipe
        background = self._backgrounds.get(recipe.background_id)
        if background is None:
            raise CompositeError(f"Background {recipe.background_id} is gone.", "Make composites again.")
        width, height = background.width, background.height
        labels = self._composer.labels(recipe)
        ignored = self._composer.ignored(recipe)
        found = self._source.pieces([one.piece_id for one in labels])
        pieces = [found[label.piece_id] for label in labels]
        marked: list[Marked] = []
        if self._privacy is not None:
            marked = self._privacy.in_composite(row, labels, ignored, pieces, width, height)
        made_of = self._made_of(row, marked)
        picture: NDArray[np.uint8] | None = None
        if not self._folder.has(self._name(row.id, split), made_of):
            picture = self._composer.picture(recipe)
            if self._privacy is not None:
                picture = self._release.ready(picture, marked)
        calibrations = tuple(_calibration_of(piece) for piece in pieces)
        self._used.update(one for one in calibrations if one is not None)
        drawn = picture

        def give() -> NDArray[np.uint8]:
            assert drawn is not None
            return drawn

        one = ExportedComposite(
            row=row,
            camera=self._cameras[recipe.camera_id].name,
            hour=background.hour,
            width=width,
            height=height,
            labels=labels,
            ignored=tuple(zip(self._kinds(row, ignored), ignored, strict=True)),
            calibrations=calibrations,
            shape_spaces=tuple(piece.shape_space for piece in pieces),
            made_of=made_of,
            picture=give,
        )
        return one, picture, marked

    def _kinds(self, row: RecipeRow, ignored: Sequence[MaskPatch]) -> list[Category]:
        """What each ignored mask is of; a standing object whose layer is off is a vehicle."""
        with self._context.project.read() as connection:
            own = objects_of_masks(connection, list(row.recipe.ignored))
        ids = [*row.recipe.ignored, *[0] * (len(ignored) - len(row.recipe.ignored))]
        return [own[i][2] if i in own else Category.CAR for i in ids]

    def _made_of(self, row: RecipeRow, marked: Sequence[Marked]) -> str:
        """Changes with whatever changes the picture."""
        blur = "plain" if self._privacy is None else digest_of(marked)
        return hashlib.blake2b(f"{row.recipe!r} {blur}".encode(), digest_size=12).hexdigest()

    def _name(self, recipe_id: int, split: Split) -> str:
        if self._settings.format == "walt":
            return f"{FOLDERS[split]}/images/{picture_name(recipe_id, 'jpeg')}"
        return f"{split.value}/{picture_name(recipe_id, self._settings.picture)}"

    def _rows(self, split: Split) -> Iterator[RecipeRow]:
        after = 0
        while True:
            with self._context.project.read() as connection:
                page = recipe_page(
                    connection, self._set.id, after, _PAGE, split=split, camera_id=self._camera
                )
            if not page:
                return
            yield from page
            after = page[-1].id

    def _count(self, split: Split) -> int:
        return sum(
            count
            for (camera_id, part), count in self._set.counts.items()
            if part is split and self._camera in (None, camera_id)
        )

    def _camera_id(self, name: str) -> int | None:
        if not name:
            return None
        for camera_id, row in self._cameras.items():
            if row.name == name:
                return camera_id
        raise ExchangeError(f"There is no camera {name}.", "Name one of the project's cameras, or none.")

    def _used_calibrations(self) -> dict[int, CalibrationRecord]:
        return {i: self._calibrations[i] for i in self._used if i in self._calibrations}


def _calibration_of(piece: Piece) -> int | None:
    return piece.calibration_id if piece.fit is not None else None


def _tables(
    project: Project,
) -> tuple[dict[int, CameraRow], dict[int, BackgroundRow], dict[int, CalibrationRecord]]:
    """Cameras, backgrounds and calibrations by id."""
    with project.read() as connection:
        cameras = {row.id: row for row in list_cameras(connection)}
        backgrounds = {row.id: row for i in cameras for row in list_backgrounds(connection, i, newest=False)}
        calibrations = {row.id: row.record for i in cameras for row in calibration_history(connection, i)}
    return cameras, backgrounds, calibrations
