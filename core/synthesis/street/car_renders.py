"""Single cars seen from all around, with the truth: what a car hides of itself.

After Occlusion-Net's Car-render set (Reddy et al., CVPR 2019), whose particulars are not public.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from core.records.detections import Category
from core.synthesis.street import compose
from core.synthesis.street.caster import Caster
from core.synthesis.street.daylight import daylight
from core.synthesis.street.film import TONES, TOP, tone_curve
from core.synthesis.street.fleet import CarModel, draw_models
from core.synthesis.street.layout import plan_layout
from core.synthesis.street.looks import car_look, draw_paint
from core.synthesis.street.mounts import Mount, mount
from core.synthesis.street.noise import PlaneNoise
from core.synthesis.street.object_truth import covers, masks, seen_box, to_camera, whole_box
from core.synthesis.street.point_truth import Asked, points_truth
from core.synthesis.street.settings import StreetSettings, Weather
from core.synthesis.street.shading import Placed
from core.synthesis.street.soup import Material, Soup
from core.synthesis.street.still_view import StillView, Town
from core.synthesis.street.surroundings import Surroundings
from core.synthesis.street.town import build_town
from core.synthesis.street.truth import CoverKind, StreetObject

Floats = NDArray[np.float32]

_MODELS = 48
_LIGHTS = ((Weather.OVERCAST, 12.0), (Weather.CLEAR, 11.0), (Weather.CLEAR, 16.5), (Weather.OVERCAST, 17.0))
_LEVEL = 0.125
_CURVE = tone_curve(1.0)
_FAR_M = 200.0
_GRAIN_M = 0.03
_SLACK = 96


@dataclass(frozen=True, slots=True, eq=False)
class CarRender:
    """One car alone.

    Attributes:
        index: its number in the set.
        picture: (S, S, 3) uint8 RGB.
        depth: (S, S) metres along the camera's axis; inf for the sky.
        camera, ground: what it was seen with, and the ground in the camera's frame.
        car: the truth; nothing hides the car but itself.
    """

    index: int
    picture: NDArray[np.uint8]
    depth: Floats
    camera: Camera
    ground: GroundPlane
    car: StreetObject


@dataclass(frozen=True, slots=True, eq=False)
class _Studio:
    """A light, the flat ground below it, and the town that mirrors in the paint."""

    town: Town
    around: Surroundings


class CarRenders:
    """A set of pictures of single cars, any of which can be made on its own."""

    def __init__(self, seed: int = 0, size: int = 224, models: int = _MODELS) -> None:
        """Draws the models and lights.

        Args:
            size: of the square pictures, pixels, at least 32.
            models: how many different cars there are.
        """
        if size < 32 or models < 1:
            raise ValueError("pictures of at least 32 pixels, and one car, are needed")
        self._seed, self._size = seed, size
        self._models: tuple[CarModel, ...] = draw_models(models, seed)
        layout = plan_layout(seed)
        town = build_town(layout)
        whole = Caster(town.vertices, town.faces)
        soup = Soup()
        soup.begin("road")
        soup.quads(
            [[(-300, -300, 0), (300, -300, 0), (300, 300, 0), (-300, 300, 0)]], Material.ROAD, [0.1] * 3
        )
        flat = soup.mesh()
        ground, noise = Caster(flat.vertices, flat.faces), PlaneNoise(seed)
        self._grain = _grain(np.random.default_rng([seed, 163]))
        side = size + _SLACK
        self._plate = np.random.default_rng([seed, 167]).standard_normal((side, side, 3), dtype=np.float32)
        self._studios = []
        for weather, hour in _LIGHTS:
            light = daylight(StreetSettings(seed=seed, weather=weather, hour=hour))
            around = Surroundings(Town(layout, town, whole, light, noise))
            self._studios.append(_Studio(Town(layout, flat, ground, light, noise), around))

    def render(self, index: int) -> CarRender:
        """One picture. The same number of the same set always shows the same."""
        rng = np.random.default_rng([self._seed, 151, index])
        model = self._models[int(rng.integers(len(self._models)))]
        studio = self._studios[int(rng.integers(len(self._studios)))]
        look = car_look(model.solid.names, draw_paint(rng), rng, lights_on=bool(rng.random() < 0.15))
        placed = Placed(0, model.solid, look, np.eye(3), np.zeros(3))
        view = self._aim(model, rng)
        still = compose.bare(self._empty(view, studio, rng))
        layered = compose.compose(still, [placed], view, studio.town, studio.around)
        linear = layered.view.ambient + layered.view.sun
        seen = layered.bodies[0]
        modal, amodal = masks(seen, layered.owner)
        hidden, by_whom = covers(seen, layered, {0: CoverKind.CAR})
        pose = to_camera(placed, view)
        car = StreetObject(
            track_id=index,
            category=Category.CAR,
            parked=True,
            pose=pose,
            distance_m=float(np.linalg.norm(pose.translation)),
            box=seen_box(modal),
            amodal_box=whole_box(seen, view),
            modal=modal,
            amodal=amodal,
            occlusion=hidden,
            covers=by_whom,
            points=points_truth([Asked(seen, model.keypoints)], layered.bodies, view, studio.town)[0],
            person_keypoints=None,
            shape=model.shape,
            body_pose=None,
        )
        return CarRender(
            index, self._developed(linear, rng), layered.view.depth, view.camera, view.ground, car
        )

    def _aim(self, model: CarModel, rng: np.random.Generator) -> Mount:
        """A camera somewhere around the car that has all of it in its picture."""
        size = self._size
        focal = float(size * rng.uniform(1.3, 3.2))
        turn, rise = float(rng.uniform(-np.pi, np.pi)), float(np.deg2rad(rng.uniform(2.0, 38.0)))
        low, high = model.solid.low.astype(float), model.solid.high.astype(float)
        middle = (low + high) / 2 + rng.normal(0, 0.08, 3)
        reach = float(np.linalg.norm(high - low)) / 2
        away = reach * focal / (size * float(rng.uniform(0.44, 0.60))) + reach * 0.4
        back = np.array([np.cos(turn) * np.cos(rise), np.sin(turn) * np.cos(rise), np.sin(rise)])
        place = middle + back * away
        place[2] = max(place[2], 0.5)
        down = float(np.arctan2(place[2] - middle[2], np.hypot(*(place - middle)[:2])))
        x, y, z = place.tolist()
        return mount("car", pinhole(size, size, focal), (x, y, z), turn + np.pi, down)

    def _empty(self, view: Mount, studio: _Studio, rng: np.random.Generator) -> StillView:
        """The ground and the blurred town behind it, without the car."""
        rays, light = view.rays, studio.town.light
        x, y, z = cv2.split(rays)
        falls = z < -view.position[2] / _FAR_M
        reach = np.divide(np.float32(-view.position[2]), z, where=falls, out=np.zeros_like(z))
        places = [
            part * reach + start
            for part, start in zip((x, y, z), view.position.astype(np.float32), strict=True)
        ]
        points = np.asarray(cv2.merge(places), dtype=np.float32)
        shift = rng.uniform(0, 15, 2).astype(np.float32)
        across, down = (places[axis] * np.float32(1 / _GRAIN_M) + shift[axis] for axis in (0, 1))
        spots = cv2.remap(self._grain, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        gain: Floats = np.asarray(spots, dtype=np.float32) * falls
        base = np.array([0.10, 0.10, 0.102]) * rng.uniform(0.6, 2.2) * rng.uniform(0.97, 1.03, 3)
        ambient, sun = (
            np.asarray(cv2.merge([gain * part for part in (base * lit).astype(np.float32)]), dtype=np.float32)
            for lit in (light.ambient, light.sun * light.sun_direction[2])
        )
        depth = np.where(falls, reach, np.float32(np.inf))
        above = int(np.count_nonzero(~falls[:, 0]))  # the camera is level, and so is the horizon
        ambient[:above] = studio.around.seen(rays[:above])
        four = (4, *ambient.shape)
        return StillView(
            ambient=ambient,
            sun=sun,
            sub_ambient=np.broadcast_to(ambient, four),
            sub_sun=np.broadcast_to(sun, four),
            depth=depth,
            sub_depth=np.broadcast_to(depth, (4, *depth.shape)),
            thing=np.where(falls, 0, -1).astype(np.int16),
            points=points,
        )

    def _developed(self, linear: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
        """A picture from light: exposure on the middle of the picture, a film's curve, noise, JPEG."""
        seen = np.log(linear[::4, ::4].mean(axis=2) + 0.01)
        gain = float(rng.uniform(0.75, 1.3) * _LEVEL / np.exp(seen.mean()))
        picture = np.take(_CURVE, (linear * np.float32(gain * TONES / TOP)).astype(np.int32), mode="clip")
        down, right = rng.integers(0, _SLACK, 2)
        noise = self._plate[down : down + self._size, right : right + self._size]
        picture += noise * np.float32(rng.uniform(0.5, 4.0)) + np.float32(0.5)
        out = np.clip(picture, 0, 255).astype(np.uint8)
        done, data = cv2.imencode(
            ".jpg", out[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))]
        )
        assert done
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
        return np.ascontiguousarray(decoded[..., ::-1])


def _grain(rng: np.random.Generator) -> Floats:
    """(512, 512) how much lighter or darker spots of the ground are; the table repeats."""
    rough = rng.standard_normal((512, 512), dtype=np.float32)
    spots = cv2.GaussianBlur(np.tile(rough, (3, 3)), (0, 0), 18)[512:1024, 512:1024]
    return np.asarray(1 + 0.05 * spots / spots.std() + 0.07 * rough, dtype=np.float32)
