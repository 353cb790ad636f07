"""A training that is killed while it writes its state: what was kept before stands, and it goes on."""

from __future__ import annotations

import subprocess
import sys

from core.jobs.runner import run_job
from core.jobs.train.files import file_of, run_folder
from core.records.jobs import JobState
from core.records.runs import RunState
from core.store.project import Project
from core.training.checkpoints import read_checkpoint
from tests.forked import ROOT
from tests.jobs.train.conftest import Bench
from tests.jobs.train.doing import begin, best_weights, do, job_of, numbers, run_of, same, stop_at
from tests.jobs.train.killed_child import HALF


def test_killed_in_the_middle_of_a_checkpoint_it_goes_on_from_the_one_before(bench: Bench) -> None:
    unbroken = run_of(bench.path, do(bench.path))
    job_id = begin(bench.path)
    run_job(bench.path, job_id, on_start=stop_at(9))
    before = run_of(bench.path, job_id)
    assert before.last is not None
    command = [sys.executable, "-m", "tests.jobs.train.killed_child", str(bench.path), str(job_id)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.kill()
    assert said.strip() == HALF
    # it had trained to its end, and could not say so
    killed = run_of(bench.path, job_id)
    assert (killed.state, killed.step, killed.last) == (RunState.STOPPED, unbroken.step, before.last)
    assert job_of(bench.path, job_id).state is JobState.INTERRUPTED
    with Project.open(bench.path) as project:
        [draft] = run_folder(project, killed.id).glob(".*.draft")
        good = file_of(project, before.last)
    assert draft.stat().st_size > 0
    assert read_checkpoint(good).facts["state"]["step"] == before.step < unbroken.step
    assert run_job(bench.path, job_id) is JobState.DONE
    resumed = run_of(bench.path, job_id)
    assert numbers(bench.path, resumed.id) == numbers(bench.path, unbroken.id)
    assert same(best_weights(bench.path, resumed), best_weights(bench.path, unbroken))
    assert not draft.exists()
