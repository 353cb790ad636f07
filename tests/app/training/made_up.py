"""Runs for the Train workspace's tests: their numbers and pictures are made up, and say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.records.jobs import JobState
from core.records.runs import MetricPoint, Purpose, RunPicture, RunState
from core.store import job_rows
from core.store.project import Project
from core.store.writers.runs import make_run, update_run, write_metrics, write_pictures

DEVICE = "made-up device, 32"
PARTS = {
    Purpose.DETECTOR: {"box": 0.5, "mask": 0.7, "points": 0.9, "rpn": 0.25},
    Purpose.CLASSIFIER: {"verdict": 0.69},
    Purpose.PRELABELLER: {"heat": 1.1, "tags": 0.8},
    Purpose.HIDDEN_POINTS: {"points": 0.6, "edges": 0.4},
}
METRICS = {
    Purpose.DETECTOR: {
        "mask_ap": 0.46,
        "box_ap": 0.55,
        "pck_0.1.visible": 0.86,
        "pck_0.1.other_occluded": 0.61,
    },
    Purpose.CLASSIFIER: {"f1": 0.84, "precision": 0.86, "recall": 0.82},
    Purpose.PRELABELLER: {"pck_0.1": 0.81, "pck_0.1.visible": 0.89, "tag_accuracy": 0.9},
    Purpose.HIDDEN_POINTS: {"pck_0.1": 0.66},
}
EPOCH_STEPS = 100


def add_run(
    project: Project,
    name: str,
    purpose: Purpose = Purpose.DETECTOR,
    *,
    state: RunState = RunState.DONE,
    epochs: int = 12,
    epoch: int | None = None,
    seed: int = 0,
    skill: float = 1.0,
    pictures: int = 4,
    settings: dict[str, Any] | None = None,
    job_id: int | None = None,
    started_at: float = 1_700_049_600.0,
    best: bool = True,
) -> int:
    """A run as its job would have written it.

    Args:
        state, epochs, epoch: how far it is. skill: factor on what it is good at.
        pictures: in its gallery. settings: in which it differs from others.
        best: whether it has weights.
    """
    metric = next(iter(METRICS[purpose]))
    done = epochs if epoch is None else epoch
    chosen = {"what": purpose.value, "name": name, "epochs": epochs, "seed": seed, **(settings or {})}
    with project.bulk() as bulk:
        run_id = bulk.run(
            lambda c: make_run(
                c, purpose, name, job_id=job_id, settings=chosen, seed=seed, epochs=epochs, metric=metric
            )
        )
        points = curves(purpose, done, seed, skill)
        measured = [one for one in points if one.name == metric]
        found = max(measured, key=lambda one: one.value) if measured else None
        columns: dict[str, Any] = {
            "data": {"train": {"composites": 2_000, "frames": 310}, "validation": {"composites": 200}},
            "architecture": {"backbone": "resnet18", "heads": ["box", "mask", "points"]},
            "device": DEVICE,
            "versions": {"amodal-studio": "made up", "torch": "made up"},
            "state": state,
            "step": done * EPOCH_STEPS,
            "epoch": done,
            "seconds": done * EPOCH_STEPS * 1.3,
            "best": f"{run_id}/best-0123456789abcdef.safetensors" if best and measured else None,
            "last": None if state is RunState.DONE else f"{run_id}/last-0123456789abcdef.safetensors",
            "value": None if found is None else found.value,
            "best_step": None if found is None else found.step,
        }
        if state is not RunState.RUNNING:
            columns["finished_at"] = started_at + columns["seconds"]
        bulk.run(lambda c: update_run(c, run_id, **columns))
        bulk.run(lambda c: write_metrics(c, run_id, points))
        if measured:
            gallery = [picture(place, done * EPOCH_STEPS, skill) for place in range(pictures)]
            bulk.run(lambda c: write_pictures(c, run_id, gallery))
    return run_id


def curves(purpose: Purpose, epochs: int, seed: int = 0, skill: float = 1.0) -> list[MetricPoint]:
    """Numbers that look like a training's: losses that fall and jitter, metrics that rise and level off."""
    random = np.random.default_rng(seed)
    found: list[MetricPoint] = []
    for step in range(5, epochs * EPOCH_STEPS + 1, 5):
        fall = 0.18 / skill + np.exp(-step / 240)
        parts = {
            f"loss.{name}": size * fall * float(np.exp(random.normal(0, 0.11)))
            for name, size in PARTS[purpose].items()
        }
        now = {
            "loss": sum(parts.values()),
            **parts,
            "pictures_per_s": 6.1 + random.normal(0, 0.25),
            "wait_share": 0.02 + abs(random.normal(0, 0.006)),
            "memory_mib": 1_400 + 90 * (1 - np.exp(-step / 60)),
            "learning_rate": 1e-4 * (0.1 if step > 8 * EPOCH_STEPS else 1.0) * min(1.0, step / 60),
            "epoch": step / EPOCH_STEPS,
        }
        found += [MetricPoint(step, name, float(value)) for name, value in now.items()]
    for epoch in range(1, epochs + 1):
        rise = 1 - np.exp(-epoch / 2.6)
        # past its best it learns by heart
        tired = 0.006 * max(0, epoch - 8)
        for name, top in METRICS[purpose].items():
            value = min(0.99, top * skill * rise - tired + random.normal(0, 0.006))
            found.append(MetricPoint(epoch * EPOCH_STEPS, name, float(value)))
    return found


def picture(place: int, step: int, skill: float = 1.0) -> RunPicture:
    """A painted street with two cars and a person, once with its labels, once with almost those."""
    random = np.random.default_rng(place)
    street = np.full((180, 320, 3), (126, 128, 131), np.uint8)
    street[:70] = (176, 190, 205)
    street[70:90] = (108, 122, 104)
    cv2.line(street, (0, 168), (320, 120), (222, 222, 214), 2)
    objects = []
    for _ in range(3):
        x, y = int(random.integers(10, 230)), int(random.integers(74, 120))
        w, h = (int(random.integers(56, 84)), int(random.integers(30, 42)))
        colour = tuple(int(value) for value in random.integers(40, 210, 3))
        cv2.rectangle(street, (x, y), (x + w, y + h), colour, -1)
        cv2.rectangle(street, (x + 8, y - 12), (x + w - 10, y), colour, -1)
        cv2.rectangle(street, (x + 12, y - 9), (x + w - 14, y - 1), (60, 72, 84), -1)
        for wheel in (x + 13, x + w - 13):
            cv2.circle(street, (wheel, y + h), 7, (34, 34, 36), -1)
        objects.append((x, y - 12, w, h + 19))
    off = round(7 / skill)
    found = [(x + int(random.integers(-off, off + 1)), y, w, h) for x, y, w, h in objects[: 3 - place % 2]]
    return RunPicture(
        place,
        step,
        picture=_jpeg(_boxed(street, found, (255, 176, 64))),
        truth=_jpeg(_boxed(street, objects, (90, 230, 160))),
        caption=f"{len(found)} of {len(objects)} found (made up)",
    )


def add_job(
    project: Project, state: JobState, *, error: str = "", progress: float = 0.0, **settings: Any
) -> int:
    """A training's job that came to a state.

    Args:
        error: why it failed. progress: how far it is. settings: of it.
    """
    job_id = job_rows.create_job(project, "train", "Train", {"what": "detector", **settings})
    if state is JobState.QUEUED:
        return job_id
    job_rows.claim_job(project, job_id)
    if progress:
        job_rows.beat(project, job_id, progress, "Epoch 7 of 12, loss 0.41")
    if state is JobState.FAILED:
        job_rows.fail_job(project, job_id, error)
    elif state is JobState.CANCELLED:
        job_rows.cancel_job(project, job_id)
    elif state is JobState.DONE:
        job_rows.finish_job(project, job_id, {})
    return job_id


def make_project(folder: Path) -> Path:
    """An empty project."""
    path = folder / "street.amodal"
    Project.create(path).close()
    return path


def _boxed(street: Any, boxes: Sequence[tuple[int, int, int, int]], colour: tuple[int, int, int]) -> Any:
    drawn = street.copy()
    for x, y, w, h in boxes:
        cv2.rectangle(drawn, (x, y), (x + w, y + h), colour, 2)
    return drawn


def _jpeg(rgb: Any) -> bytes:
    kept, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert kept
    return bytes(data)
