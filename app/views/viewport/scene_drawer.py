"""Draws a scene with the viewport's visuals: which of them, in which order, at which level of detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from app.states.scene import ColourBy, Look, Scene, SceneObject
from app.views.viewport import scene_lines
from app.views.viewport.colours import colour_rows
from app.views.viewport.gl_surface import GlSurface
from app.views.viewport.looking import AboveLook, CameraLook, FreeLook, to_widget
from app.views.viewport.scene_lines import PANE_M, rgba

if TYPE_CHECKING:
    from app.views.viewport.visuals.cars import CarsVisual

Array = NDArray[np.float64]

BACKGROUND = "#1b1e22"
_GRID = "#8ea2c0"
_GRID_ON_PICTURE = "#7df0ff"
_FINE_PX, _MIDDLE_PX = 130.0, 40.0  # length on the screen from which the finer levels are drawn
_MOST = (8, 48)  # cars at the finer levels
_OUTLINE_PX = 2.0
_POINTS_NEED_PX = 55.0  # how far they reach on the screen
_BEHIND_M = 500.0
_GHOST_ALPHA = 0.55


@dataclass(frozen=True, slots=True)
class Layers:
    """What is drawn beside the picture.

    Attributes:
        opacity: of what was fitted over the picture in the camera's view, 0 to 1.
    """

    grid: bool = True
    cars: bool = True
    points: bool = True
    trails: bool = True
    ellipses: bool = True
    skeleton: bool = True
    opacity: float = 0.6


@dataclass(frozen=True, slots=True)
class Looks:
    """The way one looks in each kind of view, and the kind in force."""

    kind: Look = Look.FREE
    camera: CameraLook = field(default_factory=CameraLook)
    above: AboveLook = field(default_factory=AboveLook)
    free: FreeLook = field(default_factory=FreeLook)

    def matrix(self, scene: Scene, width: float, height: float) -> Array | None:
        """(4, 4) from the world to clip space; None where there is no camera to look from."""
        if self.kind is Look.ABOVE:
            return self.above.matrix(width, height)
        if self.kind is Look.FREE:
            return self.free.matrix(width, height)
        return None if scene.camera is None else self.camera.matrix(scene.camera, width, height)

    def eye(self, scene: Scene) -> Array:
        """(3,) where one looks from; far up for the view from above."""
        if self.kind is Look.CAMERA and scene.camera is not None:
            return scene.camera.centre
        if self.kind is Look.FREE:
            return self.free.eye
        return np.array([self.above.x, self.above.y, 1000.0])


class SceneDrawer:
    """The visuals on a surface."""

    def __init__(self, surface: GlSurface) -> None:
        from app.views.viewport.visuals.cars import CarsVisual, OutlineVisual
        from app.views.viewport.visuals.ground import GroundVisual
        from app.views.viewport.visuals.lines import LinesVisual
        from app.views.viewport.visuals.markers import MarkersVisual
        from app.views.viewport.visuals.picture import PictureVisual

        self._surface = surface
        self._picture = PictureVisual()
        self._ground = GroundVisual()
        self._levels = tuple(CarsVisual(level) for level in range(3))
        self._ghost, self._outline = CarsVisual(0), OutlineVisual()
        self._road, self._frame, self._residuals = LinesVisual(), LinesVisual(), LinesVisual(over=True)
        self._contacts, self._points = MarkersVisual(), MarkersVisual(over=True)
        self._bones, self._joints = LinesVisual(over=True), MarkersVisual(over=True)
        self._scene = Scene()
        self._coloured: tuple[ColourBy, int | None] | None = None
        self._lined: object = None

    def set_scene(self, scene: Scene) -> None:
        """Draws another scene; what it shares with the one before stays as it is."""
        if scene.objects != self._scene.objects:
            for visual in (*self._levels, self._ghost, self._outline):
                visual.forget()
            self._coloured = None
        self._scene = scene
        self._lined = None

    def replace_car(self, index: int, scene: Scene) -> None:
        """Draws one car of the scene otherwise: its mesh alone goes to the graphics memory."""
        for visual in (*self._levels, self._ghost, self._outline):
            visual.replace(index, scene.objects[index])
        self._scene = scene
        self._lined = None

    def draw(
        self,
        looks: Looks,
        by: ColourBy,
        layers: Layers,
        hovered: int | None,
        size: tuple[int, int],
        scale: float,
        *,
        smooth: bool = True,
    ) -> QImage:
        """A picture of the scene.

        Args:
            size: its width and height, pixels. scale: of them to a logical pixel.
            smooth: whether edges are soft.

        Raises:
            NoOpenGLError: there is no OpenGL any more.
        """
        from vispy import gloo

        scene = self._scene
        width, height = size
        with self._surface.drawing(width, height, smooth=smooth):
            gloo.set_depth_mask(True)
            gloo.set_color_mask(True, True, True, True)
            gloo.set_clear_color((*rgba(BACKGROUND, 1.0),))
            gloo.clear(color=True, depth=True)
            matrix = looks.matrix(scene, width, height)
            if matrix is not None:
                self._take_colours(by, hovered)
                self._take_lines(by, looks.kind, layers)
                self._clip_to_picture(looks, width, height)
                self._draw_ground(looks, matrix, layers)
                self._road.draw(matrix, width, height, scale)
                gloo.set_state(scissor_test=False)
                if layers.cars:
                    self._draw_cars(looks, matrix, layers, width, height, scale)
                self._contacts.draw(matrix, scale)
                if looks.kind is not Look.CAMERA:
                    self._draw_camera(matrix, width, height, scale)
                if layers.skeleton and self._has_room(self._scene.bones, matrix, width, height, scale):
                    self._bones.draw(matrix, width, height, scale)
                    self._joints.draw(matrix, scale)
                if layers.points and self._has_room(self._scene.points.fitted, matrix, width, height, scale):
                    self._residuals.draw(matrix, width, height, scale)
                    self._points.draw(matrix, scale)
            return self._surface.picture()

    def _clip_to_picture(self, looks: Looks, width: int, height: int) -> None:
        """The road has no lines beside the picture, where they would look like a part of it."""
        from vispy import gloo

        camera = self._scene.camera
        if looks.kind is not Look.CAMERA or camera is None:
            return
        scale = looks.camera.scale(camera, width, height)
        x, y = looks.camera.middle(camera)
        left, top = width / 2 - scale * (x + 0.5), height / 2 - scale * (y + 0.5)
        # the lower edge comes first for OpenGL; what is read back stands on its head
        gloo.set_state(scissor_test=True)
        gloo.set_scissor(round(left), round(top), round(scale * camera.width), round(scale * camera.height))

    def _draw_ground(self, looks: Looks, matrix: Array, layers: Layers) -> None:
        scene = self._scene
        if looks.kind is Look.CAMERA and scene.camera is not None:
            self._picture.draw(scene.camera, matrix, _BEHIND_M, 1.0, behind=True)
        if not (layers.grid and scene.on_ground):
            return
        if looks.kind is Look.CAMERA:
            self._ground.draw(matrix, (0.0, 0.0), 90.0, rgba(_GRID_ON_PICTURE, 0.32))
        elif looks.kind is Look.ABOVE:
            self._ground.draw(matrix, (looks.above.x, looks.above.y), 1e4, rgba(_GRID, 0.45))
        else:
            x, y, _ = looks.free.target
            self._ground.draw(matrix, (x, y), max(60.0, 3 * looks.free.distance_m), rgba(_GRID, 0.42))

    def _draw_cars(
        self, looks: Looks, matrix: Array, layers: Layers, width: int, height: int, scale: float
    ) -> None:
        cars, eye = self._scene.objects, looks.eye(self._scene)
        over_picture = looks.kind is Look.CAMERA
        alpha = layers.opacity if over_picture else 1.0
        ghosts = [index for index, car in enumerate(cars) if car.beside]
        chosen = [
            index
            for index, car in enumerate(cars)
            if car.instance_id == self._scene.selected and not car.beside
        ]
        choice = level_choice(cars, matrix, width, height, set(ghosts), scale)
        for visual, indices in zip(self._levels, choice, strict=True):
            visual.choose(cars, indices)
        _draw_surfaces(self._levels, matrix, eye, alpha)
        self._outline.choose(cars, chosen)
        self._outline.draw(matrix, (2 * _OUTLINE_PX * scale / width, 2 * _OUTLINE_PX * scale / height))
        self._ghost.choose(cars, ghosts)
        if ghosts:
            _draw_surfaces((self._ghost,), matrix, eye, _GHOST_ALPHA * (alpha if over_picture else 1.0) + 0.2)

    def _has_room(self, points: Array, matrix: Array, width: int, height: int, scale: float) -> bool:
        """Whether the selected object is so large that its points or bones do not hide it."""
        if not len(points):
            return False
        seen = to_widget(matrix, points.reshape(-1, 3), width, height)
        return bool(np.isfinite(seen).all() and np.ptp(seen, axis=0).max() > _POINTS_NEED_PX * scale)

    def _draw_camera(self, matrix: Array, width: int, height: int, scale: float) -> None:
        camera = self._scene.camera
        if camera is not None:
            self._picture.draw(camera, matrix, PANE_M, 0.92, behind=False)
            self._frame.draw(matrix, width, height, scale)

    def _take_colours(self, by: ColourBy, hovered: int | None) -> None:
        if self._coloured == (by, hovered):
            return
        self._coloured = (by, hovered)
        colours = colour_rows(self._scene.objects, by)
        for row, car in zip(colours, self._scene.objects, strict=True):
            if car.instance_id == hovered:
                row[:] = QColor(*(int(value) for value in row[:3])).lighter(130).getRgb()
        for visual in (*self._levels, self._ghost):
            visual.set_colours(colours)

    def _take_lines(self, by: ColourBy, look: Look, layers: Layers) -> None:
        lined = (by, look, layers.trails, layers.ellipses)
        if lined == self._lined:
            return
        self._lined = lined
        scene = self._scene
        self._road.set_lines(
            scene_lines.road_lines(scene, by, look, trails=layers.trails, ellipses=layers.ellipses)
        )
        self._frame.set_lines([] if scene.camera is None else scene_lines.camera_lines(scene.camera))
        self._bones.set_lines(scene_lines.bone_lines(scene))
        self._joints.set_marks(scene_lines.bone_marks(scene))
        self._residuals.set_lines(scene_lines.point_lines(scene.points))
        self._points.set_marks(scene_lines.point_marks(scene.points))
        self._contacts.set_marks(scene_lines.contact_marks(scene.objects, scene.selected))


def _draw_surfaces(visuals: Sequence[CarsVisual], matrix: Array, eye: Array, alpha: float) -> None:
    """Draws cars so that only what lies nearest shows, however much of the picture comes through it."""
    from vispy import gloo

    if alpha <= 0.0:
        return
    if alpha < 1.0:
        gloo.set_color_mask(False, False, False, False)
        for visual in visuals:
            visual.draw(matrix, eye, 1.0)
        gloo.set_color_mask(True, True, True, True)
        gloo.set_depth_func("lequal")
    for visual in visuals:
        visual.draw(matrix, eye, alpha)
    gloo.set_depth_func("less")


def level_choice(
    cars: Sequence[SceneObject],
    matrix: Array,
    width: float,
    height: float,
    left_out: set[int],
    scale: float = 1.0,
) -> tuple[list[int], list[int], list[int]]:
    """Which cars are drawn at which level, the finest first: by their size on the screen.

    Args:
        matrix: (4, 4) from the world to clip space. width, height: of the picture, pixels.
        left_out: indices of cars that are drawn elsewhere.
        scale: of the picture's pixels to a logical pixel.
    """
    if not cars:
        return [], [], []
    centres = np.array([car.centre for car in cars])
    lengths = np.array([car.length_m for car in cars])
    depth = centres @ matrix[3, :3] + matrix[3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = 0.5 * height * float(np.linalg.norm(matrix[1, :3])) * lengths / depth / scale
        place = to_widget(matrix, centres, width, height)
        margin = size[:, None] * scale
        shown = ((place > -margin) & (place < np.array([width, height]) + margin)).all(axis=1)
    # a car that is only just before the eye, or around it
    around = np.abs(depth) < lengths
    size[around] = np.inf
    shown |= around
    shown &= depth > -lengths
    shown[list(left_out)] = False
    order = [int(index) for index in np.argsort(-size) if shown[index]]
    fine = [index for index in order if size[index] > _FINE_PX][: _MOST[0]]
    rest = order[len(fine) :]
    middle = [index for index in rest if size[index] > _MIDDLE_PX][: _MOST[1]]
    coarse = rest[len(middle) :]
    return sorted(fine), sorted(middle), sorted(coarse)
