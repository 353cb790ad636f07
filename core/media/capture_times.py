"""When footage was taken: what a person says, what file names tell, and what a CSV lists.

A time without a zone is taken as UTC, so that its hour of day stays the one that is written; a
camera's UTC offset shifts it where the clock said something else.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from core.errors import MediaError

_SEPARATOR = r"[-_. :Tt@]?"
_DATE_AND_TIME: Final = re.compile(
    rf"(?<!\d)(?P<year>(?:19|20)\d\d){_SEPARATOR}(?P<month>\d\d){_SEPARATOR}(?P<day>\d\d)"
    rf"[-_. T@tZ]{{0,2}}(?P<hour>\d\d){_SEPARATOR}(?P<minute>\d\d){_SEPARATOR}(?P<second>\d\d)"
    r"(?:(?:[.,]|(?<=\d)[-_])?(?P<fraction>\d{6}|\d{3})(?!\d))?(?P<zulu>Z(?![A-Za-z]))?(?!\d)"
)
_CLOCK_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")
_EPOCH: Final = re.compile(r"(?<!\d)(?P<whole>1\d{9})(?:[._]?(?P<fraction>\d{6}|\d{3}))?(?!\d)")
_CSV_BYTES_LIMIT: Final = 256 << 20
_EARLIEST_EPOCH: Final = 0.0  # 1970: cameras that forgot the date say 1904 or year 0


@dataclass(frozen=True, slots=True)
class CaptureTimes:
    """What a person says about when footage was taken. Pictures' EXIF times are read without asking.

    Attributes:
        start: when the first frame was taken, seconds UTC epoch; for videos and for pictures without
            times of their own.
        pattern: strptime pattern that file names match, with or without the suffix, such as
            "cam1_%Y%m%d_%H%M%S".
        csv: a table of file name and time (ISO 8601, or seconds of the epoch), with or without a header.
        fps: pictures a second assumed for numbered pictures without times; 25 if None.
    """

    start: float | None = None
    pattern: str | None = None
    csv: Path | None = None
    fps: float | None = None


def epoch_of(moment: datetime) -> float:
    """Seconds UTC epoch of a moment; one without a zone is taken as UTC."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def time_in_name(name: str) -> float | None:
    """The capture time that a file name usually tells, seconds UTC epoch, or None.

    Knows dates followed by times of day with any usual separators and up to microseconds, such as
    WALT's "2021-05-01T14-23-11.123456.jpg" or "cam1_20210501_142311123.png", and seconds,
    milliseconds or microseconds of the epoch ("1619878991123.jpg").
    """
    stem = PurePosixPath(name).name
    if found := _DATE_AND_TIME.search(stem):
        try:
            year, month, day, hour, minute, second = (int(found[part]) for part in _CLOCK_PARTS)
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return None
        return moment.timestamp() + _fraction(found["fraction"])
    if found := _EPOCH.search(stem):
        return int(found["whole"]) + _fraction(found["fraction"])
    return None


def time_from_pattern(name: str, pattern: str) -> float | None:
    """The capture time in a file name by a strptime pattern, seconds UTC epoch, or None where it fails."""
    plain = PurePosixPath(name)
    for candidate in (plain.name, plain.stem, name):
        try:
            return epoch_of(datetime.strptime(candidate, pattern))
        except (ValueError, OverflowError, re.error):
            continue
    return None


def parse_time(text: str) -> float | None:
    """A written time, ISO 8601 or seconds of the epoch, as seconds UTC epoch, or None."""
    plain = text.strip()
    try:
        value = float(plain)
    except ValueError:
        pass
    else:
        return value if _EARLIEST_EPOCH <= value < 1e11 else None
    try:
        return epoch_of(datetime.fromisoformat(plain))
    except (ValueError, OverflowError):
        return time_in_name(plain)


def read_csv_times(path: Path) -> dict[str, float]:
    """The times that a CSV lists: picture's name (as written, POSIX separators) -> seconds UTC epoch.

    Raises:
        MediaError: the file cannot be read, or no line of it holds a name and a time.
    """
    try:
        if path.stat().st_size > _CSV_BYTES_LIMIT:
            raise MediaError(
                f"The table of capture times {path.name} is larger than 256 MB.",
                "Give a CSV with two columns: file name and time.",
            )
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise MediaError(
            f"The table of capture times {path} cannot be read: {error.strerror or error}.",
            "Check the path, or leave the table out.",
        ) from error
    times: dict[str, float] = {}
    delimiter = max(",;\t", key=text[:4096].count)
    try:
        for row in csv.reader(text.replace("\0", "").splitlines(), delimiter=delimiter):
            if len(row) < 2 or not row[0].strip():
                continue
            when = parse_time(row[1])
            if when is not None:
                times[row[0].strip().replace("\\", "/")] = when
    except csv.Error:
        times = {}
    if not times:
        raise MediaError(
            f"The table of capture times {path.name} has no line with a file name and a time.",
            "Give a CSV with two columns, such as: frame_001.jpg,2021-05-01T14:23:11.5",
        )
    return times


def name_clock(capture: CaptureTimes) -> Callable[[str], float | None]:
    """What tells a picture's time by its name: the CSV, else the pattern, else the usual ways of writing.

    A CSV or a pattern that a person gave is the only word: where it fails, nothing else guesses.

    Raises:
        MediaError: the CSV cannot be used.
    """
    if capture.csv is not None:
        times = read_csv_times(capture.csv)
        return lambda name: _look_up(times, name)
    if capture.pattern is not None:
        pattern = capture.pattern
        return lambda name: time_from_pattern(name, pattern)
    return time_in_name


def _look_up(times: Mapping[str, float], name: str) -> float | None:
    return times.get(name, times.get(PurePosixPath(name).name))


def _fraction(digits: str | None) -> float:
    return int(digits) / 10 ** len(digits) if digits else 0.0
