"""Evaluates what places a car's keypoints: the pre-labeller and the net for hidden points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.compositing.render import CACHE_BYTES, Composer
from core.errors import EvaluationError
from core.evaluation.compared import ComparedObject
from core.evaluation.drawn_anew import Drawn
from core.evaluation.keypoints import TAGS
from core.evaluation.point_tally import PointTally, tag_words, tally_points
from core.evaluation.sliced import point_figures
from core.evaluation.truth_digest import TruthDigest
from core.jobs.composites import StoredPieces
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import Outcomes, evenly
from core.jobs.evaluate.labels import ObjectPlaces, places_of
from core.jobs.networks_in_use import hidden_points_of, prelabeller_of
from core.jobs.train.crops import LabelledObject, opened_crops
from core.mining.detectors.settings import Device
from core.mining.detectors.torch_device import torch_device
from core.networks.crop_view import placing_of
from core.records.boxes import Box
from core.records.evaluations import ObjectResult, ObjectSaid, Outcome, PictureRow
from core.records.keypoints import Template
from core.records.runs import ModelUsed, Purpose
from core.records.shapes import KeypointTag
from core.store.project import Project
from core.training.data.composite_crops import crops_of
from core.training.data.crops import PackedCrop
from core.training.data.said_cars import from_square, say
from core.training.tasks.hidden_points import HIDDEN, refined
from core.training.tasks.prelabeller import cars_with_points, found_on

Floats = NDArray[np.float64]

_BATCH = 64
_ANY_PX = 512  # only places are asked for, not pixels


@dataclass(frozen=True, slots=True, eq=False)
class CarCase:
    """A car with known points.

    Attributes:
        crop: it, as the networks see it.
        box: of what is seen, in the picture: the crop's box there.
        result: all but what is said of it; its number is another.
        group: what it is drawn with.
    """

    crop: PackedCrop
    box: Box
    result: ObjectResult
    group: object


def labelled_cars(
    context: JobContext, rows: Sequence[LabelledObject], most: int
) -> tuple[list[CarCase], list[PictureRow]]:
    """Cars on which people placed points."""
    with context.project.read() as connection:
        chosen = [rows[place] for place in evenly(len(rows), most)]
        places = places_of(connection, [row.instance_id for row in chosen])
        cases = [
            CarCase(crop, places.rows[row.instance_id].box, _bare(places, row.instance_id), row.view.key)
            for row, crop in opened_crops(connection, chosen, points=True)
            if cars_with_points([crop])
        ]
    return cases, [places.frames[frame].row(place) for frame, place in places.places.items()]


def composed_cars(
    context: JobContext, recipe_ids: Sequence[int], hours: dict[int, int | None], most: int
) -> tuple[list[CarCase], list[PictureRow]]:
    """Cars of composites, of whose points it is known what hides them.

    Args:
        hours: background id -> hour.
    """
    cases: list[CarCase] = []
    pictures: list[PictureRow] = []
    for case, picture in _composed(context, recipe_ids, hours, most):
        if case is None:
            pictures.append(picture)
        else:
            cases.append(case)
    return cases, pictures


def point_outcomes(
    context: JobContext,
    cases: Sequence[CarCase],
    pictures: Sequence[PictureRow],
    model: ModelUsed,
    *,
    device: str,
    seed: int,
    draws: int,
) -> Outcomes:
    """Asks a network for the points of cars, compares, and counts.

    Raises:
        EvaluationError: there is no car with known points.
        CheckpointError, DetectorUnavailableError: the network cannot be used.
    """
    if not cases:
        raise EvaluationError(
            "There is no car with known keypoints to measure by.",
            "Place keypoints on more cars, or make composites for the test of cars that have some.",
        )
    finder = _Finder(context.project, model, device)
    objects: list[ComparedObject] = []
    tallies: list[PointTally | None] = []
    for start in range(0, len(cases), _BATCH):
        context.check_stop()
        context.progress(0.9 * start / len(cases), f"Looking at car {start + 1:,} of {len(cases):,}")
        some = cases[start : start + _BATCH]
        for case, points, tags in zip(some, *finder.points([one.crop for one in some]), strict=True):
            one = _compared(case, points, tags, len(objects))
            objects.append(one)
            tallies.append(one.points)
    names = {key: number for number, key in enumerate(dict.fromkeys(case.group for case in cases))}
    drawn = Drawn([names[case.group] for case in cases], len(names), seed, draws)
    results = [one.result for one in objects]
    digest = TruthDigest()
    for case in cases:
        digest.words(case.crop.name, *case.crop.tags.tolist())
        digest.numbers(case.crop.points)
        digest.box(case.result.box)
        digest.numbers(case.result.occlusion)
        digest.numbers(case.result.distance_m)
    data: dict[str, Any] = {
        "objects": len(cases),
        "points": sum(int(one.placed.sum()) for one in tallies if one is not None),
        "intervals": f"{draws:,} draws of {len(names):,} cars or pictures" if draws else "none",
    }
    return Outcomes(pictures, objects, point_figures(results, tallies, drawn), digest.key, data)


class _Finder:
    """Finds points on crops, in the crops' pixels: by the pre-labeller, and by the net after it."""

    def __init__(self, project: Project, model: ModelUsed, device: str) -> None:
        self._device = torch.device(torch_device(Device(device)).value)
        after = model.purpose is Purpose.HIDDEN_POINTS
        finder, self.name = prelabeller_of(project, None if after else model)
        self._finder = finder.to(self._device)
        self._after = None
        if after:
            network, _ = hidden_points_of(project, model)
            self._after = network.to(self._device)

    def points(self, crops: Sequence[PackedCrop]) -> tuple[list[Floats], list[tuple[KeypointTag, ...]]]:
        """Points (12, 2) and tags of each."""
        if self._after is None:
            samples = [crop.open() for crop in crops]
            found = found_on(self._finder, self._finder.settings, samples, self._device)
            return list(found.points), [_words(row) for row in found.tags]
        cars = say(self._finder, crops, device=self._device)
        said = refined(self._after, self._after.settings, cars, self._device)
        # as where it labels: what is seen stays where the pre-labeller put it
        kept = [
            np.where(np.isin(car.said_tags, HIDDEN)[:, None], points, car.places)
            for car, points in zip(cars, said.points, strict=True)
        ]
        placed = [
            placing_of(crop.box, _ANY_PX).to_crop(from_square(points, _ANY_PX))
            for crop, points in zip(crops, kept, strict=True)
        ]
        return placed, [_words(car.said_tags) for car in cars]


def in_picture(points: Floats, inside: Box, box: Box) -> Floats:
    """Points (n, 2) of a crop as the picture has them: both know the same box."""
    scale = np.array([box.w / inside.w, box.h / inside.h])
    moved = (points + 0.5 - (inside.x, inside.y)) * scale + (box.x, box.y) - 0.5
    return np.asarray(moved, dtype=np.float64)


def _composed(
    context: JobContext, recipe_ids: Sequence[int], hours: dict[int, int | None], most: int
) -> Iterator[tuple[CarCase | None, PictureRow]]:
    source = StoredPieces(context.project.path)
    composer = Composer(source, CACHE_BYTES)
    for place, index in enumerate(evenly(len(recipe_ids), most)):
        context.check_stop()
        recipe = source.recipe(recipe_ids[index])
        if recipe is None:
            raise EvaluationError(f"Composite {recipe_ids[index]} was removed.", "Begin anew.")
        composite = composer.render(recipe)
        height, width = composite.picture.shape[:2]
        hour = hours.get(recipe.background_id)
        row = PictureRow(place, None, recipe_ids[index], "", recipe.camera_id, hour, width, height)
        yield None, row
        by_piece = {one.piece_id: number for number, one in enumerate(composite.labels)}
        for crop in cars_with_points(crops_of(composite, f"composite {recipe_ids[index]}")):
            number = by_piece[int(crop.name.rsplit("/", 1)[1])]
            label = composite.labels[number]
            assert label.modal_box is not None
            away = None if label.fit is None else float(np.linalg.norm(label.fit.translation))
            result = ObjectResult(
                number=0,
                picture=place,
                instance_id=label.instance_id,
                place=number,
                category=label.category,
                said=label.category,
                outcome=Outcome.FOUND,
                badness=0.0,
                score=None,
                box=label.amodal_box,
                occlusion=label.occlusion_permille / 1000,
                distance_m=away,
                hour=hour,
            )
            yield CarCase(crop, label.modal_box, result, ("picture", place)), row


def _compared(case: CarCase, points: Floats, tags: tuple[KeypointTag, ...], number: int) -> ComparedObject:
    crop = case.crop
    known = _words(crop.tags)
    scale = crop.size_px / case.result.box.size  # the crop may be shrunk, and knows how large the whole is
    whole = Box(0.0, 0.0, case.result.box.w * scale, case.result.box.h * scale)
    tally = tally_points(points, crop.points, tags, known, whole, Template.CAR)
    words = tag_words(tally)
    placed = words["points_placed"]
    bad = 1.0 - words["points_right"] / placed if placed else 0.0
    bare = case.result
    result = ObjectResult(
        number=number,
        picture=bare.picture,
        instance_id=bare.instance_id,
        place=bare.place,
        category=bare.category,
        said=bare.said,
        outcome=Outcome.FOUND,
        badness=bad,
        score=None,
        box=bare.box,
        occlusion=bare.occlusion,
        distance_m=bare.distance_m,
        hour=bare.hour,
        **words,
    )
    said = ObjectSaid(
        points=_listed(in_picture(points, crop.box, case.box), tags),
        true_points=_listed(in_picture(crop.points, crop.box, case.box), known),
    )
    return ComparedObject(result, said, tally)


def _bare(places: ObjectPlaces, instance_id: int) -> ObjectResult:
    from core.jobs.evaluate.labels import object_result

    return object_result(places, instance_id, 0, outcome=Outcome.FOUND, badness=0.0, score=None)


def _listed(
    points: Floats, tags: Sequence[KeypointTag]
) -> tuple[tuple[float, float, KeypointTag] | None, ...]:
    return tuple(
        (float(x), float(y), tag) if np.isfinite((x, y)).all() else None
        for (x, y), tag in zip(points, tags, strict=True)
    )


def _words(tags: NDArray[np.int64]) -> tuple[KeypointTag, ...]:
    return tuple(TAGS[tag] if tag >= 0 else KeypointTag.UNLABELLED for tag in tags.tolist())
