"""A project whose cameras were never calibrated, from one whose cameras are."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def take_calibrations_away(path: Path) -> None:
    """No camera has a calibration in force any more."""
    raw = sqlite3.connect(path)
    with raw:
        raw.execute("UPDATE camera SET calibration_id = NULL")
    raw.close()
