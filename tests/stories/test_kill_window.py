"""The window's process is killed twenty times while somebody labels: no label that was shown is lost."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundFrame, FoundInstance
from core.records.occlusion import LabelOrigin
from core.store import check, tables
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.writers.detections import write_frames
from tests.app.review.street import Street
from tests.forked import ForkServer

KILLS = 20
SAID = {
    "Mark it as unoccluded": "unoccluded",
    "Mark it as occluded": "occluded",
    "Reject it: wrong detection": "rejected",
    "Reject it: bad picture": "rejected",
}


@pytest.fixture
def many_cars(tmp_path: Path) -> Path:
    """A project with 6 x 400 cars that nobody has looked at."""
    street = Street(tmp_path / "street.amodal")
    found = [
        FoundInstance(Box(8.0 * (n % 40), 8.0 * (n // 40), 7.0, 7.0), Category.CAR, 0.9) for n in range(400)
    ]
    with Project.open(street.path) as project:
        with project.read() as connection:
            frames = frames_of(connection, 1)
        with project.bulk() as bulk:
            for frame in frames:
                bulk.run(
                    lambda connection, frame=frame: write_frames(
                        connection,
                        [FoundFrame(frame.id, found)],
                        detector="d",
                        origin=LabelOrigin.NETWORK,
                    )
                )
    return street.path


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(600)
def test_labels_survive_the_death_of_the_window(
    many_cars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))
    chance = random.Random(20261121)
    expected: dict[int, str] = {}
    edits: dict[int, str] = {}
    windows = ForkServer("tests.stories.killed_windows")
    try:
        for _ in range(KILLS):
            moment = chance.uniform(0.0, 0.3)
            killed, lines = windows.run(str(many_cars), kill_after_s=moment, from_line="LABELLING")
            assert killed
            for line in lines:
                if "\t" not in line:
                    continue
                edit_id, title, ids = line.split("\t")
                edits[int(edit_id)] = title
                said = SAID[re.sub(r"(car|person) \d+", "it", title)]
                expected.update({int(one): said for one in ids.split()})
            with Project.open(many_cars, read_only=True) as project:
                assert check.integrity_faults(project) == []
                assert _verdicts(project).items() >= expected.items()
                assert _titles(project).items() >= edits.items()
    finally:
        windows.close()
    # most windows were killed after more than one label, so in the middle of somebody's work
    assert len(edits) >= 2 * KILLS


def _verdicts(project: Project) -> dict[int, str]:
    i = tables.instance.c
    with project.read() as connection:
        rows = connection.execute(select(i.id, i.verdict).where(i.verdict.is_not(None)))
        return {row.id: row.verdict for row in rows}


def _titles(project: Project) -> dict[int, str]:
    e = tables.edit.c
    with project.read() as connection:
        return {row.id: row.title for row in connection.execute(select(e.id, e.title))}
