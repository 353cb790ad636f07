"""One tiny street, built once, and its frames from two cameras."""

from __future__ import annotations

import pytest

from core.synthesis.street.mounts import far_mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera

TINY = StreetSettings(width=192, height=108, fps=5.0, frame_count=12, seed=3, cars=20, parked=6, people=5)


@pytest.fixture(scope="session")
def street():
    """The street."""
    return Street(TINY)


@pytest.fixture(scope="session")
def camera(street):
    """The default camera on it."""
    return StreetCamera(street, street.default_mount())


@pytest.fixture(scope="session")
def frames(camera):
    """All frames of the default camera."""
    return [camera.frame(index) for index in range(TINY.frame_count)]


@pytest.fixture(scope="session")
def far_camera(street):
    """A second camera, at a corner of the junction."""
    return StreetCamera(street, far_mount(street.layout, TINY.width, TINY.height))


@pytest.fixture(scope="session")
def far_frames(far_camera):
    """The same moments from there."""
    return [far_camera.frame(index) for index in range(TINY.frame_count)]
