"""What cutting shares for one source: its ground, its backgrounds, and how pieces are made and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.compositing.cut import cut_out
from core.compositing.cut_told import LEAST_OWN_PERCENT, ToldApart, told_apart
from core.compositing.sampling.footprints import Footprint
from core.compositing.sampling.stock import frame_light
from core.compositing.standing import shows
from core.errors import CompositeError, MediaError
from core.geometry.masks import box_to_patch, patch_area, patch_box, rle_to_patch
from core.jobs.ahead import ahead
from core.jobs.background import decode_png
from core.jobs.composite_settings import CutSettings
from core.jobs.context import JobContext
from core.jobs.cut.places import Places
from core.jobs.cut.plan import carries_fit
from core.jobs.footage import decoded_frames
from core.media.background_samples import hour_of_day
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import BodyFit, FitMethod, FitReview, FitRow, VehicleFit
from core.records.masks import MaskPatch, Rle
from core.records.media import DecodedFrame
from core.records.occlusion import OcclusionLabel
from core.records.project import CameraRow, SourceRow
from core.records.recipes import Cutout
from core.store.bulk import BulkWriter
from core.store.queries.backgrounds import background_for, background_images
from core.store.queries.cut_candidates import CutCandidate, masks_in_frames
from core.store.queries.fits import fits_by_ids
from core.store.queries.pieces import cutouts_by_ids, masks_by_ids
from core.store.writers.cutouts import FoundPiece, write_pieces

AHEAD_FRAMES = 4
_BATCH = 256
_FARTHEST_SHAPE = 4.5  # standard deviations of cars' shapes

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """A background to cut against."""

    id: int
    image: Image


@dataclass(frozen=True, slots=True)
class _Cut:
    """What was cut out of one frame."""

    pts: int
    found: tuple[FoundPiece, ...]


class SourceCut:
    """The work on one source.

    Args:
        context: of the job.
        bulk: to write with.
        camera, source: whose objects.
        places: where its cars and people stand.
    """

    def __init__(
        self, context: JobContext, bulk: BulkWriter, camera: CameraRow, source: SourceRow, places: Places
    ) -> None:
        self._context, self._bulk = context, bulk
        self._settings = context.settings(CutSettings)
        self._camera, self._source, self._places = camera, source, places
        self._grounds: dict[int | None, _Ground | None] = {}
        self._last: _Ground | None = None

    def renew(self, candidates: Sequence[CutCandidate], still: frozenset[int]) -> Iterator[int]:
        """Make new pieces of cut-outs that are there; gives how many candidates each step was."""
        for start in range(0, len(candidates), _BATCH):
            batch = candidates[start : start + _BATCH]
            with self._context.project.read() as connection:
                codes = masks_by_ids(connection, [one.mask_id for one in batch])
                cutouts = cutouts_by_ids(connection, [one.piece.cutout_id for one in batch if one.piece])
            fits = self._fits(batch)
            found = []
            for one in batch:
                piece, code = one.piece, codes.get(one.mask_id)
                if piece is None or code is None:
                    continue
                told = self._told(cutouts.get(piece.cutout_id))
                standing = piece.standing and (one.instance_id in still or not _differs(told))
                may_paste = self._has_place(one, told, standing, still)
                found.append(
                    self._piece(
                        one,
                        piece.cutout_id,
                        rle_to_patch(code),
                        fits,
                        standing,
                        piece.light_q8,
                        may_paste=may_paste,
                    )
                )
            self._write(found, "renewed")
            yield len(batch)

    def cut(self, candidates: Sequence[CutCandidate], still: frozenset[int]) -> Iterator[int]:
        """Cut objects out of their frames, each read once in order of time; gives how many each step was.

        Raises:
            FootageMissingError: the footage is not where it was.
        """
        frames: dict[int, list[CutCandidate]] = {}
        for one in candidates:
            frames.setdefault(one.pts, []).append(one)
        for done in ahead(self._cuts(frames, still), AHEAD_FRAMES):
            self._write(done.found, "cut")
            yield len(frames[done.pts])

    def _cuts(self, frames: dict[int, list[CutCandidate]], still: frozenset[int]) -> Iterator[_Cut]:
        pictures = decoded_frames(self._context.project, self._source, sorted(frames), self._note_damage)
        for picture in ahead(pictures, AHEAD_FRAMES):
            yield _Cut(picture.pts, tuple(self._cut_frame(picture, frames[picture.pts], still)))

    def _cut_frame(
        self, picture: DecodedFrame, wanted: Sequence[CutCandidate], still: frozenset[int]
    ) -> Iterator[FoundPiece]:
        frame_id = wanted[0].frame_id
        height, width = picture.image.shape[:2]
        with self._context.project.read() as connection:
            shapes = masks_in_frames(connection, [frame_id]).get(frame_id, [])
        patches = {i: _patch(shape, height, width) for i, shape in shapes}
        ground = self._ground(wanted[0].captured_at, picture.image.shape)
        image = None if ground is None else ground.image
        fits = self._fits(wanted)
        for one in wanted:
            mask = patches.get(one.instance_id)
            if mask is None:
                continue
            others = [patch for i, patch in patches.items() if i != one.instance_id and patch is not None]
            try:
                pixels = cut_out(picture.image, image, mask, others)
            except CompositeError as problem:
                self._context.log(f"{one.category} {one.instance_id}: {problem}")
                continue
            cutout = Cutout(
                instance_id=one.instance_id,
                mask_id=one.mask_id,
                frame_id=frame_id,
                background_id=None if ground is None else ground.id,
                x=pixels.x,
                y=pixels.y,
                w=pixels.w,
                h=pixels.h,
                pixels=pixels.pixels,
                planes=pixels.planes,
                light=pixels.light,
                background_light=pixels.background_light,
            )
            told = None if image is None else told_apart(cutout, image)
            # what is hidden is no example of anything, but composites may have to leave its place alone
            standing = not _differs(told) or (
                one.instance_id in still
                and (
                    one.label is not OcclusionLabel.UNOCCLUDED
                    or one.box.size < self._settings.min_size_px
                    or (image is not None and _shows(image, picture.image, mask))
                )
            )
            light = frame_light(pixels.light, pixels.background_light)
            may_paste = self._has_place(one, told, standing, still)
            yield self._piece(one, cutout, mask, fits, standing, light, may_paste=may_paste)

    def _piece(
        self,
        one: CutCandidate,
        cutout: Cutout | int,
        mask: MaskPatch,
        fits: dict[int, FitRow],
        standing: bool,
        light_q8: int,
        *,
        may_paste: bool,
    ) -> FoundPiece:
        fit = fits.get(one.fit_id) if one.fit_id is not None and carries_fit(one, self._settings) else None
        return FoundPiece(
            instance_id=one.instance_id,
            cutout=cutout,
            mask_id=one.mask_id,
            box=patch_box(mask),
            area=patch_area(mask),
            standing=standing,
            keypoint_set_id=one.keypoint_set_id,
            fit_id=one.fit_id,
            calibration_id=one.calibration_id,
            carries_fit=fit is not None,
            footprint=self._footprint(one, mask, fit) if may_paste else None,
            light_q8=light_q8,
        )

    def _has_place(
        self, one: CutCandidate, told: ToldApart | None, standing: bool, still: frozenset[int]
    ) -> bool:
        """Whether an object may be pasted or, if it stands in the background, labelled there."""
        if not standing:
            return told is None or told.edge_percent >= self._settings.edge_percent
        # what is small is left alone. Nobody stands about for as long as a background takes, and what came
        # and went while the background shows it all the time was never there
        return (
            one.instance_id in still
            and one.category is not Category.PERSON
            and one.box.size >= self._settings.min_size_px
        )

    def _told(self, cutout: Cutout | None) -> ToldApart | None:
        """How well a cut-out can be told from the background that it was cut by; None without one."""
        if cutout is None or cutout.background_id is None:
            return None
        image = self._background(cutout.background_id)
        return None if image is None else told_apart(cutout, image)

    def _footprint(
        self, one: CutCandidate, mask: MaskPatch, fit: FitRow | None
    ) -> tuple[tuple[int, int], ...] | None:
        if one.label is not OcclusionLabel.UNOCCLUDED:
            return None
        place: Footprint | None = None
        if one.category is Category.PERSON:
            if fit is not None and isinstance(fit.fit, BodyFit):
                place = self._places.of_body(fit.fit, fit.shape_space)
            if place is None:
                place = self._places.of_person(mask)
        elif (
            fit is not None
            and isinstance(fit.fit, VehicleFit)
            and (not _is_no_car(fit) or one.review is FitReview.ACCEPTED)
        ):
            place = self._places.of_car(fit.fit, fit.shape_space)
        return None if place is None else place.corners

    def _fits(self, candidates: Sequence[CutCandidate]) -> dict[int, FitRow]:
        ids = [one.fit_id for one in candidates if one.fit_id is not None]
        if not ids:
            return {}
        with self._context.project.read() as connection:
            return {row.id: row for row in fits_by_ids(connection, ids)}

    def _background(self, background_id: int) -> Image | None:
        """A background by its id; the last one is kept."""
        if self._last is None or self._last.id != background_id:
            with self._context.project.read() as connection:
                images = background_images(connection, background_id)
            if images is None:
                return None
            self._last = _Ground(background_id, decode_png(images[0]))
        return self._last.image

    def _ground(self, captured_at: float | None, shape: tuple[int, ...]) -> _Ground | None:
        """The background of that hour, or None where there is none of that size."""
        hour = None if captured_at is None else hour_of_day(captured_at, self._camera.utc_offset_s)
        if hour not in self._grounds:
            with self._context.project.read() as connection:
                row = background_for(connection, self._camera.id, hour)
                images = None if row is None else background_images(connection, row.id)
            found = None if row is None or images is None else _Ground(row.id, decode_png(images[0]))
            if found is not None and found.image.shape != shape:
                self._context.log(f"The background of {self._camera.name} has another size than its footage.")
                found = None
            self._grounds[hour] = found
        return self._grounds[hour]

    def _note_damage(self, pts: int, problem: MediaError) -> None:
        self._context.log(f"{self._source.name}, frame at {pts}: {problem.problem}")
        self._count("damaged", 1)

    def _write(self, found: Sequence[FoundPiece], what: str) -> None:
        """Write pieces; a job that dies between writes finds those that are there as up to date."""

        def write(connection: Connection, chunk: Sequence[FoundPiece]) -> None:
            self._count(what, write_pieces(connection, chunk, job_id=self._context.job_id))
            self._count("standing", sum(one.standing for one in chunk))
            self._count("placed", sum(one.footprint is not None for one in chunk))
            self._context.save(connection)

        self._bulk.each(found, write, most=16)

    def _count(self, what: str, number: int) -> None:
        self._context.checkpoint[what] = self._context.checkpoint.get(what, 0) + number


def _patch(shape: Rle | Box, height: int, width: int) -> MaskPatch | None:
    if isinstance(shape, Rle):
        return rle_to_patch(shape)
    return box_to_patch(shape, height, width)


def _is_no_car(fit: FitRow) -> bool:
    """Whether an outline asks for a shape that no car has, such as that of two cars in one mask."""
    return fit.fit.method is FitMethod.COARSE and max(map(abs, fit.fit.shape), default=0.0) > _FARTHEST_SHAPE


def _differs(told: ToldApart | None) -> bool:
    """Whether an object is anything else than what the background shows; True where nobody can tell."""
    return told is None or told.own_percent >= LEAST_OWN_PERCENT


def _shows(background: Image, frame: Image, mask: MaskPatch) -> bool:
    h, w = mask.bits.shape
    part = np.s_[mask.y : mask.y + h, mask.x : mask.x + w]
    return shows(background[part], frame[part], mask.bits)
