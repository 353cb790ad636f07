"""A small simulated street as a project, and the truth of its cars, for the Keypoints workspace's tests."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.jobs.street_project import make_street_project
from core.store import tables
from core.store.project import Project
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera

SMALL = StreetSettings(width=384, height=216, fps=2.0, frame_count=4, seed=1, cars=18, parked=4, people=2)


@dataclass(frozen=True)
class TrueCar:
    """A car of the street as it was drawn.

    Attributes:
        instance_id: in the project.
        track: ids of its instances in order of time.
        pixels, tags: of its twelve points.
        size_px: L of its box.
    """

    instance_id: int
    track: tuple[int, ...]
    pixels: tuple[tuple[float, float], ...]
    tags: tuple[str, ...]
    size_px: float

    def seen(self, count: int) -> list[int]:
        """The first points that are visible."""
        return [index for index, tag in enumerate(self.tags) if tag == "visible"][:count]


def make(folder: Path) -> Path:
    """The street's project with its video and truth beside it."""
    path = folder / "street.amodal"
    street = Street(SMALL)
    make_street_project(path, [StreetCamera(street, street.default_mount())])
    return path


def copied(path: Path, folder: Path) -> Path:
    """The project for one test alone."""
    for file in path.parent.iterdir():
        if file.is_file():
            shutil.copy(file, folder / file.name)
    return folder / path.name


def cars(path: Path, picture: int = 0) -> list[TrueCar]:
    """The cars of one picture of which nothing is hidden by others, the largest first."""
    truth = json.loads(path.with_name("street.truth.json").read_text(encoding="utf-8"))
    with Project.open(path) as project, project.read() as connection:
        i = tables.instance.c
        rows = connection.execute(select(i.id, i.frame_id, i.track_id, i.x, i.y, i.w, i.h, i.time_s)).all()
    frames = sorted({row.frame_id for row in rows})
    found = []
    for one in truth["pictures"][picture]["objects"]:
        if one["category"] != "car" or one["box"] is None or "other_occluded" in one["points"]["tags"]:
            continue
        row = next(row for row in rows if row.frame_id == frames[picture] and _is(row, one["box"]))
        track = sorted((r for r in rows if r.track_id == row.track_id), key=lambda r: r.time_s)
        found.append(
            TrueCar(
                row.id,
                tuple(r.id for r in track),
                tuple((x, y) for x, y in one["points"]["pixels"]),
                tuple(one["points"]["tags"]),
                max(one["box"][2:]),
            )
        )
    return sorted(found, key=lambda car: -car.size_px)


def _is(row: Any, box: list[float]) -> bool:
    return all(abs(a - b) < 1e-6 for a, b in zip(row[3:7], box, strict=True))
