"""What is blurred in a project's pictures: plates and heads, in frames and composites alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from core.compositing.cut_edge import MOST_OFF_PX
from core.compositing.privacy.heads import SeenBody, head_pixels
from core.compositing.privacy.plates import SeenFit
from core.compositing.privacy.regions import Region, grown, shrunk, without
from core.compositing.privacy.subjects import Subject, regions_of
from core.geometry.boxes import iou_matrix
from core.geometry.calibration.result import from_record
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import patch_box
from core.jobs.bodies import Bodies
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import BodyFit, Fit, FitReview, FitRow, VehicleFit
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
        bodies: of people; where a fit's body is not here, the head is where the box says.
    """

    def __init__(self, project: Project, bodies: Bodies | None = None) -> None:
        self._project = project
        self._space = default_space()
        self._bodies = bodies or Bodies()
        self._cameras: dict[tuple[int, int, int], tuple[Camera, GroundPlane | None] | None] = {}
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

        subjects = []
        for one in found:
            row = fits.get(one.id)
            subject = Subject(name(one.id, one.track_id), one.category, one.box)
            subjects.append(subject if row is None else self._seen(subject, row.fit, row, width, height))
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
            subject = Subject(
                f"object {label.instance_id}",
                label.category,
                label.amodal_box,
                only=only,
                behind=nearer if piece.standing else (),
            )
            # the label's fit may have been dragged; what it was made with is what the project says of its own
            row_of = None if piece.fit_id is None else self._fits.get(piece.fit_id)
            if label.fit is not None and row_of is not None:
                subject = self._seen(subject, label.fit, row_of, width, height)
            subjects.append(subject)
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

    def _seen(self, subject: Subject, fit: Fit, row: FitRow, width: int, height: int) -> Subject:
        """The subject with its fit, unless a person rejected that, or it is of other shapes or cameras."""
        view = self._view(row.calibration_id, width, height)
        if view is None or row.review is FitReview.REJECTED:
            return subject
        camera, plane = view
        if isinstance(fit, VehicleFit) and row.shape_space == self._space.label:
            return replace(subject, fit=SeenFit(fit, camera, self._space))
        if isinstance(fit, BodyFit) and plane is not None:
            body = self._bodies.of(row.shape_space)
            if body is not None:
                seen = SeenBody(fit, camera, plane.normal, body.model)
                return replace(subject, head_px=head_pixels(seen, subject.box))
        return subject

    def _view(
        self, calibration_id: int | None, width: int, height: int
    ) -> tuple[Camera, GroundPlane | None] | None:
        """A calibration's camera, for pictures of that size, and its ground."""
        if calibration_id is None:
            return None
        key = (calibration_id, width, height)
        if key not in self._cameras:
            record = self._records.get(calibration_id)
            view = None if record is None else from_record(record)
            if view is not None and (view[0].width, view[0].height) != (width, height):
                view = view[0].resized(width, height), view[1]
            self._cameras[key] = view
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
