"""The camera's picture: behind everything in its own view, a pane before the camera in the others.

It is drawn on a grid of its own rays, so that a distorted picture is shown as an ideal lens would see it,
with meshes and lines straight on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from app.states.scene import SceneCamera
from app.views.viewport.visuals.blending import OVER

Array = NDArray[np.float64]

_VERTEX = """
uniform mat4 u_matrix;
attribute vec3 a_place;
attribute vec2 a_texture;
varying vec2 v_texture;
void main() {
    gl_Position = u_matrix * vec4(a_place, 1.0);
    v_texture = a_texture;
}
"""

_FRAGMENT = """
uniform sampler2D u_picture;
uniform float u_alpha;
varying vec2 v_texture;
void main() { gl_FragColor = vec4(texture2D(u_picture, v_texture).rgb, u_alpha); }
"""


class PictureVisual:
    """A picture on a pane before the camera."""

    def __init__(self) -> None:
        self._program = gloo.Program(_VERTEX, _FRAGMENT)
        self._faces: gloo.IndexBuffer | None = None
        self._texture: gloo.Texture2D | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._rays: Array | None = None
        self._camera: SceneCamera | None = None
        self._depth = 0.0

    def draw(self, camera: SceneCamera, matrix: Array, depth_m: float, alpha: float, *, behind: bool) -> None:
        """Draws it.

        Args:
            matrix: (4, 4) from the world to clip space.
            depth_m: of the pane, along the camera's axis.
            behind: whether everything else is drawn over it.
        """
        if camera.picture is None:
            return
        self._take_pixels(camera.picture)
        if camera is not self._camera or depth_m != self._depth:
            self._take_pane(camera, depth_m)
        if self._faces is None:
            return
        self._program["u_matrix"] = matrix.T.astype(np.float32)
        self._program["u_alpha"] = alpha
        gloo.set_state(depth_test=not behind, blend=True, cull_face=False)
        gloo.set_blend_func(*OVER)
        gloo.set_depth_mask(not behind)
        self._program.draw("triangles", self._faces)
        gloo.set_depth_mask(True)

    def _take_pixels(self, picture: NDArray[np.uint8]) -> None:
        if picture is self._pixels:
            return
        self._pixels = picture
        pixels = np.ascontiguousarray(picture)
        if self._texture is None or self._texture.shape != pixels.shape:
            self._texture = gloo.Texture2D(pixels, interpolation="linear", wrapping="clamp_to_edge")
            self._program["u_picture"] = self._texture
        else:
            self._texture.set_data(pixels)

    def _take_pane(self, camera: SceneCamera, depth_m: float) -> None:
        self._camera, self._depth = camera, depth_m
        rows, columns = camera.rays.shape[:2]
        places = (camera.rays.reshape(-1, 3) * depth_m - camera.translation) @ camera.rotation
        across, down = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
        self._program["a_place"] = gloo.VertexBuffer(np.nan_to_num(places).astype(np.float32))
        self._program["a_texture"] = gloo.VertexBuffer(
            np.stack([across, down], axis=-1).reshape(-1, 2).astype(np.float32)
        )
        corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1, 1)
        faces = corner + np.array([0, 1, columns, 1, columns + 1, columns])
        faces = faces.reshape(-1, 3)
        seen = np.asarray(np.isfinite(camera.rays.reshape(-1, 3)).all(axis=1))
        faces = faces[seen[faces].all(axis=1)]
        self._faces = gloo.IndexBuffer(faces.astype(np.uint32).ravel()) if len(faces) else None
