"""Points that were held out, and what the chapter of real footage says with and without its footage."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from core.jobs.reproduce.chapters.real_footage import real_footage
from core.jobs.reproduce.footage.car_figures import held_out_points
from core.jobs.reproduce.footage.cars import annotated, junction_by_rectangle
from core.jobs.reproduce.footage.clips import CLIPS
from core.jobs.reproduce.footage.footage_tables import footage_report
from core.jobs.reproduce.footage.unoccluded import labels_of
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.units import make_units


def test_real_cars_tell_where_their_missing_points_lie() -> None:
    cars = annotated("junction")
    off = held_out_points(cars, junction_by_rectangle())
    assert [len(row) for row in off] == [int(car.evidence.used.sum()) for car in cars]
    every = sorted(value for row in off for value in row)
    assert every[len(every) // 2] < 0.1


def test_what_no_fit_holds_is_infinitely_far_off() -> None:
    few = [car for car in annotated("junction") if car.evidence.used.sum() <= 3]
    for row in held_out_points(few, junction_by_rectangle()):
        assert all(math.isinf(value) for value in row)


def test_without_footage_the_report_says_what_is_skipped(tmp_path: Path) -> None:
    chapter = real_footage(None)
    [cars] = chapter.units(tmp_path, Size.SMOKE)
    assert make_units([cars])
    page = chapter.page(tmp_path, Size.SMOKE)
    assert page is not None
    assert page.markdown.count("Skipped:") == 2
    assert "cars of `junction`" in page.markdown
    assert len(chapter.units(tmp_path, Size.SMALL)) == 2


def test_with_footage_each_clip_is_searched(tmp_path: Path) -> None:
    for name in ("networks/yolov8n-seg_int8.onnx", "plaza/plaza.mp4", "suburb/suburb.mp4"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    names = [unit.name for unit in real_footage(tmp_path).units(tmp_path / "home", Size.SMALL)]
    assert names[2:] == ["people mined in the plaza", "who is unoccluded in suburb"]


def test_words_that_were_kept_are_told_again(tmp_path: Path) -> None:
    """Rules that are all right of all labels of a clip, as its unit leaves them."""
    [highway] = [clip for clip in CLIPS if clip.name == "highway"]
    every = labels_of(highway)
    known = [place for place, one in enumerate(every) if one.split == "dev"]
    places = [place for place in known if not every[place].unoccluded or place < 20]
    right = [every[place].unoccluded for place in places]
    rules = ("ours", "WALT", "WALT, no least score", "WALT, no quirk", "WALT, neither")
    words = {rule: {"kept": right, "belief": [float(one) for one in right]} for rule in rules}
    told = {"labels": places, "missed": 0, "words": words}
    path = tmp_path / "footage" / "unoccluded-highway.json"
    path.parent.mkdir()
    path.write_text(json.dumps(told), encoding="utf-8")
    page = real_footage(None).page(tmp_path, Size.SMALL)
    assert page is not None
    group = page.numbers["unoccluded"]["highway, all labels"]
    assert group["labels"] == len(places)
    assert group["rules"]["ours"]["precision"]["value"] == pytest.approx(1.0)
    assert group["lead"]["WALT"]["f1"]["value"] == pytest.approx(0.0)
    assert "1.00 (1.00 to 1.00)" in page.markdown


def test_nothing_there_is_no_page(tmp_path: Path) -> None:
    assert real_footage(None).page(tmp_path, Size.SMALL) is None
    assert "Skipped" in footage_report({}, {})
