"""What a person changes in a composite: it stays one that could have been seen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.compositing.edited import (
    OnGround,
    all_shown,
    can_swap,
    foot_of,
    moved,
    moved_box,
    stands_in,
    swapped,
    switched,
)
from core.compositing.sampling.footprints import Footprint
from core.records.recipes import COMPOSER_VERSION, ONE_Q16, Move, Recipe, RecipeObject, Sampler, Split


def square(x_m: float, y_m: float, half_m: float = 1.0) -> Footprint:
    x, y, half = (round(1000 * value) for value in (x_m, y_m, half_m))
    corners = ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))
    return Footprint(corners)


def at(x_m: float, y_m: float = 0.0, track_id: int | None = None) -> OnGround:
    """A car-sized thing; its picture is as wide as the whole, so that all of them meet."""
    return OnGround(square(x_m, y_m), (0, 0, 100, 100), track_id)


PLACES = {1: at(30.0, track_id=11), 2: at(20.0, track_id=12), 3: at(10.0, track_id=13)}


def recipe(*piece_ids: int, sampler: Sampler = Sampler.WALT3D) -> Recipe:
    objects = tuple(RecipeObject(piece_id) for piece_id in piece_ids)
    return Recipe(1, 1, sampler, Split.TRAIN, 5, COMPOSER_VERSION, objects)


def reaching(share: float) -> Move:
    return Move(reach_q16=round(share * ONE_Q16))


def ids(changed: Recipe) -> list[int]:
    return [one.piece_id for one in changed.objects]


def test_a_layer_that_is_off_stays_in_the_recipe() -> None:
    off = switched(recipe(1, 2, 3), 1, False)
    assert [one.shown for one in off.objects] == [True, False, True]
    assert switched(off, 1, True) == recipe(1, 2, 3)
    assert all_shown(off) == recipe(1, 2, 3)


def test_what_is_dragged_before_others_is_drawn_after_them() -> None:
    # from 30 m to 6 m: nearer than the one at 10 m
    changed, index = moved(recipe(1, 2, 3), 0, reaching(0.2), PLACES)
    assert ids(changed) == [2, 3, 1]
    assert index == 2
    assert changed.objects[2].move == reaching(0.2)
    back, index = moved(changed, 2, Move(), PLACES)
    assert (back, index) == (recipe(1, 2, 3), 0)


def test_walt2d_knows_no_depth() -> None:
    flat = recipe(3, 1, 3, sampler=Sampler.WALT2D)  # and may draw a piece twice
    changed, index = moved(flat, 1, reaching(0.2), PLACES)
    assert ids(changed) == [3, 1, 3]
    assert index == 1
    assert stands_in(flat, 1, square(10.0, 0.0), PLACES) is None
    assert [one.shown for one in switched(flat, 2, False).objects] == [True, True, False]


def test_what_would_stand_in_another_is_told() -> None:
    now = recipe(1, 2, 3)
    assert stands_in(now, 0, square(21.0, 0.5), PLACES) == 1
    assert stands_in(now, 0, square(15.0, 0.0), PLACES) is None
    assert stands_in(now, 1, square(20.0, 0.0), PLACES) is None  # its own place
    assert stands_in(switched(now, 1, False), 0, square(21.0, 0.5), PLACES) is None
    away, _ = moved(now, 1, reaching(2.0), PLACES)
    index = ids(away).index(1)
    assert stands_in(away, index, square(21.0, 0.5), PLACES) is None
    assert stands_in(away, index, square(40.0, 0.5), PLACES) == ids(away).index(2)


def test_a_moved_footprint_keeps_its_size() -> None:
    foot = foot_of(RecipeObject(2, move=reaching(0.5)), PLACES)
    assert foot == square(10.0, 0.0)
    assert foot_of(RecipeObject(9), PLACES) is None


def test_another_object_comes_in_where_it_is_in_depth() -> None:
    places = PLACES | {4: at(15.0, track_id=14)}
    changed, index = swapped(recipe(1, 2, 3), 0, 4, places)
    assert ids(changed) == [2, 4, 3]
    assert index == 1


def test_only_what_has_room_and_is_another_object_can_be_swapped_in() -> None:
    places = PLACES | {
        4: at(15.0, track_id=14),  # between the others
        5: at(15.0, track_id=13),  # another view of the nearest
        6: at(10.5, track_id=15),  # in the nearest
        7: OnGround(None, (0, 0, 9, 9), 16),  # nobody knows where
        8: at(30.5, track_id=17),  # where the one stands that goes
        9: at(25.0, track_id=11),  # another view of the one that goes
    }
    assert can_swap(recipe(1, 2, 3), 0, [3, 4, 5, 6, 7, 8, 9, 10], places) == [4, 8, 9]
    flat = recipe(1, 2, 3, sampler=Sampler.WALT2D)
    assert can_swap(flat, 0, [4, 5, 6, 7], places) == [4, 6, 7]


small = st.integers(-40, 40)


@given(
    st.tuples(small, small, st.integers(1, 50), st.integers(1, 50)),
    st.integers(ONE_Q16 // 5, 5 * ONE_Q16),
    st.integers(-(10**7), 10**7),
    st.integers(-(10**7), 10**7),
)
def test_a_moved_box_is_the_least_that_holds_all_of_it(
    box: tuple[int, int, int, int], scale: int, dx: int, dy: int
) -> None:
    x, y, w, h = moved_box(box, Move(scale, dx, dy))
    half = Fraction(1, 2)
    for first, size, start, length, d in ((box[0], box[2], x, w, dx), (box[1], box[3], y, h, dy)):
        # pixels with the first centre at 0: the edges lie half a pixel before and behind
        low = (first - half) * Fraction(scale, ONE_Q16) + Fraction(d, ONE_Q16) + half
        high = (first + size - half) * Fraction(scale, ONE_Q16) + Fraction(d, ONE_Q16) + half
        assert start <= low < start + 1
        assert start + length - 1 < high <= start + length


def test_a_box_that_does_not_move_is_the_same() -> None:
    assert moved_box((3, 4, 5, 6), Move()) == (3, 4, 5, 6)
    assert replace(Move(), dx_q16=2 * ONE_Q16) != Move()
    assert moved_box((3, 4, 5, 6), Move(dx_q16=2 * ONE_Q16)) == (5, 4, 5, 6)
