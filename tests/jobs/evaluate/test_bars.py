"""Every bar of every figure leads to exactly the objects that it counts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.evaluation.agreement import PointAgreement, agreement_figures, point_agreement
from core.evaluation.compared import ComparedObject, PictureToMeasure, TruePicture, TrueThing, compare
from core.evaluation.drawn_anew import Drawn
from core.evaluation.fit_errors import FitErrors
from core.evaluation.fit_figures import fit_figures
from core.evaluation.label_figures import label_detail, label_figures
from core.evaluation.point_tally import PointTally, tag_words
from core.evaluation.precision import precision_figures
from core.evaluation.sliced import found_figures, point_figures
from core.jobs.evaluate.fits import _detail
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import (
    Figure,
    ObjectResult,
    ObjectSaid,
    Outcome,
    ResultFilter,
    Subject,
    Truth,
)
from core.records.figures import FIGURES, bar_filter
from core.records.keypoints import Template
from core.records.seen import POINTS, Car3D, SeenObject, points_of
from core.records.shapes import KeypointTag
from core.records.slices import POINT_TAGS, By, Slice
from core.store.project import Project
from core.store.queries.evaluations import evaluation_numbers
from core.store.queries.results import count_results, result_page
from core.store.writers.evaluations import make_evaluation, write_figures, write_results, write_said
from tests.evaluation.test_compared import patch, seen

WITHOUT_BARS = {"extra", "mota", "idf1", "hota", "deta", "assa"}
WIDE = (10, 24, 40)
Tallies = Sequence[PointTally | None]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Project.create(tmp_path_factory.mktemp("bars") / "bars.amodal") as made:
        yield made


class Bars:
    """Writes an evaluation, and follows each of its bars."""

    def __init__(
        self, project: Project, figures: Sequence[Figure], objects: Sequence[ComparedObject]
    ) -> None:
        self.project, self.figures = project, figures
        with project.bulk() as bulk:
            self.id = bulk.run(
                lambda c: make_evaluation(
                    c, "Bars", Subject.MINING, Truth.LABELS, job_id=None, settings={}, seed=0
                )
            )
            bulk.run(lambda c: write_figures(c, self.id, figures))
            bulk.run(lambda c: write_results(c, self.id, [one.result for one in objects]))
            bulk.run(lambda c: write_said(c, self.id, [(one.result.number, one.said) for one in objects]))

    def follow(self, counted: Callable[[Figure, ObjectResult], int]) -> set[str]:
        """Each bar's objects are as many as it is over; their points are, where it is over points.

        Args:
            counted: how many points of an object a figure counts.
        """
        with self.project.read() as connection:
            numbers = evaluation_numbers(connection, self.id)
            assert numbers is not None
            followed = [one for one in self.figures if one.slice.by is not By.ALL]
            for one in followed:
                asked = bar_filter(numbers, one.name, one.slice)
                rows = result_page(connection, self.id, asked, limit=10_000)
                assert len(rows) == count_results(connection, self.id, asked), one
                assert not any(row.outcome is Outcome.EXTRA for row in rows), one
                if FIGURES[one.name].over == "points":
                    assert sum(counted(one, row) for row in rows) == one.count, one
                    assert all(counted(one, row) for row in rows), one
                else:
                    assert len(rows) == one.count, one
        return {one.name for one in followed}


def an_object(rng: random.Random, x: int, *, known: bool) -> SeenObject:
    """Of any kind, with or without masks, points and a place in 3D."""
    kind, w = rng.choice([Category.CAR, Category.PERSON, Category.TRUCK]), rng.choice(WIDE)
    places, tags = np.full((POINTS, 2), np.nan), [KeypointTag.UNLABELLED] * POINTS
    template = Template.of(kind)
    if template is not None and rng.random() < 0.7:
        own = points_of(template)
        for row in range(own.start, own.stop):
            tags[row] = rng.choice([*POINT_TAGS, KeypointTag.UNLABELLED])
            if tags[row] not in (KeypointTag.UNLABELLED, KeypointTag.TRUNCATED):
                places[row] = (x + rng.random() * w, 10 * rng.random())
    car = Car3D(np.eye(3), np.array([0.0, 1.0, 20.0]) + rng.random(), np.zeros(5))
    whole = patch(x, 0, w, 10) if rng.random() < 0.8 else None
    hidden = whole is not None and rng.random() < 0.5
    return seen(
        x,
        w,
        kind,
        score=1.0 if known else rng.choice([0.2, 0.6, 0.9]),
        whole=whole,
        modal=None if whole is None or rng.random() < 0.1 else patch(x, 0, w // 2 if hidden else w, 10),
        places=places,
        tags=tuple(tags),
        solid=car if kind is Category.CAR and rng.random() < 0.7 else None,
    )


def detected(
    rng: random.Random, *, points_of_people: bool = True
) -> tuple[list[PictureToMeasure], list[ComparedObject]]:
    """What is found, missed, taken for another, found badly, and made up, in eight pictures."""
    pictures, objects = [], []
    for place in range(8):
        things, said = [], []
        for number in range(6):
            one = an_object(rng, 60 * number, known=True)
            things.append(
                TrueThing(
                    one,
                    occlusion=rng.choice([None, 0.0, 0.1, 0.55, 1.0]),
                    distance_m=rng.choice([None, 5.0, 25.0]),
                )
            )
            how = rng.random()
            again = replace(an_object(rng, 60 * number, known=False), box=one.box)
            if how < 0.6:
                said.append(replace(again, category=one.category))
            elif how < 0.75:
                said.append(again)
        said += [an_object(rng, 360 + 60 * n, known=False) for n in range(rng.randrange(3))]
        if not points_of_people:
            said = [one for one in said if one.category is not Category.PERSON]
        truth = TruePicture(520, 20, things, (Box(480, 0, 40, 20),), rng.choice([None, 9, 17]))
        found = compare(truth, said, len(objects), place, shown_score=0.5)
        pictures.append(PictureToMeasure(truth, said))
        objects += found.objects
    return pictures, objects


def of_points(tallies: Tallies) -> Callable[[Figure, ObjectResult], int]:
    def counted(one: Figure, row: ObjectResult) -> int:
        tally = tallies[row.number]
        assert tally is not None
        told = tally.placed if one.name.startswith("pck") else tally.table.sum(axis=1)
        return int(told[one.slice.bin] if one.slice.by is By.TAG else told.sum())

    return counted


@pytest.mark.parametrize("points_of_people", [True, False])
def test_bars_of_what_is_found(project: Project, *, points_of_people: bool) -> None:
    pictures, objects = detected(random.Random(5), points_of_people=points_of_people)
    results, tallies = [one.result for one in objects], [one.points for one in objects]
    assert {one.outcome for one in results} == {Outcome.FOUND, Outcome.MISSED, Outcome.WRONG, Outcome.EXTRA}
    drawn = Drawn([one.picture for one in results], len(pictures), 0, 0)
    figures = [
        *found_figures(results, drawn),
        *point_figures(results, tallies, drawn).figures,
        *precision_figures(pictures, results, drawn),
    ]
    followed = Bars(project, figures, objects).follow(of_points(tallies))
    assert {
        "box_ap",
        "modal_mask_ap",
        "walt_mask_ap",
        "hidden_iou",
        "oks_ap",
        "tag_accuracy",
        "place",
    } <= followed
    labels = {"precision", "label_recall", "average_precision", "label_accuracy", "label_kappa"}
    fits = {"heading", "add", "mpjpe", "pa_mpjpe", "pck_3d", "fitted"}
    others = {"tag_kappa", "placed_by_both", "mask_ap50", "box_ap50"}  # of two people, and of all alone
    assert followed == FIGURES.keys() - WITHOUT_BARS - labels - fits - others


def bare(number: int, rng: random.Random, **more: Any) -> ObjectResult:
    values: dict[str, Any] = {
        "picture": 0,
        "instance_id": None,
        "place": None,
        "category": rng.choice([Category.CAR, Category.PERSON]),
        "said": Category.CAR,
        "outcome": Outcome.RIGHT,
        "badness": 0.5,
        "score": None,
        "box": Box(0, 0, rng.choice(WIDE), 10),
        "distance_m": rng.choice([None, 5.0, 25.0]),
        "hour": rng.choice([None, 9]),
    }
    return ObjectResult(number, **(values | more))


def test_bars_of_what_two_people_say(project: Project) -> None:
    """Of some objects both gave verdicts, of some both placed points, of some both."""
    rng = random.Random(3)
    objects: list[ComparedObject] = []
    pairs: list[PointAgreement | None] = []
    judged: dict[int, tuple[int, int]] = {}
    for number in range(60):
        pair = None
        if rng.random() < 0.6:
            tags = [[rng.choice([*POINT_TAGS, KeypointTag.UNLABELLED]) for _ in range(12)] for _ in range(2)]
            places = np.array([[(rng.random() * 20, rng.random() * 9) for _ in range(12)] for _ in range(2)])
            pair = point_agreement(*places, *tags, Box(0, 0, 24, 10), Template.CAR)
        if pair is None or rng.random() < 0.5:
            judged[number] = rng.randrange(2), rng.randrange(2)
        pairs.append(pair)
        words = tag_words(None if pair is None else pair.tally)
        detail = label_detail(*judged[number]) if number in judged else ""
        right = number not in judged or judged[number][0] == judged[number][1]
        outcome = Outcome.RIGHT if right else Outcome.WRONG
        objects.append(
            ComparedObject(bare(number, rng, outcome=outcome, detail=detail, **words), ObjectSaid())
        )
    results = [one.result for one in objects]
    figures = agreement_figures(results, pairs, [0] * 60, 1, 0, 0).figures
    first, second = zip(*judged.values(), strict=True)
    drawn = Drawn([0] * len(judged), 1, 0, 0)
    beliefs = [rng.random() for _ in judged]
    figures += label_figures([results[n] for n in judged], first, second, beliefs, drawn).figures
    plain = of_points([None if one is None else one.tally for one in pairs])

    def counted(one: Figure, row: ObjectResult) -> int:
        pair = pairs[row.number]
        assert pair is not None
        return pair.anyone if one.name == "placed_by_both" else plain(one, row)

    followed = Bars(project, figures, objects).follow(counted)
    assert {"precision", "label_recall", "average_precision", "label_kappa", "tag_kappa"} <= followed
    assert "placed_by_both" in followed


def test_bars_of_fits(project: Project) -> None:
    """Some objects have no fit, some fits tell no points, and one faces straight up."""
    rng = random.Random(8)
    objects: list[ComparedObject] = []
    errors: list[FitErrors | None] = []
    for number in range(40):
        row = bare(number, rng, occlusion=rng.choice([None, 0.0, 0.55]))
        person, told = row.category is Category.PERSON, rng.random() < 0.7
        joints = round(rng.random(), 3) if person and told else None
        one = FitErrors(
            place_m=rng.random(),
            rotation_rad=rng.random(),
            heading_rad=None if number == 4 else rng.random(),
            add_m=None if person else rng.random(),
            joints_m=joints,
            aligned_m=joints,
            right=3 if told else None,
            placed=12 if told else None,
            apart_m=rng.random(),
        )
        fit = one if rng.random() < 0.8 else None
        errors.append(fit)
        if fit is not None:
            row = replace(
                row,
                outcome=Outcome.FOUND,
                detail=_detail(fit),
                place_m=fit.place_m,
                rotation_rad=fit.rotation_rad,
                points_right=fit.right,
                points_placed=fit.placed,
            )
        objects.append(
            ComparedObject(replace(row, outcome=Outcome.FOUND if fit else Outcome.MISSED), ObjectSaid())
        )
    figures = fit_figures([one.result for one in objects], errors, Drawn([0] * 40, 1, 0, 0)).figures
    bars = Bars(project, figures, objects)
    followed = bars.follow(lambda one, row: row.points_placed or 0)
    assert {"heading", "add", "mpjpe", "pa_mpjpe", "pck_3d", "fitted", "rotation_acc_10"} <= followed
    # the worst by the figure itself come first
    for name, of in (
        ("mpjpe", lambda e: round(e.joints_m, 3)),
        ("heading", lambda e: round(np.degrees(e.heading_rad), 1)),
    ):
        with project.read() as connection:
            numbers = evaluation_numbers(connection, bars.id)
            rows = result_page(
                connection, bars.id, bar_filter(numbers, name, Slice(By.CATEGORY, 1)), None, 99
            )
        off = [of(errors[row.number]) for row in rows]
        assert off == sorted(off, reverse=True)
        assert len(set(off)) > 5


def test_of_no_bar_all_objects_are_listed(project: Project) -> None:
    pictures, objects = detected(random.Random(1))
    results = [one.result for one in objects]
    figures = precision_figures(pictures, results, Drawn([0] * len(results), 1, 0, 0))
    bars = Bars(project, figures, objects)
    with project.read() as connection:
        numbers = evaluation_numbers(connection, bars.id)
        assert numbers is not None
        assert bar_filter(numbers, "box_ap", Slice()) == ResultFilter()
        assert count_results(connection, bars.id) == len(results)
