"""COCO files that are none, contradict themselves, or were damaged: one sentence each."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ExchangeError
from core.exchange.coco import import_coco
from core.exchange.coco_parse import parse_coco

from .conftest import Place

GOOD: dict[str, Any] = {
    "info": {"amodal": {"format": 1, "project": "x"}},
    "images": [
        {
            "id": 1,
            "file_name": "shots/001.jpg",
            "width": 64,
            "height": 48,
            "amodal": {"source_hash": "00", "content_hash": "ff", "pts": 4},
        }
    ],
    "annotations": [
        {
            "id": 1,
            "image_id": 1,
            "category_id": 3,
            "bbox": [3, 10, 9, 9],
            "score": 0.5,
            "track_id": 4,
            "segmentation": {"size": [48, 64], "counts": [154, 2, 46, 2, 2868]},
            "occlusion": {
                "label": "occluded",
                "verdict": "occluded",
                "reviews": [{"annotator": "A", "verdict": "occluded", "reason": None, "decided_at": 1.5}],
            },
        },
        {
            "id": 2,
            "image_id": 1,
            "category_id": 3,
            "segmentation": [[3, 10, 12, 10, 12, 19, 3, 19]],
            "iscrowd": 0,
            "attributes": {"occluded": True},
        },
    ],
    "categories": [{"id": 3, "name": "car"}],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("bad") / "here.amodal")
    yield made
    with made.project.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM instance").scalar_one() == 0  # nothing got in
    made.project.close()


def changed(*path: Any, to: Any = None, drop: bool = False) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return data


def test_the_good_file_is_good() -> None:
    found = parse_coco(GOOD, "good.json")
    assert len(found.objects[1]) == 2
    assert not found.left_out


BAD = {
    "is no JSON file": ["", "{", "not json", '{"images": NaN}', "[" * 100_000],
    "its top level is no object": ["[]", "3", "null", '"x"'],
    "no list “images”": [changed("images", drop=True), changed("images", to={})],
    "no list “annotations”": [changed("annotations", drop=True), changed("annotations", to=None)],
    "no list “categories”": [changed("categories", to="car")],
    "none of its categories": [changed("categories", 0, "name", to="toaster")],
    "category 1 has no name": [changed("categories", 0, "name", to=None)],
    "two categories have the id 3": [changed("categories", to=GOOD["categories"] * 2)],
    "two images have the id 1": [changed("images", to=GOOD["images"] * 2)],
    "image 1 is no object": [changed("images", 0, to=3)],
    "the id of image 1 is neither": [
        changed("images", 0, "id", drop=True),
        changed("images", 0, "id", to=True),
    ],
    "image 1 has no file_name": [changed("images", 0, "file_name", to=3)],
    "the width of image 1 is no": [
        changed("images", 0, "width", to=value) for value in (None, "64", True, 0, -4, 1.5, 1e9, 10**400)
    ],
    "annotation 1 is no object": [changed("annotations", 0, to=[])],
    "annotation 1 is about image 9": [changed("annotations", 0, "image_id", to=9)],
    "the image_id of annotation 1 is neither": [changed("annotations", 0, "image_id", to=[1])],
    "annotation 1 is of category 9": [changed("annotations", 0, "category_id", to=9)],
    "the bbox of annotation 1 is no list of four": [
        changed("annotations", 0, "bbox", to=value) for value in ([1, 2, 3], "x", {"x": 1}, [1, 2, 3, 4, 5])
    ],
    "the bbox of annotation 1 is no": [
        changed("annotations", 0, "bbox", to=[1, 2, value, 4]) for value in (None, "3", True, 10**400)
    ],
    "the score of annotation 1 is no number": [changed("annotations", 0, "score", to="high")],
    "its size is not 48 by 64": [
        changed("annotations", 0, "segmentation", "size", to=value) for value in ([64, 48], None, 3)
    ],
    "add up": [
        changed("annotations", 0, "segmentation", "counts", to=value) for value in ([1, 2], [], "0", [4000])
    ],
    "a run length is no whole number": [
        changed("annotations", 0, "segmentation", "counts", to=value)
        for value in ([-1, 3073], [1.5, 3070.5], ["a"], [10**30])
    ],
    "it has no counts": [changed("annotations", 0, "segmentation", "counts", drop=True)],
    "neither polygons nor run lengths": [changed("annotations", 0, "segmentation", to="x")],
    "three points": [
        changed("annotations", 1, "segmentation", to=[value]) for value in ([1, 2, 3, 4], [1] * 7, [])
    ],
    "a polygon is no list of numbers": [
        changed("annotations", 1, "segmentation", to=value)
        for value in ([1, 2, 3], [["a"] * 6], [[None] * 6])
    ],
    "a point that is no number": [changed("annotations", 1, "segmentation", to=[[10**400] * 6])],
}


@pytest.mark.parametrize(("words", "data"), [(words, data) for words, cases in BAD.items() for data in cases])
def test_a_bad_file_is_refused_with_its_reason(place: Any, tmp_path: Path, words: str, data: Any) -> None:
    path = tmp_path / "bad.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(ExchangeError) as caught:
        import_coco(place.project, path)
    assert words in caught.value.problem
    assert "bad.json" in caught.value.problem
    assert caught.value.way_out


def test_infinite_numbers_are_refused(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(GOOD).replace("[3, 10, 9, 9]", "[3, 10, 1e999, 9]"))
    with pytest.raises(ExchangeError, match="no finite number"):
        import_coco(place.project, path)


def test_files_that_cannot_be_read(place: Any, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="cannot be read"):
        import_coco(place.project, tmp_path / "absent.json")
    with pytest.raises(ExchangeError, match="cannot be read"):
        import_coco(place.project, tmp_path)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x01" * 100)
    with pytest.raises(ExchangeError, match="is no JSON file"):
        import_coco(place.project, tmp_path / "binary.json")


def test_pictures_of_another_size_are_refused(place: Any, tmp_path: Path) -> None:
    data = changed("images", 0, "width", to=128)
    data["annotations"][0]["segmentation"] = data["annotations"][1]["segmentation"]
    path = tmp_path / "small.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ExchangeError, match="128 by 48 pixels in the file, and 64 by 48"):
        import_coco(place.project, path)


def test_two_pictures_of_one_frame_are_refused(place: Any, tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    data["images"].append({**GOOD["images"][0], "id": 2, "file_name": "001.jpg"})
    data["annotations"][1]["image_id"] = 2
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ExchangeError, match="the same frame"):
        import_coco(place.project, path)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["0", "occluded", "rejected", "ff", [48, 64], 1, 3, 64, -1, 0.5]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_and_never_a_crash(data: st.DataObject) -> None:
    damaged = copy.deepcopy(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(damaged)))
        place: Any = damaged
        for step in path[:-1]:
            place = place[step]
        if data.draw(st.booleans()):
            del place[path[-1]]
        else:
            place[path[-1]] = data.draw(JUNK)
        if not damaged or not places(damaged):
            break
    try:
        found = parse_coco(damaged, "damaged.json")
    except ExchangeError as error:
        assert error.problem.startswith("damaged.json")  # noqa: PT017
        return
    for key, objects in found.objects.items():
        image = found.images[key]
        for one in objects:
            assert 0 <= one.box.x < one.box.right <= image.width + 1e-6
            assert 0 <= one.box.y < one.box.bottom <= image.height + 1e-6
            assert 0 <= one.score <= 1
