"""People in the Keypoints workspace: their queue, points, live fit, and what goes on and what is kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from app.controllers.keypoint_looks import PERSON_ORDER
from app.session import ProjectSession
from app.states.keypoints import CardTone
from core.jobs.fit.people.live import LiveAnswer
from core.jobs.fit.people.live_wire import LiveRequest
from core.records.detections import Category
from core.records.fits import BodyFit, FitMethod
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import FLIP, NAMES
from core.shapes.person_keypoints import PersonKeypoint as P
from core.store import tables
from core.store.edits.categories import set_category
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries.keypoints import keypoint_history
from tests.app.conftest import FakeFrames
from tests.app.keypoints import people
from tests.app.keypoints.conftest import Desk, far_off, open_crowd
from tests.app.keypoints.people import FitsHere, TruePerson

BODY = list(PERSON_ORDER[:12])
FACE = list(PERSON_ORDER[12:])


def test_the_queue_holds_people_or_cars(crowd: Desk) -> None:
    crowd.qtbot.waitUntil(lambda: crowd.view.queue.count_text == "8 people")
    person = crowd.state.instance_id
    assert crowd.state.look is not None
    assert crowd.view.subtitle.startswith("0 of 17 points")
    crowd.view.queue.kinds[Template.CAR].click()
    crowd.qtbot.waitUntil(lambda: crowd.view.title.startswith("car"))
    crowd.qtbot.waitUntil(lambda: crowd.view.queue.count_text == "4 cars")
    assert not crowd.workspace.checked["keypoints.people"]()
    crowd.do("people")
    crowd.qtbot.waitUntil(lambda: crowd.state.instance_id == person)  # where one was before


def test_a_person_that_is_asked_for_brings_people_into_the_queue(crowd: Desk, person: TruePerson) -> None:
    crowd.do("people")
    crowd.qtbot.waitUntil(lambda: crowd.view.title.startswith("car"))
    crowd.show(person)
    assert crowd.workspace.checked["keypoints.people"]()
    crowd.qtbot.waitUntil(lambda: crowd.view.queue.count_text == "8 people")


def test_people_are_shown_again_at_the_next_start(
    qtbot: QtBot, frames: FakeFrames, yard_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = people.people(yard_path)[1]
    for desk in open_crowd(qtbot, yard_path, monkeypatch):
        desk.show(person)
    asked: list[str] = []
    monkeypatch.setattr(Desk, "do", lambda self, action: asked.append(action))
    for desk in open_crowd(qtbot, yard_path, monkeypatch):
        assert desk.state.instance_id == person.instance_id
    assert asked == []  # nobody had to switch


def test_a_person_with_all_points_is_done(crowd: Desk, person: TruePerson) -> None:
    crowd.show(person)
    crowd.place_true(person, list(range(16)))
    crowd.edited()
    crowd.do("refresh")
    crowd.qtbot.waitUntil(lambda: crowd.view.queue.count_text == "8 people")
    crowd.place_true(person, [16])
    crowd.edited()
    crowd.do("refresh")
    crowd.qtbot.waitUntil(lambda: crowd.view.queue.count_text == "7 people")


def test_one_key_leaves_the_other_views_of_a_person_out(crowd: Desk, yard_path: Path) -> None:
    first, second = people.people(yard_path)
    crowd.qtbot.waitUntil(lambda: crowd.view.queue.count_text == "8 people")
    order = crowd.controller.queue.model.ids.ids(range(8))
    before, after = order[0], order[-1]
    own = first.track if before in first.track else second.track
    crowd.workspace.show_instances([before])  # type: ignore[misc]
    crowd.qtbot.waitUntil(lambda: crowd.state.instance_id == before)
    crowd.do("next_other")
    nearest = next(one for one in order if one not in own)
    crowd.qtbot.waitUntil(lambda: crowd.state.instance_id == nearest)
    crowd.do("previous_other")
    back = next(one for one in order[order.index(nearest) :: -1] if one in own)
    crowd.qtbot.waitUntil(lambda: crowd.state.instance_id == back)
    crowd.workspace.show_instances([after])  # type: ignore[misc]
    crowd.qtbot.waitUntil(lambda: crowd.state.instance_id == after)
    crowd.do("next_other")
    crowd.qtbot.waitUntil(lambda: "another track comes after" in crowd.view.tags.said)
    assert crowd.state.instance_id == after


def test_thousands_of_views_of_a_person_are_passed_over_at_once(crowd: Desk, yard_path: Path) -> None:
    first, second = people.people(yard_path)
    reads = crowd.controller._reads
    many = [*first.track[1:]] * 700
    assert reads.other_track(first.track[0], [*many, second.track[2], second.track[0]]) == second.track[2]
    assert reads.other_track(first.track[0], many) is None


def test_who_is_on_no_track_is_nobodys_other_view(crowd: Desk, yard_path: Path) -> None:
    first, second = people.people(yard_path)
    loose = (first.track[1], second.track[1])
    with crowd.session.project.write() as connection:
        instance = tables.instance
        connection.execute(update(instance).where(instance.c.id.in_(loose)).values(track_id=None))
    reads = crowd.controller._reads
    assert reads.other_track(first.track[0], [first.track[2], loose[0]]) == loose[0]
    assert reads.other_track(loose[0], [loose[0], loose[1]]) == loose[1]


# ---- points -------------------------------------------------------------------------------------


def test_points_come_once_around_the_body(crowd: Desk, person: TruePerson) -> None:
    crowd.show(person)
    named = []
    for _ in range(17):
        named.append(NAMES[crowd.state.current])
        crowd.view.pane.item.placed.emit(10.0, 20.0)
    assert named[:6] == [f"right {part}" for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")]
    assert named[6:12] == [f"left {part}" for part in ("ankle", "knee", "hip", "wrist", "elbow", "shoulder")]
    assert set(named[12:]) == {"nose", "left eye", "right eye", "left ear", "right ear"}
    assert crowd.titles()[-17] == f"Place the right shoulder of person {person.instance_id}"
    assert crowd.view.tags.said.startswith(("All 17 points", "Done"))


def test_left_and_right_are_exchanged_by_one_key(crowd: Desk, person: TruePerson) -> None:
    crowd.show(person)
    crowd.place_true(person, [P.NOSE, P.LEFT_WRIST])
    crowd.do("exchange")
    kept = crowd.kept(person.instance_id)
    assert kept is not None
    assert [index for index, point in enumerate(kept.points) if point] == [P.NOSE, FLIP[P.LEFT_WRIST]]


def test_the_figure_turns_its_back_where_the_person_does(crowd: Desk, yard_path: Path) -> None:
    towards, away = people.people(yard_path)
    for person, back in ((towards, False), (away, True)):
        crowd.show(person)
        assert crowd.state.turned_away is back  # as they walk
        crowd.place_true(person, [P.LEFT_SHOULDER, P.RIGHT_SHOULDER])
        assert crowd.state.turned_away is back
        crowd.place_true(person, BODY)
        crowd.fitted()
        assert crowd.state.sure
        assert crowd.state.turned_away is back


def test_the_list_has_its_rows_in_the_order_of_placing(crowd: Desk, person: TruePerson) -> None:
    crowd.show(person)
    second = QPoint(20, crowd.view.points.height() * 3 // (2 * 17))
    crowd.qtbot.mouseClick(crowd.view.points, Qt.MouseButton.LeftButton, pos=second)
    assert crowd.state.current == P.RIGHT_ELBOW


# ---- the fit ------------------------------------------------------------------------------------


def test_the_face_follows_from_the_body(crowd: Desk, person: TruePerson) -> None:
    crowd.show(person)
    crowd.place_true(person, BODY)
    crowd.fitted()
    assert crowd.state.card.title == "The fit holds"
    facts = dict(crowd.state.card.facts)
    assert facts["Residual"].endswith("over 12 points")
    assert abs(float(facts["Stature"].removesuffix(" m")) - 1.74) < 0.15  # a mean body, of 1.74 m
    for index in FACE:
        assert far_off(crowd, person, index) < 0.05
    assert crowd.state.outline


def test_accepting_is_one_edit_with_the_body_and_goes_back_as_one(crowd: Desk, person: TruePerson) -> None:
    crowd.show(person)
    crowd.place_true(person, BODY)
    crowd.fitted()
    before = crowd.titles()
    crowd.do("accept")
    assert crowd.titles() == [*before, f"Accept the points of person {person.instance_id}"]
    kept = crowd.kept(person.instance_id)
    assert kept is not None
    assert [index for index, p in enumerate(kept.points) if p and p.origin is LabelOrigin.FIT] == sorted(FACE)
    row = crowd.fit_of(person.instance_id)
    assert isinstance(row.fit, BodyFit)
    assert row.fit.method is FitMethod.BODY
    assert row.fit.used == 12
    assert row.shape_space.startswith("stand-in ")
    assert not row.stale
    crowd.undo()
    assert crowd.fit_of(person.instance_id) is None
    assert sum(point is not None for point in crowd.state.points) == 12
    crowd.redo()
    assert crowd.fit_of(person.instance_id) is not None
    assert all(crowd.state.points)


def test_enter_waits_for_the_fit_of_the_newest_points(
    crowd: Desk, person: TruePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.show(person)
    crowd.place_true(person, BODY[:-1])
    crowd.fitted()
    gate = hold_fits(monkeypatch)
    crowd.place_true(person, BODY[-1:])
    crowd.do("accept")
    assert sum(point is not None for point in crowd.state.points) == 12  # nothing that nobody has seen
    gate.set()
    crowd.qtbot.waitUntil(lambda: all(crowd.state.points))
    assert crowd.fit_of(person.instance_id).fit.used == 12


def hold_fits(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Lets no fit end before the event that it gives is set."""
    gate, answer = threading.Event(), FitsHere.answer

    def held(fits: FitsHere, request: LiveRequest) -> LiveAnswer | None:
        assert gate.wait(20)
        return answer(fits, request)

    monkeypatch.setattr(FitsHere, "answer", held)
    return gate


def test_a_fit_that_is_not_there_when_its_person_is_left_is_kept_later(
    crowd: Desk, yard_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, other = people.people(yard_path)
    crowd.show(person)
    gate = hold_fits(monkeypatch)
    crowd.place_true(person, BODY)
    crowd.show(other)
    assert crowd.fit_of(person.instance_id) is None
    gate.set()
    crowd.qtbot.waitUntil(lambda: crowd.fit_of(person.instance_id) is not None)
    assert crowd.fit_of(person.instance_id).fit.used == 12
    assert crowd.titles()[-1] == f"Keep the fit of person {person.instance_id}"
    assert crowd.state.instance_id == other.instance_id
    assert not any(crowd.state.points)


def test_nothing_is_kept_after_an_undo(crowd: Desk, yard_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person, other = people.people(yard_path)
    crowd.show(person)
    gate = hold_fits(monkeypatch)
    crowd.place_true(person, BODY)
    crowd.edited()
    crowd.show(other)
    crowd.undo()
    gate.set()
    crowd.fitted()
    crowd.qtbot.wait(50)
    assert crowd.fit_of(person.instance_id) is None
    crowd.redo()  # the chance to redo is still there
    assert crowd.kept(person.instance_id).placed == 12  # type: ignore[union-attr]


def test_a_drag_is_not_held_up_and_the_newest_place_wins(
    crowd: Desk, person: TruePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.show(person)
    crowd.place_true(person, BODY)
    crowd.fitted()
    fits = crowd.session.person_fits
    assert isinstance(fits, FitsHere)
    gate, asked = hold_fits(monkeypatch), fits.asked
    index = P.RIGHT_WRIST
    x, y = person.pixels[index]
    for step in range(1, 30):
        crowd.view.pane.item.dragged.emit(index, x + 0.1 * step, y)
        point = crowd.state.points[index]
        assert point is not None
        assert point.x == pytest.approx(x + 0.1 * step)  # although no fit has ended
    crowd.view.pane.item.dropped.emit()
    gate.set()
    crowd.fitted()
    assert fits.asked - asked == 2  # the first place and the last
    kept = crowd.kept(person.instance_id)
    assert kept is not None
    assert kept.points[index] == PlacedPoint(x + 2.9000000000000004, y, KeypointTag.VISIBLE)
    assert crowd.state.points[index].off_px is not None  # type: ignore[union-attr]


def test_what_was_taken_over_goes_with_the_fit_and_is_stored_on_leaving(crowd: Desk, yard_path: Path) -> None:
    person, other = people.people(yard_path)
    crowd.show(person)
    crowd.place_true(person, BODY)
    crowd.fitted()
    crowd.do("accept")
    before = crowd.kept(person.instance_id)
    for index in (P.RIGHT_SHOULDER, P.LEFT_SHOULDER, P.RIGHT_HIP, P.LEFT_HIP):
        x, y = person.pixels[index]
        crowd.view.pane.item.dragged.emit(index, x - 2.0, y)
        crowd.view.pane.item.dropped.emit()
    crowd.fitted()
    nose = crowd.state.points[P.NOSE]
    assert before is not None
    assert nose is not None
    assert before.points[P.NOSE] is not None
    assert nose.x < before.points[P.NOSE].x - 0.5
    crowd.show(other)
    crowd.edited()
    kept = crowd.kept(person.instance_id)
    assert kept is not None
    assert kept.points[P.NOSE] is not None
    assert kept.points[P.NOSE].x == pytest.approx(nose.x)
    assert not crowd.fit_of(person.instance_id).stale


def test_without_calibration_points_are_placed_by_hand(bare_crowd: Desk, yard_path: Path) -> None:
    desk, person = bare_crowd, people.people(yard_path)[0]
    desk.show(person)
    desk.place_true(person, BODY)
    assert not desk.controller.hand.waiting
    assert desk.state.card.title == "No calibration, no fit"
    assert desk.kept(person.instance_id).placed == 12  # type: ignore[union-attr]
    desk.do("accept")
    assert desk.view.tags.said == "There is nothing to accept yet: place another point."


def test_a_fit_that_breaks_is_told_and_the_next_point_is_fitted(
    crowd: Desk, person: TruePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.show(person)
    crowd.fitted()
    broke: list[object] = []
    crowd.session.broke.connect(broke.append)
    with monkeypatch.context() as context:

        def fail(fits: FitsHere, request: LiveRequest) -> None:
            raise ZeroDivisionError

        context.setattr(FitsHere, "answer", fail)
        crowd.place_true(person, BODY[:8])
        crowd.fitted()
        assert broke
    crowd.place_true(person, BODY[8:])
    crowd.fitted()
    assert crowd.state.sure


# ---- what nobody sees ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "tag"),
    [
        ("rest_self_occluded", KeypointTag.SELF_OCCLUDED),
        ("rest_other_occluded", KeypointTag.OTHER_OCCLUDED),
        ("rest_truncated", KeypointTag.TRUNCATED),
    ],
)
def test_the_rest_is_tagged_by_one_key_where_somebody_would_stand(
    bare_crowd: Desk, yard_path: Path, action: str, tag: KeypointTag
) -> None:
    desk, person = bare_crowd, people.people(yard_path)[0]
    desk.show(person)
    upper = [P.RIGHT_SHOULDER, P.LEFT_SHOULDER, P.RIGHT_HIP, P.LEFT_HIP]
    desk.place_true(person, upper)
    edits = len(desk.titles())
    desk.do(action)
    assert len(desk.titles()) == edits + 1
    kept = desk.kept(person.instance_id)
    assert kept is not None
    assert kept.placed == 17
    for index, point in enumerate(kept.points):
        assert point is not None
        if index not in upper:
            assert (point.tag, point.origin) == (tag, LabelOrigin.HEURISTIC)
            # a stride is off a standing figure by a leg's swing at most
            assert far_off(desk, person, index) < 0.25
    knees = [kept.points[index].x for index in (P.RIGHT_KNEE, P.LEFT_KNEE)]  # type: ignore[union-attr]
    assert knees[0] < knees[1]  # who faces us has the left at our right


def test_guesses_go_with_the_fit_but_stay_what_they_were_called(crowd: Desk, person: TruePerson) -> None:
    crowd.show(person)
    crowd.place_true(person, BODY[:5])  # too few for a fit
    crowd.fitted()
    crowd.do("rest_other_occluded")
    crowd.place_true(person, BODY[5:12])
    crowd.fitted()
    assert crowd.state.sure
    assert dict(crowd.state.card.facts)["Residual"].endswith("over 12 points")  # guesses are no evidence
    for index in FACE:
        point = crowd.state.points[index]
        assert point is not None
        assert point.tag is KeypointTag.OTHER_OCCLUDED
        assert point.guessed
        assert far_off(crowd, person, index) < 0.05


# ---- along the track ----------------------------------------------------------------------------


def test_points_of_a_car_on_what_is_a_person_now_are_told_and_stay_a_version(
    qtbot: QtBot, frames: FakeFrames, yard_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = people.people(yard_path)[0]
    point = PlacedPoint(10.0, 20.0, KeypointTag.VISIBLE)
    with Project.open(yard_path) as project:
        ben = History(project, "Ben")
        set_category(ben, [person.instance_id], Category.CAR)
        save_keypoints(ben, person.instance_id, KeypointSet(Template.CAR, (point,) * 12), "Place twelve")
        set_category(ben, [person.instance_id], Category.PERSON)
    for desk in open_crowd(qtbot, yard_path, monkeypatch):
        desk.show(person)
        assert not any(desk.state.points)
        assert desk.state.card.tone is CardTone.DOUBTFUL
        assert desk.state.card.title == "Its points are a car's"
        desk.qtbot.waitUntil(lambda desk=desk: desk.view.queue.count_text == "8 people")  # it is not done
        desk.place_true(person, BODY)
        desk.fitted()
        assert desk.state.card.title == "The fit holds"
        desk.do("accept")
        assert desk.kept(person.instance_id).placed == 17  # type: ignore[union-attr]
        with desk.session.project.read() as connection:
            versions = keypoint_history(connection, person.instance_id)
        assert [row.keypoints.template for row in versions][-1] is Template.CAR
        assert versions[-1].keypoints.placed == 12


def test_a_body_model_that_cannot_be_read_is_told(crowd: Desk, person: TruePerson, tmp_path: Path) -> None:
    crowd.show(person)
    failed: list[object] = []
    crowd.session.failed.connect(failed.append)
    crowd.session.use_body(str(tmp_path / "gone.npz"))
    crowd.qtbot.waitUntil(lambda: crowd.state.card.title == "The body model cannot be used")
    crowd.place_true(person, BODY)
    assert crowd.kept(person.instance_id).placed == 12  # type: ignore[union-attr]
    crowd.session.use_body("")
    crowd.qtbot.waitUntil(lambda: crowd.state.card.title == "The fit holds", timeout=20_000)


def test_the_body_is_seen_in_3d(crowd: Desk, person: TruePerson) -> None:
    crowd.view.resize(1400, 1000)
    crowd.show(person)
    crowd.place_true(person, BODY)
    crowd.fitted()
    crowd.qtbot.waitUntil(lambda: crowd.view.inset.shown, timeout=30_000)
    view = crowd.view.inset.viewport
    assert view is not None
    [one] = view.scene.objects
    assert one.person
    assert not one.boxed


def test_the_session_ends_the_process_that_fits(yard_path: Path) -> None:
    session = ProjectSession(Project.open(yard_path), "Ann")
    session.person_fits.start()
    process = session.person_fits._process
    assert process is not None
    session.close()
    assert process.poll() is not None
