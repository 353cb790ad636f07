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
    # one row for each coordinate or colour: numpy is several times as quick along long rows
    parts = [_gather(group) for group in groups]
    normal, where, table = (np.concatenate(column, axis=1) for column in zip(*parts, strict=True))
    rays: Floats = np.ascontiguousarray(np.concatenate([group.rays for group in groups]).T)
    points = eye[:, None] + rays * np.concatenate([group.distance for group in groups])
    view = rays / _length(rays)
    facing = -_dot(view, normal)
    # a smooth normal may lean away from the eye at an outline
    normal = normal + view * np.minimum(facing, 0.0)
    facing = np.clip(facing, 0.02, 1.0)
    albedo, glow, (mirror, flake, dirt) = table[:3], table[3:6], table[6:]
    albedo = albedo * (1 + flake * (facing * np.sqrt(facing) - 0.55))
    dusty = dirt * np.exp(-np.clip(where[2], 0, None) / 0.35)
    albedo = albedo + (_DUST[:, None] - albedo) * dusty
    light = town.light
    up = 0.5 + 0.5 * normal[2]
    sky = light.zenith[:, None] * up + light.horizon[:, None] * (1 - up)
    open_sky, open_ground = where[0], where[1]
    bounced = _GROUND * light.ambient + 0.05 * light.sun * light.sun_direction[2]
    # the lower half of what a street's walls see is the other side's walls as much as sky
    around_share = 0.72 * open_sky * up
    lit = albedo * (sky * around_share + bounced[:, None] * (open_ground * (1 - up)))
    back = view + 2 * facing * normal
    back /= _length(back)
    aside = 1 - facing
    grazing = np.square(np.square(aside)) * aside
    shiny = (mirror + (1 - mirror) * grazing * np.minimum(mirror * 16, 1)) * (1 - 0.6 * dusty)
    shiny *= 0.25 + 0.75 * np.where(back[2] > 0, open_sky, open_ground)
    ambient = lit * (1 - shiny) + around.mirrored(back) * shiny + glow
    sun = _sunlit(points, normal, back, albedo, shiny, town)
    return Shaded(*(np.ascontiguousarray(part.T, dtype=np.float32) for part in (ambient, sun, points)))


def _sunlit(
    points: Floats, normal: Floats, back: Floats, albedo: Floats, shiny: Floats, town: Town
) -> Floats:
    """(3, N) what the sun adds where no house, tree or pole stands before it."""
    light = town.light
    sharp = light.sun_spread < 0.1
    facing = np.clip(light.sun_direction @ normal, 0.0, 1.0)
    lit = np.flatnonzero(facing > 0)
    if not len(lit):
        return np.zeros_like(albedo)
    start = np.ascontiguousarray((points[:, lit] + normal[:, lit] * np.float32(0.02)).T)
    free = np.zeros(len(facing), dtype=np.float32)
    free[lit] = ~town.caster.blocked(start, np.broadcast_to(light.sun_direction, start.shape))
    # a power by its logarithm, which numpy has quick
    glint = np.exp(np.log(np.clip(light.sun_direction @ back, 1e-3, 1)) * np.float32(180 if sharp else 8))
    glossy = shiny * glint * np.float32(9.0 if sharp else 0.6)
    return np.asarray((albedo * facing + glossy) * free * light.sun[:, None], dtype=np.float32)


def _gather(group: Samples) -> tuple[Floats, Floats, Floats]:
    """Normal (street); open shares and height over the ground; albedo, glow and the look's other columns.

    One row for each number, one column for each sample.
    """
    solid, look = group.body.solid, group.body.look
    second, third = np.ascontiguousarray(group.uv.T)
    corners = solid.corners.take(group.face, axis=2)
    mixed = corners[0] * (1 - second - third)
    mixed += corners[1] * second
    mixed += corners[2] * third
    normal = group.body.rotation.astype(np.float32) @ mixed[:3]
    normal /= np.maximum(_length(normal), np.float32(1e-6))
    table = np.concatenate([look.albedo.T, look.glow.T, [look.mirror, look.flake, look.dirt]])
    return normal, mixed[3:], table.take(solid.part.take(group.face), axis=1)


def _dot(one: Floats, other: Floats) -> Floats:
    """(N,) of (3, N) and (3, N)."""
    return np.asarray(np.einsum("ij,ij->j", one, other), dtype=np.float32)


def _length(vectors: Floats) -> Floats:
    """(N,) of (3, N)."""
    return np.asarray(np.sqrt(_dot(vectors, vectors)), dtype=np.float32)
