"""Pictures of which all is known, to measure by: reviewed frames, composites, and a drawn street.

A sample is what the detector's training is validated by, with what the training does not ask: which object
each is, how much of it is hidden and how far away it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.compositing.render import CACHE_BYTES, Composer
from core.errors import EvaluationError
from core.evaluation.compared import TruePicture, TrueThing
from core.jobs.composites import StoredPieces
from core.jobs.evaluate.places import FramePlace, Grounds, distances_of
from core.jobs.train.detector import StoredCameras
from core.jobs.train.frames import StoredFrames
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, small
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import PictureRow
from core.records.recipes import ObjectLabel
from core.records.seen import SeenObject
from core.store.project import Project
from core.store.queries.backgrounds import list_backgrounds
from core.store.queries.cameras import list_cameras
from core.training.composites import Target, sample_of
from core.training.data.detection import MOST_HIDDEN, Spaces, kept_objects, of_composite
from core.training.data.picture_plan import CAMERAS, PicturePlan
from core.training.data.real import of_frame
from core.training.data.street_pictures import StreetPictures
from core.training.data.streets import LIGHTS
from core.training.tasks.seen import known_objects


@dataclass(frozen=True, slots=True, eq=False)
class TruthSample:
    """A picture with its truth.

    Attributes:
        row: of the evaluation.
        key: what it is, whatever it is called: for the digest of the truth.
        image: (3, H, W) float32, 0 to 1.
        target: as `core.training.data.detection` has it, with the camera.
        truth: its objects.
    """

    row: PictureRow
    key: str
    image: Tensor
    target: Target
    truth: TruePicture


class PictureTruth(Protocol):
    """Pictures to measure by."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def sample(self, index: int) -> TruthSample:
        """The picture of a place; its row has this place."""
        ...


class ReviewedTruth:
    """Reviewed frames: what people found unoccluded is there, whole; all else that stands there is ignored.

    Args:
        project: whose.
        frames: which, with the objects that do not count.
        places: frame id -> where and when. grounds: of the cameras.
        categories: that are looked for.
    """

    def __init__(
        self,
        project: Project,
        frames: StoredFrames,
        places: dict[int, FramePlace],
        grounds: Grounds,
        categories: Sequence[Category],
    ) -> None:
        self._project, self._frames, self._places = project, frames, places
        self._grounds, self._categories = grounds, tuple(categories)

    def __len__(self) -> int:
        return len(self._frames)

    def sample(self, index: int) -> TruthSample:
        """The frame of a place; raises as `StoredFrames.frame` does."""
        frame = self._frames.frame(index)
        height, width = frame.picture.shape[:2]
        known = self._places[self._frames.frame_id(index)]
        place = replace(known, width=width, height=height)
        image, target = of_frame(frame, self._categories)
        wanted = torch.tensor([one.category in self._categories for one in frame.objects], dtype=torch.bool)
        boxes = _corners([one.box for one in frame.objects])
        kept = [frame.objects[row] for row in _kept(boxes, wanted, (height, width))]
        with self._project.read() as connection:
            far = distances_of(
                connection,
                {one.instance_id: one.box for one in kept if one.instance_id is not None},
                self._grounds,
            )
        things = [
            TrueThing(
                seen,
                instance_id=one.instance_id,
                occlusion=0.0,  # a person says that nothing hides it
                distance_m=None if one.instance_id is None else far[one.instance_id],
            )
            for seen, one in zip(_seen(target, self._categories), kept, strict=True)
        ]
        truth = TruePicture(width, height, things, _boxes(target["ignored_boxes"]), place.hour)
        key = f"frame {place.content_hash.hex()} {[one.instance_id for one in kept]}"
        return TruthSample(place.row(index), key, image, target, truth)


class CompositeTruth:
    """Composites: all objects that are shown are known whole; what is hidden nearly altogether is ignored.

    Args:
        project: whose.
        recipe_ids: which composites.
        cameras, grounds: what is known of the cameras.
        categories: that are looked for. spaces: whose fits count, or None.
    """

    def __init__(
        self,
        project: Project,
        recipe_ids: Sequence[int],
        cameras: StoredCameras,
        grounds: Grounds,
        categories: Sequence[Category],
        spaces: Spaces | None,
    ) -> None:
        self._ids, self._cameras, self._grounds = list(recipe_ids), cameras, grounds
        self._categories, self._spaces = tuple(categories), spaces
        self._pieces = StoredPieces(project.path)
        self._composer = Composer(self._pieces, CACHE_BYTES)
        with project.read() as connection:
            self._hours = {
                row.id: row.hour
                for camera in list_cameras(connection)
                for row in list_backgrounds(connection, camera.id, newest=False)
            }

    def __len__(self) -> int:
        return len(self._ids)

    def sample(self, index: int) -> TruthSample:
        """The composite of a place.

        Raises:
            EvaluationError, CompositeError: it, or something in it, was removed meanwhile.
        """
        recipe_id = self._ids[index]
        recipe = self._pieces.recipe(recipe_id)
        if recipe is None:
            raise EvaluationError(f"Composite {recipe_id} was removed from its set.", "Begin anew.")
        composite = self._composer.render(recipe)
        if self._spaces is not None:
            composite = self._spaces.sifted(composite)
        height, width = composite.picture.shape[:2]
        made = sample_of(composite, index)
        image, target = of_composite(
            made, self._categories, self._cameras.matrix(recipe), self._cameras.distortion(recipe)
        )
        labels = composite.labels
        known = torch.tensor([one.category in self._categories for one in labels], dtype=torch.bool)
        wanted = known & (made[1]["occlusion"] <= MOST_HIDDEN)
        places = _kept(made[1]["boxes"], wanted, (height, width))
        things = [
            TrueThing(
                seen,
                instance_id=labels[place].instance_id,
                place=place,
                occlusion=labels[place].occlusion_permille / 1000,
                distance_m=self._distance_m(recipe.camera_id, labels[place]),
            )
            for seen, place in zip(_seen(target, self._categories), places, strict=True)
        ]
        hour = self._hours.get(recipe.background_id)
        row = PictureRow(index, None, recipe_id, "", recipe.camera_id, hour, width, height)
        truth = TruePicture(width, height, things, _boxes(target["ignored_boxes"]), hour)
        key = f"composite {recipe_id} {[(one.instance_id, one.place) for one in things]}"
        return TruthSample(row, key, image, target, truth)

    def _distance_m(self, camera_id: int, label: ObjectLabel) -> float | None:
        if label.fit is not None:
            return float(np.linalg.norm(label.fit.translation))
        return self._grounds.distance_m(camera_id, label.amodal_box)


class StreetTruth:
    """Pictures of streets that no training sees, drawn with exact truth.

    Args:
        folder: where they are drawn. plan: which. categories: that are looked for.
    """

    def __init__(self, folder: Path, plan: PicturePlan, categories: Sequence[Category]) -> None:
        self._plan, self._categories = plan, tuple(categories)
        self._names = plan.names("test")
        self._pictures = StreetPictures(folder, self._names, self._categories)

    def __len__(self) -> int:
        return len(self._names)

    def sample(self, index: int) -> TruthSample:
        """The picture of a place; raises as `StreetPictures` does."""
        (image, target), more = self._pictures.with_truth(index)
        height, width = (int(side) for side in image.shape[-2:])
        things = [
            TrueThing(
                seen,
                place=int(place),
                occlusion=float(more.hidden[place]),
                distance_m=float(more.distance_m[place]),
            )
            for seen, place in zip(_seen(target, self._categories), more.kept, strict=True)
        ]
        street = index // (CAMERAS * self._plan.frames)
        hour = int(LIGHTS[street % len(LIGHTS)][1])
        row = PictureRow(index, None, None, self._names[index], None, hour, width, height)
        truth = TruePicture(width, height, things, _boxes(target["ignored_boxes"]), hour)
        return TruthSample(row, f"street {self._plan} {self._names[index]}", image, target, truth)


def _seen(target: dict[str, Any], categories: tuple[Category, ...]) -> list[SeenObject]:
    return known_objects(target, _named(categories))


def _named(categories: tuple[Category, ...]) -> AmodalRcnnSettings:
    return small(categories=categories)


def _kept(boxes: Tensor, wanted: Tensor, size: Sequence[int]) -> list[int]:
    return [int(row) for row in np.flatnonzero(kept_objects(boxes, wanted, size).numpy())]


def _corners(boxes: Sequence[Box]) -> Tensor:
    rows = [(box.x, box.y, box.right, box.bottom) for box in boxes]
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 4)


def _boxes(corners: Tensor) -> tuple[Box, ...]:
    return tuple(Box(left, top, right - left, bottom - top) for left, top, right, bottom in corners.tolist())
