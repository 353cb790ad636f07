"""The job that trains a network: makes its run, writes what comes of it, and goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torchvision
from sqlalchemy import Connection

from core.errors import AmodalError, JobError, LossError
from core.jobs.context import JobContext
from core.jobs.train.beside import jobs_beside
from core.jobs.train.device_lock import WAITS, devices_held, gpu_locks
from core.jobs.train.drawn import Tell
from core.jobs.train.events import StoredRun
from core.jobs.train.files import file_of, run_folder, runs_folder
from core.jobs.train.past import Past, own_past, past_of_start
from core.jobs.train.prepare import own_start, prepare, without_beginning
from core.jobs.train.purposes import TITLES, build_task, trainable
from core.jobs.train.settings import TrainSettings
from core.jobs.train.starts import going_on
from core.records.runs import RunRow, RunState
from core.store.bulk import BulkWriter
from core.store.project import Project, program_version
from core.store.queries.runs import run_of_job, runs
from core.store.writers.runs import make_run, update_run
from core.training.checkpoints import check_kind, is_of_a_run, read_checkpoint
from core.training.devices import Place, gpu_ids, local_rank, other_programs, place_of, process_count
from core.training.loop import train
from core.training.measure import measure
from core.training.plan import NoEvents, TrainPlan, TrainResult
from core.training.task import Noted, Schedule, Task

_HOUR_S = 3600
_BEGAN = "began with"  # of a run's data: known once its network is made
_SCHEDULE = "schedule"  # likewise: by which it goes on


def run_train(context: JobContext) -> dict[str, Any]:
    """Train what the settings say, or only estimate what that takes.

    Raises:
        TrainingError: there is no such device, or it cannot go on; see `core.training.loop.train`.
        TooFewLabelsError: there is too little to learn from.
        JobError: an estimate, where another training holds the device.
    """
    settings = context.settings(TrainSettings)
    place = place_of(settings.device, settings.precision, settings.gpus)
    with context.project.read() as connection:
        before = run_of_job(connection, context.job_id)
        beside = "" if place.kind == "cpu" else jobs_beside(connection, context.job_id, place.name)
    for line in (place.fallback, other_programs(place), beside):
        if line:
            context.log(line)
    task = _task(context.project, settings, before, _telling(context), context.log)
    if "mixed" in task.data:
        context.log(str(task.data["mixed"]))
    for line in task.notes if isinstance(task, Noted) else ():
        context.log(line)
    plan = plan_of(task, settings, before)
    holder = f"job {context.job_id} of {context.project.path.name}"
    with devices_held(_locks(context.project, place), holder, _waiting(context, place, settings)):
        if settings.estimate:
            return _estimate(context, task, plan, place)
        return _train(context, settings, task, plan, place)


def follow_train(project_path: Path, settings: TrainSettings, job_id: int | None = None) -> None:
    """What torchrun's processes beside the first do: the same steps, and nothing is written.

    Args:
        project_path, settings: what is trained.
        job_id: of the job, where it may go on; None: the first process has just begun it.

    Raises:
        TrainingError, TooFewLabelsError: as the first process.
    """
    place = place_of(settings.device, settings.precision, settings.gpus)
    with Project.open(project_path, read_only=True) as project, ExitStack() as held:
        with project.read() as connection:
            before = None if job_id is None else run_of_job(connection, job_id)
        task = _task(project, settings, before, lambda share, words: None, lambda line: None)
        plan = plan_of(task, settings, before)
        if local_rank() == 0 and place.kind != "cpu":  # the first process of another machine
            holder = f"a training of {project_path.name}"
            held.enter_context(devices_held(_locks(project, place), holder, lambda holder: None))
        if settings.estimate:
            measure(task, plan, place=place)
        else:
            train(task, plan, NoEvents(), runs_folder(project), place=place)


def _task(
    project: Project, settings: TrainSettings, before: RunRow | None, tell: Tell, log: Callable[[str], None]
) -> Task:
    """What is trained, with what that needs made ready; the same in all processes of a training.

    Args:
        before: the run that goes on; None, or without a checkpoint: it begins.
        tell, log: as for `prepare`.
    """
    with project.read() as connection:
        if before is not None and before.last is not None:
            past: Past | None = own_past(connection, before)
        else:
            before, past = None, past_of_start(connection, settings)
    if past is not None and past.note:
        log(past.note)
    if before is not None:  # what it began with is in its checkpoint
        settings = without_beginning(settings)
        prepare(settings, tell, log)
        metric = None if before.value is None else before.metric
        return going_on(build_task(project, settings, past), before.architecture, metric)
    of_a_run = settings.start is not None and is_of_a_run(settings.start)
    if of_a_run and past is None:
        log("Which run those first weights are of is not known here: what taught them may measure this one.")
    known = trainable(project, settings)  # before minutes or megabytes are spent on it
    prepare(settings, tell, log)
    tell(0.0, "Gathering what there is to learn from")
    return known.build(project, settings, past)


def plan_of(task: Task, settings: TrainSettings, before: RunRow | None = None) -> TrainPlan:
    """How a training goes about it: the task's own schedule, but for what the settings say.

    Args:
        before: the run that goes on, with the schedule that it began with; None: it begins.
    """
    given = {"epochs": settings.epochs, "batch": settings.batch, "learning_rate": settings.rate}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    schedule = replace(task.schedule, **chosen)
    if before is not None and before.last is not None:
        with suppress(KeyError, TypeError, ValueError):  # an older row has none
            schedule = Schedule.from_json(before.data[_SCHEDULE])
    return TrainPlan(
        schedule=schedule,
        accumulate=settings.accumulate,
        device=settings.device,
        precision=settings.precision,
        workers=settings.workers,
        seed=settings.seed,
        patience=settings.patience,
        validate_every=settings.validate_every,
    )


def _train(
    context: JobContext, settings: TrainSettings, task: Task, plan: TrainPlan, place: Place
) -> dict[str, Any]:
    with context.project.read() as connection:
        begun = run_of_job(connection, context.job_id)
    # what goes on has all in its checkpoint; the file may be gone
    start = None if begun is not None and begun.last is not None else own_start(settings)
    if start is not None and begun is None:  # before there is a run that could not begin
        check_kind(start, read_checkpoint(start).facts, task.purpose.value, task.architecture)
    with context.project.bulk() as bulk:
        run = bulk.run(lambda connection: _begun(connection, context.job_id, settings, task, plan))
        resume = None if run.last is None else file_of(context.project, run.last)
        told = {_BEGAN: None, _SCHEDULE: None}
        if resume is not None and {**run.data, **told} != {**task.data, **told}:
            context.log("The labels have changed since this run began; it goes on with those of now.")
        folder = run_folder(context.project, run.id)
        folder.parent.mkdir(parents=True, exist_ok=True)

        def begin(connection: Connection) -> None:
            update_run(
                connection,
                run.id,
                state=RunState.RUNNING,
                data=_data(task, plan, run.data.get(_BEGAN, "")),
                architecture=dict(task.architecture),
                metric=task.metric,
                device=f"{place.name}, {place.precision}",
                versions=_versions(),
                finished_at=None,
            )

        bulk.run(begin)
        count = process_count()
        many = f", in {count} processes" if count > 1 else ""
        context.log(f"Run {run.id}, {run.name}, trains on {place.name} in {place.precision}{many}.")
        state = RunState.STOPPED
        try:
            events = StoredRun(
                context, bulk, run.id, on_begun=lambda: _say_beginning(context, bulk, run, task, plan, start)
            )
            result = train(task, plan, events, folder, resume=resume, start=start, place=place)
            state = RunState.DONE
        except LossError:
            state = RunState.FAILED
            raise
        finally:
            # what is wrong with the training counts more than what is wrong with its row
            with suppress(AmodalError):
                _end(bulk, context, run.id, state)
    return _told(context, run, result)


def _telling(context: JobContext) -> Tell:
    """Says in the job's row what is made ready, and stops where it is to stop."""

    def tell(share: float, words: str) -> None:
        context.check_stop()
        context.progress(0.0, words)

    return tell


def _say_beginning(
    context: JobContext, bulk: BulkWriter, run: RunRow, task: Task, plan: TrainPlan, start: Path | None
) -> None:
    """What weights a run has begun with, into its log and its row."""
    if run.last is not None:
        return
    words = getattr(task, "started", "")
    if start is not None:
        words = f"It begins with the weights of {start.name}."
    if words:
        context.log(words)
        bulk.run(lambda c: update_run(c, run.id, data=_data(task, plan, words)))


def _data(task: Task, plan: TrainPlan, began: str) -> dict[str, Any]:
    """What a run's row keeps of what it learns from, and of how."""
    return dict(task.data) | ({_BEGAN: began} if began else {}) | {_SCHEDULE: plan.schedule.as_json()}


def _begun(
    connection: Connection, job_id: int, settings: TrainSettings, task: Task, plan: TrainPlan
) -> RunRow:
    """The job's run: a new one, or the one that it has trained so far."""
    title = TITLES[task.purpose]
    name = settings.name.strip() or f"{title} {len(runs(connection, task.purpose, hidden=True)) + 1}"
    make_run(
        connection,
        task.purpose,
        name,
        job_id=job_id,
        settings=settings.model_dump(mode="json"),
        seed=settings.seed,
        epochs=plan.schedule.epochs,
        metric=task.metric,
    )
    run = run_of_job(connection, job_id)
    assert run is not None
    return run


def _end(bulk: BulkWriter, context: JobContext, run_id: int, state: RunState) -> None:
    """Write how a run ended; one that is done needs no checkpoint to go on from."""
    columns: dict[str, Any] = {"last": None} if state is RunState.DONE else {}
    bulk.run(lambda c: update_run(c, run_id, state=state, finished_at=time.time(), **columns))
    if state is RunState.DONE:
        for left in run_folder(context.project, run_id).glob("last-*.safetensors"):
            left.unlink(missing_ok=True)


def _told(context: JobContext, run: RunRow, result: TrainResult) -> dict[str, Any]:
    with context.project.read() as connection:
        row = run_of_job(connection, context.job_id)
    assert row is not None
    return {
        "run": run.id,
        "name": row.name,
        "steps": result.reached.step,
        "epochs": result.reached.epoch,
        "stopped_early": result.early,
        row.metric: result.reached.value,
        "file": row.best,
    }


def _estimate(context: JobContext, task: Task, plan: TrainPlan, place: Place) -> dict[str, Any]:
    context.progress(0.1, "Making a few steps")
    found = measure(task, plan, check_stop=context.check_stop, place=place)
    return {
        "device": found.device,
        "precision": found.precision,
        "seconds_a_step": round(found.step_s, 4),
        "waiting_percent": round(100 * found.waited_s / found.step_s),
        "steps": found.steps,
        "hours": round(found.seconds / _HOUR_S, 3),
        **{name: round(size) for name, size in found.memory_mib.items()},
        "parts_of_a_batch": found.accumulate,
        **({"learns_from": task.data["mixed"]} if "mixed" in task.data else {}),
    }


def _locks(project: Project, place: Place) -> list[Path]:
    """The locks of what this machine's processes train on, which the first of them holds for all.

    A GPU is held for all projects of this machine, the CPU for this project alone.
    """
    if place.kind == "cpu":
        return [runs_folder(project) / "cpu.lock"]
    return [gpu_locks() / f"{name}.lock" for name in gpu_ids(place)]


def _waiting(context: JobContext, place: Place, settings: TrainSettings) -> Callable[[str], None]:
    said = False

    def wait(holder: str) -> None:
        nonlocal said
        context.check_stop()
        words = f"{place.name} is held by {holder}"
        if settings.estimate:
            raise JobError(
                f"{words}, which trains on it: an estimate would be wrong now.",
                "Wait until that training ends.",
            )
        context.progress(0.0, f"{WAITS}{words}")
        if not said:
            context.log(f"{words}: this training waits until that one ends.")
            said = True

    return wait


def _versions() -> dict[str, str]:
    return {
        "amodal-studio": program_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
    }
