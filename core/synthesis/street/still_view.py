"""What one camera sees of everything that never moves: cast and shaded once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.caster import Caster
from core.synthesis.street.daylight import Daylight
from core.synthesis.street.layout import Layout
from core.synthesis.street.mounts import Mount
from core.synthesis.street.noise import PlaneNoise
from core.synthesis.street.soup import Material, StillMesh
from core.synthesis.street.surfaces import albedo

Floats = NDArray[np.float32]

SHIFTS: tuple[tuple[float, float], ...] = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))
"""Where the four samples of a pixel lie, from its centre, pixels."""
SKY = -1
_SKY_RAYS = 7
_BOUNCE = 0.30
_WET_RAYS = 5
_RIPPLE = 0.025
_BLOCK = 200_000
_GLASS = (Material.WINDOW, Material.SHOP_WINDOW)


@dataclass(frozen=True, slots=True, eq=False)
class Lamp:
    """Where lamps of one kind of the traffic lights are seen.

    Attributes:
        code: which (see `signals.lamp_code`).
        y, x: (n,) pixels; share: (n,) of each that the lamps fill.
    """

    code: int
    y: NDArray[np.intp]
    x: NDArray[np.intp]
    share: Floats


@dataclass(slots=True, eq=False)
class StillView:
    """Colours are linear and without haze; `ambient` is what the sky lights, `sun` what the sun adds.

    Attributes:
        ambient, sun: (H, W, 3).
        sub_ambient, sub_sun: (4, H, W, 3) the four samples of each pixel; kept as float16 for their size.
        depth: (H, W) along the camera's axis through the pixel's centre, metres; inf for the sky.
        sub_depth: (4, H, W).
        thing: (H, W) int16 index into the mesh's things at the centre, -1 for the sky.
        points: (H, W, 3) street frame, at the centre; zero for the sky.
        lamps: the traffic lights' lamps, which shine or not.
    """

    ambient: Floats
    sun: Floats
    sub_ambient: NDArray[np.float16] | Floats
    sub_sun: NDArray[np.float16] | Floats
    depth: Floats
    sub_depth: Floats
    thing: NDArray[np.int16]
    points: Floats
    lamps: tuple[Lamp, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """The still mesh with what is needed to light it."""

    layout: Layout
    mesh: StillMesh
    caster: Caster
    light: Daylight
    noise: PlaneNoise


def look(town: Town, mount: Mount) -> StillView:
    """Casts and shades the town for one camera."""
    height, width = mount.camera.height, mount.camera.width
    centre = town.caster.cast(mount.position.astype(np.float32), mount.rays.reshape(-1, 3))
    depth = centre.distance.reshape(height, width)
    face = centre.face.reshape(height, width)
    thing = np.where(face >= 0, town.mesh.thing[face], SKY).astype(np.int16)
    points = (mount.position + mount.rays * np.where(np.isfinite(depth), depth, 0)[..., None]).astype(
        np.float32
    )
    points[face < 0] = 0
    planes = [_Sample(town, mount, shift, number) for number, shift in enumerate(SHIFTS)]
    _smooth_shares(planes)
    shaded = [plane.shade() for plane in planes]
    ambient = np.stack([part[0] for part in shaded])
    sun = np.stack([part[1] for part in shaded])
    return StillView(
        ambient=ambient.mean(axis=0, dtype=np.float32),
        sun=sun.mean(axis=0, dtype=np.float32),
        sub_ambient=ambient.astype(np.float16),
        sub_sun=sun.astype(np.float16),
        depth=depth,
        sub_depth=np.stack([plane.depth for plane in planes]),
        thing=thing,
        points=points,
        lamps=_lamps(np.stack([plane.signal for plane in planes])),
    )


def _lamps(signal: NDArray[np.int8]) -> tuple[Lamp, ...]:
    """From (4, H, W) the code of the lamp in each sample, or -1."""
    found = []
    for code in np.unique(signal[signal >= 0]).tolist():
        share = (signal == code).mean(axis=0, dtype=np.float32)
        y, x = np.nonzero(share)
        found.append(Lamp(int(code), y, x, share[y, x]))
    return tuple(found)


class _Sample:
    """One sample of every pixel."""

    def __init__(self, town: Town, mount: Mount, shift: tuple[float, float], number: int) -> None:
        self._town = town
        self._mount = mount
        self._number = number
        camera = mount.camera
        self._shape = (camera.height, camera.width)
        self._rays = mount.rays_at(0, 0, camera.width, camera.height, shift).reshape(-1, 3)
        hits = town.caster.cast(mount.position.astype(np.float32), self._rays)
        self._hit = np.flatnonzero(hits.found)
        self._face = hits.face[self._hit]
        self.depth = hits.distance.reshape(self._shape)
        along = self._rays[self._hit]
        self.signal = np.full(self._shape, -1, dtype=np.int8)
        self.signal.ravel()[self._hit] = town.mesh.signal[self._face]
        self._points = mount.position.astype(np.float32) + along * hits.distance[self._hit, None]
        self._normals = _normals(town.mesh, self._face, along)
        self._lifted = self._points + self._normals * 0.015
        rng = np.random.default_rng([town.layout.seed, 83, number])
        self.sky_share = np.ones(self._shape, dtype=np.float32)
        self.sky_share.ravel()[self._hit] = self._sky_seen(rng)
        self.sun_share = np.zeros(self._shape, dtype=np.float32)
        self.sun_share.ravel()[self._hit] = self._sun_seen(rng)
        self.normals = np.zeros((*self._shape, 3), dtype=np.float32)
        self.normals.reshape(-1, 3)[self._hit] = self._normals

    def _sky_seen(self, rng: np.random.Generator) -> Floats:
        """Share of the sky over each surface that nothing hides."""
        count = len(self._hit)
        seen = np.zeros(count, dtype=np.float32)
        for _ in range(_SKY_RAYS):
            way = rng.normal(0, 1, (count, 3)).astype(np.float32)
            way /= np.linalg.norm(way, axis=1, keepdims=True)
            way = way * 0.999 + self._normals
            free = ~self._town.caster.blocked(self._lifted, way)
            seen += free & (way[:, 2] > 0)
        return np.asarray(seen / _SKY_RAYS, dtype=np.float32)

    def _sun_seen(self, rng: np.random.Generator) -> Floats:
        """Share of the sun's disc seen from each surface, by two rays."""
        light = self._town.light
        lit = np.zeros(len(self._hit), dtype=np.float32)
        for _ in range(2):
            spread = rng.normal(0, light.sun_spread * 0.6, (len(lit), 3)).astype(np.float32)
            lit += ~self._town.caster.blocked(self._lifted, light.sun_direction + spread)
        return np.asarray(lit / 2, dtype=np.float32)

    def shade(self) -> tuple[Floats, Floats]:
        """(H, W, 3) what sky and sun make of this sample."""
        town, light = self._town, self._town.light
        ambient, sun = self._sky(), np.zeros((*self._shape, 3), dtype=np.float32)
        distance = np.linalg.norm(self._points - self._mount.position.astype(np.float32), axis=1)
        slant = np.abs(np.einsum("ij,ij->i", self._normals, self._rays[self._hit]))
        pixel = distance / self._mount.camera.matrix[0, 0] / np.clip(slant, 0.12, 1.0) ** 0.5 * 0.6
        material = town.mesh.material[self._face]
        colour = albedo(
            town.layout, town.noise, self._points, self._normals, material, town.mesh.tint[self._face],
            pixel.astype(np.float32),
        )  # fmt: skip
        share = self.sky_share.ravel()[self._hit][:, None]
        leaf = np.where(material == Material.LEAF, 0.45, 0.0).astype(np.float32)[:, None]
        share = np.maximum(share, leaf * share + leaf * 0.35)
        lit = colour * light.ambient * (share + (1 - share) * _BOUNCE)
        if light.wet:
            colour, lit = self._wetted(colour, lit, material)
        lit = self._mirrored(lit, material)
        ambient.reshape(-1, 3)[self._hit] = lit
        glass = np.isin(material, _GLASS)[:, None]
        facing = np.clip(self._normals @ light.sun_direction, 0.0, 1.0) * self.sun_share.ravel()[self._hit]
        sun.reshape(-1, 3)[self._hit] = colour * light.sun * (facing[:, None] * ~glass)
        return ambient, sun

    def _sky(self) -> Floats:
        """(H, W, 3) the sky behind everything."""
        light = self._town.light
        rays = self._rays / np.linalg.norm(self._rays, axis=1, keepdims=True)
        colour = light.sky(rays)
        level = np.maximum(rays[:, 2], 0.03)
        clouds = self._town.noise.layered(rays[:, 0] / level, rays[:, 1] / level, 2.2, 4)
        colour *= (1 + light.clouds * clouds * np.clip(rays[:, 2] * 6, 0, 1))[:, None]
        return np.asarray(colour.reshape(*self._shape, 3), dtype=np.float32)

    def _mirrored(self, lit: Floats, material: NDArray[np.uint8]) -> Floats:
        """Adds what window panes reflect."""
        chosen = np.flatnonzero(np.isin(material, _GLASS))
        if not len(chosen):
            return lit
        colour, cosine = self._reflection(chosen, self._normals[chosen])
        share = (0.09 + 0.91 * (1 - cosine) ** 4)[:, None]
        lit = lit.copy()
        lit[chosen] = lit[chosen] * (1 - share) + colour * share
        return lit

    def _wetted(self, colour: Floats, lit: Floats, material: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Wet ground is darker and mirrors, most where water stands."""
        chosen = np.flatnonzero((material == Material.ROAD) | (material == Material.PAVEMENT))
        where = self._points[chosen]
        puddle = np.clip(0.45 + 0.5 * self._town.noise.layered(where[:, 0], where[:, 1], 3.0), 0.1, 1.0)
        # ripples spread what is mirrored: the mean over a few tilts, others in each sample of a pixel
        rng = np.random.default_rng([5, self._number])
        mirror, cosine = np.zeros((len(chosen), 3), dtype=np.float32), np.zeros(len(chosen), dtype=np.float32)
        for _ in range(_WET_RAYS):
            tilted = self._normals[chosen] + rng.normal(0, _RIPPLE, (len(chosen), 3)).astype(np.float32)
            tilted /= np.linalg.norm(tilted, axis=1, keepdims=True)
            colours, cosines = self._reflection(chosen, tilted)
            mirror += colours / _WET_RAYS
            cosine += cosines / _WET_RAYS
        share = ((0.03 + 0.9 * (1 - cosine) ** 5) * puddle)[:, None]
        colour, lit = colour.copy(), lit.copy()
        colour[chosen] *= 0.62
        lit[chosen] = lit[chosen] * 0.62 * (1 - share) + mirror * share
        return colour, lit

    def _reflection(self, chosen: NDArray[np.intp], normal: Floats) -> tuple[Floats, Floats]:
        """(n, 3) colour seen in mirrors of these normals at some samples, and the cosine it is seen under."""
        town, light = self._town, self._town.light
        along = self._rays[self._hit[chosen]]
        along = along / np.linalg.norm(along, axis=1, keepdims=True)
        cosine = np.clip(-np.einsum("ij,ij->i", along, normal), 0.0, 1.0)
        back = along + 2 * cosine[:, None] * normal
        hits = town.caster.cast(self._lifted[chosen], back.astype(np.float32))
        seen = town.mesh.tint[hits.face] * light.ambient * 0.55
        return np.where(hits.found[:, None], seen, light.sky(back)).astype(np.float32), cosine


def _normals(mesh: StillMesh, face: NDArray[np.int32], along: Floats) -> Floats:
    """(N, 3) unit normals of faces, turned against the rays."""
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    chosen = normals[face]
    turned = np.where(np.einsum("ij,ij->i", chosen, along) > 0, -1.0, 1.0).astype(np.float32)
    return np.asarray(chosen * turned[:, None], dtype=np.float32)


def _smooth_shares(planes: list[_Sample]) -> None:
    """Takes the grain out of the shares of sky and sun: means over near samples of the same surface."""
    normal, depth = planes[0].normals, np.where(np.isfinite(planes[0].depth), planes[0].depth, 1e4)
    sky: Floats = np.stack([plane.sky_share for plane in planes]).mean(axis=0)
    sun: Floats = np.stack([plane.sun_share for plane in planes]).mean(axis=0)
    sky, sun = _mean_around(sky, normal, depth, 2), _mean_around(sun, normal, depth, 1)
    for plane in planes:
        same = np.abs(plane.depth - depth) < 0.05 * depth
        plane.sky_share = np.where(same, sky, plane.sky_share).astype(np.float32)
        plane.sun_share = np.where(same, sun, plane.sun_share).astype(np.float32)


def _mean_around(share: Floats, normal: Floats, depth: Floats, reach: int) -> Floats:
    """(H, W) the mean over pixels up to `reach` away that lie on the same surface."""
    height, width = share.shape
    border = (reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    padded = [cv2.copyMakeBorder(part, *border) for part in (share, normal, depth)]
    total, weight = np.zeros_like(share), np.zeros_like(share)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            other, turn, far = (part[down : down + height, right : right + width] for part in padded)
            alike = np.einsum("ijk,ijk->ij", turn, normal) > 0.9
            alike &= np.abs(far - depth) < 0.03 * depth
            total += np.where(alike, other, 0)
            weight += alike
    return np.where(weight > 3, total / np.maximum(weight, 1), share).astype(np.float32)
