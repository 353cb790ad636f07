"""Evaluations: what jobs write of them, the objects behind a bar worst first, and what is asked for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.errors import EditRefusedError
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import (
    Confusion,
    Counts,
    Curve,
    EvaluationState,
    Figure,
    Having,
    ObjectResult,
    ObjectSaid,
    Order,
    Outcome,
    PictureRow,
    Pose3D,
    ResultFilter,
    ResultKey,
    Subject,
    Truth,
)
from core.records.masks import Rle
from core.records.occlusion import Verdict
from core.records.project import QueueFilter
from core.records.shapes import KeypointTag
from core.records.slices import ALL, NOT_FOUND, NOTHING_THERE, UNKNOWN, By, Slice
from core.store.edits.evaluations import ask_for_review, hide_evaluation, name_evaluation, note_evaluation
from core.store.edits.verdicts import set_verdict
from core.store.queries import evaluations as queries
from core.store.queries import queue
from core.store.queries.results import (
    count_results,
    instances_of,
    result_key,
    result_page,
    result_said,
    true_pose_of,
)
from core.store.writers.evaluations import (
    forget_results,
    make_evaluation,
    update_evaluation,
    write_figures,
    write_pictures,
    write_results,
    write_said,
)


def made(site: Any, name: str = "Night", subject: Subject = Subject.MINING, **more: Any) -> int:
    values = {"job_id": None, "settings": {"seed": 3}, "seed": 3}
    with site.project.bulk() as bulk:
        return bulk.run(lambda c: make_evaluation(c, name, subject, Truth.LABELS, **(values | more)))


def write(site: Any, work: Callable[..., Any], *arguments: Any) -> None:
    with site.project.bulk() as bulk:
        bulk.run(lambda c: work(c, *arguments))


def read(site: Any, query: Any, *arguments: Any, **more: Any) -> Any:
    with site.project.read() as connection:
        return query(connection, *arguments, **more)


def an_object(number: int, **more: Any) -> ObjectResult:
    values: dict[str, Any] = {
        "picture": 0,
        "instance_id": None,
        "place": None,
        "category": Category.CAR,
        "said": Category.CAR,
        "outcome": Outcome.FOUND,
        "badness": 0.5,
        "score": 0.9,
        "box": Box(1.0, 2.0, 30.0, 20.0),
    }
    return ObjectResult(number, **(values | more))


def test_an_evaluation_is_what_was_written_of_it(site: Any) -> None:
    evaluation_id = made(site)
    write(
        site,
        lambda c: update_evaluation(
            c, evaluation_id, state=EvaluationState.DONE, objects=4, truth_key="ab", data={"pictures": 2}
        ),
    )
    half = Slice(By.OCCLUSION, 3)
    figures = [Figure("mask_ap", ALL, 0.5, 0.4, 0.6, 12), Figure("mask_ap", half, 0.25, None, None, 3)]
    curve = Curve("pck", ALL, (0.05, 0.1), (0.5, 0.75))
    confusion = Confusion("category", ALL, ("car", "nothing there"), ("car", "not found"), ((3, 1), (2, 0)))
    write(site, write_figures, evaluation_id, figures, [curve], [confusion])
    picture = PictureRow(0, site.frame_ids[0], None, "", site.camera_id, 12, 640, 360)
    write(site, write_pictures, evaluation_id, [picture])

    numbers = read(site, queries.evaluation_numbers, evaluation_id)
    row = numbers.evaluation
    assert (row.name, row.subject, row.truth, row.seed, row.objects) == (
        *("Night", Subject.MINING, Truth.LABELS),
        *(3, 4),
    )
    assert (row.state, row.truth_key, row.data) == (EvaluationState.DONE, "ab", {"pictures": 2})
    assert set(numbers.figures) == set(figures)
    assert numbers.figure("mask_ap", By.OCCLUSION, 3) == figures[1]
    assert numbers.figure("mask_ap", By.OCCLUSION, 4) is None
    assert (numbers.curves, numbers.confusions) == ((curve,), (confusion,))
    assert read(site, queries.evaluation_picture, evaluation_id, 0) == picture
    assert read(site, queries.evaluation_picture, evaluation_id, 1) is None


def test_a_figure_that_is_no_number_is_a_bug(site: Any) -> None:
    evaluation_id = made(site)
    with pytest.raises(ValueError, match="mask_ap"):
        write(site, write_figures, evaluation_id, [Figure("mask_ap", ALL, float("nan"), None, None, 1)])


def test_counting_anew_leaves_nothing_of_before(site: Any) -> None:
    evaluation_id, other = made(site), made(site, "Other")
    for one in (evaluation_id, other):
        write(site, write_figures, one, [Figure("mask_ap", ALL, 0.5, None, None, 1)])
        write(site, write_results, one, [an_object(0)])
        write(site, write_said, one, [(0, ObjectSaid(box=Box(1, 2, 3, 4)))])
    write(site, forget_results, evaluation_id)
    assert read(site, count_results, evaluation_id) == 0
    assert read(site, queries.evaluation_numbers, evaluation_id).figures == ()
    assert read(site, result_said, evaluation_id, 0) is None
    assert read(site, count_results, other) == 1
    assert read(site, result_said, other, 0) is not None


def test_what_was_said_comes_back_whole(site: Any) -> None:
    evaluation_id = made(site)
    mask = Rle(4, 6, b"04d0")
    said = ObjectSaid(
        box=Box(1.5, 2.0, 3.0, 4.0),
        whole=mask,
        true_modal=mask,
        points=((1.0, 2.5, KeypointTag.VISIBLE), None),
        true_points=(None, (3.0, 4.0, KeypointTag.OTHER_OCCLUDED)),
        car=Pose3D((1.0,) * 9, (0.0, 1.0, 20.0), (0.5,)),
        true_car=Pose3D((1.0,) * 9, (0.0, 1.0, 21.0), (0.5,), (0.1, 0.2, 0.3)),
    )
    write(site, write_said, evaluation_id, [(7, said)])
    assert read(site, result_said, evaluation_id, 7) == said


def test_the_newest_evaluation_of_fits_tells_where_an_object_stands(site: Any) -> None:
    poses = [Pose3D((1.0,) * 9, (0.0, 1.0, float(z)), (0.5,)) for z in range(3)]
    for subject, pose in zip((Subject.FITS, Subject.FITS, Subject.MINING), poses, strict=True):
        evaluation_id = made(site, subject=subject)
        write(site, write_results, evaluation_id, [an_object(0, instance_id=2)])
        write(site, write_said, evaluation_id, [(0, ObjectSaid(true_car=pose))])
    assert read(site, true_pose_of, 2) == poses[1]
    assert read(site, true_pose_of, 1) is None


def many(seed: int, count: int = 300) -> list[ObjectResult]:
    """Objects of all kinds, with equal badness among them."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        tags, placed = rng.randrange(16), rng.randrange(4)
        outcome = rng.choice([Outcome.FOUND, Outcome.MISSED, Outcome.EXTRA])
        rows.append(
            an_object(
                number,
                category=rng.choice([Category.CAR, Category.PERSON]),
                said=None if outcome is Outcome.MISSED else rng.choice([Category.CAR, Category.PERSON]),
                outcome=outcome,
                badness=rng.choice([1.0, 0.5, 0.25, rng.random()]),
                occlusion=rng.choice([None, 0.0, 0.3, 0.95, 1.0]),
                distance_m=rng.choice([None, 5.0, 10.0, 200.0]),
                box=Box(0, 0, rng.choice([8.0, 40.0, 500.0]), 5),
                box_iou=rng.choice([None, 0.2, 0.9]),
                rotation_rad=rng.choice([None, 0.1, 3.0]),
                points_right=rng.randrange(placed + 1),
                points_placed=placed,
                tags_right=rng.randrange(placed + 1),
                tags_told=placed,
                tags=tags,
                wrong_tags=tags & rng.randrange(16),
                tag_pairs=rng.randrange(1 << 16) & rng.randrange(1 << 16),
                detail=rng.choice(["", f"joints {rng.randrange(90)} mm, heading {rng.randrange(99) / 10}°"]),
                instance_id=rng.choice([None, 1, 2, 3]),
            )
        )
    return rows


def share(right: int, count: int) -> float:
    return right / count if count else 9.0


@pytest.mark.parametrize(
    ("filter", "shown", "key"),
    [
        (ResultFilter(), lambda o: True, lambda o: -o.badness),
        (
            ResultFilter((Slice(By.OCCLUSION, 9), Slice(By.CATEGORY, 1))),
            lambda o: o.occlusion in (0.95, 1.0) and o.category is Category.PERSON,
            lambda o: -o.badness,
        ),
        (ResultFilter((Slice(By.DISTANCE, UNKNOWN),)), lambda o: o.distance_m is None, lambda o: -o.badness),
        (
            ResultFilter((Slice(By.DISTANCE, 1),), order=Order.BOX),
            lambda o: o.distance_m == 10.0,
            lambda o: 9.0 if o.box_iou is None else o.box_iou,
        ),
        (
            ResultFilter((Slice(By.SIZE, 6),), (Outcome.FOUND,), order=Order.ROTATION),
            lambda o: o.box.w == 500.0 and o.outcome is Outcome.FOUND,
            lambda o: 9.0 if o.rotation_rad is None else -o.rotation_rad,
        ),
        (
            ResultFilter((Slice(By.TAG, 2),), order=Order.POINTS),
            lambda o: o.tags & 4,
            lambda o: (
                not o.wrong_tags & 4,
                share(o.points_right, o.points_placed),
            ),
        ),
        (
            # wrong tags of such points first: 2 was taken for 0, 1 or 3
            ResultFilter((Slice(By.TAG, 2),), order=Order.TAGS),
            lambda o: o.tags & 4,
            lambda o: (not o.tag_pairs & 0b1011_0000_0000, share(o.tags_right, o.tags_told)),
        ),
        (
            ResultFilter((Slice(By.TAG, 2),), order=Order.TAGS, counts=Counts(having=Having.TAGS)),
            lambda o: o.tag_pairs & 0b1111_0000_0000 and o.tags_told,
            lambda o: (not o.tag_pairs & 0b1011_0000_0000, share(o.tags_right, o.tags_told)),
        ),
        (
            ResultFilter((Slice(By.SIZE, 0),), order=Order.JOINTS),
            lambda o: o.box.w == 8.0,
            lambda o: -float(o.detail.split()[1]) if o.detail else 9.0,
        ),
        (
            ResultFilter(order=Order.HEADING, counts=Counts(having=Having.HEADING)),
            lambda o: o.detail,
            lambda o: -float(o.detail.split()[-1].rstrip("°")),
        ),
        (
            ResultFilter(
                (Slice(By.DISTANCE, 0),),
                counts=Counts((Outcome.FOUND, Outcome.MISSED), None, (Category.CAR,)),
            ),
            lambda o: o.distance_m == 5.0 and o.outcome is not Outcome.EXTRA and o.category is Category.CAR,
            lambda o: -o.badness,
        ),
        (
            ResultFilter(confused=("category", "car", NOT_FOUND)),
            lambda o: o.outcome is not Outcome.EXTRA and o.category is Category.CAR and o.said is None,
            lambda o: -o.badness,
        ),
        (
            ResultFilter(confused=("category", NOTHING_THERE, "person")),
            lambda o: o.outcome is Outcome.EXTRA and o.category is Category.PERSON,
            lambda o: -o.badness,
        ),
    ],
)
def test_pages_are_a_plain_sort_of_what_is_in_the_bar(site: Any, filter: Any, shown: Any, key: Any) -> None:
    evaluation_id, rows = made(site), many(1)
    write(site, write_results, evaluation_id, rows)
    write(site, write_results, made(site, "Other"), many(2))
    wanted = sorted((one for one in rows if shown(one)), key=lambda one: (key(one), one.number))
    assert wanted
    found: list[ObjectResult] = []
    after: ResultKey | None = None
    while page := read(site, result_page, evaluation_id, filter, after, 7):
        found += page
        after = result_key(filter, page[-1])
    assert found == wanted
    assert read(site, count_results, evaluation_id, filter) == len(wanted)
    ids = list(dict.fromkeys(one.instance_id for one in wanted if one.instance_id is not None))
    assert read(site, instances_of, evaluation_id, filter) == ids


def test_a_cell_of_confused_tags_leads_to_its_objects(site: Any) -> None:
    evaluation_id = made(site)
    pair = 1 << (4 * 0 + 2)  # visible, said to be hidden by another
    write(site, write_results, evaluation_id, [an_object(0, tag_pairs=pair | 1), an_object(1, tag_pairs=1)])
    page = read(site, result_page, evaluation_id, ResultFilter(confused=("tag", "visible", "other occluded")))
    assert [one.number for one in page] == [0]


def test_a_page_by_badness_sorts_nothing(site: Any) -> None:
    evaluation_id = made(site)
    filter = ResultFilter((Slice(By.OCCLUSION, 3),), counts=Counts((Outcome.FOUND, Outcome.MISSED)))
    statements: list[tuple[str, Any]] = []
    with site.project.read() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(statements.append)
        result_page(connection, evaluation_id, filter, ResultKey(-0.5, 3), 5)
        driver.set_trace_callback(None)
        [query] = [one for one in statements if "evaluation_object INDEXED BY" in str(one)]
        plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert not any("TEMP B-TREE" in step for step in plan), plan
    assert all("COVERING INDEX" in step for step in plan if step.startswith("SEARCH")), plan


def test_people_name_note_and_hide_evaluations(site: Any) -> None:
    evaluation_id = made(site)
    name_evaluation(site.history, evaluation_id, " Rain ")
    note_evaluation(site.history, evaluation_id, "wet lens")
    hide_evaluation(site.history, evaluation_id)
    assert read(site, queries.evaluations) == []
    [row] = read(site, queries.evaluations, hidden=True)
    assert (row.name, row.notes, row.hidden) == ("Rain", "wet lens", True)
    site.history.undo()
    assert len(read(site, queries.evaluations)) == 1
    with pytest.raises(EditRefusedError, match="needs a name"):
        name_evaluation(site.history, evaluation_id, " ")
    with pytest.raises(EditRefusedError, match="no longer there"):
        hide_evaluation(site.history, evaluation_id + 1)


def test_what_is_asked_for_is_a_queue_until_somebody_answers(site: Any) -> None:
    first, second, third = site.cars(3)
    evaluation_id = made(site)
    set_verdict(site.history, [first], Verdict.OCCLUDED)
    ask_for_review(site.history, [first, third, first], evaluation_id)
    ask_for_review(site.history, [first])  # it stands there already

    def asked(**more: Any) -> list[int]:
        return sorted(read(site, queue.page, QueueFilter(asked=True, **more)))

    assert asked() == [first, third]
    assert asked(verdict="none", camera_id=site.camera_id, source_id=site.source_id) == [third]
    assert asked(camera_id=site.camera_id + 1) == []
    assert read(site, queue.count, QueueFilter(asked=True)) == 2
    assert read(site, queue.matches, QueueFilter(asked=True), [first, second]) == {first}
    set_verdict(site.history, [first], Verdict.OCCLUDED)  # as before: it was looked at
    assert asked() == [third]
    site.history.undo()
    assert asked() == [first, third]
    with pytest.raises(EditRefusedError, match="None of these"):
        ask_for_review(site.history, [], evaluation_id)
    with pytest.raises(EditRefusedError, match="no instance 999"):
        ask_for_review(site.history, [999], evaluation_id)


def test_one_job_has_one_evaluation_and_a_dead_one_is_stopped(site: Any) -> None:
    from core.store.job_rows import create_job

    job_id = create_job(site.project, "evaluate", "Evaluate", {})
    evaluation_id = made(site, job_id=job_id)
    assert made(site, "Again", job_id=job_id) == evaluation_id
    row = read(site, queries.evaluation_of_job, job_id)
    assert (row.name, row.state) == ("Night", EvaluationState.STOPPED)  # the job does not run
    assert replace(row, state=EvaluationState.RUNNING) != row
    with pytest.raises(ValueError, match="does not write name"):
        write(site, lambda c: update_evaluation(c, evaluation_id, name="x"))
