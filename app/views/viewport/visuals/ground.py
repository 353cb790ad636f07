"""The road as a grid in metres: thin lines each metre, strong ones every ten, fading far away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from app.views.viewport.marks import Colour
from app.views.viewport.visuals.blending import OVER

Array = NDArray[np.float64]

_REACH_M = 400.0

_VERTEX = """
uniform mat4 u_matrix;
uniform vec2 u_middle;
attribute vec2 a_place;
varying vec2 v_place;
void main() {
    v_place = a_place + u_middle;
    gl_Position = u_matrix * vec4(v_place, 0.0, 1.0);
    gl_Position.z += 2e-4 * gl_Position.w;
}
"""

_FRAGMENT = """
uniform vec4 u_colour;
uniform vec2 u_middle;
uniform float u_fade;
varying vec2 v_place;
float lines(float step, float wide) {
    vec2 cell = v_place / step;
    vec2 slope = max(fwidth(cell), 1e-6);
    vec2 away = abs(fract(cell - 0.5) - 0.5) / slope;
    // a cell of a few pixels is a grey haze: its lines go before that
    vec2 room = clamp((1.0 / slope - 4.0) / 8.0, 0.0, 1.0);
    vec2 drawn = (1.0 - clamp(away - 0.5 * wide + 0.5, 0.0, 1.0)) * room;
    return max(drawn.x, drawn.y);
}
void main() {
    float strength = max(max(0.28 * lines(1.0, 1.0), 0.5 * lines(5.0, 1.0)), 0.95 * lines(10.0, 1.6));
    strength *= 1.0 - smoothstep(0.35 * u_fade, u_fade, distance(v_place, u_middle));
    if (strength <= 0.003) discard;
    gl_FragColor = vec4(u_colour.rgb, u_colour.a * strength);
}
"""


class GroundVisual:
    """A grid on z = 0."""

    def __init__(self) -> None:
        self._program = gloo.Program(_VERTEX, _FRAGMENT)
        reach = np.float32(_REACH_M)
        self._program["a_place"] = gloo.VertexBuffer(
            np.array([[-reach, -reach], [reach, -reach], [-reach, reach], [reach, reach]], dtype=np.float32)
        )

    def draw(self, matrix: Array, middle: tuple[float, float], fade_m: float, colour: Colour) -> None:
        """Draws it.

        Args:
            matrix: (4, 4) from the world to clip space.
            middle: the place from which it fades. fade_m: where it ends.
        """
        self._program["u_matrix"] = matrix.T.astype(np.float32)
        self._program["u_middle"] = middle
        self._program["u_fade"] = fade_m
        self._program["u_colour"] = colour
        gloo.set_state(depth_test=True, blend=True, cull_face=False)
        gloo.set_blend_func(*OVER)
        gloo.set_depth_mask(False)
        self._program.draw("triangle_strip")
        gloo.set_depth_mask(True)
