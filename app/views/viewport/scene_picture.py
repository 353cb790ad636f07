"""A scene drawn into pictures: OpenGL is started when the first is wanted, and given back at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from PySide6.QtGui import QImage

from app.states.scene import ColourBy, Scene
from app.views.viewport.gl_surface import GlSurface, NoOpenGLError
from app.views.viewport.scene_drawer import Layers, Looks, SceneDrawer

log = logging.getLogger(__name__)

# drivers fail in many ways, and VisPy raises a RuntimeError for each: the wireframe stands in
DRAWING_FAILS = (NoOpenGLError, RuntimeError, OSError, ImportError)
_FIRST_PX = (16, 16)
_BARE = Layers(grid=False, cars=False, points=False, trails=False, ellipses=False, skeleton=False)


class ScenePicture:
    """Draws one scene again and again.

    Args:
        problem: why nothing is ever drawn, or "".

    Attributes:
        problem: why nothing can be drawn, or "".
    """

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self._scene = Scene()
        self._surface: GlSurface | None = None
        self._drawer: SceneDrawer | None = None

    @property
    def is_software(self) -> bool:
        """Whether the processor draws, and not a graphics card.

        Raises:
            One of DRAWING_FAILS.
        """
        return self._start_surface().is_software

    def set_scene(self, scene: Scene) -> None:
        """Draws another scene."""
        self._scene = scene
        if self._drawer is not None:
            self._drawer.set_scene(scene)

    def replace_car(self, index: int, scene: Scene) -> None:
        """Draws one car of the scene otherwise."""
        self._scene = scene
        if self._drawer is not None:
            self._drawer.replace_car(index, scene)

    def draw(
        self,
        looks: Looks,
        by: ColourBy,
        layers: Layers,
        hovered: int | None,
        size: tuple[int, int],
        scale: float,
        *,
        smooth: bool,
    ) -> QImage:
        """The scene, see SceneDrawer.

        Raises:
            One of DRAWING_FAILS.
        """
        drawer = self._start_drawer()
        return drawer.draw(looks, by, layers, hovered, size, scale, smooth=smooth)

    def warm_up(self, looks: Looks) -> Iterator[None]:
        """Makes the parts one by one; each takes some 50 ms where the processor draws.

        Raises:
            One of DRAWING_FAILS.
        """
        for empty, layers in ((True, None), (True, _BARE), (False, _BARE), (False, Layers())):
            if self.problem:
                return  # also where it was given back meanwhile
            if layers is None:
                self._start_surface()
            else:
                drawer = self._start_drawer()
                drawer.set_scene(Scene() if empty else self._scene)
                drawer.draw(looks, ColourBy.ERROR, layers, None, _FIRST_PX, 1.0)
                drawer.set_scene(self._scene)
            yield

    def fail(self, problem: Exception) -> None:
        """Gives up: nothing is drawn any more."""
        log.warning("OpenGL cannot be used: %s", problem, exc_info=problem)
        self._give_back()
        self.problem = str(problem).splitlines()[0] if str(problem) else "it failed"

    def release(self) -> None:
        """Gives OpenGL's memory back; nothing is drawn any more."""
        self._give_back()
        self.problem = self.problem or "it was closed"

    def _start_surface(self) -> GlSurface:
        if self._surface is None:
            self._surface = GlSurface()
        return self._surface

    def _start_drawer(self) -> SceneDrawer:
        if self._drawer is None:
            surface = self._start_surface()
            with surface.drawing(*_FIRST_PX):
                self._drawer = SceneDrawer(surface)
            self._drawer.set_scene(self._scene)
        return self._drawer

    def _give_back(self) -> None:
        self._drawer = None
        if self._surface is not None:
            self._surface.close()
            self._surface = None
