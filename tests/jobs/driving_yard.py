"""A small painted yard through which cars drive, for loops from end to end with a tiny network."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch

from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.settings import PointKind, small
from core.networks.backbones import BackboneName
from core.records.detections import Category
from core.records.runs import Purpose
from core.training.checkpoints import Checkpoint, write_checkpoint
from core.training.tasks.detector import KIND
from tests.jobs.doing import do_job
from tests.jobs.yard import HEADING_RAD, Car, Place, Yard

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


def make_yard(folder: Path) -> Path:
    """A yard whose cars were found by motion, with composites for the test."""
    path = Yard(folder / "yard.amodal", driving(), fitted=False).path
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


def loop_settings(folder: Path) -> dict[str, Any]:
    """Two rounds from motion, and a file in the folder with the settings of their parts."""
    parts = folder / "parts.json"
    train: dict[str, Any] = {
        "batch": 2,
        "workers": 0,
        "rate": 2e-3,
        "validate_every": 80,
        "weight_synthetic": 0,
    }
    train |= {"begin_with": "file", "start": str(untaught(folder / "untaught"))}
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
    return {**settings, "device": "cpu", "parts": str(parts)}
