"""A calibration's plain numbers as columns of its table or as plain JSON, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from core.records.cameras import (
    CalibrationMethod,
    CalibrationRecord,
    CalibrationUncertainty,
    RangeUncertainty,
)

_JSON = ("matrix", "distortion", "normal", "uncertainty", "notes")


def to_plain(record: CalibrationRecord) -> dict[str, Any]:
    """A record as plain JSON values, null where a number is not known; `from_plain` undoes it."""
    return {
        "method": record.method.value,
        "width": record.width,
        "height": record.height,
        "matrix": list(record.matrix),
        "distortion": list(record.distortion),
        "normal": None if record.normal is None else list(record.normal),
        "height_m": record.height_m,
        "residual_px": record.residual_px,
        "uncertainty": None if record.uncertainty is None else _uncertainty(record.uncertainty),
        "notes": list(record.notes),
    }


def from_plain(values: Mapping[str, Any]) -> CalibrationRecord:
    """The record that `to_plain` wrote."""
    return from_columns(SimpleNamespace(**values))


def to_columns(record: CalibrationRecord) -> dict[str, Any]:
    """The columns as SQLite holds them: JSON as text, and null in it where a number is not known."""
    plain = to_plain(record)
    return plain | {name: _text(plain[name]) for name in _JSON if plain[name] is not None}


def from_columns(row: Any) -> CalibrationRecord:
    """A row of a SELECT of those columns as a record."""
    normal = row.normal
    return CalibrationRecord(
        method=CalibrationMethod(row.method),
        width=row.width,
        height=row.height,
        matrix=tuple(row.matrix),
        distortion=tuple(row.distortion),
        normal=None if normal is None else (normal[0], normal[1], normal[2]),
        height_m=row.height_m,
        residual_px=row.residual_px,
        uncertainty=None if row.uncertainty is None else _from_uncertainty(row.uncertainty),
        notes=tuple(row.notes),
    )


def _uncertainty(said: CalibrationUncertainty) -> dict[str, Any]:
    return {
        "focal_percent": _number(said.focal_percent),
        "height_percent": _number(said.height_percent),
        "normal_deg": _number(said.normal_deg),
        "ranges": [
            {
                "distance_m": one.distance_m,
                "along_m_per_px": _number(one.along_m_per_px),
                "across_m_per_px": _number(one.across_m_per_px),
                "sigma_m": _number(one.sigma_m),
            }
            for one in said.ranges
        ],
    }


def _from_uncertainty(said: dict[str, Any]) -> CalibrationUncertainty:
    return CalibrationUncertainty(
        _or_nan(said["focal_percent"]),
        _or_nan(said["height_percent"]),
        _or_nan(said["normal_deg"]),
        tuple(
            RangeUncertainty(
                one["distance_m"],
                _or_nan(one["along_m_per_px"]),
                _or_nan(one["across_m_per_px"]),
                _or_nan(one["sigma_m"]),
            )
            for one in said["ranges"]
        ),
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
