"""Pieces: versions of an instance's cut-out, stale as soon as something newer is known."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from core.records.detections import Category
from core.records.fits import FitReview
from core.records.occlusion import OcclusionLabel, Verdict
from core.records.recipes import PieceCounts
from core.store import tables
from core.store.edits.categories import set_category
from core.store.edits.fits import review_fits, save_fit
from core.store.edits.keypoints import save_keypoints
from core.store.edits.sources import hide_source
from core.store.edits.verdicts import set_verdict
from core.store.queries.pieces import (
    cutouts_by_ids,
    masks_by_ids,
    piece_counts,
    piece_rows,
    pieces_by_ids,
    stale_pieces,
    stock_rows,
    swap_candidates,
)
from tests.store.conftest import EPOCH_NOON
from tests.store.doing import decide, decision, found
from tests.store.doing_cars import FROM_NOTHING, fit_of, points
from tests.store.doing_recipes import cut, found_piece


@pytest.fixture
def cars(site: Any) -> list[int]:
    """Unoccluded cars in a row."""
    ids: list[int] = site.detect(site.frame_ids[0], [found(x) for x in (10.0, 110.0, 300.0)])
    decide(site, *(decision(i, 0.5) for i in ids))
    return ids


def test_a_piece_carries_the_versions_that_it_was_made_with(site: Any, cars: list[int]) -> None:
    save_keypoints(site.history, cars[0], points((1.0, 2.0)), "Place a point")
    save_fit(site.history, cars[0], fit_of(), FROM_NOTHING)
    corners = ((1000, -900), (5500, -900), (5500, 900), (1000, 900))
    [piece_id] = cut(site, found_piece(site, cars[0], footprint=corners))
    save_keypoints(site.history, cars[0], points((3.0, 4.0)), "Move it")
    with site.project.read() as connection:
        piece = pieces_by_ids(connection, [piece_id])[piece_id]
        [row] = piece_rows(connection, [piece_id])
        cutout = cutouts_by_ids(connection, [piece.cutout_id])[piece.cutout_id]
    assert (piece.keypoints, piece.fit) == (points((1.0, 2.0)), fit_of())
    assert (piece.instance_id, piece.category, piece.camera_id) == (cars[0], Category.CAR, site.camera_id)
    assert (piece.hour, piece.captured_at, piece.time_s) == (12, EPOCH_NOON, 0.0)
    assert piece.mask.counts == b"abc"
    assert (row.footprint, row.has_keypoints, row.has_fit, row.stale) == (corners, True, True, True)
    assert (cutout.pixels, cutout.light) == (b"pixels %d" % cars[0], (1000, 2000, 3000, 10))
    assert (cutout.background_light, row.light_q8) == ((900, 1800, 2700), 256)
    assert cutout.frame_id == site.frame_ids[0]


def test_a_fit_that_is_not_carried_is_not_read(site: Any, cars: list[int]) -> None:
    save_fit(site.history, cars[0], fit_of(), FROM_NOTHING)
    [piece_id] = cut(site, found_piece(site, cars[0], carries_fit=False))
    with site.project.read() as connection:
        assert pieces_by_ids(connection, [piece_id])[piece_id].fit is None
        assert stale_pieces(connection, [piece_id]) == set()


def test_the_newest_piece_of_an_instance_is_in_force_and_the_old_one_stays(
    site: Any, cars: list[int]
) -> None:
    [first] = cut(site, found_piece(site, cars[0]))
    with site.project.read() as connection:
        cutout_id = pieces_by_ids(connection, [first])[first].cutout_id
    save_keypoints(site.history, cars[0], points((1.0, 2.0)), "Place a point")
    [second] = cut(site, found_piece(site, cars[0], cutout=cutout_id))
    with site.project.read() as connection:
        read = pieces_by_ids(connection, [first, second])
        assert [row.id for row in stock_rows(connection, site.camera_id)] == [second]
    assert read[first].keypoints is None
    assert read[second].keypoints == points((1.0, 2.0))
    assert read[first].cutout_id == read[second].cutout_id


def changes(site: Any, car: int) -> dict[str, Any]:
    return {
        "keypoints": lambda: save_keypoints(site.history, car, points((1.0, 2.0)), "Place a point"),
        "fit": lambda: save_fit(site.history, car, fit_of(), FROM_NOTHING),
        "category": lambda: set_category(site.history, [car], Category.TRUCK),
        "rejected": lambda: set_verdict(site.history, [car], Verdict.REJECTED, "wrong detection"),
        "occluded": lambda: set_verdict(site.history, [car], Verdict.OCCLUDED),
    }


@pytest.mark.parametrize("what", ["keypoints", "fit", "category", "rejected", "occluded"])
def test_what_is_newly_known_makes_a_piece_stale_and_undo_does_not(
    site: Any, cars: list[int], what: str
) -> None:
    ids = cut(site, *(found_piece(site, car) for car in cars))
    changes(site, cars[1])[what]()
    with site.project.read() as connection:
        assert stale_pieces(connection, ids) == {ids[1]}
        assert [row.id for row in stock_rows(connection, site.camera_id)] == [ids[0], ids[2]]
        assert piece_counts(connection, site.camera_id) == PieceCounts(2, 0, 0, 1)
    site.history.undo()
    with site.project.read() as connection:
        assert stale_pieces(connection, ids) == set()


def test_reviewing_a_fit_changes_no_version(site: Any, cars: list[int]) -> None:
    fit_id = save_fit(site.history, cars[0], fit_of(), FROM_NOTHING).rows["fit"][0]
    [piece_id] = cut(site, found_piece(site, cars[0]))
    review_fits(site.history, [fit_id], FitReview.ACCEPTED)
    with site.project.read() as connection:
        assert stale_pieces(connection, [piece_id]) == set()
    review_fits(site.history, [fit_id], FitReview.REJECTED)
    with site.project.read() as connection:
        assert stale_pieces(connection, [piece_id]) == {piece_id}


def test_what_stands_needs_no_label_but_is_not_kept_when_rejected(site: Any, cars: list[int]) -> None:
    decide(site, decision(cars[0], -0.5))
    [piece_id] = cut(site, found_piece(site, cars[0], standing=True))
    with site.project.read() as connection:
        assert stale_pieces(connection, [piece_id]) == set()
        assert piece_counts(connection, site.camera_id) == PieceCounts(1, 0, 1, 0)
    set_verdict(site.history, [cars[0]], Verdict.REJECTED, "wrong detection")
    with site.project.read() as connection:
        assert stale_pieces(connection, [piece_id]) == {piece_id}


def test_what_stands_is_labelled_only_while_nothing_hides_it(site: Any, cars: list[int]) -> None:
    corners = ((1000, -900), (5500, -900), (5500, 900), (1000, 900))
    [piece_id] = cut(site, found_piece(site, cars[0], standing=True, footprint=corners))
    with site.project.read() as connection:
        assert piece_counts(connection, site.camera_id) == PieceCounts(1, 1, 1, 0)
    set_verdict(site.history, [cars[0]], Verdict.OCCLUDED)
    with site.project.read() as connection:
        assert stale_pieces(connection, [piece_id]) == {piece_id}


def test_keypoints_that_an_undo_takes_back_do_not_stand_in_its_way(site: Any, cars: list[int]) -> None:
    save_keypoints(site.history, cars[0], points((1.0, 2.0)), "Place a point")
    [piece_id] = cut(site, found_piece(site, cars[0]))
    site.history.undo()
    with site.project.read() as connection:
        assert pieces_by_ids(connection, [piece_id])[piece_id].keypoints is None
        assert stale_pieces(connection, [piece_id]) == {piece_id}
    site.history.redo()
    with site.project.read() as connection:
        assert pieces_by_ids(connection, [piece_id])[piece_id].keypoints == points((1.0, 2.0))


def test_gone_objects_and_hidden_sources_are_no_stock(site: Any, cars: list[int]) -> None:
    ids = cut(site, *(found_piece(site, car) for car in cars))
    with site.project.write() as connection:
        instance = tables.instance
        connection.execute(update(instance).where(instance.c.id == cars[0]).values(state="gone"))
    with site.project.read() as connection:
        assert [row.id for row in stock_rows(connection, site.camera_id)] == ids[1:]
        assert set(pieces_by_ids(connection, ids)) == set(ids)  # recipes that name them still render
    hide_source(site.history, site.source_id)
    with site.project.read() as connection:
        assert list(stock_rows(connection, site.camera_id)) == []


def test_swaps_are_nearest_first_and_of_another_track(site: Any, cars: list[int]) -> None:
    ids = cut(site, *(found_piece(site, car) for car in cars))
    with site.project.read() as connection:
        assert [row.id for row in swap_candidates(connection, ids[0])] == [ids[1], ids[2]]
        assert [row.id for row in swap_candidates(connection, ids[2])] == [ids[1], ids[0]]
        assert [row.id for row in swap_candidates(connection, ids[0], limit=1)] == [ids[1]]
        assert swap_candidates(connection, 99) == []
    set_verdict(site.history, [cars[1]], Verdict.OCCLUDED)
    with site.project.read() as connection:
        assert [row.id for row in swap_candidates(connection, ids[0])] == [ids[2]]


def test_masks_are_read_by_their_own_ids(site: Any, cars: list[int]) -> None:
    piece = found_piece(site, cars[1])
    with site.project.read() as connection:
        assert set(masks_by_ids(connection, [piece.mask_id, 999])) == {piece.mask_id}


def test_the_label_in_force_decides(site: Any, cars: list[int]) -> None:
    decide(site, decision(cars[2], -0.5))
    [piece_id] = cut(site, found_piece(site, cars[2]))
    with site.project.read() as connection:
        assert stale_pieces(connection, [piece_id]) == {piece_id}
    set_verdict(site.history, [cars[2]], Verdict.UNOCCLUDED)
    with site.project.read() as connection:
        row = connection.execute(tables.instance.select().where(tables.instance.c.id == cars[2])).one()
        assert row.label == OcclusionLabel.UNOCCLUDED
        assert stale_pieces(connection, [piece_id]) == set()
