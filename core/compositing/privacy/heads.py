"""Where a person's head is: by points of the head where a body says them, else by the box."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from core.compositing.privacy.regions import Hidden, Region, hull_patch, rectangle_patch
from core.geometry.boxes import edges_from_centres
from core.geometry.cameras import Camera
from core.records.boxes import Box
from core.records.fits import BodyFit, FitVerdict
from core.shapes.body.model import BodyModel
from core.shapes.body.placed import placed_body
from core.shapes.body.skeleton import Joint
from core.shapes.person_keypoints import FACE

Array = NDArray[np.float64]

# a standing person is 7 to 8 heads high; seen from above, or stooping, the head reaches farther down
_HEIGHT_SHARE = 0.24
# of one who sits, rides or lies, or of several in one box, the head is no smaller share of the width
_WIDTH_SHARE = 0.6
_AROUND = 0.06  # of the box's larger side: detectors cut hair and hats
_LEAST_PX = 2.0

_SURE_SIGMAS = 2.0
_MOST_M, _MOST_RAD = 0.8, 0.9  # of doubt: beyond, the box says more than the fit
_SHARED = 0.6  # of the person's box that the body's must hold, else it is no fit of what is seen
_OF_HEAD = 0.5  # weight from which skin moves with the head


@dataclass(frozen=True, slots=True, eq=False)
class SeenBody:
    """A person's fit and what it was seen with.

    Attributes:
        fit: pose, shape and doubt.
        camera: that the fit was made with, in the size of the picture.
        up: the ground's unit normal in the camera's frame.
        model: the body that it was made with.
    """

    fit: BodyFit
    camera: Camera
    up: Array
    model: BodyModel


def head_pixels(seen: SeenBody, box: Box) -> Array | None:
    """Points around a person's head, wherever the doubt of the fit allows it to be.

    Args:
        box: of the person, pixel edges.

    Returns:
        (n, 2) pixels for `head_region`; None where the fit is not good, is not determined or does not lie
        where the box is: it counts for nothing then.
    """
    fit, sigmas = seen.fit, seen.fit.sigmas
    if fit.verdict is not FitVerdict.GOOD or sigmas is None or fit.pose_sigmas_rad is None:
        return None
    # what is seen of the face stays where it is, however far away and however the neck is bent
    shown = _shows_face(fit)
    doubts = _SURE_SIGMAS * np.array([0.0 if shown else sigmas.along_m, sigmas.across_m])
    neck, head_turn = (fit.pose_sigmas_rad[joint - 1] for joint in (Joint.NECK, Joint.HEAD))
    tilt = _SURE_SIGMAS * float(np.hypot(neck, head_turn))
    if not (np.isfinite([*doubts, tilt]).all() and (doubts <= _MOST_M).all() and tilt <= _MOST_RAD):
        return None
    body = placed_body(fit, seen.model)
    pixels = seen.camera.project(body.vertices)
    if not (np.isfinite(pixels).all() and _lies_there(pixels, box)):
        return None
    head = _of_head(seen.model)
    outline = head[cv2.convexHull(pixels[head].astype(np.float32), returnPoints=False)[:, 0]]
    pivot = body.vertices[head].mean(axis=0) if shown else body.joints[Joint.NECK]
    around = body.vertices[outline] + _ways(body.joints[0], seen.up, doubts)
    nod = tilt * float(np.linalg.norm(body.vertices[head] - pivot, axis=1).max())
    around = np.concatenate([around + nod * np.array([x, y, 0.0]) for x in (-1, 1) for y in (-1, 1)])
    found = seen.camera.project(around.reshape(-1, 3))
    return np.asarray(found) if np.isfinite(found).all() else None


def _shows_face(fit: BodyFit) -> bool:
    """Whether a point of the face holds the head where the fit has it in the picture."""
    return any(fit.residuals_px[point] is not None and point not in fit.outliers for point in FACE)


def _of_head(model: BodyModel) -> NDArray[np.intp]:
    """The vertices that move with the head, or with the jaw and the eyes, which hang on it."""
    joints = {int(Joint.HEAD)}
    for joint, parent in enumerate(model.parents.tolist()):
        if parent in joints:
            joints.add(joint)
    return np.flatnonzero(model.weights[:, sorted(joints)].sum(axis=1) > _OF_HEAD)


def _ways(pelvis: Array, up: Array, doubts: Array) -> Array:
    """(9, 1, 3) how far all of the body may stand from where the fit has it, along the ground."""
    along = pelvis - (pelvis @ up) * up
    along = along / max(float(np.linalg.norm(along)), 1e-9)
    across = np.cross(up, along)
    steps = [a * doubts[0] * along + b * doubts[1] * across for a, b in product((-1.0, 0.0, 1.0), repeat=2)]
    return np.array(steps)[:, None]


def _lies_there(pixels: Array, box: Box) -> bool:
    """Whether the body covers most of the box."""
    margin = max(_LEAST_PX, _AROUND * box.size)
    edges = edges_from_centres(pixels)
    low, high = edges.min(axis=0) - margin, edges.max(axis=0) + margin
    shared = np.minimum(high, [box.right, box.bottom]) - np.maximum(low, [box.x, box.y])
    return bool((shared > 0).all() and shared[0] * shared[1] >= _SHARED * box.area)


def head_region(box: Box, width: int, height: int, head_px: Array | None = None) -> Region:
    """The part of a picture where a person's head can be.

    Args:
        box: of the person, pixel edges.
        width, height: of the picture, pixels.
        head_px: (n, 2) points on the head as a body model puts them, pixels with the first pixel's centre
            at (0, 0); None where no body was fitted that can be gone by (`head_pixels`).
    """
    margin = max(_LEAST_PX, _AROUND * box.size)
    if head_px is not None and len(head_px) and np.isfinite(head_px).all():
        steps = margin * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
        return Region(Hidden.HEAD, hull_patch(head_px[:, None] + steps, width, height))
    down = min(box.h, max(_HEIGHT_SHARE * box.h, _WIDTH_SHARE * box.w))
    patch = rectangle_patch(
        box.x - margin, box.y - margin, box.right + margin, box.y + down + margin / 2, width, height
    )
    return Region(Hidden.HEAD, patch)
