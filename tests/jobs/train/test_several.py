"""A training in two processes that the program starts by itself, from a shell as from the window."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from core.cli import main
from core.errors import TrainingError
from core.jobs import several, spawn
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.jobs.train.device_lock import device_held, devices_held
from core.records.jobs import JobState
from core.records.runs import RunState
from core.store import job_rows
from core.store.project import Project
from core.store.queries import runs as queries
from core.training.devices import place_of
from tests.jobs.train.conftest import Bench

TRAIN = ("classifier", "--device", "cpu", "--workers", "0", "--gpus", "2")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started knows the tiny task."""

    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "tests.jobs.train.several_child", *arguments]

    monkeypatch.setattr(spawn, "program_command", command)


def test_two_processes_train_one_run(bench: Bench, tiny: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(bench.path), *TRAIN, "--epochs", "2", "--name", "Both"]) == 0
    printed = capsys.readouterr()
    assert "run: 1" in printed.out.splitlines()
    assert "Run 1, Both, trains on cpu in 32, in 2 processes." in printed.err
    with Project.open(bench.path) as project, project.read() as connection:
        [run] = queries.runs(connection)
        [job] = job_rows.list_jobs(connection)
        fits = queries.metric_points(connection, run.id, ("fit",))
    assert (run.state, run.name, run.step, job.state) == (RunState.DONE, "Both", 10, JobState.DONE)
    assert [one.step for one in fits] == [5, 10]


@pytest.mark.parametrize(("begun", "words"), [(False, "did not begin"), (True, "ended before its work did")])
def test_processes_that_die_are_told_in_one_plain_line(
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    begun: bool,
    words: str,
) -> None:
    """What they printed stands in the job's log."""

    def command(path: Path, job_id: int, count: int, asked_at: float) -> list[str]:
        if begun:
            with Project.open(path) as project:
                job_rows.claim_job(project, job_id, pid=1)
        return [sys.executable, "-c", "import sys; sys.exit('Signal 9 (SIGKILL) received by PID 7')"]

    monkeypatch.setattr(several, "together_command", command)
    assert main(["train", str(bench.path), *TRAIN]) == 2
    [line] = [one for one in capsys.readouterr().err.splitlines() if one.startswith("amodal:")]
    assert words in line
    assert line.endswith("Resume the job. Should it happen again, take fewer GPUs.")
    with Project.open(bench.path) as project, project.read() as connection:
        log = [text for _, _, text in job_rows.read_log(connection, 1)]
    assert log == ["Signal 9 (SIGKILL) received by PID 7"]


def test_processes_that_do_not_begin_are_no_earlier_failure(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.open(bench.path) as project:
        job_id = create(project, "train", {"what": "classifier", "device": "cpu", "gpus": 2})
        job_rows.claim_job(project, job_id)
        job_rows.fail_job(project, job_id, "The disk was full. Make room.")
    gone = [sys.executable, "-c", "import sys; sys.exit('no torchrun here')"]
    monkeypatch.setattr(several, "together_command", lambda *_: gone)
    assert main(["job", "run", str(bench.path), str(job_id)]) == 2
    said = capsys.readouterr().err
    assert f"The processes of job {job_id} did not begin" in said
    assert "disk" not in said
    with Project.open(bench.path) as project, project.read() as connection:
        assert [text for _, _, text in job_rows.read_log(connection, job_id)][-1] == "no torchrun here"


def test_what_is_done_is_not_started_again(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.open(bench.path) as project:
        job_id = create(project, "train", {"what": "classifier", "device": "cpu", "gpus": 2})
        job_rows.claim_job(project, job_id)
        job_rows.finish_job(project, job_id, {})
    monkeypatch.setattr(several, "together_command", lambda *_: pytest.fail("it was started"))
    assert main(["job", "run", str(bench.path), str(job_id)]) == 2
    assert f"Job {job_id} (" in (said := capsys.readouterr().err)
    assert "is done" in said


def test_a_stop_before_they_have_begun_is_heard_once_they_have(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that was cancelled before anybody took it can be taken again, and would then train on."""
    ended = tmp_path / "ended"
    waits = f"import pathlib, time\nwhile not pathlib.Path({str(ended)!r}).exists(): time.sleep(0.05)"
    monkeypatch.setattr(several, "together_command", lambda *_: [sys.executable, "-c", waits])
    looks = 0

    def progress(share: float, message: str) -> None:
        """Plays the first process: it takes the job at the third look, and stops once it is asked to."""
        nonlocal looks
        looks += 1
        if looks == 3:
            job_rows.claim_job(project, job_id)
        elif looks > 3 and not ended.exists() and job_rows.beat(project, job_id):
            job_rows.cancel_job(project, job_id)
            ended.touch()
        if looks > 40:
            ended.touch()

    with Project.open(bench.path) as project:
        job_id = create(project, "train", {"what": "classifier", "device": "cpu", "gpus": 2})
        state = several.run_together(project, job_id, 2, stop_asked=lambda: True, on_progress=progress)
    assert state is JobState.CANCELLED
    assert looks < 40


def test_one_that_is_stopped_while_they_start_stays_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def command(path: Path, job_id: int, count: int, asked_at: float) -> list[str]:
        """Somebody stops it in the window; then the first process comes to take it."""
        with Project.open(path) as project:
            job_rows.request_cancel(project, job_id)
        assert run_job(path, job_id, on_start=lambda _: taken.append(1), asked_at=asked_at) is (
            JobState.CANCELLED
        )
        return [sys.executable, "-c", "import sys; sys.exit(130)"]

    monkeypatch.setattr(several, "together_command", command)
    with Project.open(bench.path) as project:
        job_id = create(project, "train", {"what": "classifier", "device": "cpu", "gpus": 2})
        assert several.run_together(project, job_id, 2) is JobState.CANCELLED
    assert not taken


def test_how_they_are_started() -> None:
    command = several.together_command(Path("/here/street.amodal"), 7, 4, 12.5)
    assert command[1:6] == ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "4"]
    job = ["job", "run", "/here/street.amodal", "7", "--quiet", "--asked-at", "12.5"]
    assert command[6:] == ["-m", "core.cli", *job]


def test_several_gpus_are_never_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="4 GPUs were asked for, and none can be used here"):
        place_of("auto", "auto", 4)
    assert place_of("cpu", "auto", 4).kind == "cpu"


def test_who_wants_several_devices_gets_all_or_waits(tmp_path: Path) -> None:
    """Two that want the same ones, named in another order, never wait for each other."""
    locks = [tmp_path / f"cuda-{name}.lock" for name in "abc"]
    held: list[str] = []
    waited: list[str] = []
    seen: list[list[str]] = []  # who held them, each time; an assertion in a thread would be heard by nobody

    def work(name: str, wanted: list[Path]) -> None:
        for _ in range(3):
            with devices_held(wanted, name, waited.append):
                held.append(name)
                time.sleep(0.01)
                seen.append([*held])
                held.remove(name)

    some = [
        threading.Thread(target=work, args=(name, wanted))
        for name, wanted in (("one", [*locks]), ("other", [*locks[::-1]]))
    ]
    for thread in some:
        thread.start()
    for thread in some:
        thread.join(30)
        assert not thread.is_alive()
    assert sorted(seen) == [["one"]] * 3 + [["other"]] * 3
    assert set(waited) <= {"one", "other", "another training"}
    with devices_held(locks[:1], "here", waited.append), device_held(locks[2], "there", waited.append):
        pass
