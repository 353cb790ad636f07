"""Keypoints in COCO: other tools read ours, theirs become ours, and left stays left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ExchangeError
from core.exchange.coco import export_coco, import_coco
from core.exchange.coco_keypoints import keypoints_of, point_order
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes import keypoints as car
from core.store.edits.fits import save_fit
from core.store.edits.keypoints import save_keypoints
from core.store.queries.instances import of_frame
from core.store.queries.keypoints import keypoints_in_force
from tests.store.doing_cars import FROM_NOTHING, fit_of, points

# every kind of point: seen, hidden by itself, by a known other, outside the picture, taken from a fit
SAID = KeypointSet(
    Template.CAR,
    (
        PlacedPoint(10.1, 20.3, KeypointTag.VISIBLE),
        PlacedPoint(12.0, 21.0, KeypointTag.SELF_OCCLUDED, LabelOrigin.FIT),
        PlacedPoint(14.25, 20.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.NETWORK, 0.75, 2),
        PlacedPoint(-3.5, 22.0, KeypointTag.TRUNCATED),
        None,
        PlacedPoint(1 / 3, 0.1 + 0.2, KeypointTag.OTHER_OCCLUDED),
        *(None,) * 6,
    ),
)


def two_cars(place: Any, frame: int = 0) -> list[int]:
    found = [FoundInstance(Box(x, 10, 20, 15), Category.CAR, 0.5) for x in (5, 35)]
    ids: list[int] = place.detect(place.folder_frames[frame], found)
    return ids


def written(place: Any, path: Path) -> dict[str, Any]:
    export_coco(place.project, path)
    return dict(json.loads(path.read_text()))


def rewritten(path: Path, data: dict[str, Any], name: str = "theirs.json") -> Path:
    other = path.with_name(name)
    other.write_text(json.dumps(data))
    return other


def keypoints_at(place: Any, frame: int = 0) -> list[KeypointRow | None]:
    with place.project.read() as connection:
        ids = [row.id for row in of_frame(connection, place.folder_frames[frame])]
        found = keypoints_in_force(connection, ids)
    return [found.get(i) for i in ids]


def theirs(place: Any, tmp_path: Path, flat: list[float], names: list[str] | None, w: float = 40.0) -> Path:
    """A file of another tool with one car in the first picture."""
    category: dict[str, Any] = {"id": 7, "name": "car"}
    if names is not None:
        category["keypoints"] = names
    data = {
        "images": [{"id": 1, "file_name": "shots/000.jpg", "width": 64, "height": 48}],
        "categories": [category],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [5, 5, w, 30], "keypoints": flat}],
    }
    return rewritten(tmp_path / "x.json", data)


def test_other_tools_find_names_skeleton_and_v(place: Any, tmp_path: Path) -> None:
    first, _ = two_cars(place)
    save_keypoints(place.history, first, SAID, "Place points")
    data = written(place, tmp_path / "out.json")
    [named] = [row for row in data["categories"] if "keypoints" in row]
    assert (named["name"], len(named["keypoints"])) == ("car", 12)
    assert named["keypoints"][0] == "right front wheel"
    # both ends of every edge are points, counted from 1, and all points are joined
    assert {end for edge in named["skeleton"] for end in edge} == set(range(1, 13))
    with_points, without = data["annotations"]
    assert with_points["keypoints"][:3] == pytest.approx([10.6, 20.8, 2])
    assert with_points["keypoints"][2::3] == [2, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert with_points["keypoints"][9:12] == [0, 0, 0]  # outside the picture is not labelled for COCO
    assert with_points["num_keypoints"] == 4
    assert (without["keypoints"], without["num_keypoints"]) == ([0] * 36, 0)


def test_a_project_without_keypoints_says_nothing_of_them(place: Any, tmp_path: Path) -> None:
    two_cars(place)
    assert "keypoints" not in written(place, tmp_path / "out.json")["annotations"][0]
    assert "skeleton" not in (tmp_path / "out.json").read_text()


def test_a_round_trip_loses_nothing(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    here.detect(here.folder_frames[3], [FoundInstance(Box(1, 1, 9, 9), Category.CAR, 0.5)])  # other ids
    first, second = two_cars(here)
    hidden = [None if p is None or p.hider is None else second for p in SAID.points]
    said = KeypointSet(
        Template.CAR,
        tuple(
            p if hider is None or p is None else PlacedPoint(p.x, p.y, p.tag, p.origin, p.score, hider)
            for p, hider in zip(SAID.points, hidden, strict=True)
        ),
    )
    save_keypoints(here.history, first, said, "Place points")
    export_coco(here.project, tmp_path / "a.json")
    assert import_coco(there.project, tmp_path / "a.json").pointed == 1
    row, other = keypoints_at(there)
    assert row is not None
    assert other is None
    assert (row.origin, row.annotator) == (LabelOrigin.HUMAN, "Ann")
    with there.project.read() as connection:
        beside = of_frame(connection, there.folder_frames[0])[1].id
    assert [p and (p.x, p.y, p.tag, p.origin, p.score) for p in row.keypoints.points] == [
        p and (p.x, p.y, p.tag, p.origin, p.score) for p in said.points
    ]
    assert row.keypoints.points[2].hider == beside  # type: ignore[union-attr]
    assert import_coco(there.project, tmp_path / "a.json").pointed == 0
    assert len(keypoints_at(there)) == 2


def test_without_their_annotators_they_are_imported(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    save_keypoints(here.history, two_cars(here)[0], SAID, "Place points")
    export_coco(here.project, tmp_path / "a.json")
    import_coco(there.project, tmp_path / "a.json", reviews=False)
    row = keypoints_at(there)[0]
    assert row is not None
    assert (row.origin, row.annotator) == (LabelOrigin.IMPORT, None)


def test_what_a_person_placed_here_stays(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    save_keypoints(here.history, two_cars(here)[0], SAID, "Place points")
    mine = points((1.0, 2.0))
    save_keypoints(there.history, two_cars(there)[0], mine, "Place points")
    export_coco(here.project, tmp_path / "a.json")
    assert import_coco(there.project, tmp_path / "a.json").pointed == 0
    assert keypoints_at(there)[0].keypoints == mine  # type: ignore[union-attr]


def test_a_point_that_another_tool_moved_is_where_it_put_it(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    save_keypoints(here.history, two_cars(here)[0], SAID, "Place points")
    data = written(here, tmp_path / "a.json")
    data["annotations"][0]["keypoints"][:3] = [30.5, 31.5, 1]
    data["annotations"][0]["keypoints"][3:6] = [0, 0, 0]  # and one that it took away
    import_coco(there.project, rewritten(tmp_path / "a.json", data))
    row = keypoints_at(there)[0]
    assert row is not None
    assert row.keypoints.points[0] == PlacedPoint(30.0, 31.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.IMPORT)
    assert row.keypoints.points[1] is None
    assert row.keypoints.points[3] == SAID.points[3]


def test_fits_go_out_with_what_they_say(place: Any, tmp_path: Path) -> None:
    first = two_cars(place)[0]
    fit = fit_of(2.5)
    save_fit(place.history, first, fit, FROM_NOTHING)
    with_fit, without = written(place, tmp_path / "out.json")["annotations"]
    said = with_fit["amodal"]["fit"]
    assert (said["rms_px"], said["translation_m"], said["stale"]) == (2.5, [0.0, 0.0, 20.0], False)
    assert said["rotation"] == list(fit.rotation)
    assert "fit" not in without["amodal"]


def test_plain_coco_by_number_and_by_name(make_place: Any, tmp_path: Path) -> None:
    flat = [value for n in range(12) for value in (n + 5.5, n + 6.5, 2 if n % 2 else 1)]
    flat[0:3] = [0, 0, 0]
    flat[3:6] = [70.0, 10.0, 2]  # outside the picture
    by_number = make_place("number")
    import_coco(by_number.project, theirs(by_number, tmp_path, flat, None))
    row = keypoints_at(by_number)[0]
    assert row is not None
    assert row.origin is LabelOrigin.IMPORT
    got = row.keypoints.points
    assert got[0] is None
    assert got[1] == PlacedPoint(69.5, 9.5, KeypointTag.TRUNCATED, LabelOrigin.IMPORT)
    assert got[2] == PlacedPoint(7.0, 8.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.IMPORT)
    assert got[3] == PlacedPoint(8.0, 9.0, KeypointTag.VISIBLE, LabelOrigin.IMPORT)
    by_name = make_place("name")
    turned = [value for n in reversed(range(12)) for value in flat[3 * n : 3 * n + 3]]
    names = [name.title().replace(" ", "_") for name in reversed(car.NAMES)]
    import_coco(by_name.project, theirs(by_name, tmp_path, turned, names))
    assert keypoints_at(by_name)[0].keypoints == row.keypoints  # type: ignore[union-attr]


def test_carfusions_fourteen_lose_exhaust_and_centre(make_place: Any, tmp_path: Path) -> None:
    # ALGORITHMS 3.1: the four roof corners are 9 to 12, the exhaust is 8, the centre 13
    place = make_place("carfusion")
    flat = [value for n in range(14) for value in (n + 5.5, 8.5, 2)]
    import_coco(place.project, theirs(place, tmp_path, flat, None))
    got = keypoints_at(place)[0].keypoints.points  # type: ignore[union-attr]
    assert [p.x for p in got if p] == [*range(5, 13), 14, 15, 16, 17]


def test_pascal3ds_names_are_known() -> None:
    # Xiang et al., PASCAL3D+ (WACV 2014), its twelve points of a car in its own order
    names = [
        *("left_front_wheel", "left_back_wheel", "right_front_wheel", "right_back_wheel"),
        *("upper_left_windshield", "upper_right_windshield"),
        *("upper_left_rearwindow", "upper_right_rearwindow"),
        *("left_front_light", "right_front_light", "left_back_trunk", "right_back_trunk"),
    ]
    order = point_order(names)
    assert order is not None
    assert sorted(place for place in order if place is not None) == list(range(12))
    assert [names[place] for place in order if place is not None][4:] == [
        *("right_front_light", "left_front_light", "right_back_trunk", "left_back_trunk"),
        *("upper_right_windshield", "upper_left_windshield"),
        *("upper_right_rearwindow", "upper_left_rearwindow"),
    ]


@pytest.mark.parametrize(
    ("flat", "names", "words"),
    [
        ([1, 2], None, "no list of x, y, v"),
        (["a", 2, 2] * 12, None, "no list of x, y, v"),
        ([1e300, 2, 2] * 12, None, "no list of x, y, v"),
        ({}, None, "no list of x, y, v"),
        ([1, 2, 2] * 3, list(car.NAMES), "fewer than its category has"),
        ([1, 2, 2] * 12, "wheel", "no list of names"),
    ],
)
def test_damaged_keypoints_are_refused(place: Any, tmp_path: Path, flat: Any, names: Any, words: str) -> None:
    with pytest.raises(ExchangeError, match=words):
        import_coco(place.project, theirs(place, tmp_path, flat, names))


def test_a_persons_seventeen_are_left_out_and_counted(place: Any, tmp_path: Path) -> None:
    summary = import_coco(place.project, theirs(place, tmp_path, [1, 2, 2] * 17, ["nose"] * 17))
    assert summary.added == 1
    assert summary.pointed == 0
    assert keypoints_at(place) == [None]


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_what_a_file_says_beside_coco_never_breaks_it(junk: Any) -> None:
    flat = [5.5, 6.5, 2] * 12
    for said in (junk, {"points": junk}, {"points": [junk] * 12, "origin": junk, "annotator": junk}):
        row = {"keypoints": flat, "amodal": {"keypoints": said}}
        found = keypoints_of(row, (*range(12),), 64, 48, with_people=True, mirrored=False)
        assert found is not None
        assert found.keypoints.points[0] == PlacedPoint(5.0, 6.0, KeypointTag.VISIBLE, LabelOrigin.IMPORT)
        assert found.annotator is None
