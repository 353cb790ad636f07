"""What a camera's composites are drawn from: its pieces, and the backgrounds with what stands in them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.compositing.sampling.footprints import Footprint
from core.compositing.sampling.splits import Lifetime, SplitSettings, split_by_time
from core.compositing.sampling.stock import UNKNOWN, Scene, Stock, StockPiece, split_number
from core.jobs.clock import camera_clock
from core.jobs.compose.scenes import scene_of
from core.jobs.composites import StoredPieces
from core.records.project import BackgroundRow, CameraRow
from core.records.recipes import Split
from core.store.project import Project
from core.store.queries.backgrounds import list_backgrounds
from core.store.queries.pieces import StockRow, stock_rows, unsettled_rows


@dataclass(frozen=True, slots=True, eq=False)
class CameraStock:
    """What there is to draw from at a camera.

    Attributes:
        camera: which.
        stock: its pieces.
        scenes: its backgrounds, the newest of each hour, by hour; only those of the pieces' size.
        newest_piece: the largest id among the pieces, 0 without any.
        digest: changes with the pieces and scenes: the same one draws the same composites.
    """

    camera: CameraRow
    stock: Stock
    scenes: tuple[Scene, ...]
    newest_piece: int
    digest: str

    @property
    def for_splits(self) -> dict[Split | None, int]:
        """How many pieces that may be pasted there are for each split, and for none."""
        stock = self.stock
        numbers = stock.splits[~stock.standing].tolist()
        counts = Counter(numbers)
        found: dict[Split | None, int] = {split: counts[split_number(split)] for split in Split}
        found[None] = counts[UNKNOWN]
        return found


def load_stock(
    project: Project,
    camera: CameraRow,
    splits: SplitSettings,
    *,
    hours: Sequence[int] = (),
    newest_piece: int | None = None,
    on_scene: Callable[[int, int], None] | None = None,
) -> CameraStock:
    """Read what a camera's composites are drawn from. No cut-out is read but of what stands there.

    Args:
        project: of the camera.
        camera: whose.
        splits: how its tracks are split.
        hours: only the backgrounds of these hours of the day; empty for all.
        newest_piece: pieces of larger ids are left out, so that a job that goes on draws from the same.
        on_scene: told (how many backgrounds are looked at, of how many).
    """
    with project.read() as connection:
        rows = [
            row for row in stock_rows(connection, camera.id) if newest_piece is None or row.id <= newest_piece
        ]
        unsettled = [
            row
            for row in unsettled_rows(connection, camera.id)
            if newest_piece is None or row.id <= newest_piece
        ]
        clock = camera_clock(connection, project, camera.id)
        backgrounds = [
            row
            for row in list_backgrounds(connection, camera.id)
            if not hours or (row.hour is not None and row.hour in hours)
        ]
    width, height = _size(rows, backgrounds)
    rows = [row for row in rows if (row.mask.width, row.mask.height) == (width, height)]
    backgrounds = [row for row in backgrounds if (row.width, row.height) == (width, height)]
    moments = {row.id: clock.moment(row.source_id, row.time_s, row.captured_at) for row in rows}
    split_of = _splits(rows, moments, splits)
    stock = Stock(
        camera.id,
        width,
        height,
        (
            StockPiece(
                piece_id=row.id,
                track_id=row.track_id,
                hour=row.hour,
                light_q8=row.light_q8,
                moment_s=moments[row.id],
                box=row.box,
                mask_id=row.mask_id,
                mask=row.mask,
                footprint=None if row.footprint is None else Footprint(row.footprint),
                split=split_of.get(_key(row)),
                standing=row.standing,
            )
            for row in rows
        ),
    )
    # a parked car is no road because its label is out of date, or because it came after its hour's background
    standing = [row for row in rows if row.standing]
    standing += [row for row in unsettled if (row.mask.width, row.mask.height) == (width, height)]
    source = StoredPieces(project.path)
    scenes = []
    try:
        for number, background in enumerate(backgrounds):
            scenes.append(scene_of(source, background, standing))
            if on_scene is not None:
                on_scene(number + 1, len(backgrounds))
    finally:
        source.close()
    return CameraStock(
        camera,
        stock,
        tuple(scenes),
        max((row.id for row in [*rows, *unsettled]), default=0),
        _digest(rows, scenes, split_of),
    )


def _splits(rows: Sequence[StockRow], moments: dict[int, float], settings: SplitSettings) -> dict[int, Split]:
    """Which split each object is for; what stands there lives through all of them and counts for none."""
    lives: dict[int, tuple[float, float]] = {}
    for row in rows:
        if row.standing:
            continue
        moment = moments[row.id]
        begun_s = moment - row.time_s
        first, last = (moment, moment) if row.track_s is None else (begun_s + s for s in row.track_s)
        before = lives.get(_key(row), (first, last))
        lives[_key(row)] = min(before[0], first), max(before[1], last)
    return split_by_time([Lifetime(key, *life) for key, life in sorted(lives.items())], settings)


def _key(row: StockRow) -> int:
    """The track, or the object itself where it has none."""
    return row.track_id if row.track_id is not None else -row.id


def _size(rows: Sequence[StockRow], backgrounds: Sequence[BackgroundRow]) -> tuple[int, int]:
    """Width and height of most of a camera's pieces, or of its backgrounds where it has none."""
    sizes = Counter((row.mask.width, row.mask.height) for row in rows)
    sizes = sizes or Counter((row.width, row.height) for row in backgrounds)
    return max(sizes, key=lambda size: (sizes[size], size), default=(1, 1))


def _digest(rows: Sequence[StockRow], scenes: Sequence[Scene], split_of: dict[int, Split]) -> str:
    drawable = [(row.id, row.track_id, row.hour, split_of.get(_key(row))) for row in rows]
    said = repr((drawable, [(one.background_id, one.standing, one.ignored) for one in scenes]))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
