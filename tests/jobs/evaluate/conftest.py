"""A yard with composites for the test, and runs whose networks are tiny and know nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from core.jobs.train.files import name_of, run_folder  # noqa: E402
from core.networks.amodal_rcnn.model import AmodalRcnn  # noqa: E402
from core.networks.backbones import BackboneName  # noqa: E402
from core.records.evaluations import ObjectResult, ResultFilter  # noqa: E402
from core.records.runs import Purpose, RunState  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.evaluations import evaluation_numbers, evaluation_of_job  # noqa: E402
from core.store.queries.results import result_page  # noqa: E402
from core.store.writers.runs import make_run, update_run  # noqa: E402
from core.training.checkpoints import Checkpoint, write_checkpoint  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.yard import Yard  # noqa: E402
from tests.networks.amodal_rcnn.pictures import tiny  # noqa: E402

WHOLE = {"validation_percent": 0, "test_percent": 0}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    made = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal")
    do_job(made.path, "cut")
    do_job(made.path, "compose", count=5, name="Held out", least=2, most=4, seed=5, **WHOLE)
    # six pictures in three seconds are too short for a test side of their own
    with closing(sqlite3.connect(made.path)) as rows, rows:
        rows.execute("UPDATE recipe SET split = 'test'")
    return made


def add_run(path: Path, network: Any, architecture: dict[str, Any], purpose: Purpose, **data: Any) -> int:
    """A run that has ended, with this network's weights."""
    with Project.open(path) as project, project.bulk() as bulk:
        run_id = bulk.run(
            lambda c: make_run(
                c,
                purpose,
                "Tiny",
                job_id=None,
                settings={"what": purpose.value},
                seed=0,
                epochs=1,
                metric="mask_ap",
            )
        )
        folder = run_folder(project, run_id)
        folder.parent.mkdir(parents=True, exist_ok=True)
        facts = {"purpose": purpose.value, "architecture": architecture}
        file = write_checkpoint(folder, "best", Checkpoint(dict(network.state_dict()), {}, facts))
        bulk.run(
            lambda c: update_run(
                c,
                run_id,
                architecture=architecture,
                state=RunState.DONE,
                best=name_of(file),
                data={"composites": None, "measured by composites": None, **data},
            )
        )
    return run_id


def add_detector(path: Path) -> int:
    """A run of a tiny detector that knows nothing."""
    torch.manual_seed(0)
    settings = tiny(min_side_px=135, max_side_px=240, backbone=BackboneName.MOBILENET, anchor_px=16)
    architecture = {"kind": "amodal_rcnn"} | settings.as_json()
    return add_run(path, AmodalRcnn(settings), architecture, Purpose.DETECTOR)


@pytest.fixture(scope="module")
def detector_run(yard: Yard) -> int:
    return add_detector(yard.path)


def numbers_of(path: Path, job_id: int) -> Any:
    """All figures of a job's evaluation."""
    with Project.open(path) as project, project.read() as connection:
        row = evaluation_of_job(connection, job_id)
        assert row is not None
        return evaluation_numbers(connection, row.id)


def rows_of(path: Path, numbers: Any, filter: ResultFilter = ResultFilter()) -> list[ObjectResult]:
    """All objects of an evaluation, the worst first."""
    with Project.open(path) as project, project.read() as connection:
        return result_page(connection, numbers.evaluation.id, filter, None, 10_000)
