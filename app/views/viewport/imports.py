"""What drawing by OpenGL imports, so that a thread can import it before the window needs it."""

from __future__ import annotations


def import_drawing() -> None:
    """Imports VisPy and the visuals; makes nothing, and may be called on any thread.

    Raises:
        ImportError, OSError: it is not there, or no OpenGL is.
    """

    import app.views.viewport.visuals.cars
    import app.views.viewport.visuals.ground
    import app.views.viewport.visuals.lines
    import app.views.viewport.visuals.markers
    import app.views.viewport.visuals.picture  # noqa: F401
