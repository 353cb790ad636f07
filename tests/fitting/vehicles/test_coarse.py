"""Coarse fits: moving cars where they are, standing ones honestly unsure, the rest refused with a reason."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks._seen_cars import scene
from core.errors import FittingError
from core.fitting.vehicles.coarse import CoarseSettings, OutlineSighting, fit_coarse
from core.fitting.vehicles.coarse_cuts import RUNS
from core.fitting.vehicles.outline import Outline, outline_of
from core.geometry.ground_plane import metres_per_pixel
from core.geometry.masks import empty_patch, tighten
from core.records.fits import FitMethod, FitVerdict, VehicleFit
from core.records.masks import MaskPatch
from tests.fitting.vehicles.drawn_cars import SPACE, draw

WHERE = scene()
SHAPE = np.array([1.0, -0.7, 0.4])


def coarse(sightings: list[OutlineSighting]) -> list[VehicleFit]:
    return fit_coarse(WHERE.camera, WHERE.plane, SPACE, sightings)


def outline(place: tuple[float, float], heading: float) -> Outline:
    return outline_of(draw(WHERE, place, heading, SHAPE), WHERE.camera)


def off(fit: VehicleFit, place: tuple[float, float]) -> float:
    assert fit.place_m is not None
    return float(np.hypot(fit.place_m[0] - place[0], fit.place_m[1] - place[1]))


def turned_deg(fit: VehicleFit, heading: float) -> float:
    assert fit.heading_rad is not None
    return float(np.rad2deg(np.abs((fit.heading_rad - heading + np.pi) % (2 * np.pi) - np.pi)))


@pytest.mark.parametrize("heading", [0.0, 0.8, 1.6, 2.6, -2.0])
def test_a_moving_car_is_where_it_is(heading: float) -> None:
    middle, speed = np.array([26.0, 1.0]), 8.0
    times = 0.2 * np.arange(-4, 5)
    way = np.array([np.cos(heading), np.sin(heading)])
    places = [tuple((middle + speed * time * way).tolist()) for time in times]
    fits = coarse(
        [
            OutlineSighting(outline(place, heading), float(time), 7)
            for place, time in zip(places, times, strict=True)
        ]
    )
    # the limits for cars at 15 to 40 m
    assert np.median([off(fit, place) for fit, place in zip(fits, places, strict=True)]) <= 0.8
    assert np.median([turned_deg(fit, heading) for fit in fits]) <= 6.0
    assert all(fit.method is FitMethod.COARSE and fit.is_coarse for fit in fits)
    assert all(fit.verdict is FitVerdict.GOOD for fit in fits)
    # the drawn car is 0.3 m longer than the mean one: it comes out so, or a little less
    true = np.ptp(SPACE.proxy_vertices(SHAPE), axis=0)[0]
    assert np.median([fit.size_m[0] for fit in fits]) == pytest.approx(true, abs=0.35)


def test_a_car_that_stands_for_a_while_keeps_the_heading_of_its_way() -> None:
    heading = 2.5
    way = np.array([np.cos(heading), np.sin(heading)])
    stop = np.array([22.0, -2.0])
    gone = [-3.0, -2.0, -1.0, *[0.0] * 20]
    places = [tuple((stop + 3 * step * way).tolist()) for step in gone]
    fits = coarse(
        [OutlineSighting(outline(place, heading), 0.4 * number, 1) for number, place in enumerate(places)]
    )
    assert all(turned_deg(fit, heading) < 15 for fit in fits)
    assert fits[-1].verdict is FitVerdict.GOOD


def test_a_car_that_never_moves_is_right_or_says_that_it_may_be_turned() -> None:
    for heading in (0.0, 0.5, 1.2, 2.2, 3.0):
        place = (24.0, 3.0)
        sighting = OutlineSighting(outline(place, heading), 0.0, None)
        fit = coarse([sighting])[0]
        assert off(fit, place) < 1.0
        if fit.verdict is FitVerdict.GOOD:
            assert turned_deg(fit, heading) < 30
        else:
            assert fit.verdict is FitVerdict.AMBIGUOUS
            assert "another way" in fit.reason


def test_a_car_half_hidden_is_fitted_to_the_half_that_shows() -> None:
    place, heading = (25.0, 0.0), np.pi / 2
    whole = draw(WHERE, place, heading, SHAPE)
    shown, rest = whole.bits.copy(), whole.bits.copy()
    middle = whole.bits.shape[1] // 2
    shown[:, middle:] = False
    rest[:, :middle] = False
    hider = MaskPatch(whole.x, whole.y, rest)
    half = outline_of(MaskPatch(whole.x, whole.y, shown), WHERE.camera, [hider])
    moved = [OutlineSighting(outline((25.0, -4.0 + number), heading), 0.2 * number, 3) for number in range(3)]
    fits = coarse([*moved, OutlineSighting(half, 0.8, 3)])
    assert off(fits[-1], place) < 1.0
    # as if nothing stood before it, it would come out a metre and more aside
    blind = coarse([*moved, OutlineSighting(replace(half, free=np.ones(16, dtype=np.bool_)), 0.8, 3)])
    assert off(blind[-1], place) > off(fits[-1], place)


def in_sigmas(fit: VehicleFit, heading: float) -> float:
    assert fit.sigmas is not None
    return float(np.deg2rad(turned_deg(fit, heading)) / fit.sigmas.heading_rad)


def drive(heading: float, count: int = 9, speed: float = 8.0) -> list[tuple[float, float]]:
    """Places of a straight way, 0.2 s apart, the middle one at (25, 0)."""
    way = np.array([np.cos(heading), np.sin(heading)])
    steps = 0.2 * speed * (np.arange(count) - count // 2)
    return [tuple(place) for place in (np.array([25.0, 0.0]) + steps[:, None] * way).tolist()]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("heading", [0.3, 1.2, 2.2, -1.0])
def test_a_pole_that_nobody_knows_of_turns_no_car_beyond_what_it_says(heading: float, side: str) -> None:
    places = drive(heading)
    masks = [draw(WHERE, place, heading, SHAPE) for place in places]
    whole = masks[4]
    bits, third = whole.bits.copy(), whole.bits.shape[1] // 3
    bits[:, :third] &= side != "left"
    bits[:, -third:] &= side != "right"
    masks[4] = tighten(MaskPatch(whole.x, whole.y, bits))
    fits = coarse(
        [OutlineSighting(outline_of(mask, WHERE.camera), 0.2 * n, 1) for n, mask in enumerate(masks)]
    )
    assert fits[4].verdict is FitVerdict.GOOD
    assert in_sigmas(fits[4], heading) < 3
    assert turned_deg(fits[4], heading) < 6  # the limit
    assert off(fits[4], places[4]) < 0.8


def test_a_car_that_never_moves_behind_a_pole_is_not_sure_of_its_heading() -> None:
    for heading in (0.3, 1.2, 2.2, -1.0):
        whole = draw(WHERE, (25.0, 0.0), heading, SHAPE)
        bits = whole.bits.copy()
        bits[:, : bits.shape[1] // 2] = False
        half = outline_of(tighten(MaskPatch(whole.x, whole.y, bits)), WHERE.camera)
        fit = coarse([OutlineSighting(half, 0.0, None)])[0]
        assert fit.verdict is not FitVerdict.GOOD or in_sigmas(fit, heading) < 3


def test_a_far_car_that_is_hidden_from_below_now_and_then_does_not_move() -> None:
    heading = 0.2
    whole = draw(WHERE, (75.0, 2.0), heading, SHAPE)
    lower = whole.bits.copy()
    lower[-len(lower) // 5 :] = False
    masks = [whole, MaskPatch(whole.x, whole.y, lower)]
    fits = coarse(
        [OutlineSighting(outline_of(masks[n // 4 % 2], WHERE.camera), 0.15 * n, 1) for n in range(16)]
    )
    for fit in fits:
        assert fit.verdict is not FitVerdict.GOOD or in_sigmas(fit, heading) < 3


def test_runs_of_directions_are_neighbours_all_around() -> None:
    for run in RUNS:
        edges = int((run != np.roll(run, 1)).sum())
        assert edges == 2
    assert (RUNS.sum(axis=0) == RUNS.sum(axis=0)[0]).all()
    assert sorted(set(RUNS.sum(axis=1).tolist())) == [5, 9]


def test_what_is_hardly_seen_is_refused_with_a_reason() -> None:
    nothing = outline_of(empty_patch(), WHERE.camera)
    sky = outline_of(MaskPatch(400, 10, np.ones((40, 90), dtype=np.bool_)), WHERE.camera)
    fits = coarse([OutlineSighting(nothing, 0.0, None), OutlineSighting(sky, 0.0, 4)])
    assert [fit.verdict for fit in fits] == [FitVerdict.TOO_FEW_POINTS] * 2
    assert "sides of the outline" in fits[0].reason
    assert "ground" in fits[1].reason


def test_what_is_no_car_is_said_to_be_none() -> None:
    lorry = MaskPatch(500, 200, np.ones((500, 500), dtype=np.bool_))
    fit = coarse([OutlineSighting(outline_of(lorry, WHERE.camera), 0.0, None)])[0]
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert fit.reason


@pytest.mark.parametrize("scale", [0.45, 1.0, 1.3])
def test_a_car_of_a_size_that_no_car_has_is_not_called_good(scale: float) -> None:
    # the mean car's own mask, larger or smaller on the same lower edge
    way = [(24.0, 2.0 * step) for step in range(3)]
    sightings = []
    for step, place in enumerate(way):
        mask = draw(WHERE, place, np.pi / 2, np.zeros(3))
        height, width = (round(scale * side) for side in mask.bits.shape)
        bits = cv2.resize(mask.bits.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
        left = mask.x + (mask.bits.shape[1] - width) // 2
        shown = MaskPatch(left, mask.y + mask.bits.shape[0] - height, bits)
        sightings.append(OutlineSighting(outline_of(shown, WHERE.camera), 0.3 * step, 1))
    for fit in coarse(sightings):
        assert (fit.verdict is FitVerdict.GOOD) is (scale == 1.0)
        if scale != 1.0:
            assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
            assert fit.reason


def test_many_are_as_each_alone() -> None:
    sightings = [OutlineSighting(outline((20.0 + 2 * n, n - 2.0), 0.7 * n), 0.0, None) for n in range(5)]
    together = coarse(sightings)
    for sighting, fit in zip(sightings, together, strict=True):
        assert coarse([sighting])[0].place_m == pytest.approx(fit.place_m, abs=1e-6)
    assert coarse([]) == []


def test_a_space_without_a_mesh_is_refused() -> None:
    bare = replace(SPACE, mesh=None)
    with pytest.raises(FittingError, match="mesh"):
        fit_coarse(WHERE.camera, WHERE.plane, bare, [OutlineSighting(outline((20.0, 0.0), 0.0), 0.0, None)])


def test_a_lower_edge_that_may_not_be_the_cars_widens_what_is_said_of_its_distance() -> None:
    sighting = OutlineSighting(outline((30.0, 0.0), 0.3), 0.0, None)
    sure, unsure = (
        fit_coarse(WHERE.camera, WHERE.plane, SPACE, [sighting], CoarseSettings(contact_share=share))[0]
        for share in (0.0, 0.05)
    )
    assert sure.place_m == unsure.place_m
    assert sure.sigmas is not None
    assert unsure.sigmas is not None
    assert sure.place_m is not None
    along, _ = metres_per_pixel(WHERE.camera, WHERE.plane, [np.hypot(*sure.place_m)])
    more = 0.05 * sighting.outline.size_px * float(along[0])
    assert unsure.sigmas.along_m == pytest.approx(np.hypot(sure.sigmas.along_m, more), rel=1e-6)
    assert unsure.sigmas.across_m == sure.sigmas.across_m
