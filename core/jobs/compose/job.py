"""The job that makes a set of composites: recipes, a hundred bytes each, which are rendered when looked at.

Each recipe comes from the set's seed and its own number, so a set that was cut off goes on to the same
recipes: it draws from the pieces that there were when it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count as counted
from typing import Any

from sqlalchemy import Connection, select

from core.compositing.sampling.wanted import WantedOcclusion, histogram, share_missed
from core.errors import JobError
from core.jobs.compose.draw import RecipeDrawer, split_settings
from core.jobs.compose.stock import CameraStock, load_stock
from core.jobs.composite_settings import ComposeSettings
from core.jobs.context import JobContext
from core.records.project import CameraRow
from core.records.recipes import Split
from core.store import tables
from core.store.bulk import BulkWriter
from core.store.queries.cameras import camera_by_name, list_cameras
from core.store.queries.pieces import cut_without_background, piece_counts
from core.store.queries.recipes import BINS, on_both_sides
from core.store.writers.recipes import MadeRecipe, make_set, write_recipes

_CHUNK = 64
_READ = 0.1  # of the progress
_SPLIT_WORDS = {Split.TRAIN: "training", Split.VALIDATION: "validation", Split.TEST: "the test"}
_MUCH_MISSED = 0.1  # of the objects in another bin than wanted


def run_compose(context: JobContext) -> dict[str, Any]:
    """Make the recipes of a set.

    Raises:
        JobError: there is no such camera, or a set of that name.
        CompositeError: none can be made; it says what is missing.
    """
    settings = context.settings(ComposeSettings)
    cameras = _cameras(context, settings.camera)
    stocks = _stocks(context, cameras, settings)
    if not context.resumed:
        _note_splits(context, stocks, settings)
    drawer = RecipeDrawer(stocks, settings)
    if not context.resumed:
        _note_hours(context, stocks, settings)
        _note_what_is_left_out(context, cameras, drawer)
    checkpoint = context.checkpoint
    with context.project.bulk() as bulk:
        if "set" not in checkpoint:
            _begin(context, bulk, stocks, settings)
        else:
            _note_changes(context, stocks)
        set_id = int(checkpoint["set"])
        while checkpoint["next"] < settings.count:
            context.check_stop()
            first = int(checkpoint["next"])
            made = []
            for number in range(first, min(first + _CHUNK, settings.count)):
                sampled = drawer.recipe(number)
                made.append(MadeRecipe(sampled.recipe, sampled.occlusion_percent))
                context.check_stop()
            checkpoint["next"] = first + len(made)
            bins = histogram(percent for one in made for percent in one.occlusion_percent)
            checkpoint["bins"] = [a + b for a, b in zip(checkpoint["bins"], bins, strict=True)]

            def write(connection: Connection, made: Sequence[MadeRecipe] = made) -> None:
                write_recipes(connection, set_id, made)
                context.save(connection)

            bulk.run(write)
            share = checkpoint["next"] / settings.count
            context.progress(_READ + (1 - _READ) * share, f"Composing {checkpoint['name']}")
    return _result(context, settings)


def _cameras(context: JobContext, name: str) -> list[CameraRow]:
    with context.project.read() as connection:
        cameras = list_cameras(connection)
        if not name:
            return cameras
        named = camera_by_name(connection, name)
    if named is None:
        names = ", ".join(row.name for row in cameras) or "none yet"
        raise JobError(f"There is no camera {name}.", f"There are: {names}.")
    return [named]


def _stocks(
    context: JobContext, cameras: Sequence[CameraRow], settings: ComposeSettings
) -> list[CameraStock]:
    """What each camera has; of a set that goes on, what it had when it began."""
    newest = context.checkpoint.get("newest", {})
    stocks = []
    for number, camera in enumerate(cameras):

        def show(done: int, total: int, number: int = number, camera: CameraRow = camera) -> None:
            context.check_stop()
            context.progress(
                _READ * (number + done / total) / len(cameras), f"Looking what stands at {camera.name}"
            )

        stocks.append(
            load_stock(
                context.project,
                camera,
                split_settings(settings),
                hours=settings.hours,
                newest_piece=newest.get(str(camera.id)),
                on_scene=show,
            )
        )
    return stocks


def _begin(
    context: JobContext, bulk: BulkWriter, stocks: Sequence[CameraStock], settings: ComposeSettings
) -> None:
    """Make the set and note what it is drawn from."""

    def step(connection: Connection) -> None:
        name = settings.name.strip() or _free_name(connection, settings.sampler)
        set_id = make_set(connection, name, settings.wanted_shares, job_id=context.job_id)
        context.checkpoint.update(
            {
                "set": set_id,
                "name": name,
                "next": 0,
                "bins": [0] * BINS,
                "newest": {str(one.camera.id): one.newest_piece for one in stocks},
                "digests": [one.digest for one in stocks],
            }
        )
        context.save(connection)

    bulk.run(step)


def _free_name(connection: Connection, sampler: str) -> str:
    taken = set(connection.scalars(select(tables.recipe_set.c.name)))
    return next(name for number in counted(1) if (name := f"{sampler} {number}") not in taken)


def _note_splits(context: JobContext, stocks: Sequence[CameraStock], settings: ComposeSettings) -> None:
    """How many objects there are for what, since short footage leaves hardly any beside the borders."""
    if settings.sampler != "walt3d":  # WALT2D's splits are its own
        return
    for one in stocks:
        parts = one.for_splits
        said = ", ".join(f"{parts[split]} for {_SPLIT_WORDS[split]}" for split in Split)
        near = (
            f" {parts[None]} are for none: their tracks are seen within {settings.guard_s:g} s of a border."
        )
        context.log(f"{one.camera.name}: of its objects are {said}.{near if parts[None] else ''}")


def _note_hours(context: JobContext, stocks: Sequence[CameraStock], settings: ComposeSettings) -> None:
    for one in stocks:
        missing = sorted(set(settings.hours) - {scene.hour for scene in one.scenes})
        if missing and one.scenes:  # without any, the drawer says so
            hours = ", ".join(f"{hour}:00" for hour in missing)
            context.log(f"Left out: {one.camera.name} has no background of {hours}.")


def _note_what_is_left_out(context: JobContext, cameras: Sequence[CameraRow], drawer: RecipeDrawer) -> None:
    for line in drawer.left_out:
        context.log(f"Left out: {line}")
    for camera in cameras:
        with context.project.read() as connection:
            stale = piece_counts(connection, camera.id).stale
            blind = cut_without_background(connection, camera.id)
        if blind:
            context.log(
                f"{camera.name}: {blind} cut-outs were made while there was no background, so what is parked "
                "among them is taken for something that drives; `amodal cut` makes them again."
            )
        if stale:
            context.log(
                f"{camera.name}: {stale} cut-outs are out of date and left out; `amodal cut` renews them."
            )


def _note_changes(context: JobContext, stocks: Sequence[CameraStock]) -> None:
    """Say it where what was said of the objects since makes the rest of a set another."""
    if [one.digest for one in stocks] != context.checkpoint["digests"]:
        context.log(
            "What composites are drawn from has changed since this set was begun: from here on it is not the "
            "one that its seed would have made."
        )


def _result(context: JobContext, settings: ComposeSettings) -> dict[str, Any]:
    checkpoint = context.checkpoint
    bins = [int(count) for count in checkpoint["bins"]]
    result: dict[str, Any] = {
        "set": checkpoint["name"],
        "composites": checkpoint["next"],
        "objects": sum(bins),
    }
    with context.project.read() as connection:
        shared = on_both_sides(connection, int(checkpoint["set"]))
    if shared:
        sets = ", ".join(f"{count} in {name}" for name, count in shared.items())
        result["objects that are in sets for another split too"] = sum(shared.values())
        context.log(
            f"Objects of this set are also in sets that are not for {settings.split}: {sets}. The borders "
            "between splits move when objects come or go; make those sets again, with the same shares."
        )
    shares = settings.wanted_shares
    if shares is not None and settings.sampler == "walt3d":
        missed = share_missed(bins, WantedOcclusion(shares))
        result["share of objects in another bin than wanted"] = f"{missed:.1%}"
        if missed > _MUCH_MISSED:
            context.log(
                "The wanted occlusion was not reached: too few objects hide each other so. Ask for more "
                "objects in a composite, or mine more footage."
            )
    result["hidden by 0-9 %, 10-19 %, ..."] = bins
    return result
