"""A street with its cars and people, and pictures of it from any camera, with the truth about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.poses import heading_rotation
from core.records.boxes import Box
from core.records.detections import Category
from core.shapes.body.coco import SKIN_M
from core.synthesis.street import compose
from core.synthesis.street.body_view import BodyView
from core.synthesis.street.caster import Caster
from core.synthesis.street.daylight import daylight
from core.synthesis.street.fleet import CarModel, draw_models
from core.synthesis.street.layout import plan_layout
from core.synthesis.street.looks import Look, car_look, draw_paint, person_look
from core.synthesis.street.mounts import Mount, default_mount
from core.synthesis.street.noise import PlaneNoise
from core.synthesis.street.object_truth import covers, masks, seen_box, to_camera, whole_box
from core.synthesis.street.people import draw_people
from core.synthesis.street.point_truth import NEAR_M, Asked, points_truth
from core.synthesis.street.sensor import Sensor
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.shading import Placed
from core.synthesis.street.signals import GLOW, Signals, is_lit, round_s
from core.synthesis.street.still_view import Town, look
from core.synthesis.street.surroundings import Surroundings
from core.synthesis.street.town import build_town
from core.synthesis.street.traffic import STEP_S, WARM_UP_S, CarMoment, Traffic
from core.synthesis.street.truth import CoverKind, StreetFrame, StreetObject
from core.synthesis.street.walkers import WalkMoment, moment, on_road, plan_walkers

Floats = NDArray[np.float64]

_MODELS = 24
_BODIES = 5
_SKIN_M = 0.22


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A car or person at one moment, with what its truth needs; `person_keypoints` is None for cars."""

    placed: Placed
    category: Category
    parked: bool
    points: Floats
    shape: Floats
    body_pose: Floats | None
    slack: float
    person_keypoints: Floats | None = None


class Street:
    """A street. Equal settings give equal pictures; every camera sees the same moments."""

    def __init__(self, settings: StreetSettings) -> None:
        """Builds the town and lets the traffic run to its first frame."""
        self.settings = settings
        self.layout = plan_layout(settings.seed)
        mesh = build_town(self.layout)
        self.town = Town(
            self.layout,
            mesh,
            Caster(mesh.vertices, mesh.faces),
            daylight(settings),
            PlaneNoise(settings.seed),
        )
        self.around = Surroundings(self.town)
        self.models: tuple[CarModel, ...] = draw_models(_MODELS, settings.seed)
        self.parked = self._park()
        self.people = draw_people(min(_BODIES, settings.people), settings.seed)
        self.signals = Signals(float(np.random.default_rng([settings.seed, 131]).uniform(0, round_s())))
        self._walkers = plan_walkers(
            self.layout,
            settings.people,
            len(self.people),
            settings.frame_count / settings.fps,
            settings.seed,
            len(self.parked),
            self.signals,
        )
        self._looks: dict[int, Look] = {}
        self._moments = self._drive()

    def default_mount(self) -> Mount:
        """The reference camera on this street."""
        return default_mount(self.layout, self.settings.width, self.settings.height)

    def frames(self, mount: Mount | None = None) -> Iterator[StreetFrame]:
        """Every frame of the clip as one camera sees it (the default camera if none is given)."""
        view = StreetCamera(self, mount or self.default_mount())
        for index in range(self.settings.frame_count):
            yield view.frame(index)

    def actors(self, index: int) -> list[Actor]:
        """Everything that moves, at a frame."""
        time = index / self.settings.fps
        walks = [moment(walker, self.layout, time) for walker in self._walkers]
        cars = [self._car(now) for now in self._moments[index]]
        return [*cars, *(self._person(now) for now in walks if now is not None)]

    def cars(self, index: int) -> tuple[CarMoment, ...]:
        """Where the driving cars are at a frame."""
        return self._moments[index]

    def _park(self) -> tuple[Actor, ...]:
        rng = np.random.default_rng([self.settings.seed, 137])
        actors = []
        for number, spot in enumerate(self.layout.parked[: self.settings.parked]):
            model = self.models[int(rng.integers(len(self.models)))]
            where = CarMoment(number, 0, spot.x, spot.y, spot.heading, 0.0, False)
            actors.append(self._actor(where, model, rng, parked=True))
        return tuple(actors)

    def _drive(self) -> list[tuple[CarMoment, ...]]:
        """Where every car is in each frame."""
        settings = self.settings
        traffic = Traffic(
            self.layout,
            [model.size for model in self.models],
            settings.cars,
            settings.seed,
            len(self.parked) + len(self._walkers),
            lambda time: on_road(self._walkers, self.layout, time),
            self.signals,
        )
        step, now = -round(WARM_UP_S / STEP_S), traffic.moments()
        before: list[CarMoment] | None = None
        moments = []
        for index in range(settings.frame_count):
            time = index / settings.fps
            while before is None or step * STEP_S < time:
                before = now
                traffic.step(step * STEP_S)
                step, now = step + 1, traffic.moments()
            moments.append(_between(before, now, 1 - (step * STEP_S - time) / STEP_S))
        return moments

    def _car(self, now: CarMoment) -> Actor:
        rng = np.random.default_rng([self.settings.seed, 139, now.track])
        return self._actor(now, self.models[now.model], rng, parked=False)

    def _actor(self, now: CarMoment, model: CarModel, rng: np.random.Generator, *, parked: bool) -> Actor:
        lights = self.town.light.lights_on and not parked
        finish: Look = car_look(model.solid.names, draw_paint(rng), rng, lights_on=lights)
        if now.braking and "taillight" in model.solid.names:
            finish.glow[model.solid.names.index("taillight")] = (0.55, 0.02, 0.02)
        placed = Placed(
            now.track, model.solid, finish, heading_rotation(now.heading), np.array([now.x, now.y, 0.0])
        )
        return Actor(placed, Category.CAR, parked, model.keypoints, model.shape, None, NEAR_M)

    def _person(self, now: WalkMoment) -> Actor:
        model = self.people[now.model]
        stride = model.at(now.walked)
        if now.track not in self._looks:
            rng = np.random.default_rng([self.settings.seed, 157, now.track])
            self._looks[now.track] = person_look(stride.solid.names, rng)
        place = np.array([now.x, now.y, now.z])
        placed = Placed(now.track, stride.solid, self._looks[now.track], heading_rotation(now.heading), place)
        return Actor(
            placed, Category.PERSON, False, stride.joints, model.shape, stride.pose, _SKIN_M, stride.keypoints
        )


class StreetCamera:
    """One camera on a street: what stands still is cast and shaded here, once."""

    def __init__(self, street: Street, mount: Mount) -> None:
        self.street = street
        self._parked_boxes: dict[int, Box] = {}
        self.mount = mount
        view = look(street.town, mount)
        still = compose.bare(view)
        parked = [actor.placed for actor in street.parked]
        if parked:
            still = compose.compose(still, parked, mount, street.town, street.around, keep=True)
        self.still = still
        empty = still.view.ambient + still.view.sun
        self._sensor = Sensor(street.settings, street.town.light, empty, mount.name)

    def frame(self, index: int) -> StreetFrame:
        """One frame."""
        return self.stage(self.street.actors(index), index)

    def stage(self, actors: Sequence[Actor], index: int) -> StreetFrame:
        """The picture and truth of any actors together with what is parked, in the light of a frame.

        Args:
            actors: of one frame or of many; no two of one number, and none of a parked car's.
            index: of the frame whose time, lamps and noise the picture has.
        """
        street = self.street
        bodies = [actor.placed for actor in actors]
        layered = compose.compose(self.still, bodies, self.mount, street.town, street.around)
        linear = layered.view.ambient + layered.view.sun
        self._shine(linear, layered.owner, index / street.settings.fps)
        picture = self._sensor.expose(linear, layered.view.depth, index)
        objects = self._objects(layered, [*street.parked, *actors])
        return StreetFrame(index, index / street.settings.fps, picture, layered.view.depth, objects)

    def _objects(self, layered: compose.Layered, actors: Sequence[Actor]) -> tuple[StreetObject, ...]:
        by_number = {actor.placed.number: actor for actor in actors}
        kinds = {
            number: CoverKind.CAR if actor.category is Category.CAR else CoverKind.PERSON
            for number, actor in by_number.items()
        }
        width, height = self.mount.camera.width, self.mount.camera.height
        views = [view for view in layered.bodies if view.is_in_picture(width, height)]
        asked = [Asked(view, (actor := by_number[view.body.number]).points, actor.slack) for view in views]
        people = [
            Asked(view, local, np.array(SKIN_M))
            for view in views
            if (local := by_number[view.body.number].person_keypoints) is not None
        ]
        truths = points_truth([*asked, *people], layered.bodies, self.mount, self.street.town)
        points, of_people = truths[: len(asked)], truths[len(asked) :]
        person_points = {one.view.body.number: said for one, said in zip(people, of_people, strict=True)}
        found = []
        for view, named in zip(views, points, strict=True):
            actor = by_number[view.body.number]
            modal, amodal = masks(view, layered.owner)
            hidden, by_whom = covers(view, layered, kinds)
            pose = to_camera(view.body, self.mount)
            found.append(
                StreetObject(
                    track_id=view.body.number,
                    category=actor.category,
                    parked=actor.parked,
                    pose=pose,
                    distance_m=float(np.linalg.norm(pose.translation)),
                    box=seen_box(modal),
                    amodal_box=self._whole_box(view, parked=actor.parked),
                    modal=modal,
                    amodal=amodal,
                    occlusion=hidden,
                    covers=by_whom,
                    points=named,
                    person_keypoints=person_points.get(view.body.number),
                    shape=actor.shape,
                    body_pose=actor.body_pose,
                )
            )
        return tuple(sorted(found, key=lambda item: -item.distance_m))

    def _shine(self, linear: NDArray[np.float32], owner: NDArray[np.int32], time: float) -> None:
        """Adds the light of the traffic lights' lamps, where nothing moves before them."""
        for lamp in self.still.view.lamps:
            if is_lit(self.street.signals, lamp.code, time):
                free = (owner[lamp.y, lamp.x] == compose.STILL) * lamp.share
                linear[lamp.y, lamp.x] += free[:, None] * np.array(GLOW[lamp.code % 3], dtype=np.float32)

    def _whole_box(self, view: BodyView, *, parked: bool) -> Box:
        if not parked:
            return whole_box(view, self.mount)
        if view.body.number not in self._parked_boxes:
            self._parked_boxes[view.body.number] = whole_box(view, self.mount)
        return self._parked_boxes[view.body.number]


def _between(before: Sequence[CarMoment], after: Sequence[CarMoment], part: float) -> tuple[CarMoment, ...]:
    """Cars at a moment between two, those that are there in both."""
    later = {car.track: car for car in after}
    found = []
    for car in before:
        if car.track not in later:
            continue
        then = later[car.track]
        turn = (then.heading - car.heading + np.pi) % (2 * np.pi) - np.pi
        found.append(
            CarMoment(
                car.track,
                car.model,
                car.x + (then.x - car.x) * part,
                car.y + (then.y - car.y) * part,
                car.heading + float(turn) * part,
                car.speed + (then.speed - car.speed) * part,
                car.braking,
            )
        )
    return tuple(found)
