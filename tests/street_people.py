"""The people of a simulated street's project: their true points and fits, written as a job writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.geometry.calibration.result import from_record
from core.geometry.ground_plane import GroundPlane, place_on_ground
from core.geometry.poses import Pose
from core.records.fits import BodyFit, FitMadeFrom, FitSigmas, Foot
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.body.gait import on_ground
from core.shapes.body.model import BodyModel, upright
from core.shapes.body.rotations import matrices
from core.shapes.body.skeleton import Joint
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.frames import frames_of
from core.store.queries.instances import of_frame
from core.store.queries.keypoints import keypoints_in_force
from core.store.writers.fits import FoundFit, write_fits
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.placed_people import stand_in
from tests.store.doing_cars import body_fit_of

Floats = NDArray[np.float64]

# from a body's x left, y up, z forward to x forward, y left, z up
_UPRIGHT = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_FEET = {
    Foot.LEFT: [Joint.LEFT_ANKLE, Joint.LEFT_FOOT],
    Foot.RIGHT: [Joint.RIGHT_ANKLE, Joint.RIGHT_FOOT],
}


def write_true_people(
    path: Path, change: Callable[[int, BodyFit], BodyFit] | None = None
) -> dict[int, BodyFit]:
    """Gives every person of a street's project its true points and its true fit; by instance.

    Args:
        path: of a project that make_street_project made, of one camera, with its truth beside it.
        change: makes another fit of that of an instance.
    """
    body = stand_in()
    truth = json.loads(path.with_suffix(".truth.json").read_text(encoding="utf-8"))
    with Project.open(path) as project:
        with project.read() as connection:
            calibration = calibration_in_force(connection, 1)
            frames = [frame.id for frame in frames_of(connection, 1)]
            seen = {frame: of_frame(connection, frame) for frame in frames}
        assert calibration is not None
        plane = from_record(calibration.record)[1]
        assert plane is not None
        points: list[FoundKeypoints] = []
        fits: dict[int, BodyFit] = {}
        for frame, picture in zip(frames, truth["pictures"], strict=True):
            for one in picture["objects"]:
                if one["category"] != "person" or one["box"] is None:
                    continue
                instance_id = next(row.id for row in seen[frame] if _is(row.box, one["box"]))
                stands = Pose(np.array(one["pose"]["rotation"]), np.array(one["pose"]["translation"]))
                fit = _fit(body.model, np.array(one["body_pose"]), one["shape"], stands, plane)
                fits[instance_id] = fit if change is None else change(instance_id, fit)
                points.append(FoundKeypoints(instance_id, _keypoints(one["person_keypoints"])))
        with project.bulk() as bulk:
            bulk.run(lambda c: write_keypoints(c, points, origin=LabelOrigin.IMPORT))
        with project.read() as connection:
            placed = keypoints_in_force(connection, list(fits))
        made = [
            FoundFit(i, fit, FitMadeFrom(placed[i].id, None, calibration.id, body.label))
            for i, fit in fits.items()
        ]
        with project.bulk() as bulk:
            bulk.run(lambda c: write_fits(c, made))
    return fits


def _fit(model: BodyModel, pose: Floats, shape: Sequence[float], stands: Pose, plane: GroundPlane) -> BodyFit:
    """The exact fit of a body that stands somewhere.

    Args:
        pose: (24, 3) axis-angle. stands: from x forward, y left, z up, soles on z = 0, to the camera.
    """
    body = on_ground(model.posed(pose, np.array(shape)))
    deep, across, _ = np.ptp(upright(body.vertices), axis=0).tolist()
    x, y, z = stands.apply(upright(body.joints[0])).tolist()
    place, heading_rad = place_on_ground(plane, stands)
    lowest = {
        foot: float(body.vertices[model.weights[:, joints].sum(axis=1) > 0.5, 1].min())
        for foot, joints in _FEET.items()
    }
    return body_fit_of(
        rms_px=1.0,
        rotation=tuple((stands.rotation @ _UPRIGHT @ matrices(pose[0])).ravel().tolist()),
        translation=(x, y, z),
        place_m=(float(place[0]), float(place[1])),
        heading_rad=float(heading_rad),
        shape=tuple(float(beta) for beta in shape),
        size_m=(deep, across, float(np.ptp(model.shaped(np.array(shape))[:, 1]))),
        sigma_px=1.0,
        residuals_px=(0.5,) * 17,
        outliers=(),
        used=17,
        sigmas=FitSigmas(0.2, 0.1, (0.04, 0.0, 0.01), 0.1, (0.5,) * len(shape)),
        pose=tuple(pose[1:].ravel().tolist()),
        contacts=tuple(foot for foot in Foot if lowest[foot] < 0.03),
        height_ratio=1.0,
        pose_sigmas_rad=(0.1,) * 23,
    )


def _keypoints(points: dict[str, Any]) -> KeypointSet:
    return KeypointSet(
        Template.PERSON,
        tuple(
            None if x is None else PlacedPoint(x, y, KeypointTag(tag), LabelOrigin.IMPORT)
            for (x, y), tag in zip(points["pixels"], points["tags"], strict=True)
        ),
    )


def _is(box: Any, row: list[float]) -> bool:
    return bool(np.allclose([box.x, box.y, box.w, box.h], row, atol=1e-3))
