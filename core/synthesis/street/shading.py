"""The colour of points on moving bodies: all samples of a frame at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.looks import Look
from core.synthesis.street.solid import Solid
from core.synthesis.street.still_view import Town
from core.synthesis.street.surroundings import Surroundings
from core.synthesis.street.turning import turned

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

_DUST = np.array([0.16, 0.145, 0.12], dtype=np.float32)
_GROUND = np.array([0.11, 0.11, 0.112], dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A body at one moment.

    Attributes:
        number: the track's number; the same over all frames.
        solid: its shape.
        look: its colours.
        rotation, translation: body to street.
    """

    number: int
    solid: Solid
    look: Look
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def to_body(self, points: NDArray[np.floating]) -> Floats:
        """(..., 3) points of the street in the body's frame."""
        place, turn = self.translation.astype(np.float32), self.rotation.astype(np.float32)
        return np.asarray((np.asarray(points, dtype=np.float32) - place) @ turn, dtype=np.float32)

    def to_street(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 3) points of the body in the street frame."""
        return np.asarray(points @ self.rotation.T + self.translation, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Points on one body that are to be shaded.

    Attributes:
        body: whose.
        face, uv: (n,) and (n, 2) where on its mesh.
        rays: (n, 3) directions that they were hit along, street frame.
        distance: (n,) in lengths of the ray.
    """

    body: Placed
    face: Indices
    uv: Floats
    rays: Floats
    distance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shaded:
    """(N, 3) what sky and sun make of points, and where they are in the street."""

    ambient: Floats
    sun: Floats
    points: Floats


def shade(groups: Sequence[Samples], eye: Floats, town: Town, around: Surroundings) -> Shaded:
    """Shades all samples of all bodies, in order.

    Args:
        eye: (3,) the camera's place, street frame.
    """
    parts = [_gather(group) for group in groups]
    normal, share, height, albedo, table = (np.concatenate(column) for column in zip(*parts, strict=True))
    rays = np.concatenate([group.rays for group in groups])
    distance = np.concatenate([group.distance for group in groups])
    points = eye + rays * distance[:, None]
    view = rays / np.sqrt(np.einsum("ij,ij->i", rays, rays))[:, None]
    facing = -np.einsum("ij,ij->i", view, normal)
    # a smooth normal may lean away from the eye at an outline
    normal = normal + view * np.minimum(facing, 0.0)[:, None]
    facing = np.clip(facing, 0.02, 1.0)
    mirror, flake, dirt = table[:, 0], table[:, 1], table[:, 2]
    glow = table[:, 3:6]
    albedo = albedo * (1 + flake * (facing**1.5 - 0.55))[:, None]
    dusty = (dirt * np.exp(-np.clip(height, 0, None) / 0.35))[:, None]
    albedo = albedo + (_DUST - albedo) * dusty
    light = town.light
    up = 0.5 + 0.5 * normal[:, 2:3]
    sky = light.zenith * up + light.horizon * (1 - up)
    open_sky, open_ground = share[:, :1], share[:, 1:]
    bounced = _GROUND * light.ambient + 0.05 * light.sun * light.sun_direction[2]
    # the lower half of what a street's walls see is the other side's walls as much as sky
    around_share = 0.72 * open_sky * up
    lit = albedo * (sky * around_share + bounced * open_ground * (1 - up))
    back = view + 2 * facing[:, None] * normal
    back /= np.sqrt(np.einsum("ij,ij->i", back, back))[:, None]
    shiny = (mirror + (1 - mirror) * (1 - facing) ** 5 * np.minimum(mirror * 16, 1)) * (1 - 0.6 * dusty[:, 0])
    shiny = shiny[:, None] * (0.25 + 0.75 * np.where(back[:, 2:] > 0, open_sky, open_ground))
    ambient = lit * (1 - shiny) + around.mirrored(back) * shiny + glow
    return Shaded(
        ambient.astype(np.float32),
        _sunlit(points, normal, back, albedo, shiny, town),
        points.astype(np.float32),
    )


def _sunlit(
    points: Floats, normal: Floats, back: Floats, albedo: Floats, shiny: Floats, town: Town
) -> Floats:
    """(N, 3) what the sun adds where no house, tree or pole stands before it."""
    light = town.light
    facing = np.clip(normal @ light.sun_direction, 0.0, 1.0)
    lit = np.flatnonzero(facing > 0)
    sun = np.zeros_like(albedo)
    if not len(lit):
        return sun
    start = points[lit] + normal[lit] * 0.02
    free = ~town.caster.blocked(start, np.broadcast_to(light.sun_direction, start.shape))
    lit = lit[free]
    glint = np.clip(back[lit] @ light.sun_direction, 0, 1) ** (180 if light.sun_spread < 0.1 else 8)
    strength = 9.0 if light.sun_spread < 0.1 else 0.6
    sun[lit] = (albedo[lit] * facing[lit, None] + shiny[lit] * glint[:, None] * strength) * light.sun
    return sun


def _gather(group: Samples) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Normal (street), open shares, height over the ground, albedo, and the look's other columns."""
    solid, look = group.body.solid, group.body.look
    second, third = group.uv[:, :1], group.uv[:, 1:]
    first = 1 - second - third
    corners = solid.faces[group.face]
    normals = solid.corner_normals[group.face]
    normal = normals[:, 0] * first + normals[:, 1] * second + normals[:, 2] * third
    normal = turned(normal, group.body.rotation.T)
    normal /= np.sqrt(np.einsum("ij,ij->i", normal, normal) + 1e-12)[:, None]
    values = np.stack([solid.sky, solid.ground, solid.vertices[:, 2]], axis=1)[corners]
    mixed = values[:, 0] * first + values[:, 1] * second + values[:, 2] * third
    part = solid.part[group.face]
    table = np.column_stack([look.mirror, look.flake, look.dirt, look.glow])[part]
    return normal, mixed[:, :2], mixed[:, 2], look.albedo[part], table
