"""Projects that know less than the street's: no calibration in force, no masks, or half of one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core.geometry.masks import patch_to_rle, rle_to_patch
from core.store.project import Project
from core.store.queries.instances import masks


def take_calibrations_away(path: Path) -> None:
    """No camera has a calibration in force any more."""
    raw = sqlite3.connect(path)
    with raw:
        raw.execute("UPDATE camera SET calibration_id = NULL")
    raw.close()


def take_masks_away(path: Path) -> None:
    """No object has a mask in force any more, as a detector without masks leaves them."""
    raw = sqlite3.connect(path)
    with raw:
        raw.execute("UPDATE instance SET mask_id = NULL")
    raw.close()


def hide_right_half(path: Path, instance_id: int) -> float:
    """Takes the right half of a car's mask away, as a thing in front of it does; gives where that begins."""
    with Project.open(path) as project, project.read() as connection:
        rle = masks(connection, [instance_id])[instance_id]
    patch = rle_to_patch(rle)
    half = patch.bits.shape[1] // 2
    bits = patch.bits.copy()
    bits[:, half:] = False
    counts = patch_to_rle(type(patch)(patch.x, patch.y, bits), rle.height, rle.width).counts
    raw = sqlite3.connect(path)
    with raw:
        raw.execute(
            "UPDATE mask SET counts = ? WHERE id = (SELECT mask_id FROM instance WHERE id = ?)",
            (counts, instance_id),
        )
    raw.close()
    return float(patch.x + half)
