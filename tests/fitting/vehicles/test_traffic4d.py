"""Traffic4D's objective: exact where all is exact, and what it does not do."""

from __future__ import annotations

import numpy as np

from core.fitting.vehicles.fit_mesh import fit_pose
from core.fitting.vehicles.traffic4d import SHAPE_BOUNDS, fit_traffic4d
from core.geometry.poses import rotation_angle
from core.records.fits import FitMethod
from tests.fitting.vehicles.views import CAMERA, PLANE, evidence, pixels_of, space, stand


def drive(place, heading, beta, frames=4):
    ahead = np.array([np.cos(heading), np.sin(heading)])
    return [stand(np.array(place) + ahead * step, heading) for step in range(frames)], beta


TRACKS = [
    drive((14.0, 3.0), 0.4, [0.0] * 5),
    drive((20.0, -3.0), 2.8, [0.5, 0.2, -0.3, 0.0, 0.1]),
    drive((24.0, 5.0), -1.2, [-0.6, 0.4, 0.0, 0.2, 0.0]),
]


def test_exact_points_give_exact_cars_and_the_plane_through_their_wheels():
    tracks = [[evidence(pixels_of(pose, beta)) for pose in poses] for poses, beta in TRACKS]
    found = fit_traffic4d(CAMERA, space(), tracks)
    for (poses, _), fits in zip(TRACKS, found.fits, strict=True):
        shapes = {fit.shape for fit in fits if fit is not None}
        assert len(shapes) == 1  # one for the whole track
        for pose, fit in zip(poses, fits, strict=True):
            assert fit is not None
            assert fit.method is FitMethod.TRAFFIC4D
            assert rotation_angle(fit_pose(fit).rotation, pose.rotation) < 0.02
            np.testing.assert_allclose(fit.translation, pose.translation, atol=0.3)
    assert found.plane is not None
    # its plane lies a wheel's radius above the road
    assert 5.4 < found.plane.height < 5.95
    assert float(found.plane.normal @ PLANE.normal) > np.cos(np.deg2rad(1.0))


def test_shapes_stay_within_their_bounds():
    """A car half as long again is beyond them: the first component's bound is 0.15 / 0.074."""
    pose = stand((14.0, 2.0), 0.5)
    pixels = CAMERA.project(pose.apply(space().mean * [1.5, 1.0, 1.2]))
    fit = fit_traffic4d(CAMERA, space(), [[evidence(pixels)]]).fits[0][0]
    assert fit is not None
    assert (np.abs(fit.shape) <= SHAPE_BOUNDS + 1e-12).all()


def test_what_has_fewer_than_four_points_has_no_fit():
    pixels = pixels_of(stand((20.0, 1.0), 0.4))
    found = fit_traffic4d(CAMERA, space(), [[evidence(pixels, [0, 2, 4])], []])
    assert found.fits == [[None], []]
    assert found.plane is None
