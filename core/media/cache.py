"""Decoded frames kept in memory, bounded in bytes, the ones around the present place first."""

from __future__ import annotations

import threading
from collections import OrderedDict

from core.records.media import DecodedFrame

_BEHIND_WEIGHT = 3  # a frame that was passed counts as this much farther than one still to come


class FrameCache:
    """Frames of several sources by source key and presentation time. Thread-safe.

    When there is no room, frames of the source that was looked at longest ago go first, and of one
    source the frame farthest from its focus, those behind the direction of travel before those ahead.
    A frame that would itself be the first to go is not taken in.

    Args:
        max_bytes: of pixels, all sources together.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._lock = threading.Lock()
        self._sources: OrderedDict[int, _SourceFrames] = OrderedDict()  # longest ago looked at first

    @property
    def held_bytes(self) -> int:
        """The bytes of pixels held now."""
        return self._held_bytes

    def get(self, key: int, pts: int) -> DecodedFrame | None:
        """A frame, if it is held."""
        with self._lock:
            source = self._sources.get(key)
            return source.frames.get(pts) if source is not None else None

    def focus(self, key: int, row: int, direction: int) -> None:
        """Say which row of which source is looked at now, and whether rows go up (+1) or down (-1)."""
        with self._lock:
            source = self._sources.setdefault(key, _SourceFrames())
            source.row = row
            source.direction = direction
            self._sources.move_to_end(key)

    def put(self, key: int, row: int, frame: DecodedFrame) -> None:
        """Take a frame in, where there is room for it or for making some."""
        size = frame.image.nbytes
        with self._lock:
            if size > self._max_bytes:
                return
            source = self._sources.setdefault(key, _SourceFrames())
            if frame.pts in source.frames:
                return
            source.frames[frame.pts] = frame
            source.rows[frame.pts] = row
            self._held_bytes += size
            while self._held_bytes > self._max_bytes:
                self._drop_one()

    def drop(self, key: int) -> None:
        """Let go of all frames of a source."""
        with self._lock:
            source = self._sources.pop(key, None)
            if source is not None:
                self._held_bytes -= sum(frame.image.nbytes for frame in source.frames.values())

    def _drop_one(self) -> None:
        source = next(source for source in self._sources.values() if source.frames)
        farthest = max(source.rows, key=lambda pts: source.distance(source.rows[pts]))
        del source.rows[farthest]
        self._held_bytes -= source.frames.pop(farthest).image.nbytes


class _SourceFrames:
    """One source's frames, with the row that is looked at and the direction of travel."""

    def __init__(self) -> None:
        self.frames: dict[int, DecodedFrame] = {}
        self.rows: dict[int, int] = {}
        self.row = 0
        self.direction = 1

    def distance(self, row: int) -> int:
        """How far a row is from the focus, in rows still to come."""
        ahead = (row - self.row) * self.direction
        return ahead if ahead >= 0 else -ahead * _BEHIND_WEIGHT
