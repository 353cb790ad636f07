"""Cars and people as merged meshes: one draw for each level of detail, however many there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from app.states.scene import SceneObject
from app.views.viewport.visuals.blending import OVER

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_CORNER = np.dtype([("a_place", np.float32, 3), ("a_normal", np.float32, 3), ("a_kind", np.float32, 2)])
_LEAST_ROOM = 256

_VERTEX = """
uniform mat4 u_matrix;
uniform sampler2D u_colours;
uniform float u_count;
attribute vec3 a_place;
attribute vec3 a_normal;
attribute vec2 a_kind;
varying vec3 v_normal;
varying vec3 v_place;
varying vec4 v_colour;
varying float v_material;
void main() {
    gl_Position = u_matrix * vec4(a_place, 1.0);
    v_normal = a_normal;
    v_place = a_place;
    v_colour = texture2D(u_colours, vec2((a_kind.x + 0.5) / u_count, 0.5));
    v_material = a_kind.y;
}
"""

# an outline is the same mesh, a few pixels larger on the screen
_OUTLINE_VERTEX = """
uniform mat4 u_matrix;
uniform vec2 u_grow;
attribute vec3 a_place;
attribute vec3 a_normal;
void main() {
    gl_Position = u_matrix * vec4(a_place, 1.0);
    vec2 outwards = (u_matrix * vec4(a_normal, 0.0)).xy;
    gl_Position.xy += u_grow * gl_Position.w * outwards / max(length(outwards), 1e-6);
}
"""

_OUTLINE_FRAGMENT = """
void main() { gl_FragColor = vec4(1.0); }
"""

_FRAGMENT = """
uniform vec3 u_eye;
uniform vec3 u_light;
uniform float u_alpha;
varying vec3 v_normal;
varying vec3 v_place;
varying vec4 v_colour;
varying float v_material;
void main() {
    vec3 normal = normalize(v_normal);
    vec3 sight = normalize(u_eye - v_place);
    vec3 colour = v_colour.rgb;
    float gloss = 0.25;
    if (v_material > 99.5) {  // clothes: the line between shirt and trousers is halfway
        float trousers = smoothstep(147.0, 153.0, v_material);
        colour = mix(colour, mix(vec3(0.10, 0.11, 0.14), colour, 0.42), trousers);
        gloss = 0.08 * (1.0 - trousers);
    } else if (v_material > 6.5) {  // hair
        colour = mix(vec3(0.16, 0.12, 0.10), colour, 0.06);
        gloss = 0.05;
    } else if (v_material > 5.5) {  // skin
        colour = mix(vec3(0.78, 0.60, 0.50), colour, 0.10);
        gloss = 0.05;
    } else if (v_material > 4.5) {  // rear light
        colour = vec3(0.72, 0.10, 0.10);
    } else if (v_material > 3.5) {  // front light
        colour = vec3(0.95, 0.95, 0.85);
    } else if (v_material > 2.5) {  // rim
        colour = vec3(0.62, 0.63, 0.65);
    } else if (v_material > 1.5) {  // tyres and whatever is dark
        colour = mix(vec3(0.09, 0.09, 0.10), colour, 0.10);
        gloss = 0.0;
    } else if (v_material > 0.5) {  // glass
        colour = mix(vec3(0.10, 0.13, 0.17), colour, 0.12);
        gloss = 0.4;
    }
    float sky = 0.5 + 0.5 * normal.z;
    float sun = max(dot(normal, u_light), 0.0);
    float glint = pow(max(dot(normal, normalize(u_light + sight)), 0.0), 40.0);
    float edge = pow(1.0 - max(dot(normal, sight), 0.0), 3.0);
    vec3 lit = colour * (0.22 + 0.38 * sky + 0.52 * sun) + vec3(gloss * glint) + 0.10 * edge * sky;
    gl_FragColor = vec4(lit, u_alpha * v_colour.a);
}
"""


class _Meshes:
    """Meshes of cars in one buffer, of which some are drawn.

    Args:
        level: of the cars' forms; a car with fewer levels shows its last.
        program: that draws them. fields: of a corner that it takes.
    """

    def __init__(self, level: int, program: gloo.Program, fields: Sequence[str]) -> None:
        self._level, self._program, self._fields = level, program, fields
        self._corners: gloo.VertexBuffer | None = None
        self._room = 0
        self._used = 0
        # index of an object -> its first corner, and what is there
        self._starts: dict[int, tuple[int, SceneObject]] = {}
        self._faces: gloo.IndexBuffer | None = None
        self._drawn: tuple[int, ...] | None = None

    def forget(self) -> None:
        """Starts anew, as for another scene."""
        self._starts.clear()
        self._used = 0
        self._drawn = None

    def replace(self, index: int, car: SceneObject) -> None:
        """Draws a car of the same form otherwise, as while its keypoints are dragged."""
        known = self._starts.get(index)
        if known is None:
            return
        start, before = known
        if before.form is car.form and self._corners is not None:
            self._corners.set_subdata(self._corners_of(index, car), start)
            self._starts[index] = (start, car)
        else:
            del self._starts[index]
            self._drawn = None

    def choose(self, cars: Sequence[SceneObject], chosen: Sequence[int]) -> None:
        """Says which cars of the scene are drawn."""
        wanted = tuple(chosen)
        if wanted == self._drawn:
            return
        new = [index for index in wanted if index not in self._starts]
        count = sum(len(self._mesh(cars[index])[0]) for index in new)
        if self._corners is None or self._used + count > self._room:
            self._starts.clear()
            self._used = 0
            new = list(wanted)
            count = sum(len(self._mesh(cars[index])[0]) for index in new)
            if self._corners is None or count > self._room:
                self._room = max(_LEAST_ROOM, 2 * count)
                self._corners = gloo.VertexBuffer(np.zeros(self._room, dtype=_CORNER))
                for field in self._fields:
                    self._program[field] = self._corners[field]
        if new:
            corners = [self._corners_of(index, cars[index]) for index in new]
            self._corners.set_subdata(np.concatenate(corners), self._used)
            for index, added in zip(new, corners, strict=True):
                self._starts[index] = (self._used, cars[index])
                self._used += len(added)
        self._faces = None
        if wanted:
            faces = [self._mesh(cars[index])[1] + self._starts[index][0] for index in wanted]
            self._faces = gloo.IndexBuffer(np.concatenate(faces).astype(np.uint32).ravel())
        self._drawn = wanted

    def _draw(self, matrix: Array, *, front: bool) -> None:
        if self._faces is None:
            return
        self._program["u_matrix"] = matrix.T.astype(np.float32)
        # what is read back stands on its head for OpenGL, so that fronts turn the other way
        gloo.set_state(depth_test=True, blend=True, cull_face=True)
        gloo.set_front_face("cw" if front else "ccw")
        gloo.set_blend_func(*OVER)
        gloo.set_depth_mask(True)
        self._program.draw("triangles", self._faces)
        gloo.set_state(cull_face=False)

    def _mesh(self, car: SceneObject) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.uint8]]:
        level = min(self._level, len(car.levels) - 1)
        return car.levels[level], car.form.faces[level], car.form.materials[level]

    def _corners_of(self, index: int, car: SceneObject) -> NDArray[np.void]:
        places, _, materials = self._mesh(car)
        corners = np.empty(len(places), dtype=_CORNER)
        corners["a_place"], corners["a_normal"] = places[:, :3], places[:, 3:]
        corners["a_kind"][:, 0], corners["a_kind"][:, 1] = index, materials
        return corners


class CarsVisual(_Meshes):
    """Cars with light and shade, in a colour for each.

    Args:
        level: of the cars' forms; a car with fewer levels shows its last.
    """

    def __init__(self, level: int) -> None:
        super().__init__(level, gloo.Program(_VERTEX, _FRAGMENT), ("a_place", "a_normal", "a_kind"))
        self._program["u_light"] = _unit(-0.35, 0.45, 0.82)
        self._colours = gloo.Texture2D(np.zeros((1, 1, 4), dtype=np.uint8), interpolation="nearest")
        self._program["u_colours"] = self._colours
        self._program["u_count"] = 1.0

    def set_colours(self, colours: NDArray[np.uint8]) -> None:
        """Gives every car of the scene its colour: (N, 4) uint8 RGBA."""
        if len(colours):
            self._colours.set_data(np.ascontiguousarray(colours[None]))
            self._program["u_count"] = float(len(colours))

    def draw(self, matrix: Array, eye: Array, alpha: float) -> None:
        """Draws them.

        Args:
            matrix: (4, 4) from the world to clip space. eye: (3,) where one looks from.
            alpha: 0 to 1.
        """
        self._program["u_eye"] = eye.astype(np.float32)
        self._program["u_alpha"] = alpha
        self._draw(matrix, front=True)


class OutlineVisual(_Meshes):
    """White outlines around cars: what sticks out of the same meshes, a few pixels larger."""

    def __init__(self) -> None:
        super().__init__(0, gloo.Program(_OUTLINE_VERTEX, _OUTLINE_FRAGMENT), ("a_place", "a_normal"))

    def draw(self, matrix: Array, grow: tuple[float, float]) -> None:
        """Draws them.

        Args:
            matrix: (4, 4) from the world to clip space. grow: how much larger, clip space.
        """
        self._program["u_grow"] = grow
        self._draw(matrix, front=False)


def _unit(*numbers: float) -> NDArray[np.float32]:
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.float32(np.linalg.norm(vector))
