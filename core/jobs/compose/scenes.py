"""What stands in a background: told from the background itself, object by object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.compositing.piece_source import PieceSource
from core.compositing.pixels import decode_cutout
from core.compositing.sampling.stock import Scene
from core.compositing.standing import shows
from core.geometry.masks import patch_iou, rle_to_patch, window
from core.records.masks import MaskPatch
from core.records.project import BackgroundRow
from core.store.queries.pieces import StockRow

_SAME = 0.5
"""Intersection over union from which two masks are of one place: the same object of two bursts."""

_BATCH = 64


def scene_of(source: PieceSource, background: BackgroundRow, standing: Sequence[StockRow]) -> Scene:
    """A background with those of some standing objects that it shows.

    Of several that stand in one place, such as one car in two bursts, the best is kept: one that has a place
    on the ground, then the one whose mask is larger. What has no place on the ground is ignored.

    Args:
        source: where the cut-outs and the background are read.
        background: which.
        standing: pieces that may stand in it.
    """
    image = source.background(background.id)
    found: list[tuple[StockRow, MaskPatch]] = []
    if image is not None:
        for start in range(0, len(standing), _BATCH):
            batch = standing[start : start + _BATCH]
            pieces = source.pieces([row.id for row in batch])
            cutouts = source.cutouts([one.cutout_id for one in pieces.values()])
            for row in batch:
                cutout = cutouts.get(pieces[row.id].cutout_id) if row.id in pieces else None
                if cutout is None:
                    continue
                mask = rle_to_patch(row.mask)
                colour = decode_cutout(cutout).colour
                h, w = colour.values.shape[:2]
                there = image[colour.y : colour.y + h, colour.x : colour.x + w]
                if there.shape == colour.values.shape and shows(
                    there, colour.values, window(mask, colour.x, colour.y, w, h)
                ):
                    found.append((row, mask))
    kept = _one_in_each_place(found)
    return Scene(
        background_id=background.id,
        hour=background.hour,
        standing=tuple(sorted(row.id for row in kept if row.footprint is not None)),
        ignored=tuple(
            (row.mask_id, row.mask)
            for row in sorted(kept, key=lambda row: row.mask_id)
            if row.footprint is None
        ),
    )


def _one_in_each_place(found: Sequence[tuple[StockRow, MaskPatch]]) -> list[StockRow]:
    best_first = sorted(
        found, key=lambda one: (one[0].footprint is None, -int(np.count_nonzero(one[1].bits)), one[0].id)
    )
    kept: list[tuple[StockRow, MaskPatch]] = []
    for row, mask in best_first:
        if all(patch_iou(mask, other) < _SAME for _, other in kept):
            kept.append((row, mask))
    return [row for row, _ in kept]
