"""WALT's mined layout read and checked (ALGORITHMS 4.4): CAMERA.json, and the set that it mined from that.

CAMERA.json is a list of {bbox: "{x,y,w,h,conf[,track]}", segmentation: "{x1,y1,x2,y2,…}", label_id, time}.
The mined set stands in CAMERA.json.npz: tracks_, segmentation_, labels_all_unoccluded and
timestamps_final_unoccluded, usually with all pixels halved.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ExchangeError
from core.exchange.object_arrays import read_object_arrays

TRACKS, OUTLINES = "tracks_all_unoccluded", "segmentation_all_unoccluded"
LABELS, TIMES = "labels_all_unoccluded", "timestamps_final_unoccluded"
"""The names of the mined set's arrays."""

_SCALES = (1, 2)
_SURE = 0.5  # share of the mined set that must be found in the JSON file
_MOST_PX = 1 << 20
_MOST_LABEL = 1 << 31
_NO_BOX, _NO_TIME = "with a box that cannot be read", "without a time that can be read"


@dataclass(frozen=True, slots=True, eq=False)
class WaltObject:
    """One object.

    Attributes:
        clock_s: what the clock said, as its picture's name says it: seconds of the epoch, as if it were UTC.
        x, y, w, h: its box, pixels.
        score: 0 to 1.
        track: or None.
        label: WALT's number of its category.
        outline: (n, 2) int32 pixels, the first pixel's centre at (0, 0); empty where there is none.
        unoccluded: whether it is in the mined set.
    """

    clock_s: float
    x: float
    y: float
    w: float
    h: float
    score: float
    track: int | None
    label: int
    outline: NDArray[np.int32]
    unoccluded: bool


@dataclass(slots=True)
class WaltFile:
    """All that was read.

    Attributes:
        scale: what the mined set's pixels are to be multiplied by; None where nothing says.
        left_out: plain words -> how many objects were left out for that reason.
    """

    objects: list[WaltObject]
    scale: int | None
    left_out: Counter[str] = field(default_factory=Counter)


def read_walt(path: Path) -> WaltFile:
    """Read CAMERA.json with the mined set beside it, if there is one; or the mined set alone.

    Args:
        path: CAMERA.json, or a mined set's .npz.

    Raises:
        ExchangeError: it cannot be read, or the mined set is of another file.
        PickleRefusedError: the mined set holds more than plain data.
    """
    if path.suffix == ".npz":
        objects, left_out = _mined(path)
        return WaltFile(objects, None, left_out)
    objects, left_out = _json(path)
    beside = path.with_name(path.name + ".npz")
    if not beside.is_file():
        return WaltFile(objects, 1, left_out)
    mined, lost = _mined(beside)
    return WaltFile(_marked(objects, mined, beside.name), 1, left_out + lost)


def scaled(one: WaltObject, scale: int) -> WaltObject:
    """An object in pixels that many times as many."""
    if scale == 1:
        return one
    x, y, w, h = (scale * value for value in (one.x, one.y, one.w, one.h))
    return replace(one, x=x, y=y, w=w, h=h, outline=one.outline * np.int32(scale))


def _json(path: Path) -> tuple[list[WaltObject], Counter[str]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ExchangeError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise ExchangeError(f"{path.name} is no JSON file: {error}.", "Choose WALT's CAMERA.json.") from error
    wanted = {"bbox", "segmentation", "label_id", "time"}
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ExchangeError(
            f"{path.name} is no file of WALT's: it is no list of objects.",
            "Choose CAMERA.json, or import it as COCO.",
        )
    if rows and not wanted <= set(rows[0]):
        lacking = ", ".join(sorted(wanted - set(rows[0])))
        raise ExchangeError(f"{path.name} is no file of WALT's: it has no {lacking}.", "Choose CAMERA.json.")
    return _objects(
        [(row.get("bbox"), row.get("segmentation"), row.get("label_id"), row.get("time")) for row in rows],
        unoccluded=False,
    )


def _mined(path: Path) -> tuple[list[WaltObject], Counter[str]]:
    arrays = read_object_arrays(path, (TRACKS, OUTLINES, LABELS, TIMES))
    missing = [name for name in (TRACKS, OUTLINES, LABELS, TIMES) if name not in arrays]
    if missing:
        raise ExchangeError(
            f"{path.name} is no set that WALT mined: it has no {missing[0]}.", "Choose CAMERA.json.npz."
        )
    columns = [arrays[name] for name in (TRACKS, OUTLINES, LABELS, TIMES)]
    if any(column.ndim == 0 for column in columns) or len({len(column) for column in columns}) > 1:
        raise ExchangeError(f"{path.name} is damaged: its arrays are not of one length.", "Mine it again.")
    rows = list(zip(*(list(column) for column in columns), strict=True))
    return _objects(rows, unoccluded=True)


def _objects(rows: Sequence[tuple[Any, ...]], *, unoccluded: bool) -> tuple[list[WaltObject], Counter[str]]:
    found: list[WaltObject] = []
    left_out: Counter[str] = Counter()
    for bbox, segmentation, label, time in rows:
        box, clock = _numbers(bbox), _clock(time)
        if box is None or len(box) not in (5, 6) or box[2] <= 0 or box[3] <= 0:
            left_out[_NO_BOX] += 1
        elif clock is None:
            left_out[_NO_TIME] += 1
        else:
            x, y, w, h, score = box[:5]
            track = int(box[5]) if len(box) == 6 and box[5] == int(box[5]) else None
            outline, score = _outline(segmentation), min(1.0, max(0.0, score))
            found.append(WaltObject(clock, x, y, w, h, score, track, _label(label), outline, unoccluded))
    return found, left_out


def _numbers(value: Any) -> list[float] | None:
    """Numbers written as "{1,2,3}", or as a list or array of them; None for anything else."""
    if isinstance(value, str):
        text = value.strip().strip("{}[]()")
        parts: Sequence[Any] = text.split(",") if text else []
    elif isinstance(value, list | tuple | np.ndarray):
        parts = list(value)
    else:
        return None
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError):
        return None
    return numbers if all(math.isfinite(one) and abs(one) < _MOST_PX for one in numbers) else None


def _label(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return -1
    return number if abs(number) < _MOST_LABEL else -1


def _outline(value: Any) -> NDArray[np.int32]:
    numbers = _numbers(value)
    if numbers is None or len(numbers) < 6 or len(numbers) % 2:
        return np.zeros((0, 2), dtype=np.int32)
    return np.rint(np.array(numbers)).astype(np.int32).reshape(-1, 2)


def _clock(value: Any) -> float | None:
    """What the clock said, whatever its zone: WALT names pictures by that."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC).timestamp()


def _marked(objects: Sequence[WaltObject], mined: Sequence[WaltObject], name: str) -> list[WaltObject]:
    """The objects, those of the mined set called unoccluded."""
    if not mined:
        return list(objects)
    places = {_key(one, 1): place for place, one in enumerate(objects)}
    found = {scale: {places.get(_key(one, scale)) for one in mined} - {None} for scale in _SCALES}
    best = max(_SCALES, key=lambda scale: len(found[scale]))
    if len(found[best]) < _SURE * len({_key(one, 1) for one in mined}):
        raise ExchangeError(
            f"{name} was mined from another file: only {len(found[best])} of its {len(mined)} objects are in "
            "this one.",
            "Put it elsewhere to import the file without it, or import it alone.",
        )
    return [replace(one, unoccluded=True) if i in found[best] else one for i, one in enumerate(objects)]


def _key(one: WaltObject, scale: int) -> tuple[int, ...]:
    sides = (scale * value for value in (one.x, one.y, one.w, one.h))
    return (round(one.clock_s * 1e6), *(round(8 * side) for side in sides))
