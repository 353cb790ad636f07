"""The 3D viewport: draws a Scene, lets a person look around in it, and says which car was clicked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.states.scene import ColourBy, Look, Scene, SceneObject, ScenePoints
from app.views.viewport.framing import all_in_view, dragged, near, same_camera, with_in_view, zoomed
from app.views.viewport.labels import paint_labels
from app.views.viewport.looking import CameraLook, ray_through, to_widget
from app.views.viewport.picking import car_on_ray
from app.views.viewport.scene_drawer import BACKGROUND, Layers, Looks
from app.views.viewport.scene_picture import DRAWING_FAILS, ScenePicture

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

SWITCHED_OFF = "it is switched off in the settings"
_REST_MS = 160
_CLICK_PX = 4.0  # a press that moves farther is a drag
_WHEEL = 1.0015


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
        self._picture = ScenePicture("" if use_opengl else SWITCHED_OFF)
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
        if not same_camera(before, scene):
            self._looks = replace(self._looks, camera=CameraLook())
            self._looked = False
        if not self._looked and scene.objects:
            self._look_as(all_in_view(self._looks, scene, self._size), looked=False)
        self._picture.set_scene(scene)
        self._redraw()

    def update_car(self, car: SceneObject) -> None:
        """Draws one car of the scene otherwise, at the next frame: cheap enough to follow a drag."""
        index = next(
            (
                number
                for number, one in enumerate(self._scene.objects)
                if one.instance_id == car.instance_id and one.role is car.role
            ),
            None,
        )
        if index is None:
            self.set_scene(replace(self._scene, objects=(*self._scene.objects, car)))
            return
        cars = list(self._scene.objects)
        cars[index] = car
        self._scene = replace(self._scene, objects=tuple(cars))
        self._picture.replace_car(index, self._scene)
        self._redraw()

    def follow_car(self, car: SceneObject, points: ScenePoints) -> None:
        """Draws one car and its points otherwise, at the next frame; the free view goes along with it."""
        before = next((one for one in self._scene.objects if one.instance_id == car.instance_id), car)
        free = self._looks.free
        x, y, z = (np.array(free.target) + car.centre - before.centre).tolist()
        self._looks = replace(self._looks, free=replace(free, target=(x, y, z)))
        self._scene = replace(self._scene, points=points)
        self.update_car(car)

    @property
    def problem(self) -> str:
        """Why OpenGL cannot be used, or ""."""
        return self._picture.problem

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
        self._look_as(all_in_view(self._looks, self._scene, self._size))

    def show_selected(self) -> None:
        """Brings the selected car near, in every view."""
        car = self._selected_car()
        if car is not None:
            self._look_as(near(self._looks, self._scene, car, self._size))

    def bring_into_view(self) -> None:
        """Moves every view so that the selected car is seen, where it is not."""
        car = self._selected_car()
        if car is not None:
            looks = with_in_view(self._looks, self._scene, car, self._size)
            self._look_as(looks, looked=self._looked)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms in (factor above 1) or out, about a place of the widget or its middle."""
        place = (self.width() / 2, self.height() / 2) if at is None else (at.x(), at.y())
        self._look_as(zoomed(self._looks, self._scene, self._size, factor, place))

    def turn_by(self, dx: float, dy: float) -> None:
        """Turns or moves the view as a drag by so many pixels with the left button does."""
        self._look_as(dragged(self._looks, self._scene, self._size, dx, dy, turning=True))

    def place_of(self, instance_id: int) -> QPointF | None:
        """Where the middle of a car is on the widget, or None where it is out of sight."""
        car = next((one for one in self._scene.objects if one.instance_id == instance_id), None)
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
        cars = [car for car in self._scene.objects if not car.beside]
        index = car_on_ray(cars, start, direction)
        return None if index is None else cars[index].instance_id

    # ---- events ---------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Qt's: a viewport wants room."""
        return QSize(560, 420)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt's: draws the scene where it has changed, then the words over it."""
        if self._dirty and not self.problem:
            self._draw()
        painter = QPainter(self)
        painter.fillRect(self.rect(), BACKGROUND)
        if not self.problem and not self._image.isNull():
            painter.drawImage(0, 0, self._image)
            matrix = self._matrix()
            if matrix is not None and self._words:
                paint_labels(painter, self.size(), self._scene, self._looks, matrix, self._by, self._hovered)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: another size is another picture."""
        super().resizeEvent(event)
        self._dirty = True
        if not self._looked and self._scene.objects:
            self._look_as(all_in_view(self._looks, self._scene, self._size), looked=False)

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
        turning = left and not held
        self._look_as(dragged(self._looks, self._scene, self._size, step.x(), step.y(), turning=turning))

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
        self._picture.release()

    def render_now(self) -> QImage:
        """The scene as a picture of the widget's size, without the words."""
        self._smooth = True
        self._draw()
        return self._image

    def warm_up(self) -> Iterator[None]:
        """Starts OpenGL bit by bit, so that the first frame comes soon; what fails is told as `failed`."""
        try:
            yield from self._picture.warm_up(self._looks)
        except DRAWING_FAILS as problem:
            self._fail(problem)

    # ---- details --------------------------------------------------------------------------------

    def _draw(self) -> None:
        self._dirty = False
        scale = self.devicePixelRatioF()
        size = max(1, round(self.width() * scale)), max(1, round(self.height() * scale))
        try:
            software = self._picture.is_software
            smooth = self._smooth or not software
            self._image = self._picture.draw(
                self._looks, self._by, self._layers, self._hovered, size, scale, smooth=smooth
            )
        except DRAWING_FAILS as problem:
            self._fail(problem)
            return
        self._smooth = False
        if not smooth:
            self._rest.start()
        self._image.setDevicePixelRatio(scale)

    def _fail(self, problem: Exception) -> None:
        self._picture.fail(problem)
        self.failed.emit(self.problem)

    def _settle(self) -> None:
        """Nothing has moved for a moment: the same again with soft edges."""
        self._smooth = True
        self._redraw()

    def _redraw(self) -> None:
        self._dirty = True
        self.update()

    @property
    def _size(self) -> tuple[int, int]:
        return self.width(), self.height()

    def _matrix(self) -> NDArray[np.float64] | None:
        return self._looks.matrix(self._scene, self.width(), self.height())

    def _selected_car(self) -> SceneObject | None:
        return next(
            (
                car
                for car in self._scene.objects
                if car.instance_id == self._scene.selected and not car.beside
            ),
            None,
        )

    def _look_as(self, looks: Looks, *, looked: bool = True) -> None:
        self._looks, self._looked = looks, looked
        self._redraw()

    def _set_hovered(self, instance_id: int | None) -> None:
        if instance_id != self._hovered:
            self._hovered = instance_id
            self.hovered.emit(instance_id)
            self._redraw()
