"""Left stays left: told by what this program wrote, else by the wheels, and by a few cars not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ExchangeError
from core.exchange.coco import export_coco, import_coco
from core.exchange.coco_keypoints import plain_points
from core.exchange.coco_parse import read_coco
from core.exchange.coco_sides import LARGEST, check_sides, side_odds
from core.geometry.ground_plane import GroundPlane
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.shapes import keypoints as car
from core.store.edits.keypoints import save_keypoints
from core.store.queries.instances import of_frame
from core.store.queries.keypoints import keypoints_in_force


def seen(
    yaw_deg: float, distance_m: float, noise_px: Sequence[Sequence[float]] = ((0.0, 0.0),) * 4
) -> KeypointSet:
    """A box of a car on the ground as the reference camera (6 m up, 15 degrees down) sees its wheels."""
    down = math.radians(15)
    ground = GroundPlane(np.array([0.0, -math.cos(down), -math.sin(down)]), 6.0)
    up = ground.normal
    ahead = np.array([0.0, -math.sin(down), math.cos(down)])
    left = np.array([-1.0, 0.0, 0.0])
    yaw = math.radians(yaw_deg)
    forward = math.cos(yaw) * ahead + math.sin(yaw) * left
    leftward = math.cos(yaw) * left - math.sin(yaw) * ahead
    middle = distance_m * ahead - 6.0 * up
    placed: list[PlacedPoint | None] = [None] * 12
    for index, (x, y) in enumerate([(1.35, -0.8), (1.35, 0.8), (-1.35, -0.8), (-1.35, 0.8)]):
        at = middle + x * forward + y * leftward + 0.32 * up
        placed[index] = PlacedPoint(
            float(1400 * at[0] / at[2] + 959.5 + noise_px[index][0]),
            float(1400 * at[1] / at[2] + 539.5 + noise_px[index][1]),
            KeypointTag.VISIBLE,
        )
    return KeypointSet(Template.CAR, tuple(placed))


def exchanged(said: KeypointSet) -> KeypointSet:
    return KeypointSet(Template.CAR, tuple(said.points[place] for place in car.FLIP))


def without(said: KeypointSet, *places: int) -> KeypointSet:
    kept = (None if n in places else point for n, point in enumerate(said.points))
    return KeypointSet(Template.CAR, tuple(kept))


def box_of(said: KeypointSet) -> Box:
    """A box around wheels, as high as the car above them is wide at most."""
    xs, ys = [p.x for p in said.points if p], [p.y for p in said.points if p]
    return Box(min(xs), min(ys), max(1.0, max(xs) - min(xs)), max(1.0, max(ys) - min(ys)))


@given(yaw_deg=st.floats(-180, 180), distance_m=st.floats(12, 90), missing=st.integers(0, 4))
def test_the_wheels_say_which_side_is_which(yaw_deg: float, distance_m: float, missing: int) -> None:
    right = seen(yaw_deg, distance_m)
    box = box_of(right)
    right = without(right, missing)  # any three of them tell; the fifth point is no wheel
    odds, turned = side_odds(right, box), side_odds(exchanged(right), box)
    assert odds is not None
    assert turned == pytest.approx(-odds)
    assert odds > 0
    # one car says no more than that it may be one of the few that are wrong: 19 to 1
    assert odds <= math.log(19) + 1e-9
    if distance_m < 25 and abs(abs(yaw_deg) - 90) > 30:
        assert odds > math.log(10)


def test_two_wheels_say_nothing() -> None:
    assert side_odds(without(seen(30, 15), 0, 3), Box(0, 0, 100, 100)) is None
    outside = seen(30, 15).points[0]
    assert outside is not None
    cut = PlacedPoint(outside.x, outside.y, KeypointTag.TRUNCATED)
    three = without(seen(30, 15), 3)
    assert side_odds(KeypointSet(Template.CAR, (cut, *three.points[1:])), Box(0, 0, 100, 100)) is None
    one_place = PlacedPoint(5.0, 5.0, KeypointTag.VISIBLE)
    assert side_odds(KeypointSet(Template.CAR, (one_place,) * 12), Box(0, 0, 9, 9)) == 0


@pytest.mark.parametrize("wrong", [False, True])
def test_many_small_cars_decide_together_and_few_do_not(wrong: bool) -> None:
    rng = np.random.default_rng(5)
    cars = []
    for yaw in rng.uniform(-180, 180, 150).tolist():
        # 80 m away the wheels span at most 47 px in width and 3 to 4 px in height
        said = seen(yaw, 80.0, rng.normal(0, 1, (4, 2)).tolist())
        cars.append((exchanged(said) if wrong else said, box_of(said)))
    assert max(box.size for _, box in cars) < 60
    few, many = check_sides(0, cars[:2]), check_sides(0, cars)
    assert (few.sure, few.wrong) == (False, False)
    assert few.asked == few.others == 2
    assert many.sure
    assert many.wrong is wrong
    assert (many.against > many.asked / 2) is wrong
    assert many.confidence_percent == 99.9


def test_small_ones_do_not_outvote_the_largest() -> None:
    large = [(seen(25.0 * n, 15.0), Box(0, 0, 200, 200)) for n in range(LARGEST)]
    small = [(exchanged(seen(25.0 * n, 80.0)), Box(0, 0, 30, 30)) for n in range(3 * LARGEST)]
    check = check_sides(0, [*small, *large])
    assert (check.asked, check.against, check.wrong, check.sure) == (LARGEST, 0, False, True)


def test_nothing_to_check_is_no_doubt() -> None:
    assert check_sides(3, []).sure
    assert not check_sides(3, [(without(seen(0, 15), 0, 1), Box(0, 0, 9, 9))]).sure


def rewritten(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(json.dumps(data))
    return path


def many(tmp_path: Path, *, turned: bool, count: int = 6, distance_m: float = 15.0) -> Path:
    """A file of another tool with one car in each picture."""
    images, rows = [], []
    for n in range(count):
        images.append({"id": n, "file_name": f"shots/{n:03}.jpg", "width": 1920, "height": 1080})
        said = seen(25.0 * n, distance_m)
        box = box_of(said)
        points = plain_points(exchanged(said) if turned else said)
        rows.append(
            {"id": n, "image_id": n, "category_id": 1, "bbox": [box.x, box.y, box.w, box.h], **points}
        )
    data = {"images": images, "annotations": rows, "categories": [{"id": 1, "name": "car"}]}
    return rewritten(tmp_path / "x.json", data)


def test_exchanged_sides_are_noticed_and_put_right_when_said(place: Any, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"Left and right seem to be exchanged.*6 of its 6.*sure"):
        import_coco(place.project, many(tmp_path, turned=True))
    with pytest.raises(ExchangeError, match="without"):
        import_coco(place.project, many(tmp_path, turned=False), mirrored=True)
    right = read_coco(many(tmp_path, turned=False))
    turned = read_coco(many(tmp_path, turned=True), mirrored=True)
    assert right.objects == turned.objects
    assert len(right.objects) == 6
    assert right.sides == turned.sides
    assert right.sides.sure


@pytest.mark.parametrize("mirrored", [False, True])
def test_two_cars_cannot_tell_for_a_file(tmp_path: Path, mirrored: bool) -> None:
    found = read_coco(many(tmp_path, turned=False, count=2), mirrored=mirrored)
    assert (found.sides.own, found.sides.asked, found.sides.sure) == (0, 2, False)


def exported(place: Any, path: Path, said: KeypointSet) -> dict[str, Any]:
    """An export of one car with these points."""
    [first] = place.detect(place.folder_frames[0], [FoundInstance(Box(5, 10, 20, 15), Category.CAR, 0.5)])
    save_keypoints(place.history, first, said, "Place points")
    export_coco(place.project, path)
    return dict(json.loads(path.read_text()))


def points_there(place: Any) -> KeypointSet:
    with place.project.read() as connection:
        [row] = of_frame(connection, place.folder_frames[0])
        return keypoints_in_force(connection, [row.id])[row.id].keypoints


# wheels in a line, which say nothing, on a car of 20 px
FLAT = KeypointSet(
    Template.CAR,
    (
        *(PlacedPoint(6.0 + 4 * n, 20.0, KeypointTag.SELF_OCCLUDED) for n in range(4)),
        *(None,) * 7,
        PlacedPoint(-4.0, 12.0, KeypointTag.TRUNCATED),
    ),
)


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_this_program_wrote_is_never_exchanged(make_place: Any, tmp_path: Path, mirrored: bool) -> None:
    here, there = make_place("here"), make_place("there")
    exported(here, tmp_path / "a.json", FLAT)
    summary = import_coco(there.project, tmp_path / "a.json", mirrored=mirrored)
    assert points_there(there) == FLAT
    assert (summary.sides.own, summary.sides.others, summary.sides.sure) == (1, 0, True)


def test_a_point_that_was_moved_elsewhere_does_not_make_it_theirs(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    data = exported(here, tmp_path / "a.json", FLAT)
    data["annotations"][0]["keypoints"][:2] = [9.5, 9.5]
    summary = import_coco(there.project, rewritten(tmp_path / "b.json", data), mirrored=True)
    assert summary.sides.own == 1
    got = points_there(there).points
    assert got[0] is not None
    assert (got[0].x, got[0].y) == (9.0, 9.0)
    assert got[1:] == FLAT.points[1:]


def test_sides_that_were_exchanged_elsewhere_are_that_tools_word(make_place: Any, tmp_path: Path) -> None:
    here, there, again = make_place("here"), make_place("there"), make_place("again")
    data = exported(here, tmp_path / "a.json", FLAT)
    row = data["annotations"][0]
    row["keypoints"] = plain_points(exchanged(FLAT))["keypoints"]
    path = rewritten(tmp_path / "b.json", data)
    # somebody may have put right what was wrong here, so only a person can tell
    summary = import_coco(there.project, path)
    assert (summary.sides.own, summary.sides.sure) == (0, False)
    assert [p and p.x for p in points_there(there).points[:4]] == [10.0, 6.0, 18.0, 14.0]
    # once said, the points are those that we wrote, with all that we knew of them
    import_coco(again.project, path, mirrored=True)
    assert points_there(again) == FLAT


def test_an_export_is_read_again_though_its_wheels_go_the_wrong_way(make_place: Any, tmp_path: Path) -> None:
    here, there = make_place("here"), make_place("there")
    ids = []
    for n, frame in enumerate(here.folder_frames):
        wrong = exchanged(seen(25.0 * n, 15.0))
        [i] = here.detect(frame, [FoundInstance(Box(5, 10, 20, 15), Category.CAR, 0.5)])
        save_keypoints(here.history, i, wrong, "Place points")
        ids.append(i)
    export_coco(here.project, tmp_path / "a.json")
    assert import_coco(there.project, tmp_path / "a.json").pointed == len(ids)
