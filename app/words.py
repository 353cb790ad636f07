"""Counts, times and sizes in words, the same everywhere. No Qt here."""

from __future__ import annotations

import time


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun, such as "1 frame" or "1,204 frames"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A length of time, such as "38 s", "12:05" or "3:12:05"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def file_size(count: int) -> str:
    """A number of bytes, such as "4.2 MB"."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def ago(then: float, now: float | None = None) -> str:
    """How long ago something was, in words."""
    passed = (time.time() if now is None else now) - then
    if passed < 45:
        return "just now"
    if passed < 5400:
        return f"{plural(max(round(passed / 60), 1), 'minute')} ago"
    if passed < 36 * 3600:
        return f"{plural(round(passed / 3600), 'hour')} ago"
    if passed < 14 * 86400:
        return f"{plural(round(passed / 86400), 'day')} ago"
    return time.strftime("%-d %b %Y", time.localtime(then))
