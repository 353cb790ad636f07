"""An OpenGL context of the viewport's own, drawn into pictures: the window itself needs no OpenGL.

A context beside the window, read back after each drawing, costs a copy of the pixels. For that the window
stays as it is where OpenGL fails, is never made anew when the viewport first comes to the front, and words
lie over the picture with Qt's own letters.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext, QSurfaceFormat

if TYPE_CHECKING:
    from PySide6.QtOpenGL import QOpenGLFramebufferObject

_SAMPLES = 4
_SOFTWARE = ("llvmpipe", "softpipe", "swrast")
_OLDEST = (2, 1)


class NoOpenGLError(Exception):
    """OpenGL cannot be used here; says why, in a few words."""


class GlSurface:
    """Pictures drawn by OpenGL through VisPy's gloo.

    Attributes:
        is_software: whether the processor draws, and not a graphics card.

    Raises:
        NoOpenGLError: there is no OpenGL here, or too old a one.
    """

    def __init__(self) -> None:
        wanted = QSurfaceFormat()
        wanted.setVersion(*_OLDEST)
        wanted.setDepthBufferSize(24)
        self._context = QOpenGLContext()
        self._context.setFormat(wanted)
        if not self._context.create():
            raise NoOpenGLError("no context can be made")
        self._surface = QOffscreenSurface()
        self._surface.setFormat(self._context.format())
        self._surface.create()
        if not self._surface.isValid() or not self._context.makeCurrent(self._surface):
            raise NoOpenGLError("no surface can be drawn on")
        version = self._context.format().version()
        if tuple(version) < _OLDEST or self._context.isOpenGLES():
            raise NoOpenGLError(f"version {version[0]}.{version[1]} is too old")
        from vispy.gloo import gl
        from vispy.gloo.context import GLContext

        self.context = GLContext()  # this object is what VisPy takes for its canvas
        # VisPy's too; a cycle would keep the context until Python looks for cycles, in any of its threads
        self._backend = weakref.proxy(self)
        renderer = str(gl.glGetParameter(gl.GL_RENDERER)).lower()
        self.is_software = any(word in renderer for word in _SOFTWARE)
        self._targets: dict[int, QOpenGLFramebufferObject] = {}  # by their samples a pixel
        self._target: QOpenGLFramebufferObject | None = None
        self._open = True

    @contextmanager
    def drawing(self, width: int, height: int, *, smooth: bool = True) -> Iterator[None]:
        """Draws into a picture of this size; `picture` takes it within.

        Args:
            smooth: with soft edges, which take a software renderer four times as long.

        Raises:
            NoOpenGLError: the context was lost, or memory is short.
        """
        from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat
        from vispy import gloo
        from vispy.gloo.context import set_current_canvas

        if not self._context.makeCurrent(self._surface):
            raise NoOpenGLError("the context is gone")
        samples = _SAMPLES if smooth else 0
        target = self._targets.get(samples)
        if target is None or (target.width(), target.height()) != (width, height):
            kind = QOpenGLFramebufferObjectFormat()
            kind.setAttachment(QOpenGLFramebufferObject.Attachment.Depth)
            kind.setSamples(samples)
            self._target = self._targets[samples] = target = QOpenGLFramebufferObject(width, height, kind)
            if not target.isValid():
                raise NoOpenGLError("there is no room for a picture of this size")
        self._target = target
        target.bind()
        set_current_canvas(self)
        gloo.set_viewport(0, 0, width, height)
        yield

    def picture(self) -> QImage:
        """What was drawn, the first row read back at the top."""
        assert self._target is not None
        self.context.flush_commands()
        return self._target.toImage(False)

    def close(self) -> None:
        """Gives everything back."""
        if self._open:
            self._open = False
            self._context.makeCurrent(self._surface)
            self._target = None
            self._targets.clear()
            self._context.doneCurrent()
            self._surface.destroy()

    def _vispy_get_fb_bind_location(self) -> int:
        """VisPy's: what to draw into."""
        return 0 if self._target is None else self._target.handle()
