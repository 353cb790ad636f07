"""People over the frames of a track: points that go along, and views that are filled between."""

from __future__ import annotations

from math import hypot
from pathlib import Path

from app.controllers.keypoint_looks import PERSON_ORDER
from core.records.occlusion import LabelOrigin
from core.shapes.person_keypoints import PersonKeypoint as P
from tests.app.keypoints import people
from tests.app.keypoints.conftest import Desk, far_off

BODY = list(PERSON_ORDER[:12])
FACE = list(PERSON_ORDER[12:])


def test_points_go_along_the_track(crowd: Desk, yard_path: Path) -> None:
    person = people.people(yard_path)[0]
    later = people.people(yard_path, 1)[0]
    crowd.show(person)
    crowd.place_true(person, list(range(17)))
    crowd.do("next_in_track")
    crowd.qtbot.waitUntil(lambda: crowd.state.instance_id == later.instance_id)
    assert crowd.state.card.title == "Brought along the track"
    for index in (P.NOSE, P.LEFT_SHOULDER, P.RIGHT_HIP):
        assert far_off(crowd, later, index) < 0.1
    crowd.fitted()
    crowd.do("accept")
    kept = crowd.kept(later.instance_id)
    assert kept is not None
    assert [point.origin for point in kept.points if point] == [LabelOrigin.HEURISTIC] * 17
    assert crowd.fit_of(later.instance_id) is None
    assert crowd.state.card.title == "All points are guessed"
    assert "6 points that you place" in crowd.state.card.text
    crowd.place_true(later, BODY[:3])
    crowd.fitted()
    assert crowd.state.card.title == "Most points are guessed"
    # and as soon as enough of them are put right, the fit takes over
    crowd.place_true(later, BODY)
    crowd.fitted()
    assert crowd.state.card.title == "The fit holds"


def test_who_comes_again_a_moment_later_in_the_queue_brings_the_points_along(
    crowd: Desk, yard_path: Path
) -> None:
    person = people.people(yard_path)[0]
    crowd.show(person)
    crowd.place_true(person, list(range(17)))
    crowd.edited()
    later, later_other = people.people(yard_path, 1)[:2]
    crowd.show(later)
    assert crowd.state.card.title == "Brought along the track"
    for index in (P.NOSE, P.LEFT_SHOULDER, P.RIGHT_HIP):
        assert far_off(crowd, later, index) < 0.1
    assert crowd.kept(later.instance_id) is None  # nothing is kept that nobody accepted
    crowd.show(later_other)  # of whom no view has points
    crowd.fitted()
    assert crowd.state.card.title == "Not held yet"
    assert not any(crowd.state.ghosts)


def test_views_between_are_filled_as_one_edit(crowd: Desk, yard_path: Path) -> None:
    first = people.people(yard_path)[0]
    for picture in (0, 2):
        view = people.people(yard_path, picture)[0]
        crowd.show(view)
        crowd.place_true(view, list(range(17)))
    crowd.edited()
    edits = len(crowd.titles())
    crowd.do("fill_track")
    middle = people.people(yard_path, 1)[0]
    crowd.qtbot.waitUntil(lambda: crowd.kept(middle.instance_id) is not None)
    # the fit of the person just left may be kept behind it
    assert sum(title.startswith("Fill 1 views of track ") for title in crowd.titles()[edits:]) == 1
    kept = crowd.kept(middle.instance_id)
    assert kept is not None
    for index in (P.NOSE, P.LEFT_SHOULDER, P.RIGHT_HIP):
        point = kept.points[index]
        assert point is not None
        x, y = middle.pixels[index]
        assert hypot(point.x - x, point.y - y) < 0.1 * middle.size_px
    assert crowd.kept(first.track[3]) is None


def test_what_was_filled_follows_when_an_annotated_view_is_put_right(crowd: Desk, yard_path: Path) -> None:
    for picture in (0, 2):
        view = people.people(yard_path, picture)[0]
        crowd.show(view)
        crowd.place_true(view, list(range(17)))
    crowd.edited()
    crowd.do("fill_track")
    middle = people.people(yard_path, 1)[0].instance_id
    crowd.qtbot.waitUntil(lambda: crowd.kept(middle) is not None)
    before = crowd.kept(middle)
    last = people.people(yard_path, 2)[0]
    x, y = last.pixels[P.NOSE]
    crowd.place(P.NOSE, x + 8.0, y)
    crowd.edited()
    crowd.do("fill_track")
    crowd.qtbot.waitUntil(lambda: crowd.kept(middle) != before)
    assert before is not None
    after = crowd.kept(middle)
    assert after is not None
    assert after.points[P.NOSE].x > before.points[P.NOSE].x + 2  # type: ignore[union-attr]
    assert after.points[P.LEFT_ANKLE] == before.points[P.LEFT_ANKLE]


# ---- what it was called before ------------------------------------------------------------------
