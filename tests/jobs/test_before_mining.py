"""What a model finds beside what was found before: which objects count, and where."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from core.geometry.masks import patch_box
from core.jobs.context import JobContext
from core.jobs.loop import before_mining
from core.jobs.loop.before_mining import Beside, beside_before
from core.jobs.loop.settings import LoopSettings
from core.jobs.registry import create
from core.mining.detectors.settings import OwnSettings
from core.records.boxes import Box
from core.records.detections import Category, Detection, DetectorFrame
from core.store.project import Project
from core.store.writers.matching import MATCH_IOU, intersection_over_union
from tests.jobs.yard import CARS, NAME, Yard


class Says:
    """A detector that says the same of every picture, and counts them."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.name, self.needs_background, self.looked_at = "own", False, 0
        self._boxes = boxes

    def detect(self, frames: Sequence[DetectorFrame]) -> list[list[Detection]]:
        self.looked_at += len(frames)
        return [[Detection(box, Category.CAR, 0.9, None) for box in self._boxes] for _ in frames]


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "yard.amodal", CARS)


def looked(yard: Yard, says: Says, monkeypatch: pytest.MonkeyPatch, camera: str = "") -> Beside:
    monkeypatch.setattr(before_mining, "own_detector", lambda *_: says)
    with Project.open(yard.path) as project:
        job_id = create(project, "loop", {})
        return beside_before(JobContext(project, job_id, LoopSettings(), None), camera, OwnSettings(run=1))


def test_finds_are_counted_beside_those_before_them(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    there = [place for car in CARS for place in car.places if place is not None]
    first = patch_box(yard.outline_at((24.0, 4.0)))  # of the first car, in the second picture
    elsewhere = Box(0, 0, 20, 10)
    says = Says([first, elsewhere])
    told = looked(yard, says, monkeypatch, NAME)
    assert says.looked_at == 6
    assert (told.found, told.before) == (12, len(there))
    alike = sum(
        intersection_over_union(first, patch_box(yard.outline_at(place))) >= MATCH_IOU for place in there
    )
    assert told.same == alike < len(there)
    assert told.share == 12 / len(there)


def test_what_a_person_made_is_not_counted_and_without_finds_nothing_is_lost(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = yard.all_ids()
    with closing(sqlite3.connect(yard.path)) as rows, rows:
        rows.execute("UPDATE instance SET origin = 'human' WHERE id = ?", [first])
    says = Says([])
    told = looked(yard, says, monkeypatch)
    assert told == Beside(0, len(others), 0)
    assert told.share == 0
    with closing(sqlite3.connect(yard.path)) as rows, rows:
        rows.execute("UPDATE instance SET state = 'gone'")
    assert looked(yard, says, monkeypatch).share == 1


def test_few_frames_are_looked_at_evenly_out_of_all(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before_mining, "MOST_FRAMES", 2)
    says = Says([])
    told = looked(yard, says, monkeypatch)
    assert says.looked_at == 2
    assert 0 < told.before < len(yard.all_ids())
