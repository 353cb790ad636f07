"""The synthetic street: pictures of it, frame by frame, and the exact truth behind each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.records.detections import Category
from core.synthesis import props
from core.synthesis import street_plan as plan
from core.synthesis.backdrop import render_backdrop
from core.synthesis.car_bodies import CarBody, CarStyle, build_body
from core.synthesis.depth_order import Footprint, far_to_near
from core.synthesis.draw_car import CarPose, car_shadow, draw_car
from core.synthesis.layers import Color, lay_over
from core.synthesis.occlusion_truth import Placed, frame_truth
from core.synthesis.street_view import StreetView, default_view
from core.synthesis.traffic import plan_traffic
from core.synthesis.truth import CoverKind, FrameTruth
from core.synthesis.walkers import FOOTPRINT_M, draw_walker, walker_shadow

Image = NDArray[np.uint8]
Shadows = list[tuple[NDArray[np.float64], float]]

_NOISE_PLATES = 7
_NOISE_LEVELS = 2.1
_EXPOSURE_SWING = 0.05
_NEAREST_M = 2.5


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """What a clip shows.

    Attributes:
        width, height: picture size in pixels, even.
        fps: frames a second.
        seconds: length.
        seed: of everything that is drawn by lot.
    """

    width: int = 640
    height: int = 360
    fps: int = 25
    seconds: float = 20.0
    seed: int = 0

    @property
    def frame_count(self) -> int:
        """Frames in the clip, at least one."""
        return max(1, round(self.seconds * self.fps))


class StreetScene:
    """A street with traffic. The same settings always give the same pictures."""

    def __init__(self, settings: SceneSettings) -> None:
        self.settings = settings
        self.view: StreetView = default_view(settings.width, settings.height)
        self._traffic = plan_traffic(settings.seconds, settings.seed)
        self._bodies: dict[CarStyle, CarBody] = {}
        self._still = self._place_still_things()
        self._backdrop = self._shaded_backdrop()
        rng = np.random.default_rng([settings.seed, 3])
        shape = (settings.height + 16, settings.width + 16, 3)
        self._noise = [rng.normal(0.0, _NOISE_LEVELS, shape).astype(np.float32) for _ in range(_NOISE_PLATES)]
        self._noise_shifts = rng.integers(0, 16, (settings.frame_count, 2))

    def frames(self) -> Iterator[tuple[Image, FrameTruth]]:
        """Every picture, (height, width, 3) uint8 RGB, with its truth."""
        for index in range(self.settings.frame_count):
            yield self.frame(index)

    def frame(self, index: int) -> tuple[Image, FrameTruth]:
        """One picture, (height, width, 3) uint8 RGB, with its truth."""
        time_s = index / self.settings.fps
        moving, shadows = self._place_moving_things(time_s)
        things = [*self._still, *moving]
        order = far_to_near([thing.footprint for thing in things])
        placed = [things[i] for i in order]
        picture = _darkened(self._backdrop, shadows)
        for thing in placed:
            lay_over(picture, thing.layer)
        truth = frame_truth(placed, index, time_s, self.settings.width, self.settings.height)
        return self._as_a_sensor_sees(picture, index, time_s), truth

    def _place_still_things(self) -> list[Placed]:
        view, seed = self.view, self.settings.seed
        half_tree, half_post = props.TREE_FOOTPRINT_M / 2.0, props.POST_FOOTPRINT_M / 2.0
        x, y = plan.TREE
        things = [Placed(props.draw_tree(x, y, view, seed), _square(x, y, half_tree), CoverKind.STATIC)]
        x, y = plan.SIGNPOST
        things.append(Placed(props.draw_signpost(x, y, view), _square(x, y, half_post), CoverKind.STATIC))
        for x in plan.LAMP_POSTS_X:
            post = props.draw_lamp_post(x, plan.LAMP_POST_Y, view)
            things.append(Placed(post, _square(x, plan.LAMP_POST_Y, half_post), CoverKind.STATIC))
        for number, parked in enumerate(self._traffic.parked):
            pose = self._traffic.parked_pose(parked)
            things.append(self._placed_car(parked.style, parked.paint, pose, number, parked=True))
        return things

    def _shaded_backdrop(self) -> Image:
        """The street with the shadows of what stands still."""
        view = self.view
        shadows = props.tree_shadow(*plan.TREE, view, self.settings.seed)
        shadows += props.signpost_shadow(*plan.SIGNPOST, view)
        for x in plan.LAMP_POSTS_X:
            shadows += props.lamp_post_shadow(x, plan.LAMP_POST_Y, view)
        for parked in self._traffic.parked:
            shadows += car_shadow(self._body(parked.style), self._traffic.parked_pose(parked), view)
        return _darkened(render_backdrop(view, self.settings.seed), shadows)

    def _place_moving_things(self, time_s: float) -> tuple[list[Placed], Shadows]:
        things: list[Placed] = []
        shadows: Shadows = []
        track_id = len(self._traffic.parked)
        for driver in self._traffic.drivers:
            pose = self._traffic.driver_pose(driver, time_s)
            if self._in_view(pose.x, pose.y, 4.0):
                things.append(self._placed_car(driver.style, driver.paint, pose, track_id, parked=False))
                shadows += car_shadow(self._body(driver.style), pose, self.view)
            track_id += 1
        for walker in self._traffic.walkers:
            walk = self._traffic.walker_pose(walker, time_s)
            if self._in_view(walk.x, walk.y, 1.2):
                layer = draw_walker(walker.outfit, walk, self.view)
                footprint = _square(walk.x, walk.y, FOOTPRINT_M / 2.0)
                things.append(Placed(layer, footprint, CoverKind.PERSON, track_id, Category.PERSON))
                shadows += walker_shadow(walker.outfit, walk, self.view)
            track_id += 1
        return things, shadows

    def _placed_car(
        self, style: CarStyle, paint: Color, pose: CarPose, track_id: int, *, parked: bool
    ) -> Placed:
        body = self._body(style)
        back, front, _, left = body.footprint
        ends = sorted((pose.x + pose.heading * back, pose.x + pose.heading * front))
        footprint = Footprint(ends[0], ends[1], pose.y - left, pose.y + left)
        layer = draw_car(body, paint, pose, self.view)
        return Placed(layer, footprint, CoverKind.CAR, track_id, Category.CAR, parked)

    def _body(self, style: CarStyle) -> CarBody:
        if style not in self._bodies:
            self._bodies[style] = build_body(style)
        return self._bodies[style]

    def _in_view(self, x: float, y: float, reach_m: float) -> bool:
        """Whether something of that reach at (x, y) may show in the picture."""
        pixel, depth = self.view.project(np.array([x, y, 0.0]))
        if depth < _NEAREST_M:
            return False
        margin = reach_m * self.view.focal_px / float(depth)
        return -margin < float(pixel[0]) < self.settings.width + margin

    def _as_a_sensor_sees(self, picture: Image, index: int, time_s: float) -> Image:
        """Slow drift of exposure and white balance, then noise."""
        drift = 1.0 + _EXPOSURE_SWING * (np.sin(0.29 * time_s) + 0.4 * np.sin(0.83 * time_s + 1.0))
        warmth = 0.012 * np.sin(0.21 * time_s)
        gains = np.array([drift * (1.0 + warmth), drift, drift * (1.0 - warmth)], dtype=np.float32)
        down, right = (int(shift) for shift in self._noise_shifts[index])
        plate = self._noise[index % _NOISE_PLATES]
        height, width = self.settings.height, self.settings.width
        noisy = picture * gains + plate[down : down + height, right : right + width]
        return np.asarray(np.clip(noisy + 0.5, 0.0, 255.0), dtype=np.uint8)


def _square(x: float, y: float, half: float) -> Footprint:
    return Footprint(x - half, x + half, y - half, y + half)


def _darkened(picture: Image, shadows: Shadows) -> Image:
    """A copy with soft shadows; where several fall together, the darkest counts."""
    height, width = picture.shape[:2]
    dark = np.zeros((height, width), dtype=np.uint8)
    for polygon, depth in sorted(shadows, key=lambda shadow: shadow[1]):
        points = np.rint(polygon * 16.0).astype(np.int32)
        cv2.fillConvexPoly(dark, points, round(255 * depth), cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(dark, (0, 0), max(0.6, width / 500.0))
    lit = (255 - soft.astype(np.uint16))[..., None]
    return np.asarray((picture * lit + 127) // 255, dtype=np.uint8)
