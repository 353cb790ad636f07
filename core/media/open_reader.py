"""Opens what reads a source, by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.media.reader import DEFAULT_KEEP_BYTES, FrameReader
from core.records.media import FrameStamp, SourceKind


def open_reader(
    kind: SourceKind,
    path: Path,
    frames: Sequence[FrameStamp],
    *,
    keep_bytes: int = DEFAULT_KEEP_BYTES,
) -> FrameReader:
    """A reader for a source.

    Args:
        kind, path, frames: of its table.
        keep_bytes: how much decoded video `read` may keep to step back without decoding again.

    Raises:
        FootageMissingError: there is nothing at that path.
        MediaError: it cannot be opened.
    """
    # each kind brings heavy libraries of its own
    if kind is SourceKind.VIDEO:
        from core.media.video_reader import VideoReader

        return VideoReader(path, frames, keep_bytes=keep_bytes)
    from core.media.folder_reader import FolderReader

    return FolderReader(path, frames)
