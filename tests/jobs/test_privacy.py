"""What is blurred in frames: what was found, what was found just before and after, and what stands there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.compositing.privacy.regions import Region
from core.geometry.masks import patch_area
from core.jobs.privacy import Privacy, digest_of
from core.records.fits import FitReview, FitSigmas
from core.records.recipes import RecipeRow
from core.store.edits.fits import review_fits
from core.store.history import History
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from core.store.queries.frames import frames_of
from core.store.queries.recipes import recipe_page, recipe_sets
from tests.jobs.doing import do_job
from tests.jobs.yard import GROUND, HEIGHT, PARKED, STEP_S, WIDTH, Car, Walker, Yard
from tests.placed_people import person_at


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    gone = Car(((24.0, 4.0), (22.0, 4.0), (20.0, 4.0), None, None, None), 1)
    return Yard(tmp_path / "yard.amodal", (gone, PARKED))


def names(yard: Yard, project: Project, number: int) -> set[str]:
    """What is blurred in a picture."""
    privacy = Privacy(project)
    with project.read() as connection:
        frame = list(frames_of(connection, yard.source_id))[number]
    marked = privacy.in_frame(yard.camera_id, yard.source_id, frame.id, frame.time_s, WIDTH, HEIGHT)
    return {one.name for one in marked}


def track_name(project: Project, instance_id: int) -> str:
    with project.read() as connection:
        track = connection.exec_driver_sql(
            "SELECT track_id FROM instance WHERE id = ?", (instance_id,)
        ).scalar_one()
    return f"track {track}.0"


def lose(project: Project, instance_id: int) -> None:
    """As if the detector had missed an object in one frame."""
    with project.bulk() as bulk:
        bulk.run(
            lambda c: c.exec_driver_sql("UPDATE instance SET state = 'gone' WHERE id = ?", (instance_id,))
        )


def test_all_that_was_found_is_blurred(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        car, parked = (track_name(project, ids[0]) for ids in yard.ids)
        assert names(yard, project, 0) == {car, parked}
        assert names(yard, project, 4) == {parked}


def test_a_car_that_was_missed_in_one_frame_is_blurred_where_it_must_be(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        car = track_name(project, yard.ids[0][1])
        lose(project, yard.ids[0][1])
        assert car in names(yard, project, 1)
        # a step of half a second: within the time that a track is followed over
        assert STEP_S < 2
        lose(project, yard.ids[0][2])
        assert car not in names(yard, project, 1)


def test_what_stands_there_is_blurred_where_nothing_found_it(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        parked = yard.ids[1]
        with project.bulk() as bulk:
            bulk.run(
                lambda c: c.exec_driver_sql(
                    "UPDATE instance SET stationary = 1 WHERE id IN ("
                    + ",".join(map(str, parked.values()))
                    + ")"
                )
            )
        name = track_name(project, parked[0])
        for lost in (1, 2, 3, 4):
            lose(project, parked[lost])
        assert all(name in names(yard, project, number) for number in range(6))


def test_what_regions_are_made_of_changes_with_them(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        privacy = Privacy(project)
        frames = yard.frame_ids
        one = privacy.in_frame(yard.camera_id, yard.source_id, frames[0], 0.0, WIDTH, HEIGHT)
        other = privacy.in_frame(yard.camera_id, yard.source_id, frames[1], STEP_S, WIDTH, HEIGHT)
        assert digest_of(one) == digest_of(one[::-1])
        assert len({digest_of(one), digest_of(other), digest_of([])}) == 3


def in_background(project: Project, row: RecipeRow, background_id: int) -> set[str]:
    """What is blurred in a composite for what stands in that background; nothing is pasted."""
    row = replace(row, recipe=replace(row.recipe, background_id=background_id, ignored=()))
    return {one.name for one in Privacy(project).in_composite(row, (), (), (), WIDTH, HEIGHT)}


def test_a_car_that_waited_at_a_light_is_not_blurred_on_the_road_that_it_left(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal")
    do_job(yard.path, "cut")
    whole = {"validation_percent": 0, "test_percent": 0, "guard_s": 0, "light_percent": 100}
    do_job(yard.path, "compose", count=1, least=2, most=4, **whole)
    with Project.open(yard.path) as project:
        waited, parked = yard.ids[0][1], yard.ids[-1]
        with project.bulk() as bulk:
            for one in (waited, *parked.values()):
                bulk.run(
                    lambda c, one=one: c.exec_driver_sql(
                        "UPDATE instance SET stationary = 1 WHERE id = ?", (one,)
                    )
                )
        with project.read() as connection:
            [row] = recipe_page(connection, recipe_sets(connection)[0].id)
        own = row.recipe.background_id
        assert in_background(project, row, own).isdisjoint({f"object {waited}"})
        assert in_background(project, row, own) & {f"object {one}" for one in parked.values()}
        # nobody has compared it with another background, and nobody has where it is not cut out
        assert f"object {waited}" in in_background(project, row, yard.add_background(project))
        with project.bulk() as bulk:
            bulk.run(
                lambda c: c.exec_driver_sql("UPDATE piece SET in_force = 0 WHERE instance_id = ?", (waited,))
            )
        assert f"object {waited}" in in_background(project, row, own)


def head_of(yard: Yard, instance_id: int, number: int = 0) -> Region:
    with Project.open(yard.path) as project:
        name = track_name(project, instance_id)
        found = Privacy(project).in_frame(
            yard.camera_id, yard.source_id, yard.frame_ids[number], number * STEP_S, WIDTH, HEIGHT
        )
    return next(one.region for one in found if one.name == name)


def test_heads_are_where_fits_say_unless_a_person_rejects_them(tmp_path: Path) -> None:
    sigmas = FitSigmas(0.05, 0.02, (0.0025, 0.0, 0.0004), 0.05, (0.3,) * 10)
    body = person_at(GROUND, (10.0, 0.5), 2.0, sigmas=sigmas)
    walker = Walker((replace(body, pose_sigmas_rad=(0.05,) * 23), None), 3)
    yard = Yard(tmp_path / "people.amodal", (Car(((24.0, 4.0), None), 1),), (walker,))
    one = yard.people_ids[0][0]
    by_box = patch_area(head_of(yard, one).patch)
    yard.fit_people()
    assert patch_area(head_of(yard, one).patch) < 0.8 * by_box
    with Project.open(yard.path) as project:
        with project.read() as connection:
            fit_id = fits_in_force(connection, [one])[one].id
        review_fits(History(project, "Ann"), [fit_id], FitReview.REJECTED, "somebody else")
    assert patch_area(head_of(yard, one).patch) == by_box
    # nor where the body is not here
    elsewhere = Yard(tmp_path / "other.amodal", (Car(((24.0, 4.0), None), 1),), (walker,))
    elsewhere.fit_people(body="SMPL_NEUTRAL 0123456789ab")
    assert patch_area(head_of(elsewhere, elsewhere.people_ids[0][0]).patch) == by_box
