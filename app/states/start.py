"""What the start page shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecentProject:
    """A project that was opened before.

    Attributes:
        path: of its file.
        opened_at: when it was opened last, seconds UTC epoch.
        found: whether the file is there now.
        place: id of the workspace in which it was left, or "".
    """

    path: Path
    opened_at: float
    found: bool
    place: str = ""

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Making:
    """A demo project that is being made.

    Attributes:
        share: 0 to 1, or None where nothing says.
        message: what is done now.
    """

    share: float | None
    message: str


@dataclass(frozen=True, slots=True)
class StartState:
    """The whole start page.

    Attributes:
        recents: newest first.
        making: the demo under way, or None.
        opening: the project being opened, or None.
    """

    recents: tuple[RecentProject, ...] = ()
    making: Making | None = None
    opening: Path | None = None
