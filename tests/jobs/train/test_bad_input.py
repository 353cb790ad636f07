"""Whatever goes wrong with a training, the shell says it in one plain line and ends with 2."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from core.cli import main
from core.jobs import several
from core.records.jobs import JobState
from core.store import job_rows
from core.store.project import Project
from tests.jobs.train.conftest import Bench
from tests.jobs.train.troubles import TROUBLES, USUAL, Trouble

EXPECTED = {name: one for name, one in TROUBLES.items() if name != "a mistake of ours"}


@pytest.fixture
def trouble(request: pytest.FixtureRequest) -> Trouble:
    return EXPECTED[request.param]


@pytest.mark.parametrize("trouble", list(EXPECTED), indirect=True)
def test_it_is_told_in_one_line(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str], trouble: Trouble
) -> None:
    settings = {**USUAL, **trouble.settings(tmp_path)}
    del settings["what"]
    options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    # several are started by torchrun, in whose processes nothing here is patched
    alone = patch.object(several, "by_torchrun", lambda: True)
    with trouble.holds(bench.path), alone:
        code = main(["train", str(bench.path), "classifier", *options])
    said = capsys.readouterr().err
    with Project.open(bench.path) as project, project.read() as connection:
        [job] = job_rows.list_jobs(connection)
    assert job.state is JobState(trouble.ends)
    if trouble.ends == "done":
        assert code == 0
        assert trouble.said in said
        return
    assert code == 2
    [line] = [one for one in said.splitlines() if one.startswith("amodal: ")]
    assert trouble.said in line
    assert line.endswith(".")
    assert line == f"amodal: {job.error}"
    assert not Path("/tmp/never").exists()
