"""Indexing a source of footage: a video file or a folder of pictures becomes a table of frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import FootageMissingError, MediaError
from core.media.capture_times import CaptureTimes
from core.records.media import SourceTable

__all__ = ["CaptureTimes", "index_source"]


def index_source(
    path: Path,
    *,
    capture: CaptureTimes = CaptureTimes(),
    progress: Callable[[float], None] | None = None,
) -> SourceTable:
    """Read the frame table of a video file or a folder of pictures.

    Args:
        path: of the file or folder.
        capture: what is known of when it was taken.
        progress: called now and then with 0 to 1.

    Raises:
        FootageMissingError: there is nothing at that path.
        MediaError: it is no footage, or none of it can be read.
    """
    if path.is_dir():
        from core.media.folder_index import index_folder

        return index_folder(path, capture, progress)
    if not path.exists():
        raise FootageMissingError(
            f"There is nothing at {path}.", "Check the path, or connect the disk it is on."
        )
    if not path.is_file():
        raise MediaError(f"{path} is neither a file nor a folder.", "Choose a video file or a folder.")
    from core.media.folder_picture import SUFFIXES

    if path.suffix.lower() in SUFFIXES:
        raise MediaError(
            f"{path.name} is a single picture.", "Add the folder that it is in; its pictures become frames."
        )
    from core.media.video_index import index_video

    return index_video(path, capture, progress)
