"""Lines of a width in pixels, with soft edges: footprints, trails, residuals, the camera's frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from app.views.viewport.marks import Polyline
from app.views.viewport.visuals.blending import OVER

Array = NDArray[np.float64]

_END = np.dtype(
    [
        ("a_start", np.float32, 3),
        ("a_end", np.float32, 3),
        ("a_corner", np.float32, 2),
        ("a_colour", np.float32, 4),
        ("a_width", np.float32),
    ]
)
_CORNERS = np.array([[0, -1], [0, 1], [1, 1], [1, -1]], dtype=np.float32)

_VERTEX = """
uniform mat4 u_matrix;
uniform vec2 u_size;
uniform float u_scale;
uniform float u_lift;
attribute vec3 a_start;
attribute vec3 a_end;
attribute vec2 a_corner;
attribute vec4 a_colour;
attribute float a_width;
varying vec4 v_colour;
varying float v_aside;
varying float v_half;
void main() {
    vec4 first = u_matrix * vec4(a_start, 1.0);
    vec4 last = u_matrix * vec4(a_end, 1.0);
    // a line that begins behind the eye is cut before it
    float near = 0.2;
    if (first.w < near && last.w > near) first = mix(first, last, (near - first.w) / (last.w - first.w));
    else if (last.w < near && first.w > near) last = mix(last, first, (near - last.w) / (first.w - last.w));
    vec2 from = first.xy / first.w * u_size / 2.0;
    vec2 to = last.xy / last.w * u_size / 2.0;
    vec2 along = to - from;
    float size = length(along);
    along = size > 1e-4 ? along / size : vec2(1.0, 0.0);
    vec2 aside = vec2(-along.y, along.x);
    v_half = 0.5 * a_width * u_scale;
    float reach = v_half + 1.0;
    v_aside = a_corner.y * reach;
    vec4 place = a_corner.x < 0.5 ? first : last;
    vec2 shift = aside * v_aside + along * (a_corner.x < 0.5 ? -0.5 : 0.5) * v_half;
    place.xy += shift * 2.0 / u_size * place.w;
    place.z -= u_lift * place.w;
    v_colour = a_colour;
    gl_Position = (first.w < near && last.w < near) ? vec4(2.0, 2.0, 2.0, 1.0) : place;
}
"""

_FRAGMENT = """
varying vec4 v_colour;
varying float v_aside;
varying float v_half;
void main() {
    float soft = clamp(v_half + 0.5 - abs(v_aside), 0.0, 1.0);
    if (soft <= 0.0) discard;
    gl_FragColor = vec4(v_colour.rgb, v_colour.a * soft);
}
"""


class LinesVisual:
    """Many lines in one draw.

    Args:
        over: whether they show through what stands before them.
    """

    def __init__(self, *, over: bool = False) -> None:
        self._over = over
        self._program = gloo.Program(_VERTEX, _FRAGMENT)
        self._faces: gloo.IndexBuffer | None = None

    def set_lines(self, lines: Sequence[Polyline]) -> None:
        """Draws other lines."""
        parts = [part for line in lines if len(part := _segments(line))]
        if not parts:
            self._faces = None
            return
        ends = np.concatenate(parts)
        self._program.bind(gloo.VertexBuffer(ends))
        starts = np.arange(len(ends) // 4, dtype=np.uint32)[:, None] * 4
        self._faces = gloo.IndexBuffer((starts + np.array([0, 1, 2, 0, 2, 3], dtype=np.uint32)).ravel())

    def draw(self, matrix: Array, width: int, height: int, scale: float) -> None:
        """Draws them.

        Args:
            matrix: (4, 4) from the world to clip space.
            width, height: of the picture, its pixels; scale: of them to a logical pixel.
        """
        if self._faces is None:
            return
        self._program["u_matrix"] = matrix.T.astype(np.float32)
        self._program["u_size"] = (float(width), float(height))
        self._program["u_scale"] = scale
        self._program["u_lift"] = 1e-4
        gloo.set_state(depth_test=not self._over, blend=True, cull_face=False)
        gloo.set_blend_func(*OVER)
        gloo.set_depth_mask(False)
        self._program.draw("triangles", self._faces)
        gloo.set_depth_mask(True)


def _segments(line: Polyline) -> NDArray[np.void]:
    points = np.asarray(line.points, dtype=np.float32)
    if line.closed:
        points = np.concatenate([points, points[..., :1, :]], axis=-2)
    first, last = points[..., :-1, :], points[..., 1:, :]
    colours = np.broadcast_to(np.asarray(line.colour, dtype=np.float32)[..., None, :], (*first.shape[:-1], 4))
    first, last, colours = first.reshape(-1, 3), last.reshape(-1, 3), colours.reshape(-1, 4)
    whole = np.isfinite(first).all(axis=1) & np.isfinite(last).all(axis=1)
    ends = np.empty((int(whole.sum()), 4), dtype=_END)
    ends["a_start"], ends["a_end"] = first[whole][:, None], last[whole][:, None]
    ends["a_corner"] = _CORNERS
    ends["a_colour"] = colours[whole][:, None]
    ends["a_width"] = np.float32(line.width)
    return ends.reshape(-1)
