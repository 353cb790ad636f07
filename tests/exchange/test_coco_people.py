"""People's keypoints in COCO: all four tags travel, and v = 1 of other tools is told apart by the masks."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from faster_coco_eval import COCO, COCOeval_faster
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
from core.store.edits.keypoints import save_keypoints
from core.store.queries.instances import of_frame
from core.store.queries.keypoints import keypoints_in_force
from tests.store.doing_cars import points

VISIBLE, SELF, OTHER, OUT = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)
# COCO's own, from person_keypoints_val2017.json
NAMES = [
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
]
SKELETON = [
    *([16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9]),
    *([8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7]),
]
SAID = KeypointSet(
    Template.PERSON,
    (
        PlacedPoint(10.1, 20.3, VISIBLE),
        PlacedPoint(12.0, 21.0, SELF, LabelOrigin.FIT),
        PlacedPoint(14.25, 20.0, OTHER, LabelOrigin.NETWORK, 0.75),
        PlacedPoint(-3.5, 22.0, OUT),
        None,
        PlacedPoint(1 / 3, 0.1 + 0.2, OTHER),
        *(PlacedPoint(9.0 + n, 12.0 + n, VISIBLE) for n in range(6)),
        *(None,) * 5,
    ),
)


def two(place: Any) -> list[int]:
    found = [FoundInstance(Box(5, 10, 20, 35), Category.PERSON, 0.5)]
    found.append(FoundInstance(Box(35, 10, 20, 15), Category.CAR, 0.5))
    ids: list[int] = place.detect(place.folder_frames[0], found)
    return ids


def keypoints_at(place: Any) -> list[KeypointRow | None]:
    with place.project.read() as connection:
        ids = [row.id for row in of_frame(connection, place.folder_frames[0])]
        found = keypoints_in_force(connection, ids)
    return [found.get(i) for i in ids]


def annotation(number: int, box: list[float], flat: list[float] | None, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": number, "image_id": 1, "category_id": 1, "bbox": box, **more}
    return row if flat is None else row | {"keypoints": flat, "num_keypoints": sum(v > 0 for v in flat[2::3])}


def rectangle(x: float, y: float, w: float, h: float) -> list[list[float]]:
    return [[x, y, x + w, y, x + w, y + h, x, y + h]]


def theirs(tmp_path: Path, rows: list[dict[str, Any]], names: list[str] | None = NAMES) -> Path:
    """A file of another tool about the first picture."""
    person: dict[str, Any] = {"id": 1, "name": "person"}
    if names is not None:
        person["keypoints"] = names
    data = {
        "images": [{"id": 1, "file_name": "shots/000.jpg", "width": 64, "height": 48}],
        "categories": [person, {"id": 3, "name": "car"}],
        "annotations": rows,
    }
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(data))
    return path


def test_other_tools_find_cocos_own_names_and_skeleton(place: Any, tmp_path: Path) -> None:
    person, _ = two(place)
    save_keypoints(place.history, person, SAID, "Place points")
    export_coco(place.project, tmp_path / "out.json")
    data = json.loads((tmp_path / "out.json").read_text())
    [named] = [row for row in data["categories"] if "keypoints" in row]
    assert (named["name"], named["keypoints"]) == ("person", NAMES)
    assert sorted(named["skeleton"]) == sorted(SKELETON)
    row = data["annotations"][0]
    assert row["keypoints"][2::3] == [2, 1, 1, 0, 0, 1, *[2] * 6, *[0] * 5]
    assert row["num_keypoints"] == 10


def test_cocos_own_evaluation_reads_them(place: Any, tmp_path: Path) -> None:
    """Object keypoint similarity of a file with itself is 1."""
    person, _ = two(place)
    save_keypoints(place.history, person, SAID, "Place points")
    export_coco(place.project, tmp_path / "out.json")
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(tmp_path / "out.json"))
        row = truth.dataset["annotations"][0]
        found = {key: row[key] for key in ("image_id", "category_id", "keypoints", "score")}
        evaluation = COCOeval_faster(truth, truth.loadRes([found]), "keypoints")
        evaluation.params.catIds = [1]
        evaluation.run()
    assert evaluation.stats_as_dict["AP_all"] == pytest.approx(1.0)


def test_a_round_trip_keeps_the_four_tags(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    person, car = two(here)
    third = SAID.points[2]
    assert third is not None
    hidden = PlacedPoint(third.x, third.y, third.tag, third.origin, third.score, car)
    said = KeypointSet(Template.PERSON, (*SAID.points[:2], hidden, *SAID.points[3:]))
    save_keypoints(here.history, person, said, "Place points")
    export_coco(here.project, tmp_path / "a.json")
    assert import_coco(there.project, tmp_path / "a.json").pointed == 1
    row, _ = keypoints_at(there)
    assert row is not None
    with there.project.read() as connection:
        beside = of_frame(connection, there.folder_frames[0])[1].id
    assert row.keypoints.points[2] == PlacedPoint(
        third.x, third.y, third.tag, third.origin, third.score, beside
    )
    assert (*row.keypoints.points[:2], *row.keypoints.points[3:]) == (*SAID.points[:2], *SAID.points[3:])
    assert (row.keypoints.template, row.origin, row.annotator) == (Template.PERSON, LabelOrigin.HUMAN, "Ann")


def test_a_guess_is_no_label_for_others_and_stays_a_guess_for_us(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    person, _ = two(here)
    seen, guess = (
        PlacedPoint(10.0 + n, 20.0, KeypointTag.VISIBLE, origin)
        for n, origin in enumerate((LabelOrigin.HUMAN, LabelOrigin.HEURISTIC))
    )
    save_keypoints(
        here.history, person, KeypointSet(Template.PERSON, (seen, guess, *(None,) * 15)), "Fill the track"
    )
    path = tmp_path / "a.json"
    export_coco(here.project, path)
    row = next(one for one in json.loads(path.read_text())["annotations"] if one.get("num_keypoints"))
    assert row["num_keypoints"] == 1
    assert row["keypoints"][:6] == [10.5, 20.5, 2, 0, 0, 0]
    import_coco(there.project, path)
    [read, _] = keypoints_at(there)
    assert read is not None
    assert read.keypoints.points[:2] == (seen, guess)


def test_what_hides_a_point_is_told_by_the_masks(place: Any, tmp_path: Path) -> None:
    """A person whose upper half is seen, behind a car; a pole that nobody has drawn is beside them."""
    flat = [0.0] * 51
    flat[0:3] = [12.5, 12.5, 2]
    flat[3:6] = [14.5, 20.5, 1]  # on the own mask
    flat[6:9] = [14.5, 38.5, 1]  # on the car's
    flat[9:12] = [33.5, 15.5, 1]  # on nobody's
    flat[12:15] = [80.5, 15.5, 1]  # outside the picture
    rows = [
        annotation(7, [5, 8, 20, 20], flat, segmentation=rectangle(5, 8, 20, 20)),
        annotation(9, [2, 30, 40, 15], None, category_id=3, segmentation=rectangle(2, 30, 40, 15)),
    ]
    import_coco(place.project, theirs(tmp_path, rows))
    row, _ = keypoints_at(place)
    assert row is not None
    with place.project.read() as connection:
        [_, car] = [one.id for one in of_frame(connection, place.folder_frames[0])]
    got = [point and (point.tag, point.hider) for point in row.keypoints.points[:5]]
    assert got == [(VISIBLE, None), (SELF, None), (OTHER, car), (OTHER, None), (OUT, None)]
    assert {point.origin for point in row.keypoints.points if point} == {LabelOrigin.IMPORT}


def test_without_a_mask_what_no_other_covers_is_hidden_by_the_own_body(place: Any, tmp_path: Path) -> None:
    flat = [0.0] * 51
    flat[3:6], flat[6:9] = [14.5, 20.5, 1], [14.5, 38.5, 1]
    rows = [
        annotation(7, [5, 8, 20, 38], flat),
        annotation(9, [2, 30, 40, 15], None, category_id=3, segmentation=rectangle(2, 30, 40, 15)),
    ]
    import_coco(place.project, theirs(tmp_path, rows))
    row, _ = keypoints_at(place)
    assert row is not None
    assert [point and point.tag for point in row.keypoints.points[1:3]] == [SELF, OTHER]


def test_names_in_another_order_and_fewer_of_them(make_place: Any, tmp_path: Path) -> None:
    """CrowdPose's fourteen (Li et al., CVPR 2019) begin with shoulders, and end with what COCO has not."""
    crowdpose = [*NAMES[5:], "top_head", "neck"]
    flat = [value for n in range(14) for value in (n + 5.5, n + 8.5, 2)]
    place = make_place("crowdpose")
    import_coco(place.project, theirs(tmp_path, [annotation(1, [5, 8, 20, 38], flat)], crowdpose))
    [row] = keypoints_at(place)
    assert row is not None
    assert [point and point.x for point in row.keypoints.points] == [None] * 5 + list(range(5, 17))
    spelt = [name.replace("_", " ").title() for name in reversed(NAMES)]
    flat = [value for n in reversed(range(17)) for value in (n + 5.5, n + 8.5, 2)]
    place = make_place("turned")
    import_coco(place.project, theirs(tmp_path, [annotation(1, [5, 8, 20, 38], flat)], spelt))
    [row] = keypoints_at(place)
    assert row is not None
    assert [point and point.x for point in row.keypoints.points] == list(range(5, 22))


def test_seventeen_without_names_are_cocos(place: Any, tmp_path: Path) -> None:
    flat = [value for n in range(17) for value in (n + 5.5, n + 8.5, 2)]
    import_coco(place.project, theirs(tmp_path, [annotation(1, [5, 8, 20, 38], flat)], None))
    [row] = keypoints_at(place)
    assert row is not None
    assert [point and point.y for point in row.keypoints.points] == list(range(8, 25))


@pytest.mark.parametrize(
    ("count", "names"), [(16, None), (12, None), (16, [f"joint {n}" for n in range(16)])]
)
def test_others_are_left_out_with_the_reason(
    place: Any, tmp_path: Path, count: int, names: list[str] | None
) -> None:
    flat = [value for n in range(count) for value in (n + 5.5, n + 8.5, 2)]
    summary = import_coco(place.project, theirs(tmp_path, [annotation(1, [5, 8, 20, 38], flat)], names))
    assert (summary.added, summary.pointed) == (1, 0)
    assert summary.left_out == {"only their keypoints, which are no person's, by COCO's names": 1}
    assert keypoints_at(place) == [None]


def test_damaged_ones_are_refused(place: Any, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="fewer than its category has"):
        import_coco(place.project, theirs(tmp_path, [annotation(1, [5, 8, 20, 38], [1, 2, 2] * 16)]))


def test_left_is_the_persons_whatever_is_said_of_cars(place: Any, tmp_path: Path) -> None:
    """A file's handedness is one of cars; COCO defines that of people, and no wheels tell it."""
    flat = [value for n in range(17) for value in (n + 5.5, n + 8.5, 2)]
    summary = import_coco(
        place.project, theirs(tmp_path, [annotation(1, [5, 8, 20, 38], flat)]), mirrored=True
    )
    [row] = keypoints_at(place)
    assert row is not None
    assert [point and point.x for point in row.keypoints.points] == list(range(5, 22))
    assert (summary.sides.others, summary.sides.sure) == (0, True)


def test_a_car_s_points_on_what_is_a_person_now_stay_at_home(place: Any, tmp_path: Path) -> None:
    """Somebody placed them before the category was put right: to COCO's tools they would be nonsense."""
    person, _ = two(place)
    save_keypoints(place.history, person, points((1.0, 2.0)), "Place points")
    export_coco(place.project, tmp_path / "out.json")
    row = json.loads((tmp_path / "out.json").read_text())["annotations"][0]
    assert (len(row["keypoints"]), row["num_keypoints"]) == (51, 0)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_what_a_file_says_beside_coco_never_breaks_it(junk: Any) -> None:
    flat = [5.5, 6.5, 1] * 17
    order = point_order(NAMES, Template.PERSON)
    for said in (junk, {"points": junk}, {"points": [junk] * 17, "origin": junk, "annotator": junk}):
        row = {"keypoints": flat, "amodal": {"keypoints": said}}
        found = keypoints_of(row, order, 64, 48, template=Template.PERSON, with_people=True, mirrored=False)
        assert found is not None
        assert found.keypoints.points[0] == PlacedPoint(5.0, 6.0, OTHER, LabelOrigin.IMPORT)
        assert found.hidden == frozenset(range(17))
        assert found.annotator is None
