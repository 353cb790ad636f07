"""A person's outline in the picture, from the mesh of the fit's body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.geometry.mesh_outline import mesh_outline
from core.records.fits import BodyFit
from core.shapes.body.model import BodyModel
from core.shapes.body.placed import NamedBody, placed_body
from core.shapes.meshes import face_normals

Array = NDArray[np.float64]


def body_outline(fit: BodyFit, camera: Camera, body: NamedBody) -> list[Array]:
    """The outline of the fit's body in the picture.

    Returns:
        polygons (n, 2) in pixels, the longest first; none where a part of the body is behind the camera.

    Raises:
        ValueError: the fit was made with a body of another skeleton.
    """
    return placed_outline(placed_body(fit, body.model).vertices, camera, body.model)


def placed_outline(vertices: Array, camera: Camera, model: BodyModel) -> list[Array]:
    """The same of a body that was placed already.

    Args:
        vertices: (V, 3) camera frame, metres.
    """
    towards = np.einsum("ij,ij->i", face_normals(vertices, model.faces), vertices[model.faces[:, 0]]) < 0
    return mesh_outline(camera.project(vertices), model.faces[towards])  # the skin is closed: half is enough
