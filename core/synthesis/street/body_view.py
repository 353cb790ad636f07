"""One body as one camera sees it, with nothing in front: cast inside its box in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.caster import Hits
from core.synthesis.street.mounts import Mount
from core.synthesis.street.shading import Placed
from core.synthesis.street.turning import turned

Floats = NDArray[np.float32]
Bits = NDArray[np.bool_]

_NEAREST = 0.4
_MARGIN = 1


@dataclass(frozen=True, slots=True, eq=False)
class BodyView:
    """A body's whole extent.

    Attributes:
        body: whose.
        left, top: of the window, pixels; it may reach beyond the picture, by its width at most.
        hit: (h, w) whether the body is on the ray through each pixel's centre: the amodal mask.
        depth: (h, w) along the camera's axis; inf where it is not hit.
        face, uv: (h, w) and (h, w, 2) where on the mesh.
    """

    body: Placed
    left: int
    top: int
    hit: Bits
    depth: Floats
    face: NDArray[np.int32]
    uv: Floats

    def is_in_picture(self, width: int, height: int) -> bool:
        """Whether a pixel of the picture lies on the body's whole extent."""
        window = self.inside(width, height)
        return window is not None and bool(self.hit[window[2], window[3]].any())

    def inside(self, width: int, height: int) -> tuple[slice, slice, slice, slice] | None:
        """Rows and columns of the picture that the window covers, then the same of the window."""
        h, w = self.hit.shape
        x0, y0 = max(self.left, 0), max(self.top, 0)
        x1, y1 = min(self.left + w, width), min(self.top + h, height)
        if x1 <= x0 or y1 <= y0:
            return None
        rows, columns = slice(y0, y1), slice(x0, x1)
        return rows, columns, slice(y0 - self.top, y1 - self.top), slice(x0 - self.left, x1 - self.left)


def cast_body(body: Placed, mount: Mount, rays: Floats) -> Hits:
    """Casts (N, 3) rays of the street frame from the camera against one body."""
    origin = body.to_body(mount.position)
    return body.solid.caster.cast(origin, turned(rays, body.rotation))


def view_body(body: Placed, mount: Mount) -> BodyView | None:
    """What a camera would see of a body if it were alone, or None where that is nothing.

    A body of which a part lies less than 0.4 m before the camera, or behind it, is not seen.
    """
    window = _window(body, mount)
    if window is None:
        return None
    left, top, right, bottom = window
    rays = mount.window(left, top, right, bottom)
    hits = cast_body(body, mount, rays.reshape(-1, 3))
    shape = rays.shape[:2]
    return BodyView(
        body, left, top, hits.found.reshape(shape), hits.distance.reshape(shape),
        hits.face.reshape(shape), hits.uv.reshape(*shape, 2),
    )  # fmt: skip


def _window(body: Placed, mount: Mount) -> tuple[int, int, int, int] | None:
    low, high = body.solid.low, body.solid.high
    corners = np.array(
        [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    )
    seen = mount.to_camera(body.to_street(corners))
    if seen[:, 2].min() < _NEAREST:
        return None
    camera = mount.camera
    pixels = camera.project(seen)
    if not np.isfinite(pixels).all():
        return None
    first = np.floor(pixels.min(axis=0)).astype(int) - _MARGIN
    last = np.ceil(pixels.max(axis=0)).astype(int) + 1 + _MARGIN
    if first[0] >= camera.width or first[1] >= camera.height or last[0] <= 0 or last[1] <= 0:
        return None
    return (
        max(int(first[0]), -camera.width),
        max(int(first[1]), -camera.height),
        min(int(last[0]), 2 * camera.width),
        min(int(last[1]), 2 * camera.height),
    )
