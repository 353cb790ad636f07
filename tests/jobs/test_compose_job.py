"""The job that makes sets of composites: the same ones however often it is cut off, and what it lacks."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.compositing.render import Composer
from core.errors import CompositeError, JobError, SettingsError
from core.jobs.compose import job as compose_job
from core.jobs.composites import StoredPieces
from core.jobs.context import JobContext
from core.jobs.overview import overview_lines
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.records.jobs import JobState
from core.records.occlusion import Verdict
from core.records.recipes import Recipe, RecipeRow, Sampler, Split
from core.store import job_rows
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.pieces import pieces_by_ids
from core.store.queries.recipes import occlusion_histogram, recipe_page, recipe_sets
from core.store.writers.recipes import write_recipes
from tests.jobs.doing import do_job
from tests.jobs.yard import CARS, PARKED, Yard

# six pictures three seconds long: a border between splits would leave nothing beside it
WHOLE = {"validation_percent": 0, "test_percent": 0, "least": 2, "most": 4}


@pytest.fixture
def make_yard(tmp_path: Path) -> Callable[..., Yard]:
    def make(*arguments: Any, cut: bool = True, **more: Any) -> Yard:
        yard = Yard(tmp_path / "yard.amodal", *arguments, **more)
        if cut:
            do_job(yard.path, "cut")
        return yard

    return make


def compose(yard: Yard, **settings: Any) -> list[RecipeRow]:
    """Runs the job; gives the recipes of the newest set."""
    do_job(yard.path, "compose", **(WHOLE | settings))
    return newest(yard)


def newest(yard: Yard) -> list[RecipeRow]:
    with Project.open(yard.path) as project, project.read() as connection:
        return recipe_page(connection, recipe_sets(connection)[0].id, limit=10_000)


def recipes(rows: list[RecipeRow]) -> list[Recipe]:
    return [row.recipe for row in rows]


def logged(yard: Yard) -> str:
    with Project.open(yard.path) as project, project.read() as connection:
        return "\n".join(row[0] for row in connection.exec_driver_sql("SELECT text FROM job_log ORDER BY id"))


def test_a_set_holds_what_was_asked_for(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    rows = compose(yard, count=20, seed=3, name=" Mine ")
    assert len(rows) == 20
    assert {row.name for row in rows} == {"Mine"}
    with Project.open(yard.path) as project, project.read() as connection:
        used = {one.piece_id for row in rows for one in row.recipe.objects}
        pieces = pieces_by_ids(connection, sorted(used))
        counts = occlusion_histogram(connection, recipe_sets(connection)[0].id)
        [job] = [row for row in job_rows.list_jobs(connection) if row.kind == "compose"]
    for row in rows:
        recipe = row.recipe
        assert (recipe.sampler, recipe.split) == (Sampler.WALT3D, Split.TRAIN)
        objects = [pieces[one.piece_id] for one in recipe.objects]
        # what is parked is in every one, and what moves is there once
        assert sum(one.standing for one in objects) == 1
        moving = [one.track_id for one in objects if not one.standing]
        assert 2 <= len(moving) <= 4
        assert len(set(moving)) == len(moving)
        assert len(row.occlusion_percent) == len(objects)
    assert len({row.recipe.seed for row in rows}) == 20
    assert job.result is not None
    assert job.result["composites"] == 20
    assert job.result["hidden by 0-9 %, 10-19 %, ..."] == list(counts)


def test_the_shell_tells_what_is_cut_and_composed(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    compose(yard, count=5, name="Mine")
    lines = list(overview_lines(yard.path))
    total = len(yard.all_ids()) + 1
    assert f"  cut out: {total}, {total} with a place on the ground; 0 out of date" in lines
    assert lines[-1] == "set Mine: 5 composites"


def test_the_percentages_are_those_of_the_labels(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    rows = compose(yard, count=10) + compose(yard, count=5, sampler="walt2d", walt2d_count=8)
    composer = Composer(StoredPieces(yard.path))
    for row in rows:
        said = [one.occlusion_permille for one in composer.labels(row.recipe)]
        # the set holds whole percents of the same counts of pixels
        assert all(
            abs(10 * percent - permille) <= 5
            for percent, permille in zip(row.occlusion_percent, said, strict=True)
        )


def test_the_seed_decides(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    first = recipes(compose(yard, count=12, seed=1))
    assert recipes(compose(yard, count=12, seed=1)) == first
    assert recipes(compose(yard, count=30, seed=1))[:12] == first
    other = recipes(compose(yard, count=12, seed=2))
    assert not {one.seed for one in other} & {one.seed for one in first}
    assert [one.objects for one in other] != [one.objects for one in first]


def test_a_set_that_was_cut_off_goes_on_to_the_same_recipes(
    make_yard: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = make_yard()
    whole = compose(yard, count=20, seed=4)
    monkeypatch.setattr(compose_job, "_CHUNK", 3)
    with Project.open(yard.path) as project:
        job_id = create(project, "compose", WHOLE | {"count": 20, "seed": 4})
    lives, state = 0, JobState.CANCELLED
    while state is JobState.CANCELLED:
        lives += 1
        state = run_job(yard.path, job_id, on_start=partial(_stop_after_two_writes, monkeypatch))
    assert lives > 2
    assert recipes(newest(yard)) == recipes(whole)
    assert "has changed" not in logged(yard)


def _stop_after_two_writes(monkeypatch: pytest.MonkeyPatch, context: JobContext) -> None:
    asked: list[int] = []

    def written(*arguments: Any) -> None:
        asked.append(1)
        if len(asked) == 2:
            context.request_stop()
        write_recipes(*arguments)

    monkeypatch.setattr(compose_job, "write_recipes", written)


def test_what_is_cut_meanwhile_does_not_matter_and_what_is_rejected_is_told(
    make_yard: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = make_yard()
    ids = yard.all_ids()
    with Project.open(yard.path) as project:
        set_verdict(History(project, "Ann"), ids[:1], Verdict.OCCLUDED)
    do_job(yard.path, "cut")
    whole = compose(yard, count=12)
    monkeypatch.setattr(compose_job, "_CHUNK", 3)
    with Project.open(yard.path) as project:
        job_id = create(project, "compose", WHOLE | {"count": 12})
    assert run_job(yard.path, job_id, on_start=partial(_stop_after_two_writes, monkeypatch)) is (
        JobState.CANCELLED
    )
    # a newer cut-out of what was there is not drawn from, nor is anything new
    with Project.open(yard.path) as project:
        yard.add_background(project)
        set_verdict(History(project, "Ann"), ids[1:2], Verdict.REJECTED)
    monkeypatch.setattr(compose_job, "write_recipes", write_recipes)
    run_job(yard.path, job_id)
    assert recipes(newest(yard))[:6] == recipes(whole)[:6]
    assert "has changed since this set was begun" in logged(yard)


def test_walt2d_needs_no_camera_and_walt3d_says_what_it_lacks(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard(calibrated=False)
    with pytest.raises(CompositeError, match=r"Calibrate the camera and fit its cars, or .* WALT2D"):
        compose(yard)
    rows = compose(yard, count=5, sampler="walt2d", walt2d_count=7)
    assert [len(row.recipe.objects) for row in rows] == [7] * 5
    assert {row.recipe.sampler for row in rows} == {Sampler.WALT2D}


def test_what_cannot_be_is_one_plain_sentence(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    with pytest.raises(CompositeError, match="has no background of 8:00"):
        compose(yard, hours=[8])
    with pytest.raises(CompositeError, match="ask for fewer objects"):
        compose(yard, least=40, most=50)
    with pytest.raises(CompositeError, match="wanted occlusion cannot be reached"):
        compose(yard, wanted="0,0,0,0,0,1,0,0,0,0")
    with pytest.raises(JobError, match="no camera Gate"):
        compose(yard, camera="Gate")
    for wrong in ("1,2", "a", "0,0,0,0,0,0,0,0,0,0", "1,-2,0,0,0,0,0,0,0,0"):
        with pytest.raises(SettingsError, match="ten whole numbers"):
            compose(yard, wanted=wrong)
    with Project.open(yard.path) as project, project.read() as connection:
        assert recipe_sets(connection) == []
    compose(yard, name="Mine", count=3)
    with pytest.raises(JobError, match="already a set of composites called Mine"):
        compose(yard, name="Mine", count=3)


def test_an_hour_without_a_background_is_told_of(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    with Project.open(yard.path) as project:
        background_id = yard.add_background(project, hour=8)
    rows = compose(yard, count=3, sampler="walt2d", hours=[8, 17])
    assert {row.recipe.background_id for row in rows} == {background_id}
    assert "Left out: Yard has no background of 17:00." in logged(yard)


def test_what_was_never_cut_and_what_has_no_background(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard(cut=False, background=False)
    with pytest.raises(CompositeError, match="Cut them out first"):
        compose(yard)
    do_job(yard.path, "cut")
    with pytest.raises(CompositeError, match="Make one with `amodal background`"):
        compose(yard)


def test_what_stands_there_and_has_no_place_is_ignored(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard(cut=False)
    with Project.open(yard.path) as project:
        set_verdict(History(project, "Ann"), list(yard.ids[-1].values()), Verdict.OCCLUDED)
    do_job(yard.path, "cut")
    rows = compose(yard, count=5)
    with Project.open(yard.path) as project, project.read() as connection:
        masks = {
            row[0]
            for row in connection.exec_driver_sql("SELECT mask_id FROM piece WHERE standing AND in_force")
        }
    assert len(masks) == 1
    assert all(set(row.recipe.ignored) == masks for row in rows)


def test_what_stands_there_is_no_road_where_its_piece_is_out_of_date(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    with Project.open(yard.path) as project:
        with project.read() as connection:
            [(instance_id, mask_id)] = connection.exec_driver_sql(
                "SELECT instance_id, mask_id FROM piece WHERE standing AND in_force"
            ).all()
        set_verdict(History(project, "Ann"), [instance_id], Verdict.OCCLUDED)
    assert all(row.recipe.ignored == (mask_id,) for row in compose(yard, count=5))
    with Project.open(yard.path) as project:
        set_verdict(History(project, "Ann"), [instance_id], Verdict.REJECTED)
    assert all(row.recipe.ignored == () for row in compose(yard, count=5))


def test_what_stood_still_is_looked_for_in_every_background(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard(cut=False)
    with Project.open(yard.path) as project, project.bulk() as bulk:
        ids = ",".join(map(str, yard.ids[-1].values()))
        bulk.run(
            lambda c: c.exec_driver_sql(f"UPDATE instance SET stationary = 1 WHERE id IN ({ids})").rowcount
        )
    with_it, yard.ground = yard.ground, Yard(yard.path.with_name("bare.amodal"), CARS).ground
    with Project.open(yard.path) as project:  # it came after the background was taken
        yard.add_background(project)
    do_job(yard.path, "cut")
    assert all(row.recipe.ignored == () for row in compose(yard, count=5))
    yard.ground = with_it
    with Project.open(yard.path) as project:
        yard.add_background(project)
        with project.read() as connection:
            [(piece_id, mask_id)] = connection.exec_driver_sql(
                f"SELECT id, mask_id FROM piece WHERE in_force AND NOT standing AND instance_id IN ({ids})"
            ).all()
    for row in compose(yard, count=5):
        assert row.recipe.ignored == (mask_id,)
        assert all(one.piece_id != piece_id for one in row.recipe.objects)


def test_what_was_cut_without_a_background_is_told_of(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard(background=False)
    with Project.open(yard.path) as project:
        yard.add_background(project)
    compose(yard, count=2)
    assert "made while there was no background" in logged(yard)


def test_an_object_on_both_sides_is_told_of(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard(CARS)
    compose(yard, count=4, name="All for training")
    assert "also in sets" not in logged(yard)
    compose(yard, count=4, name="Old", sampler="walt2d", split="test")
    assert "also in sets" not in logged(yard)
    compose(yard, count=4, name="Late", split="test", test_percent=50, guard_s=0, least=1, most=2)
    found = re.search(r"not for test: (\d) in All for training\.", logged(yard))
    assert found is not None
    used = {one.piece_id for row in newest(yard) for one in row.recipe.objects}
    with Project.open(yard.path) as project, project.read() as connection:
        tracks = {one.track_id for one in pieces_by_ids(connection, sorted(used)).values()}
    assert int(found[1]) == len(tracks)


def test_a_background_that_shows_no_parked_car_has_none_in_it(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard((*CARS, PARKED))
    bare = Yard(yard.path.with_name("bare.amodal"), CARS)
    with_it = compose(yard, count=3)
    yard.ground = bare.ground
    with Project.open(yard.path) as project:
        yard.add_background(project)
    without = compose(yard, count=3)
    with Project.open(yard.path) as project, project.read() as connection:
        standing = {
            row[0] for row in connection.exec_driver_sql("SELECT id FROM piece WHERE standing AND in_force")
        }
    assert all(standing & {one.piece_id for one in row.recipe.objects} for row in with_it)
    assert not any(standing & {one.piece_id for one in row.recipe.objects} for row in without)


def test_pieces_that_are_out_of_date_are_left_out_and_told_of(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    ids = yard.all_ids()
    with Project.open(yard.path) as project:
        set_verdict(History(project, "Ann"), ids[:2], Verdict.OCCLUDED)
    rows = compose(yard, count=20)
    used = {one.piece_id for row in rows for one in row.recipe.objects}
    with Project.open(yard.path) as project, project.read() as connection:
        assert not {one.instance_id for one in pieces_by_ids(connection, sorted(used)).values()} & set(
            ids[:2]
        )
    assert "2 cut-outs are out of date" in logged(yard)
