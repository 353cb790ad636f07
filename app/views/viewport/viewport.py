"""The 3D viewport: draws a Scene, lets a person look around in it, and says which car was clicked."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.states.scene import CarRole, ColourBy, Look, Scene, SceneCar, ScenePoints
from app.views.viewport.gl_surface import GlSurface, NoOpenGLError
from app.views.viewport.labels import paint_labels
from app.views.viewport.looking import AboveLook, CameraLook, ray_through, to_widget
from app.views.viewport.picking import car_on_ray
from app.views.viewport.scene_drawer import BACKGROUND, Layers, Looks, SceneDrawer

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

log = logging.getLogger(__name__)

SWITCHED_OFF = "it is switched off in the settings"
_REST_MS = 160
_CLICK_PX = 4.0  # a press that moves farther is a drag
_WHEEL = 1.0015
_AROUND_M = 14.0
_ROOF = np.array([0.0, 0.0, 1.6])
_FEW, _LEFT_OUT = 20, 0.05  # of more cars than these, the share that may stand outside at each side


class Viewport(QWidget):
    """Shows a scene from the camera, from above, or freely.

    The left button turns (free) or moves (camera, above); the middle and the right one move; the wheel zooms.

    Args:
        use_opengl: False shows nothing but why.
        words: whether distances, signs, captions and the legend are written over it.

    Signals:
        car_clicked(int, bool): a car's instance id, and whether Ctrl was held.
        car_activated(int): a car was double-clicked.
        nothing_clicked(): a click beside every car.
        hovered(object): the instance id of the car under the cursor, or None.
        look_changed(Look): another kind of view.
        failed(str): OpenGL cannot be used; why, in a few words.
    """

    car_clicked = Signal(int, bool)
    car_activated = Signal(int)
    nothing_clicked = Signal()
    hovered = Signal(object)
    look_changed = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, use_opengl: bool = True, words: bool = True) -> None:
        super().__init__(parent)
        self._words = words
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 90)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("3D view")
        self._scene = Scene()
        self._looks = Looks()
        self._by = ColourBy.ERROR
        self._layers = Layers()
        self._hovered: int | None = None
        self._surface: GlSurface | None = None
        self._drawer: SceneDrawer | None = None
        self._problem = "" if use_opengl else SWITCHED_OFF
        self._image = QImage()
        self._dirty = True
        self._rest = QTimer(self)  # a software renderer draws soft edges only once nothing moves
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._settle)
        self._smooth = True
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._moved = False
        self._looked = False  # whether a person has moved the views from above and free

    # ---- what is shown --------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self._scene

    def set_scene(self, scene: Scene) -> None:
        """Shows another scene; the views stay, but for those that nobody has moved yet."""
        before, self._scene = self._scene, scene
        if scene.camera is None or before.camera is None or not _same_camera(before, scene):
            self._looks = replace(self._looks, camera=CameraLook())
            self._looked = False
        if not self._looked and scene.cars:
            self.show_all()
            self._looked = False
        if self._drawer is not None:
            self._drawer.set_scene(scene)
        self._redraw()

    def update_car(self, car: SceneCar) -> None:
        """Draws one car of the scene otherwise, at the next frame: cheap enough to follow a drag."""
        index = next(
            (
                number
                for number, one in enumerate(self._scene.cars)
                if one.instance_id == car.instance_id and one.role is car.role
            ),
            None,
        )
        if index is None:
            self.set_scene(replace(self._scene, cars=(*self._scene.cars, car)))
            return
        cars = list(self._scene.cars)
        cars[index] = car
        self._scene = replace(self._scene, cars=tuple(cars))
        if self._drawer is not None:
            self._drawer.replace_car(index, self._scene)
        self._redraw()

    def follow_car(self, car: SceneCar, points: ScenePoints) -> None:
        """Draws one car and its points otherwise, at the next frame; the free view goes along with it."""
        before = next((one for one in self._scene.cars if one.instance_id == car.instance_id), car)
        free = self._looks.free
        x, y, z = (np.array(free.target) + car.centre - before.centre).tolist()
        self._looks = replace(self._looks, free=replace(free, target=(x, y, z)))
        self._scene = replace(self._scene, points=points)
        self.update_car(car)

    @property
    def problem(self) -> str:
        """Why OpenGL cannot be used, or ""."""
        return self._problem

    @property
    def colour_by(self) -> ColourBy:
        """What the cars' colours say."""
        return self._by

    def set_colour_by(self, by: ColourBy) -> None:
        """Colours the cars by something else."""
        self._by = by
        self._redraw()

    @property
    def layers(self) -> Layers:
        """What is drawn beside the picture."""
        return self._layers

    def set_layers(self, layers: Layers) -> None:
        """Draws other parts."""
        self._layers = layers
        self._redraw()

    # ---- where one looks ------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """From where one looks."""
        return self._looks.kind

    @property
    def looks(self) -> Looks:
        """The way one looks in each kind of view."""
        return self._looks

    def set_look(self, look: Look) -> None:
        """Looks from elsewhere."""
        if look is not self._looks.kind:
            self._looks = replace(self._looks, kind=look)
            self.look_changed.emit(look)
            self._redraw()

    def show_all(self) -> None:
        """Shows the whole picture, and as many cars as fit into the other views."""
        self._looked = True
        cars = self._scene.cars
        camera = CameraLook()
        if not cars:
            self._looks = replace(self._looks, camera=camera)
            self._redraw()
            return
        centres = np.array([car.centre for car in cars])
        if self._scene.camera is not None:
            foot = self._scene.camera.centre * [1.0, 1.0, 0.0]
            # it is seen too: as often as it takes for a quantile to reach it
            centres = np.concatenate([centres, np.tile(foot, (1 + len(cars) // 4, 1))])
        left_out = _LEFT_OUT if len(cars) > _FEW else 0.0
        low = np.quantile(centres, left_out, axis=0) - 6.0
        high = np.quantile(centres, 1 - left_out, axis=0) + 6.0
        middle, span = (low + high) / 2, high - low
        pixel_m = max(span[0] / max(self.height(), 1), span[1] / max(self.width(), 1), 0.02)
        free = replace(
            self._looks.free,
            target=(float(middle[0]), float(middle[1]), 0.0),
            distance_m=float(np.clip(0.9 * np.hypot(span[0], span[1]), _AROUND_M, 120.0)),
        )
        above = AboveLook(float(middle[0]), float(middle[1]), float(pixel_m))
        self._looks = replace(self._looks, camera=camera, above=above, free=free)
        self._redraw()

    def show_selected(self) -> None:
        """Brings the selected car near, in every view."""
        car = self._selected_car()
        if car is None:
            return
        self._looked = True
        x, y, z = car.centre.tolist()
        free = replace(self._looks.free, target=(x, y, z), distance_m=_AROUND_M)
        above = AboveLook(x, y, max(_AROUND_M / max(min(self.width(), self.height()), 1), 0.01))
        camera = self._looks.camera
        if self._scene.camera is not None:
            camera = self._around(car, CameraLook())
        self._looks = replace(self._looks, camera=camera, above=above, free=free)
        self._redraw()

    def bring_into_view(self) -> None:
        """Moves every view so that the selected car is seen, where it is not."""
        car = self._selected_car()
        if car is None:
            return
        x, y, z = car.centre.tolist()
        looks, camera = self._looks, self._scene.camera
        if not self._sees(replace(looks, kind=Look.ABOVE), car):
            looks = replace(looks, above=replace(looks.above, x=x, y=y))
        if not self._sees(replace(looks, kind=Look.FREE), car):
            looks = replace(looks, free=replace(looks.free, target=(x, y, z)))
        if (
            camera is not None
            and looks.camera.zoom > 1
            and not self._sees(replace(looks, kind=Look.CAMERA), car)
        ):
            there = self._around(car, CameraLook())
            looks = replace(looks, camera=replace(there, zoom=looks.camera.zoom))
        self._looks = looks
        self._redraw()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms in (factor above 1) or out, about a place of the widget or its middle."""
        self._looked = True
        place = (self.width() / 2, self.height() / 2) if at is None else (at.x(), at.y())
        looks, camera = self._looks, self._scene.camera
        if looks.kind is Look.CAMERA and camera is not None:
            zoomed = looks.camera.zoomed(camera, self.width(), self.height(), factor, place)
            self._looks = replace(looks, camera=zoomed)
        elif looks.kind is Look.ABOVE:
            self._looks = replace(looks, above=looks.above.zoomed(self.width(), self.height(), factor, place))
        elif looks.kind is Look.FREE:
            self._looks = replace(looks, free=looks.free.zoomed(factor))
        self._redraw()

    def turn_by(self, dx: float, dy: float) -> None:
        """Turns or moves the view as a drag by so many pixels with the left button does."""
        self._drag(dx, dy, turning=True)

    def place_of(self, instance_id: int) -> QPointF | None:
        """Where the middle of a car is on the widget, or None where it is out of sight."""
        car = next((one for one in self._scene.cars if one.instance_id == instance_id), None)
        matrix = self._matrix()
        if car is None or matrix is None:
            return None
        x, y = to_widget(matrix, car.centre, self.width(), self.height()).tolist()
        return QPointF(x, y) if np.isfinite([x, y]).all() else None

    def car_at(self, x: float, y: float) -> int | None:
        """The instance whose mesh is first met at a place of the widget, or None."""
        matrix = self._matrix()
        if matrix is None:
            return None
        start, direction = ray_through(matrix, x, y, self.width(), self.height())
        cars = [car for car in self._scene.cars if car.role is not CarRole.COMPARED]
        index = car_on_ray(cars, start, direction)
        return None if index is None else cars[index].instance_id

    # ---- events ---------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Qt's: a viewport wants room."""
        return QSize(560, 420)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws the scene where it has changed, then the words over it."""
        if self._dirty and not self._problem:
            self._draw()
        painter = QPainter(self)
        painter.fillRect(self.rect(), BACKGROUND)
        if not self._problem and not self._image.isNull():
            painter.drawImage(0, 0, self._image)
            matrix = self._matrix()
            if matrix is not None and self._words:
                paint_labels(painter, self.size(), self._scene, self._looks, matrix, self._by, self._hovered)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: another size is another picture."""
        super().resizeEvent(event)
        self._dirty = True
        if not self._looked and self._scene.cars:
            self.show_all()
            self._looked = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's: a click or a drag begins."""
        self._pressed = self._last = event.position()
        self._moved = False
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's: drags the view, or follows what is under the cursor."""
        place = event.position()
        if event.buttons() == Qt.MouseButton.NoButton or self._pressed is None:
            self._set_hovered(self.car_at(place.x(), place.y()))
            return
        away = place - self._pressed
        if not self._moved and max(abs(away.x()), abs(away.y())) < _CLICK_PX:
            return
        self._moved = True
        step, self._last = place - self._last, place
        left = bool(event.buttons() & Qt.MouseButton.LeftButton)
        held = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._drag(step.x(), step.y(), turning=left and not held)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt's: a click selects what is under the cursor."""
        clicked = self._pressed is not None and not self._moved
        self._pressed = None
        event.accept()
        if not clicked or event.button() != Qt.MouseButton.LeftButton:
            return
        found = self.car_at(event.position().x(), event.position().y())
        if found is None:
            self.nothing_clicked.emit()
        else:
            held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.car_clicked.emit(found, held)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt's: a double click brings a car near."""
        found = self.car_at(event.position().x(), event.position().y())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.car_activated.emit(found)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Qt's: zooms."""
        self.zoom_by(_WHEEL ** event.angleDelta().y(), event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Qt's: nothing is under the cursor any more."""
        super().leaveEvent(event)
        self._set_hovered(None)

    def release(self) -> None:
        """Gives OpenGL's memory back; nothing is drawn any more."""
        self._rest.stop()
        self._drawer = None
        if self._surface is not None:
            self._surface.close()
            self._surface = None
        self._problem = self._problem or "it was closed"

    # ---- details --------------------------------------------------------------------------------

    def render_now(self) -> QImage:
        """The scene as a picture of the widget's size, without the words."""
        self._smooth = True
        self._draw()
        return self._image

    def _draw(self) -> None:
        self._dirty = False
        scale = self.devicePixelRatioF()
        size = max(1, round(self.width() * scale)), max(1, round(self.height() * scale))
        try:
            if self._drawer is None:
                self._surface = GlSurface()
                with self._surface.drawing(*size):
                    self._drawer = SceneDrawer(self._surface)
                self._drawer.set_scene(self._scene)
            software = self._surface is not None and self._surface.is_software
            smooth = self._smooth or not software
            self._image = self._drawer.draw(
                self._looks, self._by, self._layers, self._hovered, size, scale, smooth=smooth
            )
            self._smooth = False
            if not smooth:
                self._rest.start()
            self._image.setDevicePixelRatio(scale)
        except (NoOpenGLError, RuntimeError, OSError, ImportError) as problem:
            # drivers fail in many ways, and VisPy raises a RuntimeError for each: the wireframe stands in
            log.warning("OpenGL cannot be used: %s", problem, exc_info=True)
            self._fail(str(problem).splitlines()[0] if str(problem) else "it failed")

    def _settle(self) -> None:
        """Nothing has moved for a moment: the same again with soft edges."""
        self._smooth = True
        self._redraw()

    def _fail(self, problem: str) -> None:
        self._drawer = None
        if self._surface is not None:
            self._surface.close()
            self._surface = None
        self._problem = problem
        self.failed.emit(problem)

    def _redraw(self) -> None:
        self._dirty = True
        self.update()

    def _matrix(self) -> NDArray[np.float64] | None:
        return self._looks.matrix(self._scene, self.width(), self.height())

    def _selected_car(self) -> SceneCar | None:
        return next(
            (
                car
                for car in self._scene.cars
                if car.instance_id == self._scene.selected and car.role is not CarRole.COMPARED
            ),
            None,
        )

    def _sees(self, looks: Looks, car: SceneCar) -> bool:
        """Whether the middle of a car is well inside the widget."""
        matrix = looks.matrix(self._scene, self.width(), self.height())
        if matrix is None:
            return False
        room = np.array([self.width(), self.height()])
        place = to_widget(matrix, car.centre, self.width(), self.height())
        return bool(np.isfinite(place).all() and (place > 0.06 * room).all() and (place < 0.94 * room).all())

    def _around(self, car: SceneCar, look: CameraLook) -> CameraLook:
        """The camera's view of one car and its surroundings."""
        camera = self._scene.camera
        assert camera is not None
        width, height = self.width(), self.height()
        matrix = look.matrix(camera, width, height)
        corners = np.concatenate([car.footprint, car.footprint + _ROOF])
        seen = to_widget(matrix, corners, width, height)
        if not np.isfinite(seen).all():
            return look
        middle = (seen.min(axis=0) + seen.max(axis=0)) / 2
        size = float((seen.max(axis=0) - seen.min(axis=0)).max())
        scale = look.scale(camera, width, height)
        x, y = look.middle(camera)
        there = CameraLook(1.0, x + (middle[0] - width / 2) / scale, y + (middle[1] - height / 2) / scale)
        factor = 0.45 * min(width, height) / max(size, 1.0)
        return there.zoomed(camera, width, height, max(factor, 1.0), (width / 2, height / 2))

    def _drag(self, dx: float, dy: float, *, turning: bool) -> None:
        self._looked = True
        looks, camera = self._looks, self._scene.camera
        if looks.kind is Look.CAMERA and camera is not None:
            moved = looks.camera.moved(camera, self.width(), self.height(), dx, dy)
            self._looks = replace(looks, camera=moved)
        elif looks.kind is Look.ABOVE:
            self._looks = replace(looks, above=looks.above.moved(dx, dy))
        elif looks.kind is Look.FREE:
            free = looks.free.turned(dx, dy) if turning else looks.free.moved(self.height(), dx, dy)
            self._looks = replace(looks, free=free)
        self._redraw()

    def _set_hovered(self, instance_id: int | None) -> None:
        if instance_id != self._hovered:
            self._hovered = instance_id
            self.hovered.emit(instance_id)
            self._redraw()


def _same_camera(before: Scene, after: Scene) -> bool:
    one, other = before.camera, after.camera
    assert one is not None
    assert other is not None
    return (
        (one.width, one.height) == (other.width, other.height)
        and np.array_equal(one.matrix, other.matrix)
        and np.array_equal(one.rotation, other.rotation)
        and np.array_equal(one.translation, other.translation)
    )
