"""Projects that know less than the street's: cameras that were never calibrated, cars without masks."""

from __future__ import annotations

import sqlite3
from pathlib import Path


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
