"""Table 1 on tiny files: what is counted, what is ignored, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ExchangeError
from core.jobs.public_benchmarks.amodal import amodal_table
from core.jobs.public_benchmarks.choices import AmodalBenchmark, CategoryIds, Kinds
from core.records.benchmark_tables import BenchmarkTable, FigureSource
from tests.exchange.benchmarks.amodal_files import (
    CAR,
    HALF_HIDDEN,
    PERSON,
    cocoa,
    cocoa_cls,
    kins,
    left_half,
    polygon,
    result,
    write,
)

HALF = 51 / 101 * 100
"""AP where one of two objects is found and nothing else: 51 of the 101 recalls are reached."""

ALL = [result(1, 4, CAR), result(1, 7, HALF_HIDDEN), result(2, 2, PERSON), result(2, 5, HALF_HIDDEN)]


def table(folder: Path, truth: Any, results: Any, **ways: Any) -> BenchmarkTable:
    which = AmodalBenchmark.COCOA if "regions" in truth["annotations"][0] else AmodalBenchmark.KINS
    which = ways.pop("benchmark", which)
    return amodal_table(which, write(folder / "t.json", truth), write(folder / "r.json", results), **ways)


def measured(one: BenchmarkTable) -> dict[str, tuple[float | None, ...]]:
    return {row.name: row.values for row in one.rows if row.source is FigureSource.MEASURED}


def test_what_is_found_whole_is_right_and_stands_beside_the_papers(tmp_path: Path) -> None:
    found = table(tmp_path, kins(), ALL)
    assert measured(found)["r.json"] == pytest.approx((100, 100))
    paper = {row.name: row.values for row in found.rows if row.source is FigureSource.PAPER}
    assert len(paper) == 6
    assert paper["COCO + WALT3D"] == (28.8, 23.5)
    assert "only orient" in found.comparable


def test_the_part_that_is_seen_is_not_the_whole_object(tmp_path: Path) -> None:
    seen = [result(1, 4, CAR), result(1, 7, left_half(HALF_HIDDEN))]
    truth = kins()
    del truth["annotations"][2:]
    # half of an object overlaps it by just a half: right at the first of ten thresholds
    expected = HALF + (100 - HALF) / 10
    assert measured(table(tmp_path, truth, seen))["r.json"] == pytest.approx((expected, expected))


def test_cars_and_people_by_themselves(tmp_path: Path) -> None:
    found = table(tmp_path, kins(), [*ALL[:1], *ALL[2:]], kinds=Kinds.CAR_PERSON)
    said = measured(found)
    assert said["r.json, car alone"] == pytest.approx((HALF, HALF))
    assert said["r.json, person alone"] == pytest.approx((100, 100))
    assert said["r.json"] == pytest.approx(((HALF + 100) / 2,) * 2)
    assert "Left out: 1 objects that are neither car nor person." in found.notes
    assert "Left out: 1 predictions of other kinds." in found.notes


def test_cocos_numbers_of_categories_are_read_as_such(tmp_path: Path) -> None:
    coco = [result(1, 3, CAR), result(1, 3, HALF_HIDDEN), result(2, 1, PERSON), result(2, 44, PERSON)]
    found = table(tmp_path, kins(), coco, kinds=Kinds.CAR_PERSON, ids=CategoryIds.COCO)
    assert measured(found)["r.json"] == pytest.approx((100, 100))
    cls = table(tmp_path, cocoa_cls(), coco[:3], kinds=Kinds.CAR_PERSON, benchmark=AmodalBenchmark.COCOA)
    assert measured(cls)["r.json"] == pytest.approx((100, 100))


def test_cocoas_first_release_knows_one_kind(tmp_path: Path) -> None:
    found = table(tmp_path, cocoa(), [result(1, 1, CAR), result(2, 1, PERSON)])
    # two of three: 67 recalls of 101
    assert measured(found)["r.json"] == pytest.approx((67 / 101 * 100,) * 2)
    assert "Left out: 1 objects that are stuff." in found.notes
    with pytest.raises(ExchangeError, match="no categories"):
        table(tmp_path, cocoa(), ALL, kinds=Kinds.CAR_PERSON)


def test_by_occlusion_the_others_are_ignored(tmp_path: Path) -> None:
    found = table(tmp_path, kins(), [ALL[0], ALL[2], ALL[3]], by_occlusion=True)
    said = measured(found)
    assert said["0 to 10 % hidden (3 objects)"] == pytest.approx((100, 100))
    assert said["50 to 60 % hidden (1 objects)"] == pytest.approx((0, 0))


def test_a_tenth_of_the_pixels_hidden_is_in_the_second_line(tmp_path: Path) -> None:
    truth = kins()
    # of 20 columns two are hidden: 1 - 360 / 400 is a little less than a tenth in floating point
    truth["annotations"][1]["i_segm"] = [polygon((40, 10, 18, 20))]
    said = measured(table(tmp_path, truth, ALL, by_occlusion=True))
    assert "10 to 20 % hidden (1 objects)" in said


def test_boxes_alone_have_no_mask_ap(tmp_path: Path) -> None:
    boxes = [{key: value for key, value in one.items() if key != "segmentation"} for one in ALL]
    found = table(tmp_path, kins(), boxes)
    assert measured(found)["r.json"] == (pytest.approx(100), None)
    assert any("no mask AP" in note for note in found.notes)
    with pytest.raises(ExchangeError, match="result 2 has no mask"):
        table(tmp_path, kins(), [ALL[0], *boxes[1:]])


def test_a_box_without_area_is_a_find_of_nothing(tmp_path: Path) -> None:
    surest = {"image_id": 1, "category_id": 4, "score": 0.99, "bbox": [5, 5, 0, 4]}
    boxes = [{key: value for key, value in one.items() if key != "segmentation"} for one in ALL]
    found = table(tmp_path, kins(), [surest, *boxes])
    # wrong before four that are right: the best precision is 4 of 5 at every recall
    assert measured(found)["r.json"] == (pytest.approx(80), None)
    assert any("1 predictions have a box without area" in note for note in found.notes)


def test_predictions_of_other_kinds_alone_are_no_zero(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"None of the results in r\.json is a car or a person"):
        table(tmp_path, kins(), [result(1, 5, CAR)], kinds=Kinds.CAR_PERSON)


def test_intervals_are_over_draws_of_pictures(tmp_path: Path) -> None:
    # in every second of six pictures the car is found, and in one picture a half hidden van as well
    truth = kins()
    truth["images"] = [truth["images"][0] | {"id": n} for n in range(1, 7)]
    car, van = truth["annotations"][:2]
    truth["annotations"] = [van, *(car | {"id": 10 + n, "image_id": n} for n in range(1, 7))]
    said = [result(1, 7, HALF_HIDDEN), *(result(n, 4, CAR) for n in (1, 3, 5))]
    found = table(tmp_path, truth, said, kinds=Kinds.CAR_PERSON, by_occlusion=True, draws=50)
    rows = {row.name: row for row in found.rows if row.source is FigureSource.MEASURED}
    for row in rows.values():
        assert len(row.intervals) == len(row.values) == 2
        for value, ends in zip(row.values, row.intervals, strict=True):
            assert ends is None or value is None or ends[0] <= value <= ends[1]
    shares = np.random.default_rng(0).multinomial(6, [1 / 6] * 6, 50)[:, ::2].sum(axis=1) / 6
    drawn = np.array([(np.linspace(0, 1, 101) <= share).sum() / 1.01 for share in shares])
    ends = [np.quantile(drawn, 0.025, method="lower"), np.quantile(drawn, 0.975, method="higher")]
    assert rows["0 to 10 % hidden (6 objects)"].intervals[0] == pytest.approx(tuple(ends))
    # what stands in one picture alone has none: every draw with it would be the same
    assert rows["50 to 60 % hidden (1 objects)"].intervals == (None, None)
    [note] = [
        note for note in found.notes if note.startswith("Intervals of 95 %: 50 draws of the 6 pictures")
    ]
    assert "which is rough for so few; none where fewer than 5" in note
    few = table(tmp_path, kins(), ALL[:2], draws=50)
    assert {ends for row in few.rows for ends in row.intervals} == {None}
    without = table(tmp_path, truth, said)
    assert all(row.intervals == () for row in without.rows)
    assert "No intervals were drawn." in without.notes
