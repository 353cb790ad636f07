"""Cars and people of fits as one scene takes them, from the shape spaces and body models that are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.controllers.bodies import BodyShelf
from app.controllers.fits_panel import Fleet
from app.controllers.fits_people import BodyShop, PlacedPerson, body_points
from app.controllers.fits_scene import CarShop, World, points_of
from app.states.scene import SceneObject, ScenePoints, SceneRole
from core.records.fits import BodyFit, FitRow
from core.records.keypoints import KeypointSet
from core.shapes.space import CarShapeSpace


@dataclass(frozen=True, slots=True)
class FitShop:
    """Builds whatever was fitted.

    Attributes:
        cars, people: build those of their kind.
    """

    cars: CarShop
    people: BodyShop

    def objects(
        self,
        world: World,
        rows: Sequence[FitRow],
        placed: Mapping[int, PlacedPerson],
        captions: Mapping[int, str],
        tracks: Mapping[int, int | None],
        role: SceneRole = SceneRole.FRAME,
    ) -> list[SceneObject]:
        """Cars and people in the world; fits whose numbers are no pose are left out.

        Args:
            placed: the people among them, see BodyShop.placed.
            captions, tracks: by instance id.
        """
        cars = [row for row in rows if not isinstance(row.fit, BodyFit)]
        return [
            *self.cars.cars(world, cars, captions, tracks, role),
            *self.people.people(world, rows, placed, captions, tracks, role),
        ]

    def points(
        self,
        world: World,
        row: FitRow,
        placed: Mapping[int, PlacedPerson],
        keypoints: KeypointSet | None,
    ) -> ScenePoints:
        """The keypoints of one of them: where its fit puts them, and where they were placed."""
        if isinstance(row.fit, BodyFit):
            return body_points(world, placed.get(row.id), keypoints)
        return points_of(world, row, self.cars.space_of(row), keypoints)

    def knows(self, row: FitRow, placed: Mapping[int, PlacedPerson]) -> bool:
        """Whether the shape space or body model of a fit is here."""
        return row.id in placed if isinstance(row.fit, BodyFit) else self.cars.space_of(row) is not None


@dataclass(slots=True)
class Spaces:
    """The car shape spaces and body models that are here, read when they are first needed.

    Attributes:
        bodies: the body models. own: the program's own car shapes, once they were read.
        shop: builds cars and people of them. fleets: the sizes of the cars, by the label of their space.
    """

    bodies: BodyShelf = field(default_factory=BodyShelf)
    shop: FitShop = field(init=False)
    fleets: dict[str, Fleet] = field(default_factory=dict)
    own: CarShapeSpace | None = None
    _read: bool = False

    def __post_init__(self) -> None:
        self.shop = FitShop(CarShop({}), BodyShop(self.bodies.of))

    def read(self) -> Spaces:
        """Reads those of cars, once; on any thread."""
        if not self._read:
            from core.shapes.space_file import default_space

            space = default_space()
            self.own = space
            self.fleets = {space.label: Fleet(space)}
            self.shop = FitShop(CarShop({space.label: space}), self.shop.people)
            self._read = True
        return self
