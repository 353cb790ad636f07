"""What the Sources workspace shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.records.jobs import JobRow
from core.records.project import BackgroundRow, CameraRow, SourceRow


@dataclass(frozen=True, slots=True)
class CameraNode:
    """A camera in the list, with its sources in the order they were added, and those that were hidden."""

    camera: CameraRow
    sources: tuple[SourceRow, ...]
    hidden: tuple[SourceRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """What is chosen in the list: a camera, or one of its sources."""

    camera_id: int
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class SourcesState:
    """The list and what is chosen in it.

    Attributes:
        loaded: whether the list was read yet.
        cameras: by name.
        adding: jobs that add footage now.
        selection: or None.
        warnings: of the chosen source.
    """

    loaded: bool = False
    cameras: tuple[CameraNode, ...] = ()
    adding: tuple[JobRow, ...] = ()
    selection: Selection | None = None
    warnings: tuple[str, ...] = ()

    @property
    def camera(self) -> CameraRow | None:
        """The chosen camera, or that of the chosen source."""
        wanted = self.selection.camera_id if self.selection else None
        return next((node.camera for node in self.cameras if node.camera.id == wanted), None)

    @property
    def source(self) -> SourceRow | None:
        """The chosen source."""
        wanted = self.selection.source_id if self.selection else None
        return next((row for node in self.cameras for row in node.sources if row.id == wanted), None)

    @property
    def missing(self) -> tuple[SourceRow, ...]:
        """Sources whose footage is not where it was."""
        return tuple(row for node in self.cameras for row in node.sources if not row.found)


class Picture(StrEnum):
    """What the player's canvas shows."""

    NOTHING = "nothing"
    DECODING = "decoding"
    FRAME = "frame"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, eq=False)
class PlayerState:
    """A source on the canvas.

    Attributes:
        picture: what there is to see.
        image: (H, W, 3) uint8 RGB of the frame shown last, or None.
        index, count: which frame is asked for, of how many.
        time_s, duration_s: where it is, seconds from the first frame.
        clock: when it was taken, at the camera, in words; "" where nothing says.
        playing: whether it runs.
        problem, way_out: of the error, where the picture is PROBLEM.
        missing: whether the footage is not where it was.
    """

    picture: Picture = Picture.NOTHING
    image: NDArray[np.uint8] | None = None
    index: int = 0
    count: int = 0
    time_s: float = 0.0
    duration_s: float = 0.0
    clock: str = ""
    playing: bool = False
    problem: str = ""
    way_out: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundsState:
    """The median backgrounds of one camera.

    Attributes:
        camera: whose, or None.
        rows: the newest of each hour, all hours first.
        hours: hour of day at the camera (None: unknown) -> number of frames there are.
        chosen: the one on show, or None.
        image: its pixels, (H, W, 3) uint8 RGB, once read.
        job: the job that makes some for this camera now, or the last that failed.
    """

    camera: CameraRow | None = None
    rows: tuple[BackgroundRow, ...] = ()
    hours: dict[int | None, int] = field(default_factory=dict)
    chosen: BackgroundRow | None = None
    image: NDArray[np.uint8] | None = None
    job: JobRow | None = None


@dataclass(frozen=True, slots=True)
class MiningState:
    """What would be mined, and the job that does.

    Attributes:
        camera, source: what is chosen; source may be None.
        source_count: of the camera.
        job: the newest mining job of this camera that runs or stopped before its end, or None.
    """

    camera: CameraRow | None = None
    source: SourceRow | None = None
    source_count: int = 0
    job: JobRow | None = None
