"""KINS and COCO-A as their annotators wrote them, and COCO's results about their pictures."""

from __future__ import annotations

import copy
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ExchangeError
from core.exchange.benchmarks.coco_results import parse_results, read_results
from core.exchange.benchmarks.cocoa import parse_cocoa
from core.exchange.benchmarks.kins import parse_kins, read_kins
from core.geometry.masks import patch_area, patch_box, rle_to_patch
from core.records.boxes import Box
from core.records.detections import Category

from .amodal_files import CAR, HALF_HIDDEN, PERSON, cocoa, cocoa_cls, kins, result, runs, write

Change = Callable[[Any], object]


@pytest.mark.parametrize("newer", [False, True], ids=["first release", "second release"])
def test_kins_says_what_is_hidden(newer: bool, tmp_path: Path) -> None:
    truth = read_kins(write(tmp_path / "update_test_2020.json", kins(newer)))
    assert [one.kind for one in truth.objects] == ["car", "van", "pedestrian", "tram"]
    assert [one.category for one in truth.objects] == [Category.CAR, Category.CAR, Category.PERSON, None]
    assert [one.box for one in truth.objects[:3]] == [Box(*CAR), Box(*HALF_HIDDEN), Box(*PERSON)]
    assert patch_box(rle_to_patch(truth.objects[1].rle)) == Box(*HALF_HIDDEN)
    assert [one.hidden for one in truth.objects] == [0.0, 0.5, 0.0, 0.0]


def test_cocoas_regions_are_whole_things() -> None:
    truth = parse_cocoa(cocoa(), "COCO_amodal_val2014.json")
    assert [(one.image, one.kind, one.hidden) for one in truth.objects] == [
        (1, "car", 0.0),
        (1, "a red van", 0.5),
        (2, "man", 0.0),
    ]
    assert [one.category for one in truth.objects] == [None] * 3
    assert [one.box for one in truth.objects] == [Box(*CAR), Box(*HALF_HIDDEN), Box(*PERSON)]
    assert truth.left_out == {"that are stuff": 1, "by a picture's further annotators": 1}


def test_cocoa_with_classes_has_cocos_categories() -> None:
    truth = parse_cocoa(cocoa_cls(), "x.json")
    assert [one.category for one in truth.objects] == [Category.CAR, Category.CAR, Category.PERSON]
    assert [one.hidden for one in truth.objects] == [0.0, 0.5, 0.0]


def test_what_goes_with_nothing_is_left_out_and_counted() -> None:
    data = kins()
    data["annotations"][0]["a_bbox"] = [3, 3, 0, 9]
    data["annotations"][1]["a_segm"] = [[90, 5, 95, 5, 95, 9]]
    data["annotations"][2]["iscrowd"] = 1
    truth = parse_kins(data, "x.json")
    assert [one.kind for one in truth.objects] == ["tram"]
    assert truth.left_out == {
        "whose box has no area": 1,
        "without a pixel in the picture": 1,
        "that the file ignores": 1,
    }


BAD_KINS: list[tuple[Change, str]] = [
    (lambda d: d["annotations"][0].update(image_id=9), "annotation 1 is about image 9"),
    (lambda d: d["annotations"][0].update(category_id=77), "annotation 1 is of category 77"),
    (lambda d: d["annotations"][1].update(id=1), "two annotations have the id 1"),
    (lambda d: d["images"][1].update(id=1), "two images have the id 1"),
    (lambda d: d["annotations"][1].pop("i_segm"), "annotation 2 has no i_segm"),
    (
        lambda d: d["annotations"][0].update(a_bbox=[1, 2, -3, 4]),
        "a_bbox of annotation 1 has a negative size",
    ),
    (lambda d: d["annotations"][0].update(a_bbox=[1, 2, 3]), "a_bbox of annotation 1"),
    (
        lambda d: d["annotations"][0].update(i_segm={"size": [9, 9], "counts": "0"}),
        "annotation 1, its visible part does not fit: its size is not 60 by 80",
    ),
    (lambda d: d["annotations"].clear(), "no object that counts"),
    (lambda d: d.pop("categories"), "no list “categories”"),
]


@pytest.mark.parametrize(("change", "words"), BAD_KINS, ids=[words for _, words in BAD_KINS])
def test_kins_that_contradicts_itself(change: Change, words: str) -> None:
    data = copy.deepcopy(kins())
    change(data)
    with pytest.raises(ExchangeError, match=r"^x\.json cannot be used: .*") as caught:
        parse_kins(data, "x.json")
    assert words in str(caught.value)


BAD_COCOA: list[tuple[Change, str]] = [
    (
        lambda d: d["annotations"][0]["regions"][1].update(visible_mask={"size": [1, 1], "counts": "1"}),
        "region 2",
    ),
    (lambda d: d["annotations"][0]["regions"][0].update(occlude_rate=1.5), "1.5, which is no share"),
    (lambda d: d["annotations"][0]["regions"][0].update(segmentation=[1, 2, 3]), "region 1 of image 1"),
    (lambda d: d["annotations"][1].update(image_id=5), "about image 5"),
    (lambda d: [row.pop("regions") for row in d["annotations"]], "neither regions nor categories"),
]


@pytest.mark.parametrize(("change", "words"), BAD_COCOA, ids=[words for _, words in BAD_COCOA])
def test_cocoa_that_contradicts_itself(change: Change, words: str) -> None:
    data = cocoa()
    change(data)
    with pytest.raises(ExchangeError) as caught:
        parse_cocoa(data, "x.json")
    assert words in str(caught.value)


def test_results_are_read_with_boxes_masks_and_points(tmp_path: Path) -> None:
    truth = parse_kins(kins(), "t.json")
    only_mask = {key: value for key, value in result(1, 4, CAR).items() if key != "bbox"}
    points = {"image_id": 2, "category_id": 2, "score": 0.5, "keypoints": [1, 2, 0.9, 6, 4, 0.8]}
    path = write(tmp_path / "r.json", [result(1, 4, CAR), only_mask, points])
    both, masked, pointed = read_results(path, truth.images, truth.kinds)
    assert both.box == masked.box == Box(*CAR)
    assert masked.rle is not None
    assert patch_area(rle_to_patch(masked.rle)) == 400
    assert pointed.box == Box(1, 2, 5, 2)
    assert pointed.keypoints is not None
    assert pointed.keypoints.tolist() == [[1, 2, 0.9], [6, 4, 0.8]]


BAD_RESULTS: list[tuple[Change, str]] = [
    (lambda d: d[1].update(image_id=9), "result 2 is about image 9"),
    (lambda d: d[1].update(image_id="1"), "result 2 is about image 1"),
    (lambda d: d[1].update(category_id=99), "result 2, of image 1, is of category 99"),
    (lambda d: d[0].pop("score"), "the score of result 1"),
    (lambda d: d[0].update(score=float("nan")), "the score of result 1"),
    (lambda d: d[0].update(bbox=[1, 2, 3, -4]), "the bbox of result 1"),
    (lambda d: d[0].update(segmentation=runs(CAR) | {"size": [9, 9]}), "its size is not 60 by 80"),
    (lambda d: [d[0].pop("bbox"), d[0].pop("segmentation")], "neither bbox nor segmentation"),
    (lambda d: [one.update(id=5) for one in d], "two results have the id 5"),
    (lambda d: d.clear(), "it has no results"),
    (lambda d: d[0].update(keypoints=[1, 2]), "the keypoints of result 1"),
]


@pytest.mark.parametrize(("change", "words"), BAD_RESULTS, ids=[words for _, words in BAD_RESULTS])
def test_results_that_do_not_go_with_the_truth(change: Change, words: str) -> None:
    truth = parse_kins(kins(), "t.json")
    data = [result(1, 4, CAR), result(1, 7, HALF_HIDDEN)]
    change(data)
    with pytest.raises(ExchangeError) as caught:
        parse_results(data, "r.json", truth.images, truth.kinds)
    assert words in str(caught.value)
    assert "r.json cannot be used" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ExchangeError, match="no JSON file"):
        read_kins(tmp_path / "x.json")
    with pytest.raises(ExchangeError, match="cannot be read"):
        read_kins(tmp_path / "missing.json")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 70) | st.floats(width=32) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_value_is_read_or_refused_in_a_sentence(data: st.DataObject) -> None:
    whole = deepcopy(data.draw(st.sampled_from([kins(True), kins(False), cocoa(), cocoa_cls()])))
    results = [result(1, 4, CAR), result(2, 2, PERSON)]
    rows = data.draw(st.sampled_from([whole["annotations"], whole["images"], results]))
    row = data.draw(st.sampled_from(rows))
    if "regions" in row and data.draw(st.booleans()):
        row = data.draw(st.sampled_from(row["regions"]))
    row[data.draw(st.sampled_from(sorted(row)))] = data.draw(ANYTHING)
    said = ".json cannot be used: "
    try:
        truth = (parse_kins if "categories" in whole else parse_cocoa)(whole, "x.json")
        parse_results(results, "r.json", truth.images, truth.kinds)
    except ExchangeError as error:
        said = str(error)
    assert ".json cannot be used: " in said
