"""What is fitted alone in 3D, below what its fit says of itself: there where the panel has room for it."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRect, QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.states.scene import Scene
from app.views.viewport.viewport import Viewport

_IDLE_MS = 400  # OpenGL is first started once a person pauses
_LOWEST_PX = 120
_ASIDE_PX, _BELOW_PX = 14, 8
_SHAPE = 0.75  # height over width
_NEARER, _NEARER_PERSON = 2.0, 2.5  # than where the viewport shows one object among others


class Inset(QWidget):
    """Takes the room that is left and asks for none; shows a small viewport in it while something is fitted.

    Signals:
        watched(bool): whether there is anything to draw a scene on.
        wanted(): something is to be seen for the first time: `begin`, once what draws is imported.
    """

    watched = Signal(bool)
    wanted = Signal()

    def __init__(self, *, use_opengl: bool = True) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._on, self._works = True, use_opengl
        self._watching = self._asked = False
        self._scene = Scene()
        self._viewport: Viewport | None = None
        self._parts: Iterator[None] | None = None  # of what draws, while they are being made
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(_IDLE_MS)
        self._idle.timeout.connect(self._ask)
        self._turn = QTimer(self)  # of no time: what a person does goes first
        self._turn.timeout.connect(self._go_on)

    @property
    def switched_on(self) -> bool:
        """Whether a person wants it."""
        return self._on

    @property
    def viewport(self) -> Viewport | None:
        """What is drawn on; None before the first fit."""
        return self._viewport

    @property
    def shown(self) -> bool:
        """Whether something is seen in it."""
        return self._viewport is not None and not self._viewport.isHidden()

    def switch(self, on: bool) -> None:
        """Shows it where it can be, or never."""
        self._on = on
        self._arrange()

    def show_scene(self, scene: Scene) -> None:
        """Shows a scene of one object, or none; the user's view of it goes along with the object."""
        before, self._scene = self._scene, scene
        view = self._viewport
        if view is not None and scene.objects:
            if before.objects and (before.selected, before.on_ground) == (scene.selected, scene.on_ground):
                view.follow_car(scene.objects[0], scene.points)
            else:
                self._look_at(view)
        self._arrange()

    def begin(self) -> None:
        """Makes what is drawn on, bit by bit, and shows it once it is ready."""
        if self._viewport is not None or not self._works:
            return
        self._viewport = view = Viewport(self, words=False)
        view.setAccessibleName("What is fitted in 3D")
        view.setToolTip("What is fitted. Drag to turn, wheel to zoom.")
        view.failed.connect(self._on_failed)
        view.hide()
        view.setGeometry(self._room())
        self._look_at(view)
        self._parts = view.warm_up()
        self._turn.start()

    def release(self) -> None:
        """Gives OpenGL's memory back."""
        self._idle.stop()
        self._turn.stop()
        self._works = False
        if self._viewport is not None:
            self._viewport.release()
        self._arrange()

    def sizeHint(self) -> QSize:
        """Qt's: it takes what is left."""
        return QSize(0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: there may be room now, or none any more."""
        super().resizeEvent(event)
        self._arrange()

    def _room(self) -> QRect:
        """The lowest part of it, so that it stays in place while the card above grows."""
        width, most = self.width() - 2 * _ASIDE_PX, self.height() - _BELOW_PX
        height = min(most, round(_SHAPE * width))
        return QRect(_ASIDE_PX, most - height, width, height)

    def _arrange(self) -> None:
        room = self._room()
        watching = self._on and self._works and room.height() >= _LOWEST_PX
        shown = watching and bool(self._scene.objects)
        if self._parts is not None:
            pass  # it is shown once it is ready
        elif self._viewport is not None:
            if shown:
                self._viewport.setGeometry(room)
            self._viewport.setVisible(shown)
        elif shown and not self._asked:
            self._idle.start()
        else:
            self._idle.stop()
        if watching is not self._watching:
            self._watching = watching
            self.watched.emit(watching)

    def _ask(self) -> None:
        self._asked = True
        self.wanted.emit()

    def _go_on(self) -> None:
        """Makes the next part; the window answers between two."""
        if self._parts is not None and next(self._parts, True) is None:
            return
        self._turn.stop()
        self._parts = None
        self._arrange()

    def _look_at(self, view: Viewport) -> None:
        view.set_scene(self._scene)
        view.show_selected()
        person = any(one.person for one in self._scene.objects)
        view.zoom_by(_NEARER_PERSON if person else _NEARER)

    def _on_failed(self, _: str) -> None:
        """The 3D workspace says why; here it is only left out, once its painting is over."""
        self._works = False
        QTimer.singleShot(0, self, self._arrange)
