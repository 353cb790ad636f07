"""What a project has for a detector to learn from: composites, reviewed frames, and the synthetic street."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.jobs.train.drawn import NOT_DRAWN, PICTURES, pictures_folder, weight_of_drawn
from core.jobs.train.frames import GatheredFrames, StoredFrames, gathered_frames, reviewed_views
from core.jobs.train.learned_sets import LearnedSets
from core.jobs.train.mixing import Part, counted, listed, mixed_facts, mixed_words
from core.jobs.train.needs import Need
from core.jobs.train.past import (
    BORDERS,
    SPLIT,
    Past,
    held,
    past_of_start,
    seen_before,
    sets_to_learn_from,
)
from core.jobs.train.sides import BY_TIME, Sides, sides_of
from core.jobs.train.solid import people_in_3d, strangers
from core.jobs.train.starts import VARIANTS, beginning_of
from core.records.detections import Category
from core.records.recipes import Recipe, Split
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.cameras import list_cameras

if TYPE_CHECKING:
    from core.jobs.compose.supply import StoredComposites
    from core.jobs.train.settings import TrainSettings
    from core.training.task import Task

_LEAST_LEARNED = 20
_LEAST_MEASURED = 5
_NO_MASKS = "No object that it is measured by has a mask: the best weights are chosen by boxes."


@dataclass(frozen=True)
class StoredCameras:
    """Cameras whose intrinsics are known, by the calibrations now in force.

    Attributes:
        matrices: camera id -> nine numbers, row by row.
        lenses: camera id -> coefficients of the distortion, OpenCV's order.
    """

    matrices: Mapping[int, tuple[float, ...]]
    lenses: Mapping[int, tuple[float, ...]]

    def matrix(self, recipe: Recipe) -> NDArray[np.float64] | None:
        """(3, 3) of a recipe's camera, or None."""
        known = self.matrices.get(recipe.camera_id)
        return None if known is None else np.reshape(known, (3, 3)).astype(np.float64)

    def distortion(self, recipe: Recipe) -> tuple[float, ...]:
        """Of a recipe's camera; none where its lens does not bend."""
        return self.lenses.get(recipe.camera_id, ())


@dataclass(frozen=True)
class StoredDetectorData:
    """What of a project a detector learns from and is measured by: as `DetectorSupply`.

    Attributes:
        path: of the project.
        teaching, measuring: names of sets of composites, or None.
        known: the cameras of composites.
        reviewed, validation: reviewed frames to learn from, and to be measured by.
        told: what is said of all this.
        left_out: ids of composites by which it is not measured.
    """

    path: Path
    teaching: str | None
    measuring: str | None
    known: StoredCameras
    reviewed: StoredFrames
    validation: StoredFrames
    told: Mapping[str, Any]
    left_out: frozenset[int] = frozenset()

    def composites(self) -> StoredComposites | None:
        """Those to learn from."""
        return None if self.teaching is None else self._of(self.teaching, Split.TRAIN)

    def validation_composites(self) -> StoredComposites | None:
        """Those to be measured by: of other tracks and times."""
        if self.measuring is None:
            return None
        return self._of(self.measuring, Split.VALIDATION, self.left_out)

    def frames(self) -> StoredFrames:
        """Reviewed frames to learn from."""
        return self.reviewed

    def validation_frames(self) -> StoredFrames:
        """Of other tracks and times."""
        return self.validation

    def cameras(self) -> StoredCameras:
        """Of the composites."""
        return self.known

    def said(self) -> Mapping[str, Any]:
        """What it learns from, in which shares, and what is left out."""
        return self.told

    def _of(self, name: str, split: Split, left_out: frozenset[int] = frozenset()) -> StoredComposites:
        from core.jobs.compose.supply import StoredComposites

        return StoredComposites(self.path, name, split, left_out)


@dataclass(frozen=True)
class DetectorStock:
    """All that a project, and this machine, have for a detector.

    Attributes:
        sets: of composites.
        frames: reviewed.
        parts: the kinds of data to learn from, in the order of the settings.
        sides: where the borders between what teaches, measures and tests lie.
        synthetic, validation_synthetic: names of the files of drawn pictures that count.
        past: what the training holds to, or None.
    """

    sets: LearnedSets
    frames: GatheredFrames
    parts: tuple[Part, ...]
    sides: Sides
    synthetic: tuple[str, ...]
    validation_synthetic: tuple[str, ...]
    past: Past | None = None

    @property
    def measured(self) -> int:
        """How many pictures there are to be measured by."""
        own = self.sets.for_validation + len(self.frames.validation)
        return own or len(self.validation_synthetic)

    @property
    def by_boxes_alone(self) -> bool:
        """Whether nothing that it is measured by has a mask, as of objects that a detector of boxes found."""
        return bool(len(self.frames.validation)) and not (self.sets.for_validation or self.frames.outlined)


def detector_needs(project: Project, settings: TrainSettings) -> Sequence[Need]:
    """Pictures to learn from, and to be measured by, of all kinds."""
    stock = detector_stock(project, settings)
    learned = sum(part.count for part in stock.parts if part.counts)
    return (
        Need("pictures to learn from", learned, _LEAST_LEARNED, counted(stock.parts)),
        Need("pictures to be measured by", stock.measured, _LEAST_MEASURED, _measured_words(stock)),
    )


def detector_stock(project: Project, settings: TrainSettings, past: Past | None = None) -> DetectorStock:
    """Counts what a detector would learn from by some settings; quick, without torch.

    Args:
        past: of its run, where that goes on; None: that of what it begins with.
    """
    with project.read() as connection:
        past = past or past_of_start(connection, settings)
        found, views = reviewed_views(connection, project)
        seen = seen_before(connection, project, views, past)
        sets = sets_to_learn_from(connection, settings.composites, past, seen)
        taught = [] if sets.teaching is None or not settings.weight_composites else [sets.teaching]
        taught += () if past is None or past.before is None else past.before
        sides = held(sides_of(connection, project, views, taught, sets.measuring), past)
        frames = gathered_frames(connection, project, sides, found, views, matrices_of(connection))
    weight = weight_of_drawn("detector", settings.weight_synthetic)
    drawn = (PICTURES.names("train"), PICTURES.names("val")) if weight else ([], [])
    parts = (
        Part("composites", sets.to_learn_from, settings.weight_composites, _unknown_words(sets)),
        Part("reviewed frames", len(frames.training), settings.weight_reviewed, _lost_words(frames)),
        Part(
            "pictures of the synthetic street",
            len(drawn[0]),
            weight,
            "" if settings.weight_synthetic == 0 else NOT_DRAWN,
        ),
    )
    return DetectorStock(sets, frames, parts, sides, tuple(drawn[0]), tuple(drawn[1]), past)


def detector_task(project: Project, settings: TrainSettings, past: Past | None = None) -> Task:
    """The task of a detector over composites, reviewed frames and the synthetic street.

    Raises:
        CheckpointError: what it is to begin with cannot be read.
    """
    from core.training.data.street_pictures import StreetPictures
    from core.training.tasks.detector import (
        BY_BOXES,
        DetectorSettings,
        Variant,
        make_task,
        network_settings,
        usual_schedule,
        variant_of,
    )

    stock = detector_stock(project, settings, past)
    variant = Variant(settings.variant or _usual(settings.device))
    beginning = beginning_of(settings, variant.value)
    categories = tuple(Category)
    network = beginning.network or network_settings(
        variant, beginning.start, categories, in_3d=settings.in_3d
    )
    composites, frames, drawn = stock.parts
    teaching = stock.sets.teaching if composites.counts else None
    measuring = stock.sets.measuring
    supply = StoredDetectorData(
        project.path,
        None if teaching is None else teaching.name,
        None if measuring is None else measuring.name,
        cameras_of(project),
        stock.frames.training,
        stock.frames.validation,
        _told(stock),
        stock.sets.left_out,
    )
    folder = pictures_folder()
    people = people_in_3d(settings) if settings.in_3d else None
    task = make_task(
        supply,
        DetectorSettings(
            network,
            start=beginning.start,
            weights=beginning.weights,
            composites=composites.weight,
            frames=frames.weight,
            synthetic=drawn.weight,
        ),
        usual_schedule(variant_of(network)),  # a file may have brought another than the device's
        people=people,
        synthetic=StreetPictures(folder, stock.synthetic, categories) if stock.synthetic else None,
        validation_synthetic=(
            StreetPictures(folder, stock.validation_synthetic, categories)
            if stock.validation_synthetic
            else None
        ),
    )
    if stock.by_boxes_alone:
        task.metric = BY_BOXES
        task.notes = (*task.notes, _NO_MASKS)
    if people is not None:
        task.notes = (*task.notes, *strangers(project, people.body))
    return task


def _told(stock: DetectorStock) -> dict[str, Any]:
    """What a run's row keeps of what it learns from and is measured by."""
    sets, frames = stock.sets, stock.frames
    return {
        "mixed": mixed_words(stock.parts),
        "data": mixed_facts(stock.parts),
        "composites": None if sets.teaching is None else sets.teaching.name,
        "measured by": _measured_words(stock),
        "measured by composites": None if sets.measuring is None else sets.measuring.name,
        "reviewed objects": {"to learn from": frames.objects[0], "measured by": frames.objects[1]},
        "frames on no side": frames.left_out,
        SPLIT: BY_TIME,
        BORDERS: stock.sides.as_json(),
        **({} if stock.past is None else stock.past.told()),
    }


def _measured_words(stock: DetectorStock) -> str:
    refused = [f"not by {listed(stock.sets.refused)}, whose objects teach"] if stock.sets.refused else []
    if stock.sets.left_out:
        refused.append(f"not by {len(stock.sets.left_out):,} that show what taught its first weights")
    own = [
        f"{count:,} {what}"
        for count, what in (
            (stock.sets.for_validation, "composites"),
            (len(stock.frames.validation), "reviewed frames"),
        )
        if count
    ]
    if not own and stock.validation_synthetic:
        own = [f"{len(stock.validation_synthetic):,} pictures of other synthetic streets"]
    return ", ".join([*own, *refused])


def _lost_words(frames: GatheredFrames) -> str:
    """Why there are fewer reviewed frames than people have looked at."""
    if frames.without_footage:
        return f"the footage of {frames.without_footage:,} reviewed frames is not where it was"
    if frames.left_out and not len(frames.training):
        return "those that there are lie too near to what is measured by, or are for the test"
    return ""


def _unknown_words(sets: LearnedSets) -> str:
    return "there is no set of that name" if sets.unknown else ""


def _usual(device: str) -> str:
    """The variant that suits a device."""
    from core.training.devices import is_gpu

    return VARIANTS[1] if is_gpu(device) else VARIANTS[0]


def cameras_of(project: Project) -> StoredCameras:
    """The cameras of a project whose intrinsics are known."""
    matrices, lenses = {}, {}
    with project.read() as connection:
        for camera in list_cameras(connection):
            row = calibration_in_force(connection, camera.id)
            if row is not None:
                matrices[camera.id] = row.record.matrix
                lenses[camera.id] = row.record.distortion
    return StoredCameras(matrices, lenses)


def matrices_of(connection: Connection) -> dict[int, tuple[int, int, tuple[float, ...]]]:
    """camera id -> width, height and nine numbers, of the cameras whose lens does not bend."""
    found = {}
    for camera in list_cameras(connection):
        row = calibration_in_force(connection, camera.id)
        if row is not None and not any(row.record.distortion):
            found[camera.id] = (row.record.width, row.record.height, row.record.matrix)
    return found
