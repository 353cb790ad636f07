"""The loop from end to end with nothing stood in: two rounds on a small painted yard, with a tiny network."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

torch = pytest.importorskip("torch")

from core.jobs.registry import create  # noqa: E402
from core.jobs.runner import run_job  # noqa: E402
from core.networks.amodal_rcnn.model import AmodalRcnn  # noqa: E402
from core.networks.amodal_rcnn.settings import PointKind, small  # noqa: E402
from core.networks.backbones import BackboneName  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.runs import Purpose  # noqa: E402
from core.store import job_rows, tables  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.runs import run_in_use  # noqa: E402
from core.training.checkpoints import Checkpoint, write_checkpoint  # noqa: E402
from core.training.tasks.detector import KIND  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.yard import HEADING_RAD, Car, Place, Yard  # noqa: E402

PICTURES, SEEN = 40, 7
LANES = ((-6.0, 0), (-3.0, 3), (0.0, 5))
"""Where a lane begins, metres, and in which picture its first car comes; a car comes every eighth."""
STEP_M = 3.0
NETWORK = small(
    backbone=BackboneName.MOBILENET,
    categories=(Category.CAR,),
    points=PointKind.NONE,
    min_side_px=96,
    max_side_px=171,
    channels=16,
    representation=32,
    mask_channels=16,
    mask_convolutions=1,
    proposals=20,
    proposals_in_training=40,
    sampled=16,
)


MINING = {"processes": 1, "motion": {"look_for": "cars"}}
SPLITTING = {"validation_percent": 25, "test_percent": 25, "guard_s": 0.0, "least": 1, "most": 3}


def driving() -> list[Car]:
    """Cars that drive away in three lanes, each seen in seven pictures."""
    cars = []
    for y, first in LANES:
        for begins in range(first, PICTURES - SEEN, 8):
            places: list[Place | None] = [None] * PICTURES
            for step in range(SEEN):
                way = STEP_M * step
                places[begins + step] = (15 + way * math.cos(HEADING_RAD), y + way * math.sin(HEADING_RAD))
            cars.append(Car(tuple(places), 1))
    return cars


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A yard whose cars were found by motion, with composites for the test."""
    path = Yard(tmp_path / "yard.amodal", driving(), fitted=False).path
    do_job(path, "mine", **MINING)
    do_job(path, "fit")
    do_job(path, "cut")
    do_job(path, "compose", name="Held out", split="test", count=6, **SPLITTING)
    return path


def untaught(folder: Path) -> Path:
    """A file from which a training begins with this network, and no more."""
    torch.manual_seed(0)
    facts = {
        "purpose": Purpose.DETECTOR.value,
        "architecture": {"kind": KIND} | NETWORK.as_json(),
        "state": {},
    }
    return write_checkpoint(folder, "best", Checkpoint(dict(AmodalRcnn(NETWORK).state_dict()), {}, facts))


@pytest.mark.slow
def test_motion_teaches_a_network_that_mines_for_the_next(path: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    parts = tmp_path / "parts.json"
    train: dict[str, Any] = {
        "batch": 2,
        "workers": 0,
        "rate": 2e-3,
        "validate_every": 80,
        "weight_synthetic": 0,
    }
    train |= {"begin_with": "file", "start": str(untaught(tmp_path / "untaught"))}
    told = {"mine": {**MINING, "own": {"min_score": 0.3, "device": "cpu"}}, "compose": SPLITTING}
    told |= {"train": train, "evaluate": {"draws": 0}}
    parts.write_text(json.dumps(told), encoding="utf-8")
    settings = {
        "rounds": 2,
        "first": "motion",
        "truth": "composites",
        "test_set": "Held out",
        "composites": 20,
    }
    settings |= {"validation": 5, "epochs": 8, "least_gain": 0.0, "least_found": 0.0, "figure": "box_ap50"}
    with Project.open(path) as project:
        job_id = create(project, "loop", {**settings, "device": "cpu", "parts": str(parts)})
    run_job(path, job_id)
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
        used = run_in_use(connection, Purpose.DETECTOR)
        instances = tables.instance.c
        live = select(instances.detector, func.count()).where(instances.state == "live")
        detectors = dict([tuple(one) for one in connection.execute(live.group_by(instances.detector))])
    assert row is not None
    first, second = row.result["rounds"]
    assert first["detector"] == "motion"
    assert first["value"] > 0.1  # it was taught by nothing but what motion found
    assert second["detector"] == f"run {first['run']}"
    assert second["found_share"] > 0.2
    assert detectors.keys() == {"own"}
    assert sum(detectors.values()) == second["found"] > 0
    assert second["cut"] > 0
    assert used is not None
    assert used.id == (second if second["gain"] > 0 else first)["run"] == row.result["model in use"]
