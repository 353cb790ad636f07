"""What a keypoint network's outputs are taken for, and what is read from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import DetectionError
from core.mining.detectors.onnx_layout import Port
from core.mining.keypoints.onnx_points import (
    PointForm,
    PointLayout,
    read_maps,
    read_points,
    read_tags,
    recognise_points,
)
from core.mining.keypoints.settings import PointUnit
from core.records.keypoints import Template
from core.records.shapes import KeypointTag

MAPS, POINTS, SIMCC = PointForm.MAPS, PointForm.POINTS, PointForm.SIMCC


def ports(*shapes: tuple[int | None, ...]) -> list[Port]:
    return [Port(f"out{n}", shape, "tensor(float)") for n, shape in enumerate(shapes)]


@pytest.mark.parametrize(
    ("shapes", "layout"),
    [
        ([(1, 12, 64, 48)], PointLayout(MAPS, 0)),
        ([(1, 12, 2)], PointLayout(POINTS, 0)),
        ([(1, 12, 3)], PointLayout(POINTS, 0)),
        ([(1, 12, 4), (1, 12, 64, 64)], PointLayout(MAPS, 1, 0)),
        ([(1, 12, 64, 64), (1, 12, 3)], PointLayout(MAPS, 0, 1)),
        ([(1, 12, 3), (1, 12, 2)], PointLayout(POINTS, 1, 0)),
        ([(1, 12, 3), (1, 12, 4)], PointLayout(POINTS, 0, 1)),
        ([(1, 100), (1, 12, 56, 56)], PointLayout(MAPS, 1)),
        ([(1, 12, 384), (1, 12, 512)], PointLayout(SIMCC, 0, None, 1)),
        ([(1, 41, 8400)], PointLayout(PointForm.YOLO, 0)),
    ],
)
def test_layouts_are_known_by_their_shapes(shapes: Any, layout: PointLayout) -> None:
    assert recognise_points(ports(*shapes), Template.CAR, 192, 256) == layout


@pytest.mark.parametrize(
    ("shapes", "layout"),
    [
        ([(1, 17, 64, 48)], PointLayout(MAPS, 0)),
        ([(1, 17, 3), (1, 17, 4)], PointLayout(POINTS, 0, 1)),
        # RTMPose: two bins a pixel; another order; tags beside
        ([(1, 17, 384), (1, 17, 512)], PointLayout(SIMCC, 0, None, 1)),
        ([(1, 17, 512), (1, 17, 384)], PointLayout(SIMCC, 1, None, 0)),
        ([(1, 17, 4), (1, 17, 192), (1, 17, 256)], PointLayout(SIMCC, 1, 0, 2)),
        # YOLO-pose as it is exported, transposed, and with its own suppression
        ([(1, 56, 8400)], PointLayout(PointForm.YOLO, 0)),
        ([(1, 8400, 56)], PointLayout(PointForm.YOLO_ROWS, 0)),
        ([(1, 300, 57)], PointLayout(PointForm.YOLO_FINAL, 0)),
    ],
)
def test_a_persons_layouts_likewise(shapes: Any, layout: PointLayout) -> None:
    assert recognise_points(ports(*shapes), Template.PERSON, 192, 256) == layout


def test_the_axes_of_a_square_input_go_by_their_names() -> None:
    names = [Port(name, (1, 17, 512), "tensor(float)") for name in ("simcc_y", "simcc_x")]
    assert recognise_points(names, Template.PERSON, 256, 256) == PointLayout(SIMCC, 1, None, 0)
    assert recognise_points(ports((1, 17, 512), (1, 17, 512)), Template.PERSON, 256, 256).points == 0


@pytest.mark.parametrize(
    "shapes",
    [
        [(1, 12, 64, 48)],
        [(1, 133, 384), (1, 133, 512)],  # a whole body's points
        [(1, 17, 384)],
        [(1, 17, 384), (1, 17, 500)],  # not the input's proportions
        [(1, 100, 5), (1, 100, 17, 3)],  # RTMO's boxes and points
        [(1, 84, 8400)],
    ],
)
def test_what_is_no_persons_is_refused_with_what_was_seen(shapes: Any) -> None:
    with pytest.raises(DetectionError, match="not a person's 17 keypoints") as caught:
        recognise_points(ports(*shapes), Template.PERSON, 192, 256)
    assert "1x56xn" in str(caught.value)


@pytest.mark.parametrize(
    "shapes", [[(1, 17, 64, 48)], [(1, 12)], [(2, 12, 2)], [(1, 12, 5)], [(1, 12, 1, 1)], []]
)
def test_others_are_refused_with_what_was_seen(shapes: Any) -> None:
    with pytest.raises(DetectionError, match="not a car's 12 keypoints") as caught:
        recognise_points(ports(*shapes), Template.CAR, 192, 256)
    assert "heat maps" in str(caught.value)


def test_whole_numbers_are_no_points() -> None:
    with pytest.raises(DetectionError):
        recognise_points([Port("out", (1, 12, 2), "tensor(int64)")], Template.CAR, 192, 256)


@given(x=st.floats(1.6, 29.4), y=st.floats(1.6, 21.4), spread=st.floats(1.2, 3.0), scale=st.floats(0.1, 1.0))
def test_the_peak_of_a_bell_is_found_between_the_samples(
    x: float, y: float, spread: float, scale: float
) -> None:
    rows, columns = np.mgrid[0:24, 0:32]
    bell = scale * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2))
    places, scores = read_maps(np.broadcast_to(bell, (12, 24, 32)))
    # a bell is no parabola: near its top they differ by less than a tenth of a sample
    assert np.allclose(places * (32, 24) - 0.5, (x, y), atol=0.1)
    assert np.all((scores > 0) & (scores <= scale))


def test_maps_of_other_numbers_are_scored_between_0_and_1() -> None:
    maps = np.full((12, 8, 8), -9.0)
    maps[0, 2, 3] = 4.0
    maps[1] = np.nan
    places, scores = read_maps(maps)
    assert scores[0] == pytest.approx(1 / (1 + np.exp(-4.0)))
    assert scores[2] < 0.001
    assert scores[1] == 0.0
    assert np.isnan(places[1]).all()
    assert np.allclose(places[0], (3.5 / 8, 2.5 / 8))


def test_points_are_shares_or_pixels() -> None:
    shares = np.linspace(0.0, 1.0, 24).reshape(12, 2)
    assert np.allclose(read_points(shares, 200, 100, PointUnit.AUTO)[0], shares)
    pixels = shares * (200, 100) - 0.5
    assert np.allclose(read_points(pixels, 200, 100, PointUnit.AUTO)[0], shares)
    assert np.allclose(read_points(shares, 200, 100, PointUnit.PIXELS)[0], (shares + 0.5) / (200, 100))
    assert np.allclose(read_points(pixels, 200, 100, PointUnit.SHARE)[0], pixels)


def test_points_bring_their_scores() -> None:
    rows = np.concatenate([np.full((12, 2), 0.5), np.linspace(0, 1, 12)[:, None]], axis=1)
    rows[3, 0] = np.inf
    places, scores = read_points(rows, 10, 10, PointUnit.AUTO)
    assert np.allclose(np.delete(scores, 3), np.delete(np.linspace(0, 1, 12), 3))
    assert scores[3] == 0.0
    assert np.isnan(places[3]).all()
    assert read_points(rows[:, :2], 10, 10, PointUnit.AUTO)[1].tolist() == [1.0] * 3 + [0.0] + [1.0] * 8


@pytest.mark.parametrize("columns", [3, 4])
def test_the_tag_is_the_one_for_which_most_speaks(columns: int) -> None:
    tags = np.zeros((12, columns))
    tags[np.arange(12), np.arange(12) % columns] = 2.0
    names = [
        KeypointTag.VISIBLE,
        KeypointTag.SELF_OCCLUDED,
        KeypointTag.OTHER_OCCLUDED,
        KeypointTag.TRUNCATED,
    ][:columns]
    assert read_tags(tags) == tuple(names[place % columns] for place in range(12))


@given(hnp.arrays(np.float32, st.sampled_from([(12, 2), (12, 3)])), st.sampled_from(list(PointUnit)))
def test_any_numbers_give_points_or_none(values: Any, unit: PointUnit) -> None:
    places, scores = read_points(values, 64, 64, unit)
    assert np.all((scores >= 0) & (scores <= 1))
    assert np.all(np.isfinite(places).all(axis=1) | (scores == 0))
