"""Sets of recipes: what a job writes, what a person keeps of it, and what is counted without rendering."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import EditRefusedError, JobError
from core.records.recipes import Move, RecipeObject, Split
from core.store.edits.keypoints import save_keypoints
from core.store.edits.recipes import hide_set, remove_recipes, save_recipe, show_set
from core.store.history import History
from core.store.queries.recipes import (
    occlusion_histogram,
    recipe_alone,
    recipe_by_id,
    recipe_ids,
    recipe_page,
    recipe_page_before,
    recipe_set,
    recipe_sets,
    recipes_by_ids,
    set_by_name,
)
from core.store.writers.recipes import MadeRecipe, make_set
from tests.store.doing import decide, decision, everything, found
from tests.store.doing_cars import points
from tests.store.doing_recipes import background, compose, cut, found_piece, recipe_of


@pytest.fixture
def cars(site: Any) -> list[int]:
    ids: list[int] = site.detect(site.frame_ids[0], [found(x) for x in (10.0, 110.0, 300.0)])
    decide(site, *(decision(i, 0.5) for i in ids))
    return ids


@pytest.fixture
def pieces(site: Any, cars: list[int]) -> list[int]:
    return cut(site, *(found_piece(site, car) for car in cars))


def made(site: Any, pieces: list[int], count: int, split: Split = Split.TRAIN) -> list[MadeRecipe]:
    ground = background(site)
    return [
        MadeRecipe(recipe_of(site, ground, pieces, seed=n, split=split, ignored=(3, 9)), (0, 19, 100))
        for n in range(count)
    ]


def test_recipes_come_back_as_they_were_made_in_their_order(site: Any, pieces: list[int]) -> None:
    written = made(site, pieces, 5)
    set_id = compose(site, "First", written, wanted=[1] * 10)
    with site.project.read() as connection:
        rows = recipe_page(connection, set_id)
        [listed] = recipe_sets(connection)
    assert [(row.recipe, row.occlusion_percent) for row in rows] == [
        (one.recipe, one.occlusion_percent) for one in written
    ]
    assert {(row.name, row.edited_from, row.annotator, row.stale) for row in rows} == {
        ("First", None, None, False)
    }
    assert (listed.name, listed.total, listed.edited, listed.wanted) == ("First", 5, 0, (1,) * 10)


def test_pages_follow_one_another_both_ways(site: Any, pieces: list[int]) -> None:
    first = compose(site, "First", made(site, pieces, 5))
    compose(site, "Second", made(site, pieces, 3))
    with site.project.read() as connection:
        ids = list(recipe_ids(connection, first))
        page = recipe_page(connection, first, limit=2)
        following = recipe_page(connection, first, page[-1].id, 2)
        last = recipe_page_before(connection, first, limit=2)
        before = recipe_page_before(connection, first, last[0].id, 2)
    assert [row.id for row in page + following] == ids[:4]
    assert [row.id for row in before + last] == ids[1:]


def test_splits_and_cameras_are_counted_and_filtered(site: Any, pieces: list[int]) -> None:
    written = made(site, pieces, 3) + made(site, pieces, 2, Split.TEST)
    set_id = compose(site, "First", written)
    with site.project.read() as connection:
        row = recipe_set(connection, set_id)
        assert row is not None
        assert row.counts == {(site.camera_id, Split.TRAIN): 3, (site.camera_id, Split.TEST): 2}
        test = recipe_page(connection, set_id, split=Split.TEST)
        assert [one.recipe for one in test] == [one.recipe for one in written[3:]]
        assert len(recipe_ids(connection, set_id, camera_id=site.camera_id + 1)) == 0


def test_the_histogram_counts_objects_in_tens_of_percent(site: Any, pieces: list[int]) -> None:
    set_id = compose(site, "First", made(site, pieces, 4) + made(site, pieces, 1, Split.TEST))
    with site.project.read() as connection:
        assert occlusion_histogram(connection, set_id) == (5, 5, 0, 0, 0, 0, 0, 0, 0, 5)
        assert sum(occlusion_histogram(connection, set_id, split=Split.TEST)) == 3
        assert occlusion_histogram(connection, 99) == (0,) * 10


def test_a_recipe_is_stale_once_a_piece_of_it_is(site: Any, cars: list[int], pieces: list[int]) -> None:
    ground = background(site)
    written = [
        MadeRecipe(recipe_of(site, ground, pieces[:2]), (0, 0)),
        MadeRecipe(recipe_of(site, ground, pieces[2:]), (0,)),
    ]
    set_id = compose(site, "First", written)
    save_keypoints(site.history, cars[0], points((1.0, 2.0)), "Place a point")
    with site.project.read() as connection:
        assert [row.stale for row in recipe_page(connection, set_id)] == [True, False]


def test_a_job_that_makes_its_set_again_goes_on_with_it(site: Any, pieces: list[int]) -> None:
    from core.store import job_rows

    job_id = job_rows.create_job(site.project, "compose", "Compose", {})
    with site.project.write() as connection:
        first = make_set(connection, "First", None, job_id=job_id)
        assert make_set(connection, "First", None, job_id=job_id) == first
        with pytest.raises(JobError, match="already a set"):
            make_set(connection, "First", None, job_id=None)


def test_a_kept_recipe_is_a_new_row_and_undo_takes_it_back(site: Any, pieces: list[int]) -> None:
    set_id = compose(site, "First", made(site, pieces, 1))
    with site.project.read() as connection:
        [row] = recipe_page(connection, set_id)
    changed = replace(
        row.recipe,
        objects=(
            RecipeObject(pieces[0], shown=False),
            RecipeObject(pieces[1], move=Move(60000, -70000, 123456, 80000)),
            RecipeObject(pieces[2]),
        ),
    )
    touched = save_recipe(site.history, changed, (5, 60), "First", edited_from=row.id)
    [new_id] = touched.rows["recipe"]
    with site.project.read() as connection:
        kept = recipe_by_id(connection, new_id)
        assert kept is not None
        assert (kept.recipe, kept.occlusion_percent) == (changed, (5, 60))
        assert (kept.edited_from, kept.annotator, kept.name) == (row.id, "Ann", "First")
        assert recipe_by_id(connection, row.id) == row
        assert recipe_alone(connection, new_id) == changed
        assert list(recipe_ids(connection, set_id, edited=True)) == [new_id]
        assert recipe_sets(connection)[0].edited == 1
    assert touched.title == f"Keep a change of composite {row.id} in First"
    before = everything(site)["recipe"]
    site.history.undo()
    with site.project.read() as connection:
        assert recipe_by_id(connection, new_id) is None
        assert recipe_alone(connection, new_id) is None
    site.history.redo()
    assert everything(site)["recipe"] == before


def test_a_new_set_comes_and_goes_with_the_first_recipe_in_it(site: Any, pieces: list[int]) -> None:
    recipe = recipe_of(site, background(site), pieces)
    save_recipe(site.history, recipe, (0, 0, 0), " Mine ")
    save_recipe(site.history, recipe, (0, 0, 0), "Mine")
    with site.project.read() as connection:
        [row] = recipe_sets(connection)
        assert (row.name, row.total, row.job_id) == ("Mine", 2, None)
    site.history.undo()
    site.history.undo()
    with site.project.read() as connection:
        assert recipe_sets(connection) == []


def test_another_annotators_recipe_keeps_the_set(site: Any, pieces: list[int]) -> None:
    recipe = recipe_of(site, background(site), pieces)
    save_recipe(site.history, recipe, (0, 0, 0), "Mine")
    save_recipe(History(site.project, "Bob"), recipe, (0, 0, 0), "Mine")
    with pytest.raises(EditRefusedError):
        site.history.undo()


def test_what_is_no_longer_there_is_refused(site: Any, pieces: list[int]) -> None:
    recipe = recipe_of(site, background(site), pieces)
    with pytest.raises(EditRefusedError, match="needs a name"):
        save_recipe(site.history, recipe, (0, 0, 0), " ")
    with pytest.raises(EditRefusedError, match="Composite 77"):
        save_recipe(site.history, recipe, (0, 0, 0), "Mine", edited_from=77)
    strange = replace(recipe, objects=(RecipeObject(99),))
    with pytest.raises(EditRefusedError, match="Piece 99"):
        save_recipe(site.history, strange, (0,), "Mine")
    with pytest.raises(EditRefusedError, match="Composite 5"):
        remove_recipes(site.history, [5])
    with site.project.read() as connection:
        assert recipe_sets(connection) == []


def test_a_later_state_of_a_kept_recipe_takes_the_place_of_the_earlier(site: Any, pieces: list[int]) -> None:
    set_id = compose(site, "First", made(site, pieces, 1))
    with site.project.read() as connection:
        [row] = recipe_page(connection, set_id)
    off = replace(row.recipe, objects=(replace(row.recipe.objects[0], shown=False), *row.recipe.objects[1:]))
    [first] = save_recipe(site.history, off, (1, 2), "Mine", edited_from=row.id).rows["recipe"]
    touched = save_recipe(site.history, row.recipe, (1, 2, 3), "Mine", instead_of=first, title="Switch on")
    assert touched.title == "Switch on"
    with site.project.read() as connection:
        mine = set_by_name(connection, "Mine")
        assert mine is not None
        [kept] = recipe_page(connection, mine.id)
    assert (kept.recipe, kept.edited_from) == (row.recipe, row.id)
    site.history.undo()
    with site.project.read() as connection:
        [kept] = recipe_page(connection, mine.id)
        assert recipe_by_id(connection, row.id) == row
    assert (kept.id, kept.recipe) == (first, off)
    # what a job made is never taken out by a change of it
    with pytest.raises(EditRefusedError, match="made by a job"):
        save_recipe(site.history, off, (1, 2), "Mine", instead_of=row.id)


def test_removed_recipes_come_back_as_they_were(site: Any, pieces: list[int]) -> None:
    set_id = compose(site, "First", made(site, pieces, 3))
    with site.project.read() as connection:
        rows = recipe_page(connection, set_id)
    assert remove_recipes(site.history, [rows[1].id]).title == f"Remove composite {rows[1].id}"
    with site.project.read() as connection:
        assert list(recipe_ids(connection, set_id)) == [rows[0].id, rows[2].id]
    site.history.undo()
    with site.project.read() as connection:
        assert recipe_page(connection, set_id) == rows
        assert recipes_by_ids(connection, [rows[2].id, 99, rows[0].id]) == [rows[2], rows[0]]


def test_a_hidden_set_is_off_the_lists_and_not_lost(site: Any, pieces: list[int]) -> None:
    set_id = compose(site, "First", made(site, pieces, 1))
    assert hide_set(site.history, set_id).title == "Hide the set First"
    with site.project.read() as connection:
        assert recipe_sets(connection) == []
        assert [row.id for row in recipe_sets(connection, hidden=True)] == [set_id]
        named = set_by_name(connection, "First")
        assert named is not None
        assert named.hidden
    show_set(site.history, set_id)
    with site.project.read() as connection:
        assert len(recipe_sets(connection)) == 1
    hide_set(site.history, set_id)
    [one] = made(site, pieces, 1)
    save_recipe(site.history, one.recipe, (0, 19, 100), "First")  # what is kept in it is found there
    with site.project.read() as connection:
        assert [row.total for row in recipe_sets(connection)] == [2]
    site.history.undo()
    with site.project.read() as connection:
        assert recipe_sets(connection) == []
