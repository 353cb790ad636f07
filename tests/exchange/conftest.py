"""Projects with footage, and objects in it, for the tests of imports and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from core.records.finds import FoundInstance
from core.records.media import FrameStamp, SourceKind, SourceTable
from core.records.occlusion import LabelOrigin
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.writers.detections import write_detections
from core.store.writers.sources import add_source

WIDTH, HEIGHT = 64, 48


def footage(kind: SourceKind, path: Path, frames: int) -> SourceTable:
    """Made-up footage of 64 by 48 pixels; its hashes follow from its name."""
    seed = path.name.encode()[:8].ljust(8, b"-")
    return SourceTable(
        kind=kind,
        path=path,
        width=WIDTH,
        height=HEIGHT,
        time_base=Fraction(1, 1000),
        content_hash=seed + b"source--",
        byte_size=10,
        frames=tuple(
            FrameStamp(
                pts=40 * n,
                time_s=0.04 * n,
                captured_at=1_700_000_000.0 + n,
                content_hash=seed + n.to_bytes(8, "big"),
                keyframe=True,
                name=f"{n:03}.jpg" if kind is SourceKind.FOLDER else None,
            )
            for n in range(frames)
        ),
    )


class Place:
    """A project with a folder of 6 pictures and a video of 6 frames."""

    def __init__(self, path: Path) -> None:
        self.project = Project.create(path)
        self.history = History(self.project, "Ann")
        self.camera_id = add_camera(self.history, "Gate").rows["camera"][0]
        self.folder = self.add(SourceKind.FOLDER, "shots")
        self.video = self.add(SourceKind.VIDEO, "clip.mp4")
        with self.project.read() as connection:
            self.folder_frames = [f.id for f in frames_of(connection, self.folder)]
            self.video_frames = [f.id for f in frames_of(connection, self.video)]

    def add(self, kind: SourceKind, name: str, frames: int = 6) -> int:
        table = footage(kind, Path("/footage") / name, frames)
        with self.project.bulk() as bulk:
            return add_source(self.project, bulk, self.camera_id, table, [range(frames)])

    def detect(self, frame_id: int, found: Sequence[FoundInstance]) -> list[int]:
        with self.project.bulk() as bulk:
            return bulk.run(
                lambda c: write_detections(
                    c, frame_id, found, detector="motion", origin=LabelOrigin.HEURISTIC
                )
            )


@pytest.fixture
def make_place(tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Makes places by name, and closes them."""
    made: list[Place] = []

    def make(name: str) -> Place:
        made.append(Place(tmp_path / f"{name}.amodal"))
        return made[-1]

    yield make
    for place in made:
        place.project.close()


@pytest.fixture
def place(make_place: Callable[[str], Place]) -> Place:
    return make_place("here")
