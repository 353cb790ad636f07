"""Small marks of a size in pixels: wheel contacts and keypoints, their shape by what is said of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from app.views.viewport.marks import Marks
from app.views.viewport.visuals.blending import OVER

Array = NDArray[np.float64]

_MARK = np.dtype(
    [
        ("a_place", np.float32, 3),
        ("a_colour", np.float32, 4),
        ("a_size", np.float32),
        ("a_shape", np.float32),
    ]
)

_VERTEX = """
uniform mat4 u_matrix;
uniform float u_scale;
attribute vec3 a_place;
attribute vec4 a_colour;
attribute float a_size;
attribute float a_shape;
varying vec4 v_colour;
varying float v_size;
varying float v_shape;
void main() {
    gl_Position = u_matrix * vec4(a_place, 1.0);
    gl_Position.z -= 2e-4 * gl_Position.w;
    v_size = a_size * u_scale + 2.0;
    gl_PointSize = v_size;
    v_colour = a_colour;
    v_shape = a_shape;
}
"""

_FRAGMENT = """
varying vec4 v_colour;
varying float v_size;
varying float v_shape;
void main() {
    vec2 place = abs(gl_PointCoord - 0.5) * v_size;
    float half_size = 0.5 * v_size - 1.0;
    float away;
    if (v_shape < 0.5) away = length(place);                             // a disc
    else if (v_shape < 1.5) away = (place.x + place.y) * 0.85;           // a diamond
    else if (v_shape < 2.5) away = max(place.x, place.y) * 1.13;         // a square
    else {                                                               // a triangle, one corner up
        float down = (0.5 - gl_PointCoord.y) * v_size;                   // pictures are read back upside down
        away = 2.0 * max(down, 0.866 * place.x - 0.5 * down);
    }
    float inside = clamp(half_size + 0.5 - away, 0.0, 1.0);
    if (inside <= 0.0) discard;
    float rim = clamp(away - half_size + 1.8, 0.0, 1.0);
    gl_FragColor = vec4(mix(v_colour.rgb, vec3(0.07, 0.08, 0.10), 0.85 * rim), v_colour.a * inside);
}
"""


class MarkersVisual:
    """Many marks in one draw.

    Args:
        over: whether they show through what stands before them.
    """

    def __init__(self, *, over: bool = False) -> None:
        self._over = over
        self._program = gloo.Program(_VERTEX, _FRAGMENT)
        self._count = 0

    def set_marks(self, groups: Sequence[Marks]) -> None:
        """Draws other marks."""
        parts = []
        for group in groups:
            points = np.asarray(group.points, dtype=np.float32).reshape(-1, 3)
            points = points[np.isfinite(points).all(axis=1)]
            marks = np.empty(len(points), dtype=_MARK)
            marks["a_place"], marks["a_colour"] = points, group.colour
            marks["a_size"], marks["a_shape"] = np.float32(group.size), np.float32(group.shape)
            parts.append(marks)
        whole = np.concatenate(parts) if parts else np.empty(0, dtype=_MARK)
        self._count = len(whole)
        if self._count:
            self._program.bind(gloo.VertexBuffer(whole))

    def draw(self, matrix: Array, scale: float) -> None:
        """Draws them; scale: the picture's pixels to a logical pixel."""
        if not self._count:
            return
        self._program["u_matrix"] = matrix.T.astype(np.float32)
        self._program["u_scale"] = scale
        gloo.set_state(depth_test=not self._over, blend=True, cull_face=False)
        gloo.set_blend_func(*OVER)
        gloo.set_depth_mask(False)
        self._program.draw("points")
        gloo.set_depth_mask(True)
