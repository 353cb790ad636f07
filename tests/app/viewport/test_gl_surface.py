"""What OpenGL was lent is given back when it is said to be, and by the thread that drew."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from app.views.viewport.gl_surface import GlSurface
from app.views.viewport.viewport import Viewport
from tests.app.viewport.scenes import street


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Python does not look for cycles: it would in whatever thread has the turn, reading threads included."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def surfaces() -> list[GlSurface]:
    """All that are still there."""
    return [one for one in gc.get_objects() if type(one) is GlSurface]


@pytest.mark.usefixtures("no_collector")
def test_a_context_ends_with_the_last_that_names_it(qapp: QApplication) -> None:
    surface = GlSurface()
    with surface.drawing(60, 40):
        surface.picture()
    gone = weakref.ref(surface)
    surface.close()
    del surface
    assert gone() is None


@pytest.mark.usefixtures("no_collector")
def test_a_viewport_that_is_released_keeps_no_context(qapp: QApplication) -> None:
    others = {id(one) for one in surfaces()}
    view = Viewport()
    view.resize(120, 90)
    view.set_scene(street([(15.0, 1.0)]))
    view.render_now()
    assert not view.problem
    [made] = [one for one in surfaces() if id(one) not in others]
    gone = weakref.ref(made)
    del made
    view.release()
    assert gone() is None
    view.deleteLater()
