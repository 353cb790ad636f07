"""What is blurred in a project's pictures: plates and heads, in frames and composites alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from core.compositing.cut_edge import MOST_OFF_PX
from core.compositing.privacy.plates import SeenFit
from core.compositing.privacy.regions import Region, grown, shrunk, without
from core.compositing.privacy.subjects import Subject, regions_of
from core.geometry.boxes import iou_matrix
from core.geometry.calibration.result import from_record
from core.geometry.cameras import Camera
from core.geometry.masks import patch_box
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitReview, FitRow, VehicleFit
from core.records.masks import MaskPatch
from core.records.recipes import ObjectLabel, Piece, RecipeRow
from core.shapes.space_file import default_space
from core.store.project import Project
from core.store.queries import instances
from core.store.queries.calibrations import calibration_history
from core.store.queries.cameras import list_cameras
from core.store.queries.fits import fits_by_ids, fits_in_force
from core.store.queries.standing import (
    StandingObject,
    driven_off,
    objects_of_masks,
    passing_unseen,
    standing_objects,
)

_SOFT_EDGE_PX = 3  # how far an object's pixels may reach beyond its mask
_UNSEEN_S = (
    2.0  # a track is taken to be in a frame without a find, if it has some so shortly before and after
)
_SAME_PLACE = 0.5  # IoU from which two boxes of a track that stands are of one place
_SHOWN_AGAIN_S = 10.0  # of a track, on the contact sheet of a video
_MOST_FITS = 50_000  # that are kept in memory
_FORMAT = b"regions 2"


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A region of one picture.

    Attributes:
        key: the same for the same part of the same object in every picture.
        name: what a person calls the object.
        region: what is blurred.
    """

    key: str
    name: str
    region: Region


class Privacy:
    """Finds what must be blurred. It reads the project as it stands; one for an export.

    Args:
        project: whose pictures.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._space = default_space()
        self._cameras: dict[tuple[int, int, int], Camera | None] = {}
        self._standing: dict[int, list[StandingObject]] = {}
        self._in_background: dict[tuple[int, int], list[StandingObject]] = {}
        self._fits: dict[int, FitRow | None] = {}
        with project.read() as connection:
            self._records = {
                row.id: row.record
                for camera in list_cameras(connection)
                for row in calibration_history(connection, camera.id)
            }

    def in_frame(
        self,
        camera_id: int,
        source_id: int,
        frame_id: int,
        time_s: float,
        width: int,
        height: int,
    ) -> list[Marked]:
        """The regions of an original frame.

        They are of everything that was found in it, whatever people said of it; of what was found shortly
        before and after; and of what stands still while it was taken.
        """
        with self._project.read() as connection:
            found = instances.of_frame(connection, frame_id)
            fits = fits_in_force(connection, [one.id for one in found])
            unseen = passing_unseen(connection, source_id, frame_id, time_s, within_s=_UNSEEN_S)
            standing = self._standing_at(connection, camera_id)
        part = int(time_s // _SHOWN_AGAIN_S)

        def name(instance_id: int, track_id: int | None) -> str:
            return f"object {instance_id}" if track_id is None else f"track {track_id}.{part}"

        subjects = [
            Subject(
                name(one.id, one.track_id),
                one.category,
                one.box,
                self._by_row(fits.get(one.id), width, height),
            )
            for one in found
        ]
        subjects += [Subject(name(0, track), category, box) for track, category, box in unseen]
        here = {one.track_id for one in found} - {None}
        subjects += [
            Subject(name(one.instance_id, one.track_id), one.category, one.box)
            for one in standing
            if one.source_id == source_id
            and one.first_s <= time_s <= one.last_s
            and one.track_id not in here
            and one.instance_id not in {row.id for row in found}
        ]
        return _marked(subjects, width, height)

    def in_composite(
        self,
        row: RecipeRow,
        labels: Sequence[ObjectLabel],
        ignored: Sequence[MaskPatch],
        pieces: Sequence[Piece],
        width: int,
        height: int,
    ) -> list[Marked]:
        """The regions of a composite: of what is pasted, where it is seen, and of what stands behind it.

        Args:
            row: its recipe.
            labels: of its objects, far to near.
            ignored: what stands in its background without a label.
            pieces: of each label.
            width, height: of the picture, pixels.
        """
        # near its edge a mask lets through what is behind it, as far as a cut-out leaves ground behind
        covers = tuple(shrunk(label.amodal, MOST_OFF_PX) for label in labels)
        with self._project.read() as connection:
            self._read_fits(connection, [one.fit_id for one in pieces if one.fit_id is not None])
            standing = self._standing_in(connection, row.recipe.camera_id, row.recipe.background_id)
            own = objects_of_masks(connection, list(row.recipe.ignored))
        subjects = []
        for place, (label, piece) in enumerate(zip(labels, pieces, strict=True)):
            # of a pasted object nothing comes along but what its mask lets through; one that stands there is
            # in the background whole, whatever its mask misses
            nearer = covers[place + 1 :]
            seen = without(label.amodal, nearer)
            only = None if piece.standing else grown(seen, _SOFT_EDGE_PX, width, height)
            subjects.append(
                Subject(
                    f"object {label.instance_id}",
                    label.category,
                    label.amodal_box,
                    self._of_label(label.fit, piece.fit_id, width, height),
                    only=only,
                    behind=nearer if piece.standing else (),
                )
            )
        for number, patch in enumerate(ignored):
            if not patch.bits.any():
                continue
            mask_id = row.recipe.ignored[number] if number < len(row.recipe.ignored) else 0
            instance_id, _, category = own.get(mask_id, (0, None, Category.CAR))
            subjects.append(Subject(f"object {instance_id}", category, patch_box(patch), behind=covers))
        named = {label.instance_id for label in labels} | {one[0] for one in own.values()}
        subjects += [
            Subject(f"object {one.instance_id}", one.category, one.box, behind=covers)
            for one in standing
            if one.instance_id not in named
        ]
        return _marked(subjects, width, height)

    def _standing_at(self, connection: Connection, camera_id: int) -> list[StandingObject]:
        if camera_id not in self._standing:
            self._standing[camera_id] = standing_objects(connection, camera_id)
        return self._standing[camera_id]

    def _standing_in(
        self, connection: Connection, camera_id: int, background_id: int
    ) -> list[StandingObject]:
        """What stands at a camera, less what this background is known not to show where it stood."""
        key = (camera_id, background_id)
        if key not in self._in_background:
            gone = driven_off(connection, camera_id, background_id)
            self._in_background[key] = [
                one
                for one in self._standing_at(connection, camera_id)
                if not any(_same_place(one, *other) for other in gone)
            ]
        return self._in_background[key]

    def _read_fits(self, connection: Connection, fit_ids: Iterable[int]) -> None:
        if len(self._fits) > _MOST_FITS:
            self._fits.clear()
        missing = [i for i in fit_ids if i not in self._fits]
        self._fits.update(dict.fromkeys(missing))
        self._fits.update((row.id, row) for row in fits_by_ids(connection, missing))

    def _of_label(
        self, fit: VehicleFit | None, fit_id: int | None, width: int, height: int
    ) -> SeenFit | None:
        """A label's fit, which may have been dragged, by what the project says of the one that it was."""
        row = None if fit_id is None else self._fits.get(fit_id)
        if fit is None or row is None:
            return None
        return self._seen(fit, row, width, height)

    def _by_row(self, row: FitRow | None, width: int, height: int) -> SeenFit | None:
        return None if row is None else self._seen(row.fit, row, width, height)

    def _seen(self, fit: VehicleFit, row: FitRow, width: int, height: int) -> SeenFit | None:
        """A fit that may be gone by; None for one that a person rejected, or of other cars or cameras."""
        if row.review is FitReview.REJECTED or row.shape_space != self._space.label:
            return None
        camera = self._camera(row.calibration_id, width, height)
        return None if camera is None else SeenFit(fit, camera, self._space)

    def _camera(self, calibration_id: int | None, width: int, height: int) -> Camera | None:
        if calibration_id is None:
            return None
        key = (calibration_id, width, height)
        if key not in self._cameras:
            record = self._records.get(calibration_id)
            camera = None if record is None else from_record(record)[0]
            if camera is not None and (camera.width, camera.height) != (width, height):
                camera = camera.resized(width, height)
            self._cameras[key] = camera
        return self._cameras[key]


def digest_of(marked: Sequence[Marked]) -> str:
    """A few letters that change with the regions."""
    digest = hashlib.blake2b(_FORMAT, digest_size=12)
    patches = [one.region.patch for one in marked]
    for place, bits in sorted(((p.x, p.y, *p.bits.shape), np.packbits(p.bits).tobytes()) for p in patches):
        digest.update(repr(place).encode() + bits)
    return digest.hexdigest()


def _same_place(one: StandingObject, track_id: int | None, instance_id: int, box: Box) -> bool:
    """Whether an object that stood still is the one of a track or an instance, at the same place."""
    if one.instance_id != instance_id and (track_id is None or one.track_id != track_id):
        return False
    a, b = ((of.x, of.y, of.w, of.h) for of in (one.box, box))
    return bool(iou_matrix([a], [b])[0, 0] >= _SAME_PLACE)


def _marked(subjects: Iterable[Subject], width: int, height: int) -> list[Marked]:
    return [
        Marked(f"{subject.name} {region.hidden.value}", subject.name, region)
        for subject in subjects
        for region in regions_of(subject, width, height)
    ]
