"""Finding footage again that has moved, by its size and its content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from core.errors import MediaError
from core.records.media import SourceKind

_DEPTH: Final = 6  # folders below a root
_ENTRIES: Final = 300_000  # files and folders looked at in one search


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Something of the right size: where, and how many folders below its root."""

    path: Path
    depth: int


def find_moved(
    content_hash: bytes, byte_size: int, kind: SourceKind, name: str, roots: Sequence[Path]
) -> Path | None:
    """Look for a source below some folders, or among some files.

    Only what has the right size is opened, what has the right name first; it is found once its
    content hash agrees too. Looks six folders deep and at no more than 300,000 entries, skips hidden
    folders, and follows no links.

    Args:
        content_hash, byte_size, kind: of the source's table.
        name: of its file or folder.
        roots: where to look, in this order: folders, or video files that may be it; those that are not
            there are passed over.
    """
    budget = _Budget(_ENTRIES)
    candidates: list[_Candidate] = []
    for root in roots:
        found = (
            _videos_of_size(root, byte_size, budget)
            if kind is SourceKind.VIDEO
            else _folders_of_size(root, byte_size, budget)
        )
        candidates.extend(found)
    # a folder that holds nothing but the right one has the same size and content: deepest first
    candidates.sort(key=lambda candidate: (candidate.path.name != name, -candidate.depth))
    for candidate in candidates:
        if verify(candidate.path, kind, content_hash, byte_size):
            return candidate.path
    return None


def verify(path: Path, kind: SourceKind, content_hash: bytes, byte_size: int) -> bool:
    """Whether a file or folder is the source with this content hash and size.

    A wrong size costs a listing. A right one costs one reading of everything (a video's packets are
    read and hashed, nothing is decoded), some hundred MB a second.
    """
    try:
        if kind is SourceKind.VIDEO:
            if not path.is_file() or path.stat().st_size != byte_size:
                return False
            from core.media.video_index import video_content_hash

            return video_content_hash(path) == content_hash
        from core.media.folder_index import folder_byte_size, folder_content_hash

        return folder_byte_size(path) == byte_size and folder_content_hash(path) == content_hash
    except (MediaError, OSError):
        return False


class _Budget:
    """How many more entries a search may look at."""

    def __init__(self, entries: int) -> None:
        self._left = entries

    def spend(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _videos_of_size(root: Path, byte_size: int, budget: _Budget) -> Iterator[_Candidate]:
    if root.is_file():
        yield _Candidate(root, 0)  # whoever names a file means it: verify looks at its size
    for folder, depth, entries in _folders_below(root, budget):
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and _size(entry) == byte_size:
                yield _Candidate(Path(folder, entry.name), depth)


def _folders_of_size(root: Path, byte_size: int, budget: _Budget) -> Iterator[_Candidate]:
    from core.media.folder_picture import SUFFIXES

    own_bytes: dict[Path, int] = {}
    depths: dict[Path, int] = {}
    for folder, depth, entries in _folders_below(root, budget):
        depths[folder] = depth
        own_bytes[folder] = sum(
            max(_size(entry), 0)
            for entry in entries
            if PurePath(entry.name).suffix.lower() in SUFFIXES
            and not entry.name.startswith(".")
            and entry.is_file()
        )
    whole_bytes = dict(own_bytes)
    for folder in sorted(own_bytes, key=lambda folder: -depths[folder]):
        if folder.parent in whole_bytes and depths[folder] > 0:
            whole_bytes[folder.parent] += whole_bytes[folder]
    for folder, total in whole_bytes.items():
        if total == byte_size:
            yield _Candidate(Path(folder), depths[folder])


def _folders_below(root: Path, budget: _Budget) -> Iterator[tuple[Path, int, Iterable[os.DirEntry[str]]]]:
    """Folders from a root down, breadth first: (folder, its depth, what it holds)."""
    level = [root]
    for depth in range(_DEPTH + 1):
        below: list[Path] = []
        for folder in level:
            try:
                with os.scandir(folder) as scan:
                    entries = [entry for entry in scan if budget.spend()]
            except OSError:
                continue
            yield folder, depth, entries
            below.extend(
                Path(entry.path)
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            )
        level = below


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return -1
