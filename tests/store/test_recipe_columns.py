"""Recipes and footprints come back from their columns as they were, in few bytes."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DamagedProjectError
from core.records.recipes import Move, Recipe, RecipeObject, Sampler, Split
from core.store.recipe_columns import footprint_column, footprint_of, from_columns, to_columns
from core.store.varints import pack

MOVES = st.builds(
    Move,
    st.integers(1, 2**20),
    st.integers(-(2**28), 2**28),
    st.integers(-(2**28), 2**28),
    st.integers(1, 2**20),
)
CORNERS = st.integers(-2_000_000_000, 2_000_000_000)
OBJECTS = st.builds(RecipeObject, st.integers(1, 2**40), st.booleans(), st.just(Move()) | MOVES)
RECIPES = st.builds(
    Recipe,
    st.integers(1, 99),
    st.integers(1, 99),
    st.sampled_from(Sampler),
    st.sampled_from(Split),
    st.integers(0, 2**63 - 1),
    st.integers(1, 9),
    st.lists(OBJECTS, max_size=20).map(tuple),
    st.lists(st.integers(1, 2**40), unique=True).map(lambda ids: tuple(sorted(ids))),
)


def read(columns: dict[str, Any]) -> tuple[Recipe, tuple[int, ...]]:
    return from_columns(SimpleNamespace(**columns))


@given(RECIPES, st.integers(0, 100))
def test_a_recipe_comes_back(recipe: Recipe, percent: int) -> None:
    hidden = (percent,) * sum(one.shown for one in recipe.objects)
    assert read(to_columns(recipe, hidden)) == (recipe, hidden)


def test_twelve_objects_of_a_stock_of_100000_take_36_bytes() -> None:
    # 4 * 100,000 lies below 2^21, which three groups of seven bits hold
    recipe = Recipe(
        1, 1, Sampler.WALT3D, Split.TRAIN, 5, 1, tuple(RecipeObject(100_000 - n) for n in range(12))
    )
    assert len(to_columns(recipe, (0,) * 12)["objects"]) == 36


@given(st.none() | st.lists(st.tuples(CORNERS, CORNERS)).map(tuple))
def test_a_footprint_comes_back(footprint: Any) -> None:
    assert footprint_of(footprint_column(footprint)) == footprint


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_told_of(data: bytes) -> None:
    columns = to_columns(Recipe(1, 1, Sampler.WALT2D, Split.TEST, 0, 1, ()), ())
    for name in ("objects", "ignored"):
        with suppress(DamagedProjectError):
            recipe, hidden = read(columns | {name: data})
            # what is read is a recipe that can be kept and read again
            assert read(to_columns(recipe, hidden)) == (recipe, hidden)
    with suppress(DamagedProjectError):
        corners = footprint_of(data)
        assert footprint_of(footprint_column(corners)) == corners


@pytest.mark.parametrize(
    ("name", "torn"), [("objects", b"\x80"), ("objects", b"\x06\x01"), ("ignored", b"\xff")]
)
def test_torn_columns_are_told_of(name: str, torn: bytes) -> None:
    columns = to_columns(Recipe(1, 1, Sampler.WALT2D, Split.TEST, 0, 1, ()), ())
    with pytest.raises(DamagedProjectError, match="cannot be read"):
        read(columns | {name: torn})


def test_an_odd_corner_is_told_of() -> None:
    with pytest.raises(DamagedProjectError, match="footprint"):
        footprint_of(b"\x01\x02\x03\x04")


def test_a_footprint_out_of_reach_is_a_bug() -> None:
    with pytest.raises(ValueError):
        footprint_column(((0, 3_000_000_000),))


def test_percentages_are_of_what_is_shown() -> None:
    recipe = Recipe(1, 1, Sampler.WALT3D, Split.TRAIN, 0, 1, (RecipeObject(1), RecipeObject(2, shown=False)))
    assert read(to_columns(recipe, (40,)))[1] == (40,)
    with pytest.raises(ValueError):
        to_columns(recipe, (40, 0))


def test_a_seed_that_sqlite_cannot_hold_is_a_bug() -> None:
    with pytest.raises(ValueError):
        to_columns(Recipe(1, 1, Sampler.WALT3D, Split.TRAIN, 2**63, 1, ()), ())


def test_ids_beyond_those_of_a_database_are_refused() -> None:
    columns = to_columns(Recipe(1, 1, Sampler.WALT3D, Split.TRAIN, 5, 1, (RecipeObject(1),)), (0,))
    assert read(columns | {"ignored": pack([2**63 - 2, 1])})[0].ignored == (2**63 - 2, 2**63 - 1)
    for wrong in ({"ignored": pack([2**63 - 1, 1])}, {"objects": b"\xfc" + b"\xff" * 8 + b"\x7f"}):
        with pytest.raises(DamagedProjectError, match="too large"):
            read(columns | wrong)
