"""Evaluates finds of another program's file on the project's frames or composites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select

from core.errors import EvaluationError, ExchangeError
from core.exchange.coco_file import CocoImage
from core.exchange.coco_words import COCO_IDS
from core.geometry.boxes import edges_from_centres
from core.geometry.masks import rle_to_patch
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import Outcomes, evenly, look, outcomes
from core.jobs.evaluate.file_finds import PICTURES, sort_finds
from core.jobs.evaluate.runs import pictures_to_measure_by
from core.jobs.evaluate.settings import EvaluateSettings
from core.jobs.evaluate.unseen import test_set
from core.records.detections import Category
from core.records.evaluations import Truth
from core.records.keypoints import Template
from core.records.recipes import Split
from core.records.seen import POINTS, SeenObject, points_of
from core.records.shapes import KeypointTag
from core.store import tables

if TYPE_CHECKING:
    from core.exchange.benchmarks.coco_results import CocoResult
    from core.jobs.evaluate.truth import TruthSample

_WORDS = {Truth.REVIEWED: "reviewed frames", Truth.COMPOSITES: "composites"}
_LARGEST = 2**63 - 1  # that the store can be asked for
_CATEGORIES = {number: category for category, number in COCO_IDS.items()}


def truth_of_predictions(context: JobContext, settings: EvaluateSettings) -> Truth:
    """By what a file is measured: as the person says, or by composites for the test where there are some.

    Raises:
        EvaluationError: files cannot be measured by that.
    """
    if settings.truth == "auto":
        with context.project.read() as connection:
            found = test_set(connection, settings.composites, Split.TEST)
        return Truth.REVIEWED if found is None else Truth.COMPOSITES
    asked = Truth(settings.truth)
    if asked not in (Truth.REVIEWED, Truth.COMPOSITES):
        raise EvaluationError(
            f"Predictions of a file cannot be measured by {asked.value}.", "Choose reviewed or composites."
        )
    return asked


def evaluate_results(
    context: JobContext, settings: EvaluateSettings, path: Path, kind: Truth, evaluation_id: int
) -> Outcomes:
    """The figures of a file of COCO results on exported frames or composites, whose numbers its images have.

    What is measured by says whether its numbers are of frames or of composites. Categories are those of the
    export. Pictures of which it says nothing have no finds, and finds in other pictures do not count; both is
    said.

    Raises:
        ExchangeError: it is no such file, is empty, a result does not fit, or none lies in a picture that is
            measured; it says which.
        EvaluationError: a result has too many or too few keypoints; it says which.
    """
    from core.exchange.benchmarks.coco_results import read_results
    from core.jobs.evaluate.kept import KeptPictures

    images = ProjectImages(context, kind)
    try:
        results = read_results(path, images, _CATEGORIES)
    except ExchangeError as problem:
        raise images.explained(problem) from problem
    chosen = pictures_to_measure_by(context, settings, kind, tuple(Category), None)
    measured = [chosen.numbers[place] for place in evenly(len(chosen.numbers), settings.most)]
    finds = sort_finds(results, measured, kind, path.name)
    for line in finds.notes:
        context.log(line)

    def say(sample: TruthSample) -> list[SeenObject]:
        own = sample.row.frame_id if kind is Truth.REVIEWED else sample.row.recipe_id
        return [_seen(one, settings, path) for one in finds.of_picture.get(own or 0, ())]

    kept = KeptPictures(context.project, evaluation_id, finds.digest)
    looked = look(context, kept, chosen.truth, say, settings.most)
    counted = outcomes(
        context, looked, shown_score=settings.shown_score, seed=settings.seed, draws=settings.draws
    )
    silent = sum(not one.said for one in looked)
    if silent:
        context.log(f"The file says nothing of {silent:,} of {len(looked):,} pictures: all there is missed.")
    data = {
        "numbers in the file": f"those of {PICTURES[kind]}s",
        "finds in the file": finds.total,
        "finds in pictures that are not measured": finds.unmeasured,
        "pictures without a find": silent,
        "notes": [*chosen.data["notes"], *finds.notes],
    }
    return replace(counted, data=chosen.data | counted.data | data)


class ProjectImages(Mapping[int | str, CocoImage]):
    """The frames or composites of a project by the numbers that exports give them, read when asked for.

    Args:
        kind: reviewed: frames; composites.
    """

    def __init__(self, context: JobContext, kind: Truth) -> None:
        self._project, self._kind = context.project, kind
        self._table = tables.frame if kind is Truth.REVIEWED else tables.recipe
        self._known: dict[int | str, CocoImage] = {}
        self._missing: int | None = None

    def __getitem__(self, key: int | str) -> CocoImage:
        if key not in self._known:
            found = self._read(key, self._kind) if isinstance(key, int) else None
            if found is None:
                self._missing = key if isinstance(key, int) else None
                raise KeyError(key)
            self._known[key] = found
        return self._known[key]

    def explained(self, problem: ExchangeError) -> ExchangeError:
        """What is wrong with a file of results, with another way out where it is about the other pictures."""
        other = Truth.REVIEWED if self._kind is Truth.COMPOSITES else Truth.COMPOSITES
        if self._missing is None or self._read(self._missing, other) is None:
            return problem
        return ExchangeError(
            f"{problem.problem} The project has a {PICTURES[other]} of that number, and is asked for its "
            f"{PICTURES[self._kind]}s.",
            f"Measure it by {_WORDS[other]}, if it is about those.",
        )

    def __iter__(self) -> Iterator[int | str]:
        with self._project.read() as connection:
            return iter(connection.scalars(select(self._table.c.id)).all())

    def __len__(self) -> int:
        with self._project.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(self._table)) or 0)

    def _read(self, number: int, kind: Truth) -> CocoImage | None:
        if abs(number) > _LARGEST:
            return None
        f, s, r, b = tables.frame.c, tables.source.c, tables.recipe.c, tables.background.c
        if kind is Truth.REVIEWED:
            query = select(s.width, s.height).join(tables.frame, f.source_id == s.id).where(f.id == number)
        else:
            query = select(b.width, b.height).join(tables.recipe, r.background_id == b.id)
            query = query.where(r.id == number)
        with self._project.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return CocoImage(number, "", int(row.width), int(row.height), None, None, None)


def _seen(one: CocoResult, settings: EvaluateSettings, path: Path) -> SeenObject:
    category = _CATEGORIES[int(one.category)]
    patch = None if one.rle is None else rle_to_patch(one.rle)
    whole = settings.masks == "whole"
    places, sure = np.full((POINTS, 2), np.nan), np.zeros(POINTS)
    template = Template.of(category)
    if one.keypoints is not None and template is not None:
        if len(one.keypoints) != template.size:
            raise EvaluationError(
                f"{path.name}, result {one.position}, has {len(one.keypoints)} keypoints; a {template.value} "
                f"has {template.size}.",
                "Write the points in the order in which the project exports them.",
            )
        own = points_of(template)
        said = one.keypoints[:, 2] > 0
        places[own] = np.where(said[:, None], edges_from_centres(one.keypoints[:, :2]), np.nan)
        sure[own] = np.clip(one.keypoints[:, 2], 0.0, 1.0)
    return SeenObject(
        category,
        one.score,
        one.box,
        patch if whole else None,
        None if whole else patch,
        places,
        sure,
        (KeypointTag.UNLABELLED,) * POINTS,
    )
