"""All that goes wrong with trainings, as settings and a task, with what is said: for shell and window."""

from __future__ import annotations

import errno
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.errors import TrainingError
from core.jobs.train import purposes
from core.jobs.train.events import StoredRun
from core.jobs.train.needs import Need
from core.jobs.train.purposes import Trainable
from core.records.runs import Purpose
from core.training import checkpoints
from core.training.data.crops import Crops
from core.training.tasks import classifier
from tests.training.data.made_crops import drawn_car, drawn_set, packed
from tests.training.tiny import TinyTask

TWO_PETABYTES = 2**49
USUAL = {"what": "classifier", "device": "cpu", "workers": 0, "epochs": 2}


class Hungry(TinyTask):
    """Asks the processor's allocator for more than there is wherever it is given more than one sample."""

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Tensor]:
        if len(batch["points"]) > 1:
            torch.empty(TWO_PETABYTES)
        return super().losses(network, batch)


class Buggy(TinyTask):
    """Has a mistake of a programmer's in it."""

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Tensor]:
        raise ZeroDivisionError("nobody thought of this")


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong.

    Attributes:
        said: in the error of the job, or in its log where it goes on.
        settings: beside the usual ones; given a folder for files.
        build: what is trained.
        labels: there seem to be; 20 are needed.
        during: patches that hold while the job runs; given the project.
        ends: how: "failed" or "done".
    """

    said: str
    settings: Callable[[Path], Mapping[str, Any]] = lambda folder: {}
    build: Callable[[], Any] = TinyTask
    labels: int = 40
    during: Callable[[Path], Sequence[Any]] = lambda path: ()
    ends: str = "failed"
    program: Trainable = field(init=False)

    def __post_init__(self) -> None:
        needs: Callable[..., Sequence[Need]] = lambda project, settings: [  # noqa: E731
            Need("unoccluded objects", self.labels, 20)
        ]
        known = Trainable(needs, lambda project, settings, past: self.build())
        object.__setattr__(self, "program", known)

    def holds(self, path: Path) -> ExitStack:
        """While this is entered, the trouble is there for a project's jobs in this process."""
        stack = ExitStack()
        for one in (
            patch.dict(purposes.TRAINABLE, {Purpose.CLASSIFIER: self.program}),
            patch.object(torch.cuda, "is_available", lambda: False),
            *self.during(path),
        ):
            stack.enter_context(one)
        return stack


def full_disk(path: Path) -> Sequence[Any]:
    """No checkpoint can be written."""

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    return [patch.object(checkpoints, "save_file", full)]


def moved(path: Path) -> Sequence[Any]:
    """The project is found elsewhere at the ninth look; nobody but the training notices here."""
    check, looks = StoredRun.check_stop, 0

    def look(self: StoredRun) -> None:
        nonlocal looks
        looks += 1
        if looks == 9:
            self._file = path.parent.stat()
        check(self)

    return [patch.object(StoredRun, "check_stop", look)]


def start(name: str, write: Callable[[Path], Any]) -> Callable[[Path], Mapping[str, Any]]:
    """Settings that name a file to begin with, which is written now."""

    def settings(folder: Path) -> Mapping[str, Any]:
        write(folder / name)
        return {"start": str(folder / name)}

    return settings


def weights(facts: str) -> Callable[[Path], Any]:
    """A file of safetensors that says this of itself."""
    return lambda path: save_file({"network:0.weight": torch.zeros(2)}, path, {"amodal": facts})


def lying(path: Path) -> None:
    """A head that is longer than any file."""
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")


def pickled(path: Path) -> None:
    """A pickle that would run a command."""
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/never'\ntR.")


def zipped(path: Path) -> None:
    """The same within an archive of torch.save."""
    torch.save({"weights": pickle.dumps(1)}, path)


def one_kind() -> Any:
    """A classifier whose labels are all of one kind."""
    crops = [packed(drawn_car(n), f"made/{n}") for n in range(8)]
    return classifier.make_task(Crops(crops, drawn_set(), {}))


def none_left() -> Any:
    """A task that finds nothing to measure on once it looks."""
    raise TrainingError("The labels are all of two objects.", "Label more objects.")


OTHER = '{"format": 1, "purpose": "prelabeller", "architecture": {"kind": "tiny", "width": 8}}'
WIDER = '{"format": 1, "purpose": "classifier", "architecture": {"kind": "tiny", "width": 9}}'
NEWER = '{"format": 99, "purpose": "classifier", "architecture": {"kind": "tiny", "width": 8}}'

TROUBLES: Mapping[str, Trouble] = {
    "too few labels": Trouble("12 of 20 unoccluded objects", labels=12),
    "one class only": Trouble("both unoccluded objects and occluded ones are needed", build=one_kind),
    "nothing to measure on": Trouble("all of two objects", build=none_left),
    "weights for something else": Trouble("is a prelabeller", start("o.safetensors", weights(OTHER))),
    "weights of another network": Trouble("width is 9 there", start("w.safetensors", weights(WIDER))),
    "weights of a newer version": Trouble("newer version", start("n.safetensors", weights(NEWER))),
    "a pickle": Trouble("pickle.pth", start("pickle.pth", pickled)),
    "a pickle in an archive": Trouble("zipped.pt", start("zipped.pt", zipped)),
    "a head that lies": Trouble("lying.safetensors", start("lying.safetensors", lying)),
    "no such file": Trouble("cannot be read", lambda folder: {"start": str(folder / "gone.safetensors")}),
    "no gpu": Trouble("No GPU can be used here as cuda", lambda folder: {"device": "cuda"}),
    "no gpus": Trouble("4 GPUs were asked for", lambda folder: {"device": "auto", "gpus": 4}),
    "a moved project": Trouble("no longer where it was", during=moved),
    "a full disk": Trouble("The disk is full", during=full_disk),
    "no number": Trouble("is no number at step", build=lambda: TinyTask(bad=7)),
    "a worker that is killed": Trouble(
        "fewer workers", lambda folder: {"workers": 1}, lambda: TinyTask(bad=7, noise=-0.1)
    ),
    "memory that runs out": Trouble("it goes on with 1, 4 times for each step", build=Hungry, ends="done"),
    "not one fits": Trouble("Not even one sample at a time fits", build=lambda: TinyTask(most=0)),
    "a mistake of ours": Trouble("an error that nobody expected", build=Buggy),
}
