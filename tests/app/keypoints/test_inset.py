"""The fitted car in 3D beside the points: it follows a drag, and is there only where a car is fitted."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from app.controllers.keypoint_scene import KeypointScene
from app.controllers.keypoints import KeypointsController
from app.states.scene import Scene
from app.views.viewport import scene_picture
from app.views.viewport.gl_surface import NoOpenGLError
from tests.app.keypoints.conftest import Desk
from tests.app.keypoints.streets import TrueCar

FOUR = 4

LONG_MS = 30_000


@pytest.fixture
def tall(desk: Desk) -> Desk:
    """A window with room for the inset."""
    desk.view.resize(1400, 1000)
    return desk


def fitted(desk: Desk, car: TrueCar) -> None:
    desk.show(car)
    desk.place_true(car, car.seen(FOUR))
    desk.qtbot.waitUntil(lambda: desk.view.inset.shown, timeout=LONG_MS)


def scene_of(desk: Desk) -> Scene:
    view = desk.view.inset.viewport
    assert view is not None
    return view.scene


def controller_of(desk: Desk) -> KeypointsController:
    controller = desk.workspace.handlers["keypoints.accept"].__self__  # type: ignore[attr-defined]
    assert isinstance(controller, KeypointsController)
    return controller


def live_place(desk: Desk) -> NDArray[np.float64]:
    """Where the live fit puts the car on the road, metres."""
    fit = controller_of(desk).hand.answer.fit
    assert fit is not None
    assert fit.place_m is not None
    return np.array(fit.place_m)


def test_the_scene_follows_a_drag_but_not_within_its_event(tall: Desk, car: TrueCar) -> None:
    fitted(tall, car)
    before = scene_of(tall)
    assert [one.instance_id for one in before.objects] == [car.instance_id]
    assert before.on_ground
    index = car.seen(FOUR)[0]
    x, y = car.pixels[index]
    was = live_place(tall)
    for step in range(1, 4):
        tall.view.pane.item.dragged.emit(index, x + step, y)
    assert scene_of(tall) is before  # nothing is drawn within the event
    tall.qtbot.waitUntil(lambda: scene_of(tall) is not before, timeout=LONG_MS)
    now = live_place(tall)
    assert not np.allclose(now, was)
    # the wheels' contacts lie about the car's place on the road, in the old fit and in the new one
    there, from_there = (scene.objects[0].contacts[:, :2].mean(axis=0) for scene in (scene_of(tall), before))
    moved = there - from_there
    assert np.allclose(moved, now - was, atol=0.1)
    placed = scene_of(tall).points.placed
    assert np.isfinite(placed[index]).all()
    assert not np.allclose(placed[index], before.points.placed[index])
    tall.do("let_go")


def test_it_shows_what_the_outline_says_before_there_are_points(tall: Desk, car: TrueCar) -> None:
    tall.show(car)
    assert tall.view.inset.viewport is None  # it is built in a pause
    tall.qtbot.waitUntil(lambda: tall.view.inset.shown, timeout=LONG_MS)
    assert not any(tall.view.pane.item.state.points)
    assert len(scene_of(tall).objects) == 1


def test_it_is_switched_off_and_on_and_gives_way_to_the_points(tall: Desk, car: TrueCar) -> None:
    fitted(tall, car)
    assert tall.workspace.checked["keypoints.viewport"]()
    tall.do("viewport")
    assert not tall.view.inset.shown
    assert not tall.workspace.checked["keypoints.viewport"]()
    tall.do("viewport")
    assert tall.view.inset.shown
    points = tall.view.points.height()
    tall.view.resize(1000, 600)
    tall.qtbot.waitUntil(lambda: not tall.view.inset.shown, timeout=LONG_MS)
    assert tall.view.points.height() == points


def test_it_is_hidden_where_too_few_points_hold_no_fit(maskless: Desk, car: TrueCar) -> None:
    maskless.view.resize(1400, 1000)
    fitted(maskless, car)
    for index in car.seen(FOUR)[1:]:
        maskless.view.pane.item.picked.emit(index)
        maskless.do("clear")
    assert not maskless.state.sure
    maskless.qtbot.waitUntil(lambda: not maskless.view.inset.shown, timeout=LONG_MS)
    maskless.place_true(car, car.seen(FOUR)[1:])
    maskless.qtbot.waitUntil(lambda: maskless.view.inset.shown, timeout=LONG_MS)


def test_there_is_none_without_a_calibration(bare: Desk, car: TrueCar) -> None:
    bare.show(car)
    bare.place_true(car, car.seen(FOUR))
    scene = KeypointScene(controller_of(bare).hand, bare.session)
    with bare.qtbot.waitSignal(scene.changed) as told:
        scene.watch(True)
    assert told.args is not None
    assert told.args[0].objects == ()
    scene.close()


def test_what_draws_is_imported_beside_the_window(
    tall: Desk, car: TrueCar, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    monkeypatch.setattr(
        "app.composition.keypoints.import_drawing", lambda: threads.append(threading.current_thread())
    )
    fitted(tall, car)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_it_stays_away_where_opengl_fails(tall: Desk, car: TrueCar, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise NoOpenGLError("no context can be made")

    monkeypatch.setattr(scene_picture, "GlSurface", refuse)
    tall.show(car)
    tall.place_true(car, car.seen(FOUR))
    tall.qtbot.waitUntil(lambda: tall.view.inset.viewport is not None, timeout=LONG_MS)
    view = tall.view.inset.viewport
    assert view is not None
    tall.qtbot.waitUntil(lambda: bool(view.problem), timeout=LONG_MS)
    tall.qtbot.wait(50)
    assert not tall.view.inset.shown
    assert tall.state.sure  # the rest works on
