"""Draws the recipes of a set, one by one: which scene each has, and from which seed it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.compositing.sampling.sampled import SampledRecipe
from core.compositing.sampling.splits import SplitSettings
from core.compositing.sampling.stock import Scene
from core.compositing.sampling.walt2d import Walt2dSampler, Walt2dSettings
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.compositing.sampling.wanted import WantedOcclusion
from core.errors import CompositeError
from core.jobs.compose.stock import CameraStock
from core.jobs.composite_settings import ComposeSettings
from core.records.recipes import Sampler, Split

_NUMBER_BITS, _ATTEMPT_BITS = 28, 4
MOST_NUMBERS = 1 << _NUMBER_BITS
"""How many recipes one seed gives."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """A scene with the sampler of its camera."""

    camera: str
    sampler: Walt3dSampler | Walt2dSampler
    scene: Scene


class RecipeDrawer:
    """The recipes of some settings by their numbers: the same ones for the same stock, wherever drawn.

    They go through the scenes in turn. A seed that gives none is followed by others of the same number.

    Args:
        stocks: of the cameras.
        settings: of the set.

    Raises:
        CompositeError: no scene can have a composite; it says why.
    """

    def __init__(self, stocks: Sequence[CameraStock], settings: ComposeSettings) -> None:
        self._seed = settings.seed
        self._split = Split(settings.split)
        self.left_out: tuple[str, ...] = ()
        places: list[_Place] = []
        refused: list[tuple[str, CompositeError]] = []
        for one in stocks:
            if not one.scenes:
                refused.append((one.camera.name, _no_background(one, settings)))
                continue
            try:
                sampler = sampler_of(one, settings)
            except CompositeError as problem:
                refused.append((one.camera.name, problem))
                continue
            for scene in one.scenes:
                place = _Place(one.camera.name, sampler, scene)
                try:
                    self._drawn(place, 0)
                except CompositeError as problem:
                    refused.append((one.camera.name, problem))
                else:
                    places.append(place)
        if not places:
            raise refused[0][1] if refused else _nothing_at_all()
        self._places = places
        self.left_out = tuple(dict.fromkeys(f"{camera}: {problem.problem}" for camera, problem in refused))

    def recipe(self, number: int) -> SampledRecipe:
        """The recipe of a number.

        Raises:
            CompositeError: its scene has no room for one, whatever the seed.
        """
        if not 0 <= number < MOST_NUMBERS:
            raise CompositeError(
                f"One seed gives {MOST_NUMBERS} composites, and number {number} is asked for.",
                "Go on with another seed.",
            )
        return self._drawn(self._places[number % len(self._places)], number)

    def _drawn(self, place: _Place, number: int) -> SampledRecipe:
        problem: CompositeError | None = None
        for attempt in range(1 << _ATTEMPT_BITS):
            seed = (self._seed << _NUMBER_BITS | number) << _ATTEMPT_BITS | attempt
            try:
                return place.sampler.recipe(seed, place.scene, self._split)
            except CompositeError as refused:
                problem = refused
        assert problem is not None
        raise problem


def sampler_of(one: CameraStock, settings: ComposeSettings) -> Walt3dSampler | Walt2dSampler:
    """The sampler of some settings over a camera's stock.

    Raises:
        CompositeError: the settings cannot be met.
    """
    if Sampler(settings.sampler) is Sampler.WALT2D:
        return Walt2dSampler(one.stock, Walt2dSettings(settings.walt2d_count))
    shares = settings.wanted_shares
    return Walt3dSampler(
        one.stock,
        Walt3dSettings(
            least=settings.least,
            most=settings.most,
            wanted=None if shares is None else WantedOcclusion(shares),
            most_hidden_percent=settings.most_hidden_percent,
            margin_mm=settings.margin_mm,
            light_percent=settings.light_percent,
        ),
    )


def split_settings(settings: ComposeSettings) -> SplitSettings:
    """How the tracks are split."""
    validation, test = settings.validation_percent, settings.test_percent
    return SplitSettings((100 - validation - test, validation, test), settings.guard_s)


def _no_background(one: CameraStock, settings: ComposeSettings) -> CompositeError:
    if settings.hours:
        hours = ", ".join(f"{hour}:00" for hour in sorted(settings.hours))
        return CompositeError(
            f"{one.camera.name} has no background of {hours}.", "Make one with `amodal background`."
        )
    if not len(one.stock):
        return CompositeError(
            f"{one.camera.name} has no objects that are cut out.", "Cut them out first, with `amodal cut`."
        )
    return CompositeError(
        f"{one.camera.name} has no background of its footage's size.", "Make one with `amodal background`."
    )


def _nothing_at_all() -> CompositeError:
    return CompositeError("There is no camera to make composites of.", "Add footage first.")
