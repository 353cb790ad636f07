"""A composite's objects as they stand on the road, for the view from above."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from app.controllers.compose_drawing import called, colours_of
from app.controllers.compose_reads import Ingredients
from app.controllers.fits_scene import World, scene_of
from app.controllers.fits_shop import FitShop
from app.states.scene import Scene, SceneObject
from core.compositing.edited import Places, foot_of
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.records.fits import FitMethod, FitRow, FitVerdict, VehicleFit
from core.records.recipes import Move, ObjectLabel, PieceRow, Recipe, RecipeObject

_PERSON_M = (0.5, 0.5, 1.75)
_MM = 1000.0
_KEPT = 256

NO_PLACES = "Without a calibration nothing has a place on the road."


class ScenesFromAbove:
    """Makes scenes of composites; an object that stands where it stood is not built anew.

    Args:
        shop: builds cars and people.
    """

    def __init__(self, shop: FitShop) -> None:
        self._shop = shop
        self._kept: OrderedDict[tuple[int, Move], SceneObject] = OrderedDict()
        self._world: World | None = None

    def scene(
        self, world: World | None, recipe: Recipe, labels: Sequence[ObjectLabel], known: Ingredients
    ) -> Scene:
        """The scene of a composite: all by their fits, and what has none as boxes on their places.

        Args:
            world: of the camera; None where it has no calibration.
            labels: of the rendered recipe.
            known: of its pieces.
        """
        if world is None or world.plane is None:
            return Scene(note=NO_PLACES)
        if world is not self._world:
            self._world = world
            self._kept.clear()
        colours = colours_of(recipe)
        shown = [one for one in recipe.objects if one.shown]
        cars: dict[int, SceneObject] = {}
        for one, label in zip(shown, labels, strict=True):
            car = self._car(world, world.plane, one, label, known)
            if car is not None:
                cars[one.piece_id] = replace(car, track_id=colours[one.piece_id])
        # in an order that a drag does not change
        return scene_of(world, None, [cars[key] for key in sorted(cars)])

    def _car(
        self, world: World, plane: GroundPlane, one: RecipeObject, label: ObjectLabel, known: Ingredients
    ) -> SceneObject | None:
        key = one.piece_id, one.move
        found = self._kept.get(key)
        row = known.rows.get(one.piece_id)
        if found is None and row is not None:
            stored = known.fits.get(one.piece_id)
            fit = _boxed(plane, one, row, known.places)
            if stored is not None and label.fit is not None:
                fit = replace(stored, instance_id=row.instance_id, fit=label.fit)
            if fit is None:
                return None
            placed = self._shop.people.placed([fit])
            made = self._shop.objects(world, [fit], placed, {row.instance_id: called(row)}, {})
            if not made:
                return None
            found = self._kept[key] = made[0]
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def _boxed(plane: GroundPlane, one: RecipeObject, row: PieceRow, places: Places) -> FitRow | None:
    """A box of a person's size on an object's footprint, or None where its place is not known."""
    foot = foot_of(one, places)
    if foot is None:
        return None
    count = len(foot.corners)
    x, y = (sum(corner[axis] for corner in foot.corners) / count / _MM for axis in (0, 1))
    pose = pose_on_ground(plane, (x, y), 0.0)
    fit = VehicleFit(
        method=FitMethod.COARSE,
        verdict=FitVerdict.GOOD,
        reason="",
        rotation=tuple(pose.rotation.ravel().tolist()),
        translation=(*pose.translation.tolist(),),
        place_m=(x, y),
        heading_rad=0.0,
        shape=(),
        size_m=_PERSON_M,
        rms_px=0.0,
        sigma_px=1.0,
        residuals_px=(),
        outliers=(),
        used=0,
        swapped=False,
        sigmas=None,
    )
    return FitRow(
        id=-row.id,
        instance_id=row.instance_id,
        version=0,
        fit=fit,
        keypoint_set_id=None,
        mask_id=None,
        calibration_id=None,
        shape_space="",
        review=None,
        review_reason=None,
        reviewer=None,
        annotator=None,
        created_at=0.0,
        in_force=True,
        stale=False,
    )
