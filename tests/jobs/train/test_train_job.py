"""The job that trains: its run in the project, going on, and what is said when something goes wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
import torch

from core.errors import (
    AmodalError,
    CheckpointError,
    DiskFullError,
    JobError,
    LossError,
    SettingsError,
    TooFewLabelsError,
    TrainingError,
)
from core.jobs.runner import run_job
from core.jobs.train import job, purposes
from core.jobs.train.device_lock import device_held
from core.jobs.train.events import StoredRun
from core.jobs.train.files import best_of, file_of, run_folder, runs_folder
from core.jobs.train.purposes import availability
from core.records.jobs import JobState
from core.records.runs import Purpose, RunState
from core.store.edits.runs import use_run
from core.store.history import History
from core.store.project import Project
from core.store.queries import runs as queries
from core.training import checkpoints, offending
from core.training.task import Schedule
from tests.forked import ROOT
from tests.jobs.train.conftest import Bench
from tests.jobs.train.doing import begin, best_weights, do, job_of, log_of, numbers, run_of, same, stop_at
from tests.training.tiny import SCHEDULE, TinyTask


def test_a_run_is_in_the_project(bench: Bench) -> None:
    job_id = do(bench.path, name=" By night ", epochs=2, rate=0.02, batch=8)
    run = run_of(bench.path, job_id)
    assert (run.purpose, run.name, run.state, run.seed) == (Purpose.CLASSIFIER, "By night", RunState.DONE, 5)
    assert (run.epoch, run.epochs, run.step) == (2, 2, 4)  # two steps of 8 in 22 samples
    assert (run.architecture, run.data["train"]) == ({"kind": "tiny", "width": 8}, {"points": 22})
    assert Schedule.from_json(run.data["schedule"]) == replace(
        SCHEDULE, epochs=2, learning_rate=0.02, batch=8
    )
    assert set(run.versions) == {"amodal-studio", "torch", "torchvision"}
    assert (run.device, run.last) == ("cpu, 32", None)
    assert run.finished_at is not None
    assert run.seconds > 0
    with Project.open(bench.path) as project, project.read() as connection:
        [shown] = queries.run_pictures(connection, run.id)
        newest = queries.newest_values(connection, run.id)
    assert (shown.caption, shown.step) == ("after 4", 4)
    assert newest["fit"] == pytest.approx(numbers(bench.path, run.id)["fit", 4])
    assert newest["learning_rate"] == pytest.approx(
        0.002
    )  # the last step begins after 1.5 of 2 epochs: one drop
    assert run.best is not None
    with Project.open(bench.path) as project:
        assert [path.name for path in run_folder(project, run.id).iterdir()] == [run.best.split("/")[1]]
        assert file_of(project, run.best).is_file()
        use_run(History(project, "Ann"), run.id)
    result = job_of(bench.path, job_id).result
    assert result["run"] == run.id
    assert result["fit"] == run.value
    assert "trains on cpu in 32" in log_of(bench.path, job_id)


def test_a_run_has_a_name_of_its_own(bench: Bench) -> None:
    names = [run_of(bench.path, do(bench.path, epochs=1)).name for _ in range(2)]
    assert names == ["Occlusion classifier 1", "Occlusion classifier 2"]


@pytest.mark.parametrize("look", [4, 9, 14])
def test_a_stopped_run_goes_on_to_the_same_numbers(bench: Bench, look: int) -> None:
    unbroken = run_of(bench.path, do(bench.path))
    job_id = begin(bench.path)
    assert run_job(bench.path, job_id, on_start=stop_at(look)) is JobState.CANCELLED
    stopped = run_of(bench.path, job_id)
    assert stopped.state is RunState.STOPPED
    assert 0 < stopped.step < unbroken.step
    assert run_job(bench.path, job_id) is JobState.DONE
    resumed = run_of(bench.path, job_id)
    assert (resumed.id, resumed.state, resumed.value) == (stopped.id, RunState.DONE, unbroken.value)
    assert resumed.seconds > stopped.seconds
    assert numbers(bench.path, resumed.id) == numbers(bench.path, unbroken.id)
    assert same(best_weights(bench.path, resumed), best_weights(bench.path, unbroken))


def test_a_run_whose_process_was_killed_is_stopped_and_goes_on(bench: Bench) -> None:
    """It could write nothing of its end, and had told of steps that its checkpoint does not know."""
    unbroken = run_of(bench.path, do(bench.path))
    job_id = begin(bench.path)
    run_job(bench.path, job_id, on_start=stop_at(9))
    with Project.open(bench.path) as project, project.write() as connection:
        connection.exec_driver_sql(
            "UPDATE job SET state='running', pid=1, heartbeat_at=1 WHERE id=?", (job_id,)
        )
        run_id = queries.run_of_job(connection, job_id).id  # type: ignore[union-attr]
        connection.exec_driver_sql("UPDATE run SET state='running', step=99 WHERE id=?", (run_id,))
        connection.exec_driver_sql("INSERT INTO run_metric VALUES (?, 'loss', 99, 7)", (run_id,))
    assert run_of(bench.path, job_id).state is RunState.STOPPED
    assert run_job(bench.path, job_id) is JobState.DONE
    assert numbers(bench.path, run_id) == numbers(bench.path, unbroken.id)


def test_a_project_that_is_moved_meanwhile_goes_on_where_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = run_of(bench.path, do(bench.path))
    there = bench.path.parent.parent / "there"
    job_id = begin(bench.path)
    check, looks = StoredRun.check_stop, 0

    def move_soon(self: StoredRun) -> None:
        nonlocal looks
        looks += 1
        if looks == 9:
            bench.path.parent.rename(there)
        check(self)

    monkeypatch.setattr(StoredRun, "check_stop", move_soon)
    with pytest.raises(JobError, match=r"street\.amodal is no longer where it was.*resume"):
        run_job(bench.path, job_id)
    monkeypatch.undo()
    assert not bench.path.parent.exists()  # nothing was made anew there
    monkeypatch.setitem(purposes.TRAINABLE, Purpose.CLASSIFIER, purposes.Trainable(bench.needs, bench.build))
    moved = there / bench.path.name
    assert run_job(moved, job_id) is JobState.DONE
    assert numbers(moved, run_of(moved, job_id).id) == numbers(moved, unbroken.id)


def test_a_loss_that_is_no_number_fails_the_run_and_keeps_the_batch(bench: Bench) -> None:
    bench.task = TinyTask(bad=7)
    job_id = begin(bench.path)
    with pytest.raises(LossError, match="is no number at step"):
        run_job(bench.path, job_id)
    run = run_of(bench.path, job_id)
    assert run.state is RunState.FAILED
    with Project.open(bench.path) as project:
        kept = sorted(path.name.split("-")[0] for path in run_folder(project, run.id).iterdir())
    assert kept == ["batch", "batch", "best", "last"]
    assert "its batch is kept" in (job_of(bench.path, job_id).error or "")


@pytest.mark.parametrize(
    ("module", "lost"),
    [(checkpoints, "nothing is kept yet. Make room, and resume"), (offending, "There is no room left in")],
)
def test_a_full_disk_does_not_hide_a_loss_that_is_no_number(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, module: ModuleType, lost: str
) -> None:
    save = checkpoints.save_file

    def full(tensors: Any, path: Any, head: Any = None) -> None:
        if head is None or '"state"' in head["amodal"]:  # no more than the best weights before it
            raise OSError(28, "No space left on device")
        save(tensors, path, head)

    monkeypatch.setattr(module, "save_file", full)
    bench.task = TinyTask(bad=7)
    job_id = begin(bench.path)
    with pytest.raises(
        LossError, match=rf"is no number at step \d, and .* not be kept\. .*{lost}.*lower learning"
    ):
        run_job(bench.path, job_id)
    assert run_of(bench.path, job_id).state is RunState.FAILED


def test_a_full_disk_stops_the_run_and_keeps_its_state(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = begin(bench.path)
    run_job(bench.path, job_id, on_start=stop_at(7))
    before = run_of(bench.path, job_id)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save_file", full)
        with pytest.raises(DiskFullError, match=f"what is kept is of step {before.step}"):
            run_job(bench.path, job_id)
    after = run_of(bench.path, job_id)
    assert (after.state, after.last) == (RunState.STOPPED, before.last)
    assert run_job(bench.path, job_id) is JobState.DONE


def test_too_few_labels_are_told_with_their_counts(bench: Bench) -> None:
    bench.labels = 12
    job_id = begin(bench.path)
    with pytest.raises(TooFewLabelsError, match=r"\(occlusion classifier\): 12 of 20 unoccluded objects\."):
        run_job(bench.path, job_id)
    with Project.open(bench.path) as project:
        with project.read() as connection:
            assert queries.runs(connection) == []
        found = {one.purpose: one for one in availability(project)}
    classifier = found[Purpose.CLASSIFIER]
    assert (classifier.available, classifier.note) == (False, "There are 12 of 20 unoccluded objects.")
    assert [(need.have, need.least, need.met) for need in classifier.needs] == [
        (12, 20, False),
        (25, 20, True),
    ]
    assert classifier.variants == ("small", "large")


def test_nothing_is_drawn_or_fetched_for_what_cannot_be_trained(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(job, "prepare", lambda settings, tell, log: asked.append(settings.what))
    bench.labels = 12
    with pytest.raises(TooFewLabelsError, match=r"12 of 20 unoccluded objects\."):
        do(bench.path, weight_synthetic=1.0)
    with pytest.raises(SettingsError, match="no set of composites called Nowhere"):
        do(bench.path, what="detector", weight_synthetic=1.0, composites="Nowhere")
    with pytest.raises(TooFewLabelsError, match="0 of 20 pictures to learn from"):
        do(bench.path, what="detector", begin_with="published")
    with pytest.raises(CheckpointError, match="cannot be read"):
        do(bench.path, start="/nowhere/best.safetensors")
    assert asked == []
    bench.labels = 40
    do(bench.path, weight_synthetic=1.0, epochs=1)
    assert asked == ["classifier"]


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"device": "cuda"}, TrainingError, "No GPU can be used here as cuda"),
        ({"what": "detector"}, TrainingError, "cannot train this yet: amodal detector"),
        ({"variant": "huge"}, SettingsError, "no variant huge.*Choose one of small, large"),
        ({"start": "/nowhere/best.safetensors"}, CheckpointError, "cannot be read"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    error: type[AmodalError],
    words: str,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delitem(purposes.TRAINABLE, Purpose.DETECTOR, raising=False)
    job_id = begin(bench.path, **settings)
    with pytest.raises(error, match=words):
        run_job(bench.path, job_id)
    assert job_of(bench.path, job_id).state is JobState.FAILED
    with Project.open(bench.path) as project, project.read() as connection:
        assert queries.runs(connection) == []


def test_what_the_window_asks_loads_no_torch() -> None:
    asked = "import sys, core.jobs.registry, core.jobs.train.purposes, core.jobs.train.files, core.cli_runs"
    shown = f"{asked}; print(sorted({{'torch', 'lightning_fabric', 'open3d'}} & set(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


def test_no_gpu_where_none_was_asked_for_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert "it trains on the CPU, which is slow" in log_of(
        bench.path, do(bench.path, device="auto", epochs=1)
    )


def test_another_training_on_the_device_is_waited_for(bench: Bench) -> None:
    lock = bench.path.with_suffix(".files") / "runs" / "cpu.lock"
    go, done = threading.Event(), threading.Event()

    def hold() -> None:
        with device_held(lock, "job 7 of street.amodal", lambda holder: None):
            go.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    go.wait(20)
    try:
        estimate, job_id = begin(bench.path, estimate=True), begin(bench.path, epochs=1)
        with pytest.raises(
            JobError, match=r"cpu is held by job 7 of street\.amodal.*estimate would be wrong"
        ):
            run_job(bench.path, estimate)
        states = []
        second = threading.Thread(target=lambda: states.append(run_job(bench.path, job_id)))
        second.start()
        while "waits until that one ends" not in log_of(bench.path, job_id):
            assert second.is_alive()
            time.sleep(0.02)
        done.set()
        second.join(60)
        assert states == [JobState.DONE]
    finally:
        done.set()
        holder.join()


def test_an_estimate_keeps_nothing(bench: Bench) -> None:
    job_id = do(bench.path, estimate=True, epochs=7)
    result = job_of(bench.path, job_id).result
    assert (result["device"], result["steps"], result["parts_of_a_batch"]) == ("cpu", 35, 1)
    assert result["seconds_a_step"] > 0
    assert result["memory_mib"] > 1
    with Project.open(bench.path) as project, project.read() as connection:
        assert queries.runs(connection) == []
        assert [path.name for path in runs_folder(project).iterdir()] == ["cpu.lock"]


def test_a_run_begins_with_anothers_weights(bench: Bench) -> None:
    first = run_of(bench.path, do(bench.path))
    with Project.open(bench.path) as project:
        start = file_of(project, first.best or "")
    second = run_of(bench.path, do(bench.path, start=str(start), rate=1e-12, epochs=1))
    for name, one in best_weights(bench.path, second).items():
        torch.testing.assert_close(one, best_weights(bench.path, first)[name], rtol=0, atol=1e-9)
    bench.task = TinyTask(width=9)
    with pytest.raises(CheckpointError, match="width is 8 there and 9 here"):
        do(bench.path, start=str(start))


@pytest.mark.parametrize(
    "name", ["../../secret.safetensors", "/etc/passwd", "1/best-0.safetensors", "1\\best"]
)
def test_a_projects_names_of_files_stay_in_their_folder(bench: Bench, name: str) -> None:
    run = run_of(bench.path, do(bench.path, epochs=1))
    with Project.open(bench.path) as project, pytest.raises(CheckpointError, match="no name of a run's file"):
        best_of(project, replace(run, best=name))


def test_a_file_of_another_network_is_not_taken_for_the_runs(bench: Bench) -> None:
    run = run_of(bench.path, do(bench.path, epochs=1))
    with Project.open(bench.path) as project:
        with pytest.raises(CheckpointError, match="width is 8 there and 12 here"):
            best_of(project, replace(run, architecture={"kind": "tiny", "width": 12}))
        with pytest.raises(CheckpointError, match="no weights yet"):
            best_of(project, replace(run, best=None))
        path = file_of(project, run.best or "")
        path.write_bytes(path.read_bytes()[:-3])
        with pytest.raises(CheckpointError, match="damaged"):
            best_of(project, run)


def test_labels_that_changed_meanwhile_are_told(bench: Bench) -> None:
    job_id = begin(bench.path)
    run_job(bench.path, job_id, on_start=stop_at(7))
    bench.task = TinyTask(count=30, data={"train": {"points": 30}})
    assert run_job(bench.path, job_id) is JobState.DONE
    assert "The labels have changed since this run began" in log_of(bench.path, job_id)
    assert run_of(bench.path, job_id).data["train"] == {"points": 30}


def test_what_the_best_is_chosen_by_is_settled_by_the_first_validation(bench: Bench) -> None:
    """Before that, a run that goes on may be measured by what it can be measured by now."""
    bench.task = TinyTask(metric="mask_ap")
    job_id = begin(bench.path)
    with pytest.raises(TrainingError, match=r"tells nothing by which .* chosen \(mask_ap\)"):
        run_job(bench.path, job_id)
    assert (run_of(bench.path, job_id).metric, run_of(bench.path, job_id).best) == ("mask_ap", None)
    bench.task = TinyTask()
    assert run_job(bench.path, job_id) is JobState.DONE
    run = run_of(bench.path, job_id)
    assert (run.metric, run.best is None) == ("fit", False)
    assert job_of(bench.path, job_id).result["fit"] == run.value


def test_a_run_goes_on_by_the_schedule_that_it_began_with(bench: Bench) -> None:
    """Another device, or another version, may propose another one meanwhile."""
    unbroken = run_of(bench.path, do(bench.path, rate=0.02))
    job_id = begin(bench.path, rate=0.02)
    run_job(bench.path, job_id, on_start=stop_at(9))
    bench.task = TinyTask(schedule=replace(SCHEDULE, batch=7, learning_rate=0.5, clip_norm=None, drops=()))
    assert run_job(bench.path, job_id) is JobState.DONE
    resumed = run_of(bench.path, job_id)
    assert numbers(bench.path, resumed.id) == numbers(bench.path, unbroken.id)
    assert resumed.data == unbroken.data
    assert "labels have changed" not in log_of(bench.path, job_id)


def test_a_training_holds_to_what_was_trained_before(bench: Bench) -> None:
    """Its task is built by what its own run has kept, or that with whose weights it begins."""
    kept = {"borders": {"1": [3.0, "never", 0.5]}, "split": "by time and track", "taught before": []}
    bench.task = TinyTask(data=kept)
    job_id = begin(bench.path)
    run_job(bench.path, job_id, on_start=stop_at(7))
    assert bench.past is None
    assert run_job(bench.path, job_id) is JobState.DONE
    run = run_of(bench.path, job_id)
    assert bench.past is not None
    assert (bench.past.run.id, bench.past.goes_on, bench.past.before) == (run.id, True, ())
    assert bench.past.borders == kept["borders"]
    with Project.open(bench.path) as project:
        start = file_of(project, run.best or "")
    second = do(bench.path, start=str(start), epochs=1)
    assert (bench.past.run.id, bench.past.goes_on, bench.past.borders) == (run.id, False, kept["borders"])
    assert f"Nothing measures it that taught run {run.id}" in log_of(bench.path, second)
    elsewhere = bench.path.with_name("strange.safetensors")
    elsewhere.write_bytes(start.read_bytes())
    with Project.open(bench.path) as project, project.write() as connection:
        connection.exec_driver_sql("UPDATE run SET best = NULL, last = NULL")
    third = do(bench.path, start=str(elsewhere), epochs=1)
    assert bench.past is None
    assert "what taught them may measure this one" in log_of(bench.path, third)
