"""The viewport in a real window: what it draws lies where the camera says, and clicks find it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.states.scene import ColourBy, Look, Scene, SceneObject, ScenePoints, SceneRole
from app.views.viewport import scene_picture
from app.views.viewport.gl_surface import NoOpenGLError
from app.views.viewport.looking import AboveLook
from app.views.viewport.viewport import Viewport
from core.geometry.poses import Pose
from core.records.shapes import KeypointTag
from tests.app.viewport.scenes import CAMERA, WORLD, cars_of, fit_at, row_of, street

WIDTH, HEIGHT = 640, 360  # a third of the picture: nothing is cut off


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[Viewport]:
    made = Viewport()
    made.resize(WIDTH, HEIGHT)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.release()
    made.close()
    made.deleteLater()


def pixels(image: QImage) -> NDArray[np.int16]:
    """(H, W, 3) RGB of a picture."""
    flat = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(flat.constBits(), dtype=np.uint8).reshape(flat.height(), flat.bytesPerLine())
    return rows[:, : 3 * flat.width()].reshape(flat.height(), flat.width(), 3).astype(np.int16)


def bare(view: Viewport, scene: Scene, opacity: float = 1.0) -> None:
    """The cars alone over the picture."""
    view.set_scene(scene)
    view.set_look(Look.CAMERA)
    view.set_layers(
        replace(view.layers, grid=False, points=False, trails=False, ellipses=False, opacity=opacity)
    )
    assert not view.problem


def without_lines(car: SceneObject) -> SceneObject:
    """The mesh alone."""
    return replace(car, footprint=car.footprint * np.nan, contacts=np.zeros((0, 3)))


def test_a_car_covers_the_pixels_that_the_camera_sees_it_at(view: Viewport) -> None:
    scene = street([(15.0, 1.0)])
    car = without_lines(scene.objects[0])
    bare(view, replace(scene, objects=()))
    empty = pixels(view.render_now())
    bare(view, replace(scene, objects=(car,)))
    drawn = np.abs(pixels(view.render_now()) - empty).sum(axis=2) > 6
    # painted by OpenCV from the engine's own projection, sixteen times as fine
    small = CAMERA.resized(WIDTH, HEIGHT)
    corners = small.project(WORLD.to_camera.apply(car.levels[0][:, :3].astype(np.float64)))
    expected = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for face in car.form.faces[0]:
        cv2.fillConvexPoly(expected, np.round(corners[face] * 16).astype(np.int32), 255, shift=4)
    both = (drawn & (expected > 0)).sum()
    assert both / (drawn | (expected > 0)).sum() > 0.97


@pytest.mark.parametrize(
    ("tag", "widest"),
    [
        (KeypointTag.SELF_OCCLUDED, "middle"),  # a diamond
        (KeypointTag.OTHER_OCCLUDED, "everywhere"),  # a square
        (KeypointTag.TRUNCATED, "bottom"),  # a triangle on its base
    ],
)
def test_a_point_has_the_shape_that_its_tag_has_in_keypoints(
    view: Viewport, tag: KeypointTag, widest: str
) -> None:
    scene = street([(15.0, 1.0)])
    spot = scene.objects[0].centre
    # two of the fit, so far apart that there is room for points, and between them the placed one
    fitted = spot + np.array([[0.0, 3.0, 0.0], [0.0, -3.0, 0.0], [0.0, 0.0, 0.0]])
    placed = np.array([[np.nan] * 3, [np.nan] * 3, spot])
    without = ScenePoints(fitted, placed * np.nan, (tag,) * 3, (False,) * 3)
    bare(view, replace(scene, objects=(), points=without))
    view.set_layers(replace(view.layers, points=True))
    empty = pixels(view.render_now())
    view.set_scene(replace(scene, objects=(), points=replace(without, placed=placed)))
    drawn = np.abs(pixels(view.render_now()) - empty).sum(axis=2) > 60
    rows = drawn[drawn.any(axis=1)].sum(axis=1)
    top, middle, bottom = rows[0], rows[len(rows) // 2], rows[-1]
    if widest == "middle":
        assert middle > top + 2
        assert middle > bottom + 2
    elif widest == "bottom":
        assert top < middle < bottom
    else:
        assert np.ptp(rows) <= 1


def test_the_picture_lies_as_it_is(view: Viewport) -> None:
    # left red, right green, a blue corner at the lower right: neither mirrored nor upside down
    picture = np.zeros((1080, 1920, 3), dtype=np.uint8)
    picture[:, :960, 0], picture[:, 960:, 1] = 200, 200
    picture[900:, 1700:] = (0, 0, 220)
    scene = street([])
    assert scene.camera is not None
    bare(view, replace(scene, camera=replace(scene.camera, picture=picture)))
    shown = pixels(view.render_now())
    assert shown[40, 40].tolist() == pytest.approx([200, 0, 0], abs=3)
    assert shown[40, -40].tolist() == pytest.approx([0, 200, 0], abs=3)
    assert shown[-20, -20].tolist() == pytest.approx([0, 0, 220], abs=3)


def test_opacity_lets_the_picture_through(view: Viewport) -> None:
    scene = street([(15.0, 1.0)])
    scene = replace(scene, objects=(without_lines(scene.objects[0]),))
    seen = []
    for opacity in (0.0, 0.5, 1.0):
        bare(view, scene, opacity)
        spot = view.place_of(1)
        assert spot is not None
        seen.append(pixels(view.render_now())[int(spot.y()), int(spot.x())].astype(float))
    assert seen[0].tolist() == pytest.approx([90, 90, 90], abs=3)
    assert seen[1].tolist() == pytest.approx(((seen[0] + seen[2]) / 2).tolist(), abs=6)
    assert np.abs(seen[2] - seen[0]).sum() > 30


def test_a_click_in_each_view_names_the_car(view: Viewport) -> None:
    view.set_scene(street([(16.0, -3.0), (24.0, 3.0)]))
    clicked: list[int] = []
    view.car_clicked.connect(lambda instance_id, _: clicked.append(instance_id))
    nothing: list[bool] = []
    view.nothing_clicked.connect(lambda: nothing.append(True))
    for look in Look:
        view.set_look(look)
        for number in (1, 2):
            spot = view.place_of(number)
            assert spot is not None
            QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot.toPoint())
    assert clicked == [1, 2] * 3
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert nothing == [True]


def test_a_drag_turns_and_does_not_select(view: Viewport) -> None:
    view.set_scene(street([(16.0, 0.0)]))
    view.set_look(Look.FREE)
    clicked: list[int] = []
    view.car_clicked.connect(lambda instance_id, _: clicked.append(instance_id))
    spot = view.place_of(1)
    assert spot is not None
    before = view.looks.free.azimuth_rad
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=spot.toPoint())
    for step in (10, 20, 40):
        QTest.mouseMove(view, spot.toPoint() + QPoint(step, 0))
        QApplication.processEvents()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=spot.toPoint() + QPoint(40, 0))
    assert not clicked
    assert view.looks.free.azimuth_rad < before


def test_the_wheel_zooms_about_the_cursor(view: Viewport) -> None:
    view.set_scene(street([(16.0, -3.0)]))
    view.set_look(Look.ABOVE)
    spot = view.place_of(1)
    assert spot is not None
    view.wheelEvent(
        QWheelEvent(
            spot,
            QPointF(view.mapToGlobal(spot.toPoint())),
            QPoint(),
            QPoint(0, 240),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
    )
    after = view.place_of(1)
    assert after is not None
    assert (after.x(), after.y()) == pytest.approx((spot.x(), spot.y()), abs=1e-6)


def test_one_car_follows_a_drag_alone(view: Viewport) -> None:
    scene = street([(16.0, -3.0), (24.0, 3.0)])
    bare(view, scene)
    before = pixels(view.render_now())
    moved = cars_of([row_of(fit_at((16.0, -1.5)), 1)])[0]
    view.update_car(moved)
    after = pixels(view.render_now())
    changed = np.argwhere(np.abs(after - before).sum(axis=2) > 20)
    # all that changed lies where the car was or is now
    matrix = view.looks.matrix(view.scene, WIDTH, HEIGHT)
    assert matrix is not None
    small = CAMERA.resized(WIDTH, HEIGHT)
    places = [
        small.project(WORLD.to_camera.apply(car.levels[0][:, :3].astype(np.float64)))
        for car in (scene.objects[0], moved)
    ]
    both = np.concatenate(places)
    low, high = both.min(axis=0) - 12, both.max(axis=0) + 12  # the footprint is a little larger
    assert len(changed) > 100
    assert (changed[:, ::-1] >= low).all()
    assert (changed[:, ::-1] <= high).all()
    assert [car.instance_id for car in view.scene.objects] == [1, 2]


def test_colours_say_error_verdict_or_track(view: Viewport) -> None:
    rows = [row_of(fit_at((16.0, -3.0), rms_px=0.1), 1), row_of(fit_at((16.0, 3.0), rms_px=9.0), 2)]
    scene = replace(street([]), objects=tuple(cars_of(rows)))
    bare(view, scene)
    view.set_look(Look.ABOVE)
    roofs = []
    shown = pixels(view.render_now())
    for number in (1, 2):
        spot = view.place_of(number)
        assert spot is not None
        roofs.append(shown[int(spot.y()), int(spot.x())])
    assert roofs[0][1] > roofs[0][0]  # a small error is green
    assert roofs[1][0] > roofs[1][1]  # a large one is red
    view.set_colour_by(ColourBy.VERDICT)
    same = pixels(view.render_now())
    spots = [view.place_of(number) for number in (1, 2)]
    colours = [same[int(spot.y()), int(spot.x())].tolist() for spot in spots if spot is not None]
    assert colours[0] == pytest.approx(colours[1], abs=12)  # both are good


def test_a_compared_version_is_drawn_and_not_clicked(view: Viewport) -> None:
    scene = street([(16.0, -3.0)])
    other = replace(cars_of([row_of(fit_at((16.0, 2.0)), 1)])[0], role=SceneRole.COMPARED)
    bare(view, scene)
    before = pixels(view.render_now())
    view.set_scene(replace(scene, objects=(*scene.objects, other)))
    assert np.abs(pixels(view.render_now()) - before).sum() > 10_000
    place = CAMERA.resized(WIDTH, HEIGHT).project(WORLD.to_camera.apply(other.centre))
    assert view.car_at(*(place + 0.5).tolist()) is None


def test_without_opengl_it_says_so_and_draws_nothing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise NoOpenGLError("no context can be made")

    monkeypatch.setattr(scene_picture, "GlSurface", refuse)
    view = Viewport()
    qtbot.addWidget(view)
    view.resize(WIDTH, HEIGHT)
    failures: list[str] = []
    view.failed.connect(failures.append)
    view.set_scene(street([(16.0, 0.0)]))
    view.show()
    qtbot.waitUntil(lambda: bool(failures))
    assert failures == ["no context can be made"]
    view.repaint()  # and it does not try again and again
    assert failures == ["no context can be made"]
    view.set_look(Look.CAMERA)
    spot = view.place_of(1)
    assert spot is not None
    assert view.car_at(spot.x(), spot.y()) == 1  # looking still works


def test_a_scene_without_ground_or_camera_is_drawn(view: Viewport) -> None:
    view.set_scene(Scene(note="no calibration"))
    view.repaint()
    view.set_scene(replace(street([(16.0, 0.0)]), on_ground=False))
    for look in Look:
        view.set_look(look)
        view.repaint()
    assert not view.problem


def test_a_view_that_nobody_moved_shows_the_cars_of_each_frame(view: Viewport) -> None:
    view.set_look(Look.ABOVE)
    view.set_scene(street([(15.0, -8.0), (20.0, 5.0), (90.0, 0.0)]))
    spots = [view.place_of(number) for number in (1, 2, 3)]
    assert all(spot is not None and view.rect().contains(spot.toPoint()) for spot in spots)
    view.turn_by(5.0, 0.0)
    mine = view.looks.above
    view.set_scene(street([(15.0, 0.0)]))
    assert view.looks.above == mine
    assert isinstance(mine, AboveLook)


def test_the_selected_car_is_brought_near_in_every_view(view: Viewport) -> None:
    view.set_scene(street([(16.0, -3.0), (60.0, 8.0)], selected=2))
    view.show_selected()
    for look in Look:
        view.set_look(look)
        spot = view.place_of(2)
        assert spot is not None
        assert (spot.x(), spot.y()) == pytest.approx((WIDTH / 2, HEIGHT / 2), abs=12)


def test_the_selected_car_is_brought_into_every_view_that_does_not_show_it(view: Viewport) -> None:
    view.set_scene(street([(16.0, -3.0), (60.0, 8.0)], selected=1))
    view.show_selected()
    view.set_scene(street([(16.0, -3.0), (60.0, 8.0)], selected=2))
    view.set_look(Look.CAMERA)
    view.bring_into_view()
    for look in Look:
        view.set_look(look)
        spot = view.place_of(2)
        assert spot is not None
        assert view.rect().contains(spot.toPoint())
        kept = view.looks
        view.bring_into_view()  # and where it is seen, the view stays
        assert view.looks == kept


def test_a_world_without_ground_looks_along_the_camera() -> None:
    from app.controllers.fits_scene import world_of

    world = world_of(CAMERA, None)
    assert isinstance(world.to_camera, Pose)
    # x ahead, y left, z up of the world are the camera's z, -x and -y
    np.testing.assert_allclose(
        world.to_camera.apply([[5, 0, 0], [0, 1, 0], [0, 0, 1]]), [[0, 0, 5], [-1, 0, 0], [0, -1, 0]]
    )


def test_two_viewports_do_not_disturb_each_other(view: Viewport, qtbot: QtBot) -> None:
    scene = street([(16.0, 0.0)])
    moved = cars_of([row_of(fit_at((19.0, 2.0), 0.4), 1)])[0]
    # alone in the process so far
    view.set_scene(replace(scene, objects=(moved,)))
    looks = view.looks
    expected = pixels(view.render_now())
    view.set_scene(scene)
    view.render_now()
    other = Viewport(words=False)
    qtbot.addWidget(other)
    other.resize(200, 150)
    other.set_scene(street([(30.0, 5.0), (12.0, -4.0)]))
    other.render_now()
    view.update_car(moved)
    other.follow_car(cars_of([row_of(fit_at((31.0, 5.0)), 1)])[0], scene.points)
    other.render_now()
    assert view.looks.free.azimuth_rad == looks.free.azimuth_rad
    view._looks = looks
    assert np.abs(pixels(view.render_now()) - expected).max() <= 2
    other.release()
    assert np.abs(pixels(view.render_now()) - expected).max() <= 2


def test_the_free_view_goes_along_with_a_car_that_is_followed(view: Viewport) -> None:
    scene = replace(street([(16.0, 0.0)]), selected=1)
    view.set_scene(scene)
    view.turn_by(30.0, 10.0)
    view.zoom_by(1.5)
    before, look = view.place_of(1), view.looks.free
    moved = cars_of([row_of(fit_at((19.0, 2.0)), 1)])[0]
    view.follow_car(moved, scene.points)
    after = view.place_of(1)
    assert before is not None
    assert after is not None
    assert (after - before).manhattanLength() < 0.01
    assert (view.looks.free.azimuth_rad, view.looks.free.distance_m) == (look.azimuth_rad, look.distance_m)
