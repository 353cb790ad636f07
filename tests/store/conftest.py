"""Small projects for the store's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.media import FrameStamp, SourceKind, SourceTable
from core.records.occlusion import LabelOrigin
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.writers.detections import write_detections
from core.store.writers.sources import add_source

EPOCH_NOON = 1_700_049_600.0  # 2023-11-15 12:00:00 UTC, by `date -u -d @1700049600`


def make_source_table(
    folder: Path, frames: int = 20, *, name: str = "clip.mp4", start: float | None = EPOCH_NOON
) -> SourceTable:
    """A made-up video of 25 frames a second, whose hashes follow from its name."""
    seed = sum(name.encode())
    stamps = tuple(
        FrameStamp(
            pts=40 * n,
            time_s=0.04 * n,
            captured_at=None if start is None else start + 0.04 * n,
            content_hash=seed.to_bytes(8, "big") + n.to_bytes(8, "big"),
            keyframe=n % 10 == 0,
        )
        for n in range(frames)
    )
    return SourceTable(
        kind=SourceKind.VIDEO,
        path=folder / name,
        width=640,
        height=360,
        time_base=Fraction(1, 1000),
        content_hash=seed.to_bytes(16, "big"),
        byte_size=1000,
        frames=stamps,
    )


class Site:
    """A project with one camera, one source of 20 frames in two sequences, and a few verbs."""

    def __init__(self, project: Project, frames: int = 20) -> None:
        self.project = project
        self.history = History(project, "Ann")
        self.camera_id = add_camera(self.history, "Gate").rows["camera"][0]
        self.source_id = self.add_source("clip.mp4", frames)
        with project.read() as connection:
            self.frame_ids = [frame.id for frame in frames_of(connection, self.source_id)]

    def add_source(self, name: str, frames: int = 20, start: float | None = EPOCH_NOON) -> int:
        table = make_source_table(self.project.path.parent, frames, name=name, start=start)
        half = frames // 2
        with self.project.bulk() as bulk:
            return add_source(self.project, bulk, self.camera_id, table, [range(half), range(half, frames)])

    def detect(self, frame_id: int, found: Sequence[FoundInstance]) -> list[int]:
        with self.project.bulk() as bulk:
            return bulk.run(
                lambda connection: write_detections(
                    connection, frame_id, found, detector="motion", origin=LabelOrigin.HEURISTIC
                )
            )

    def one_car(self, frame: int = 0, x: float = 10.0) -> int:
        return self.detect(self.frame_ids[frame], [car(x)])[0]

    def cars(self, count: int) -> list[int]:
        return self.detect(self.frame_ids[0], [car(20.0 * n, w=15.0) for n in range(count)])


def car(
    x: float = 10.0, y: float = 10.0, w: float = 50.0, h: float = 40.0, score: float = 0.9
) -> FoundInstance:
    return FoundInstance(Box(x, y, w, h), Category.CAR, score)


@pytest.fixture(scope="session")
def make_table() -> Callable[..., SourceTable]:
    """Makes tables of made-up videos."""
    return make_source_table


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "street.amodal") as opened:
        yield opened


@pytest.fixture
def site(project: Project) -> Site:
    return Site(project)


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes further sites, each in a project of its own, and closes them."""
    opened: list[Project] = []

    def make(name: str = "other", frames: int = 20) -> Site:
        opened.append(Project.create(tmp_path / f"{name}.amodal"))
        return Site(opened[-1], frames)

    yield make
    for one in opened:
        one.close()
