"""Average precision of objects' points by OKS, over slices: of each kind of object, and the mean of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.compared import PictureToMeasure
from core.evaluation.matching import THRESHOLDS
from core.evaluation.point_tally import area_of, placed_tags, sigmas_of
from core.evaluation.similarity import FoundPoints, SimilarityPrecision, TruePoints
from core.geometry.masks import patch_area
from core.records.keypoints import Template
from core.records.seen import TEMPLATES, SeenObject, points_of
from core.records.shapes import KeypointTag

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class PointPrecision:
    """OKS AP of cars and of people, each in slices with the others ignored, and the mean of both.

    As COCO has it for people: an object without labelled points, and what is to be ignored, may be found or
    not. A find of which no point is said is left out: it is told by the figures of boxes.

    Args:
        pictures: in the order of all weights.
        members: (slices, n) bool, which of all true objects each slice has, in the order of the pictures.

    Attributes:
        pictures: places of all pictures. counts: (slices,) how many objects with labelled points each has;
            all 0 where nobody said a point.
    """

    def __init__(self, pictures: Sequence[PictureToMeasure], members: Sequence[Bools]) -> None:
        slices = np.array(members, dtype=np.bool_).reshape(len(members), -1)
        self.pictures = range(len(pictures))
        self.counts = np.zeros(len(slices), dtype=np.int64)
        self._kinds: list[SimilarityPrecision] = []
        for template in TEMPLATES:
            truth, rows, found = _lists(pictures, template)
            labelled = np.array([one.labelled.any() for one in truth], dtype=np.bool_)
            if not labelled.any() or not found:
                continue
            own = np.zeros((len(slices), len(truth)), dtype=np.bool_)
            known = np.array(rows) >= 0
            own[:, known] = slices[:, np.array(rows)[known]]
            self.counts += (own & labelled).sum(axis=1)
            sigmas = sigmas_of(template)
            self._kinds.append(SimilarityPrecision(truth, found, sigmas, own, self.pictures))

    @property
    def holding(self) -> Bools:
        """(slices, pictures) as `WeighedPrecision.holding`, of either kind."""
        found = np.zeros((len(self.counts), len(self.pictures)), dtype=np.bool_)
        for kind in self._kinds:
            found |= kind.holding
        return found

    def by_threshold(self, weights: ArrayLike | None = None) -> Floats:
        """(slices, 10) as `WeighedPrecision.by_threshold`: the mean over the kinds that a slice has."""
        total = np.zeros((len(self.counts), len(THRESHOLDS)))
        have = np.zeros((len(self.counts), 1))
        for kind in self._kinds:
            figures = kind.by_threshold(weights)
            there = np.isfinite(figures[:, :1])
            total += np.where(there, figures, 0.0)
            have += there
        return np.divide(total, have, out=np.full_like(total, np.nan), where=have > 0)


def _lists(
    pictures: Sequence[PictureToMeasure], template: Template
) -> tuple[list[TruePoints], list[int], list[FoundPoints]]:
    """A kind's true points, the place of each among all objects (-1: to be ignored), and what was said."""
    own = points_of(template)
    nowhere = np.full((template.size, 2), np.nan), np.zeros(template.size, dtype=np.bool_)
    truth: list[TruePoints] = []
    rows: list[int] = []
    found: list[FoundPoints] = []
    before = 0
    for number, picture in enumerate(pictures):
        for row, thing in enumerate(picture.truth.things, start=before):
            seen = thing.seen
            if Template.of(seen.category) is template and seen.box.area > 0:
                truth.append(_true(number, seen, template))
                rows.append(row)
        before += len(picture.truth.things)
        for box in picture.truth.ignored:
            if box.area > 0:
                truth.append(TruePoints(number, box, *nowhere, box.area))
                rows.append(-1)
        for one in picture.said:
            if Template.of(one.category) is template and np.isfinite(one.places[own]).any():
                found.append(FoundPoints(number, one.places[own], one.score))
    return truth, rows, found


def _true(picture: int, seen: SeenObject, template: Template) -> TruePoints:
    own = points_of(template)
    tags = placed_tags(seen.places[own], seen.tags[own])
    labelled = np.array([tag is not KeypointTag.UNLABELLED for tag in tags])
    area = area_of(seen.box, None if seen.whole is None else patch_area(seen.whole))
    return TruePoints(picture, seen.box, seen.places[own], labelled, area)
