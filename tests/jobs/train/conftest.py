"""A project in which something can be trained in moments: the tiny task, as an occlusion classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch

from core.jobs.train import device_lock, drawn, job, purposes
from core.jobs.train.past import Past
from core.jobs.train.purposes import Need, Trainable
from core.jobs.train.settings import TrainSettings
from core.records.runs import Purpose
from core.store.project import Project
from tests.training.tiny import TinyTask


class Bench:
    """A project, and the task that its next training has.

    Attributes:
        path: of the project.
        task: is trained.
        labels: there seem to be.
        past: what the task that was built last was to hold to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.task = TinyTask()
        self.labels = 40
        self.past: Past | None = None

    def needs(self, project: Project, settings: TrainSettings) -> Sequence[Need]:
        return [Need("unoccluded objects", self.labels, 20), Need("occluded objects", 25, 20)]

    def build(self, project: Project, settings: TrainSettings, past: Past | None) -> TinyTask:
        self.past = past
        return self.task


@pytest.fixture(autouse=True)
def synthetic_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is simulated lies: nothing of this machine's is found."""
    folder = tmp_path / "synthetic"
    monkeypatch.setattr(drawn, "synthetic_folder", lambda: folder)
    return folder


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Trainings here hold no device of this machine's."""
    (tmp_path / "here").mkdir()
    made = Bench(tmp_path / "here" / "street.amodal")
    Project.create(made.path).close()
    trainable = Trainable(made.needs, made.build, ("small", "large"))
    monkeypatch.setitem(purposes.TRAINABLE, Purpose.CLASSIFIER, trainable)
    locks: Callable[[], Path] = lambda: tmp_path / "devices"  # noqa: E731
    monkeypatch.setattr(device_lock, "gpu_locks", locks)
    monkeypatch.setattr(job, "gpu_locks", locks)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield made
    torch.set_num_threads(before)
