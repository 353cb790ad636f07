"""A composite's objects as they stand on the road, for the view from above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.controllers.compose_drawing import called, colours_of
from app.controllers.fits_scene import CarShop, World, scene_of
from app.states.scene import Scene
from core.compositing.edited import Places, foot_of
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.records.fits import FitMethod, FitRow, FitVerdict, VehicleFit
from core.records.recipes import ObjectLabel, PieceRow, Recipe, RecipeObject

_PERSON_M = (0.5, 0.5, 1.75)
_MM = 1000.0

NO_PLACES = "Without a calibration nothing has a place on the road."


def scene_from_above(
    world: World | None,
    recipe: Recipe,
    labels: Sequence[ObjectLabel],
    rows: Mapping[int, PieceRow],
    fits: Mapping[int, FitRow],
    places: Places,
    shop: CarShop,
    selected: int | None,
) -> Scene:
    """The scene of a composite: cars by their fits, people and what has no fit as boxes on their footprints.

    Args:
        world: of the camera; None where it has no calibration.
        labels: of the rendered recipe.
        rows: of its pieces. fits: by piece id, as they were stored.
        selected: an instance id.
    """
    if world is None or world.plane is None:
        return Scene(note=NO_PLACES)
    found: list[FitRow] = []
    for one, label in zip((one for one in recipe.objects if one.shown), labels, strict=True):
        row = rows.get(one.piece_id)
        if row is None:
            continue
        stored = fits.get(one.piece_id)
        if stored is not None and label.fit is not None:
            found.append(replace(stored, instance_id=row.instance_id, fit=label.fit))
        else:
            box = _boxed(world.plane, one, row, places)
            if box is not None:
                found.append(box)
    captions = {row.instance_id: called(row) for row in rows.values()}
    colours = colours_of(recipe)
    numbers = {row.instance_id: colours.get(row.id) for row in rows.values()}
    cars = shop.cars(world, found, captions, numbers)
    return scene_of(world, None, cars, selected=selected)


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
