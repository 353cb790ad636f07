"""Cut-outs, pieces and recipes that the store's tests write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.records.boxes import Box
from core.records.recipes import (
    COMPOSER_VERSION,
    Cutout,
    Recipe,
    RecipeObject,
    Sampler,
    Split,
)
from core.store import tables
from core.store.writers.backgrounds import write_background
from core.store.writers.cutouts import FoundPiece, write_pieces
from core.store.writers.recipes import MadeRecipe, make_set, write_recipes


def a_cutout(instance_id: int, mask_id: int, *, background_id: int | None = None) -> Cutout:
    """One whose pixels are only bytes."""
    return Cutout(
        instance_id=instance_id,
        mask_id=mask_id,
        frame_id=1,
        background_id=background_id,
        x=8,
        y=6,
        w=60,
        h=52,
        pixels=b"pixels %d" % instance_id,
        planes=b"planes",
        light=(1000, 2000, 3000, 10),
        background_light=(900, 1800, 2700),
    )


def found_piece(site: Any, instance_id: int, **more: Any) -> FoundPiece:
    """A piece of an instance by the versions that it has now."""
    with site.project.read() as connection:
        i = tables.instance.c
        row = connection.execute(select(tables.instance).where(i.id == instance_id)).one()
        calibration = connection.scalar(
            select(tables.camera.c.calibration_id).where(tables.camera.c.id == row.camera_id)
        )
    values: dict[str, Any] = {
        "cutout": a_cutout(instance_id, row.mask_id),
        "mask_id": row.mask_id,
        "box": Box(row.x, row.y, row.w, row.h),
        "area": 7,
        "standing": False,
        "keypoint_set_id": row.keypoint_set_id,
        "fit_id": row.fit_id,
        "calibration_id": calibration,
        "carries_fit": row.fit_id is not None,
        "footprint": None,
        "light_q8": 256,
    }
    return FoundPiece(instance_id, **(values | more))


def cut(site: Any, *found: FoundPiece) -> list[int]:
    """Write pieces; gives the ids of all that there are of these instances and in force."""
    with site.project.bulk() as bulk:
        bulk.run(lambda connection: write_pieces(connection, found))
    p = tables.piece.c
    with site.project.read() as connection:
        ids = dict(connection.execute(select(p.instance_id, p.id).where(p.in_force)).all())
    return [ids[one.instance_id] for one in found]


def background(site: Any) -> int:
    with site.project.bulk() as bulk:
        return bulk.run(
            lambda connection: write_background(
                connection,
                site.camera_id,
                hour=None,
                frame_count=1,
                hours=[],
                width=640,
                height=360,
                image_png=b"image",
                support_png=b"support",
            )
        )


def recipe_of(site: Any, background_id: int, piece_ids: Sequence[int], **more: Any) -> Recipe:
    values: dict[str, Any] = {
        "sampler": Sampler.WALT3D,
        "split": Split.TRAIN,
        "seed": 7,
        "composer_version": COMPOSER_VERSION,
        "objects": tuple(RecipeObject(i) for i in piece_ids),
    }
    return Recipe(site.camera_id, background_id, **(values | more))


def compose(site: Any, name: str, made: Sequence[MadeRecipe], wanted: Sequence[int] | None = None) -> int:
    """Write a set; gives its id."""

    def step(connection: Any) -> int:
        set_id = make_set(connection, name, wanted)
        write_recipes(connection, set_id, made)
        return set_id

    with site.project.bulk() as bulk:
        return bulk.run(step)
