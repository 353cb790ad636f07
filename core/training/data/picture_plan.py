"""Which pictures of simulated streets a detector learns from: known without drawing any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "val", "test")
"""Each has streets, cars and people of its own."""

CAMERAS = 2
"""Through which each street is seen."""

_SUFFIX = ".npz"


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """How many pictures of which size.

    Attributes:
        streets: of each split, train, validation, test; each is seen by two cameras.
        frames: of each camera, 2.5 s apart.
        width, height: pixels.
        seed: another number, other streets.
    """

    streets: tuple[int, int, int] = (6, 1, 0)
    frames: int = 30
    width: int = 640
    height: int = 360
    seed: int = 0

    def names(self, split: str) -> list[str]:
        """Of a split's files, the same order in every process."""
        return [
            f"{split}-{street:03d}-{camera}-{frame:04d}{_SUFFIX}"
            for street in range(self.streets[SPLITS.index(split)])
            for camera in range(CAMERAS)
            for frame in range(self.frames)
        ]

    def are_in(self, folder: Path) -> bool:
        """Whether all its pictures have been drawn into a folder."""
        wanted = {name for split in SPLITS for name in self.names(split)}
        return folder.is_dir() and wanted <= {path.name for path in folder.iterdir()}
