"""Where the files of runs lie: NAME.files/runs/RUN-ID beside the project, by names that never leave it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CheckpointError
from core.records.runs import RunRow
from core.store.project import Project

if TYPE_CHECKING:
    from core.training.checkpoints import Checkpoint

_NAME = re.compile(r"[1-9][0-9]*/[a-z]+-[0-9a-f]{16}\.safetensors")


def runs_folder(project: Project) -> Path:
    """The folder of all runs; it may not exist yet."""
    return project.files_dir / "runs"


def run_folder(project: Project, run_id: int) -> Path:
    """The folder of a run's files; it may not exist yet."""
    return runs_folder(project) / str(run_id)


def name_of(path: Path) -> str:
    """The name by which a project's rows know a file of a run: without where the project is."""
    return f"{path.parent.name}/{path.name}"


def file_of(project: Project, name: str) -> Path:
    """The file of a name.

    Raises:
        CheckpointError: the name is none that this program gives: it could lie anywhere.
    """
    if _NAME.fullmatch(name) is None:
        raise CheckpointError(
            f"The project names {name[:80]} as weights, which is no name of a run's file.",
            "Train again; the project may have been changed by another program.",
        )
    return runs_folder(project) / name


def best_of(project: Project, run: RunRow) -> Checkpoint:
    """The best weights of a run, for its network built anew from the row's architecture.

    Raises:
        CheckpointError: it has none, or its file is missing, damaged, or of another network.
    """
    from core.training.checkpoints import check_kind, read_checkpoint

    if run.best is None:
        raise CheckpointError(f"Run {run.id} has no weights yet.", "Wait for its first validation.")
    path = file_of(project, run.best)
    checkpoint = read_checkpoint(path)
    check_kind(path, checkpoint.facts, run.purpose.value, run.architecture)
    return checkpoint
