"""Cars of WALT3D's composites with their keypoints, by what hides each point: of streets of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.compositing.render import Composer
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.compositing.sampling.wanted import WantedOcclusion
from core.jobs.reproduce.staged import StagedStreet
from core.records.recipes import Split
from core.synthesis.street.settings import StreetSettings, Weather
from core.training.data.composite_crops import crops_of
from core.training.data.crops import PackedCrop
from core.training.tasks.prelabeller import cars_with_points

_WANTED = WantedOcclusion((40, 8, 8, 8, 8, 8, 6, 6, 4, 4))
_EVERY = 5  # frames from one that is cut to the next, as a staged street takes them


@dataclass(frozen=True, slots=True)
class CompositePlan:
    """How much there is of a street and its composites.

    Attributes:
        frames: out of which cars are cut. composites: that are made of them.
        width, height: of the pictures, pixels.
        cars, people: on the street. least, most: objects of a composite.
        wanted: how much occlusion is asked for, which needs many objects; None: as it comes.
    """

    frames: int = 30
    composites: int = 60
    width: int = 960
    height: int = 540
    cars: int = 30
    people: int = 8
    least: int = 6
    most: int = 12
    wanted: WantedOcclusion | None = _WANTED


def composite_cars(plan: CompositePlan, seed: int) -> list[PackedCrop]:
    """The cars of a street's composites; a name ends with the car's number on its street.

    One car was cut out of several frames, and pasted into several composites: those are alike.

    Args:
        seed: of the street: another number, other cars.

    Raises:
        RayCastingUnavailableError: rays cannot be cast here.
    """
    settings = StreetSettings(
        frame_count=_EVERY * plan.frames,
        fps=5.0,
        seed=seed,
        width=plan.width,
        height=plan.height,
        cars=plan.cars,
        people=plan.people,
        weather=(Weather.OVERCAST, Weather.CLEAR)[seed % 2],
    )
    staged = StagedStreet(settings, corner=seed % 2 == 1, ignoring=True)
    composer = Composer(staged.source)
    sampler = Walt3dSampler(staged.stock, Walt3dSettings(plan.least, plan.most, plan.wanted))
    crops: list[PackedCrop] = []
    for number in range(plan.composites):
        recipe = sampler.recipe(number, staged.scene, Split.TRAIN).recipe
        for one in crops_of(composer.render(recipe), f"composite {seed}/{number}"):
            composite, piece = one.name.rsplit("/", 1)
            track = staged.origins[int(piece)].truth.track_id
            crops.append(replace(one, name=f"{composite}/{track}"))
    return cars_with_points(crops)


def car_of(name: str) -> str:
    """Which car of which street a crop of `composite_cars` with this name shows."""
    street, _, track = name.rsplit("/", 2)
    return f"{street}/{track}"
