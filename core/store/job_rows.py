"""Jobs as rows: made, claimed, followed, cancelled, and found out when their process is gone.

A job's row is written by its own process; the window only makes it and asks for its end. A running job
whose heartbeat stopped, or whose process is gone, is read as INTERRUPTED; nobody has to write that down.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Float, Text, Update, bindparam, func, insert, select, update

from core.errors import JobError, JobStoppedError
from core.records.jobs import JobRow, JobState
from core.store import tables
from core.store.prepared import Prepared
from core.store.project import Project

HEARTBEAT_LIMIT_S = 15.0
"""A running job without a heartbeat for so long counts as interrupted."""

_job, _log = tables.job, tables.job_log
_columns = [
    _job.c[name]
    for name in [
        "id",
        "kind",
        "title",
        "settings",
        "state",
        "progress",
        "message",
        "error",
        "cancel_requested",
        "pid",
        "host",
        "heartbeat_at",
        "created_at",
        "started_at",
        "finished_at",
        "result",
    ]
]
# each change of any job gets the next number, inside the transaction: no clock can hide a change
_NEXT = select(func.coalesce(func.max(_job.c.revision), 0) + 1).correlate(None).scalar_subquery()
_CLAIMABLE = (JobState.QUEUED, JobState.INTERRUPTED, JobState.FAILED, JobState.CANCELLED)


def create_job(project: Project, kind: str, title: str, settings: Mapping[str, Any]) -> int:
    """Make a queued job and return its id.

    Args:
        project: where.
        kind: the job kind's name.
        title: for people.
        settings: the settings model as plain JSON values.
    """
    with project.write() as connection:
        return add_job(connection, kind, title, settings)


def add_job(connection: Connection, kind: str, title: str, settings: Mapping[str, Any]) -> int:
    """The same, inside a write transaction that notes the job elsewhere too."""
    result = connection.execute(
        insert(_job).values(
            kind=kind,
            title=title,
            settings=dict(settings),
            state=JobState.QUEUED.value,
            created_at=time.time(),
            revision=_NEXT,
        )
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def get_job(connection: Connection, job_id: int) -> JobRow | None:
    """One job, or None."""
    row = connection.execute(select(*_columns).where(_job.c.id == job_id)).first()
    return None if row is None else _record(row)


def list_jobs(connection: Connection, *, limit: int = 200, before_id: int | None = None) -> list[JobRow]:
    """Jobs, newest first."""
    query = select(*_columns).order_by(_job.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(_job.c.id < before_id)
    return [_record(row) for row in connection.execute(query)]


def changed_since(connection: Connection, revision: int) -> tuple[list[JobRow], int]:
    """Jobs whose rows changed in the order of change, and what to ask with the next time; 0 asks for all.

    A job that falls silent changes no row: ask `list_jobs` now and then for those that seem to run.
    """
    query = select(*_columns, _job.c.revision).where(_job.c.revision > revision).order_by(_job.c.revision)
    rows = connection.execute(query).all()
    return [_record(row) for row in rows], int(rows[-1].revision) if rows else revision


def claim_job(
    project: Project,
    job_id: int,
    pid: int | None = None,
    *,
    rivals: Callable[[Connection, JobRow, JobRow], bool] = lambda connection, job, other: False,
    unless_stopped_since: float | None = None,
) -> JobRow:
    """Take a job to run it, in this process: a queued one, or one that stopped and is resumed.

    Args:
        project, job_id: which.
        pid: of the process that runs it; this one's by default.
        rivals: whether two jobs may not run at once. A job that meets a running rival has failed, and can be
            resumed; a rival that fell silent may not go on should it wake up, but be resumed.
        unless_stopped_since: a job that a person stopped since then stays stopped; Unix seconds.

    Raises:
        JobStoppedError: it was stopped since then.
        JobError: there is none, it is done, another process runs it, or a rival runs.
    """
    now = time.time()
    with project.write() as connection:
        job = get_job(connection, job_id)
        if job is None:
            raise JobError(f"There is no job {job_id}.", "List the jobs with `amodal job list`.")
        check_claimable(job)
        if unless_stopped_since is not None and stopped_since(job, unless_stopped_since):
            raise JobStoppedError(f"Job {job_id} was stopped before it began.", "Resume it to run it.")
        refused = _meet_rivals(connection, job, rivals)
        if refused is not None:
            values = {"state": JobState.FAILED.value, "error": str(refused), "finished_at": now, "pid": None}
            connection.execute(_of(job_id).values(values | {"revision": _NEXT}))
        else:
            connection.execute(
                _of(job_id).values(
                    state=JobState.RUNNING.value,
                    pid=os.getpid() if pid is None else pid,
                    host=platform.node(),
                    heartbeat_at=now,
                    started_at=job.started_at or now,
                    finished_at=None,
                    error=None,
                    cancel_requested=False,
                    revision=_NEXT,
                )
            )
        claimed = get_job(connection, job_id)
    if refused is not None:
        raise refused
    assert claimed is not None
    return claimed


def stopped_since(job: JobRow, moment: float) -> bool:
    """Whether a person has stopped a job since a moment (Unix seconds), and it stands still."""
    return job.state is JobState.CANCELLED and job.finished_at is not None and job.finished_at >= moment


def check_claimable(job: JobRow) -> None:
    """Refuse a job that cannot be run now.

    Raises:
        JobError: it is done, or another process runs it.
    """
    if job.state not in _CLAIMABLE:
        doing = "is done" if job.state is JobState.DONE else "is running in another process"
        raise JobError(f"Job {job.id} ({job.title}) {doing}.", "Start a new one, or wait for it.")


def beat(project: Project, job_id: int, progress: float | None = None, message: str | None = None) -> bool:
    """Say that the job is alive, and how far it is; returns whether a person asked it to stop.

    Raises:
        JobError: the job was taken over by another process: this one must stop and write nothing more.
    """
    now = time.time()
    values: dict[str, Any] = {"heartbeat_at": now, "revision": _NEXT}
    if progress is not None:
        values["progress"] = min(1.0, max(0.0, progress))
    if message is not None:
        values["message"] = message
    with project.write(durable=False) as connection:
        _check_owner(connection, job_id)
        connection.execute(_of(job_id).values(values))
        return bool(connection.scalar(select(_job.c.cancel_requested).where(_job.c.id == job_id)))


def finish_job(project: Project, job_id: int, result: Mapping[str, Any] | None = None) -> None:
    """The job is done; result is what it made, as plain JSON values."""
    _end(project, job_id, JobState.DONE, progress=1.0, result=dict(result or {}))


def fail_job(project: Project, job_id: int, error: str) -> None:
    """The job failed; error is the plain sentence and the way out."""
    _end(project, job_id, JobState.FAILED, error=error)


def cancel_job(project: Project, job_id: int) -> None:
    """The job has stopped because a person asked it to (said by its process, or by who killed it)."""
    _end(project, job_id, JobState.CANCELLED, owner=False)


def request_cancel(project: Project, job_id: int) -> None:
    """Ask a job to stop. One that nobody runs is cancelled at once."""
    now = time.time()
    with project.write() as connection:
        job = get_job(connection, job_id)
        if job is None:
            raise JobError(f"There is no job {job_id}.", "List the jobs with `amodal job list`.")
        values: dict[str, Any] = {"cancel_requested": True, "revision": _NEXT}
        if job.state in (JobState.QUEUED, JobState.INTERRUPTED):
            values |= {"state": JobState.CANCELLED.value, "finished_at": now, "pid": None}
        connection.execute(_of(job_id).values(values))


def get_checkpoint(connection: Connection, job_id: int) -> dict[str, Any] | None:
    """What the job noted for its resumption, or None."""
    found = connection.scalar(select(_job.c.checkpoint).where(_job.c.id == job_id))
    return None if found is None else dict(found)


def set_checkpoint(connection: Connection, job_id: int, checkpoint: Mapping[str, Any] | None) -> None:
    """Note how far the job is; inside the transaction that writes what it made, so that both stand or fall.

    Args:
        connection: of a write transaction (`Project.write` or a step of `BulkWriter`).
        job_id: which job; this process must have claimed it.
        checkpoint: plain JSON values.

    Raises:
        JobError: another process took the job over; what the transaction wrote is undone with it.
    """
    _check_owner(connection, job_id)
    text = None if checkpoint is None else json.dumps(dict(checkpoint))
    _NOTE.run(connection, job=job_id, text=text, now=time.time())


def append_log(project: Project, job_id: int, text: str) -> None:
    """Add a line to the job's log."""
    with project.write(durable=False) as connection:
        connection.execute(insert(_log).values(job_id=job_id, at=time.time(), text=text))


def read_log(
    connection: Connection, job_id: int, *, after_id: int = 0, limit: int = 1000
) -> list[tuple[int, float, str]]:
    """(id, seconds UTC epoch, text) of the job's log lines after an id, in order."""
    query = (
        select(_log.c.id, _log.c.at, _log.c.text)
        .where(_log.c.job_id == job_id, _log.c.id > after_id)
        .order_by(_log.c.id)
        .limit(limit)
    )
    return [(int(r.id), float(r.at), str(r.text)) for r in connection.execute(query)]


def running_jobs(connection: Connection) -> list[JobRow]:
    """Jobs that run now (those that only seem to are INTERRUPTED)."""
    query = select(*_columns).where(_job.c.state == JobState.RUNNING.value).order_by(_job.c.id)
    return [job for row in connection.execute(query) if (job := _record(row)).state is JobState.RUNNING]


def _meet_rivals(
    connection: Connection, job: JobRow, rivals: Callable[[Connection, JobRow, JobRow], bool]
) -> JobError | None:
    """Why a job may not begin now, if so; rivals that only seem to run are written down as interrupted."""
    query = select(*_columns).where(_job.c.state == JobState.RUNNING.value, _job.c.id != job.id)
    others = [_record(row) for row in connection.execute(query.order_by(_job.c.id))]
    met = [other for other in others if rivals(connection, job, other)]
    for other in met:
        if other.state is JobState.RUNNING:
            return JobError(
                f"Job {other.id} ({other.title}) is already at work on the same footage.",
                f"Wait until it ends or cancel it, and then resume job {job.id}.",
            )
    for other in met:
        connection.execute(_of(other.id).values(state=JobState.INTERRUPTED.value, revision=_NEXT))
    return None


def _of(job_id: int) -> Update:
    return update(_job).where(_job.c.id == job_id)


def _check_owner(connection: Connection, job_id: int) -> None:
    row = _OWNER.run(connection, job=job_id).fetchone()
    if row != (os.getpid(), platform.node(), JobState.RUNNING.value):
        raise JobError(f"Job {job_id} was taken over or ended by another process.", "Let that one go on.")


def _end(project: Project, job_id: int, state: JobState, *, owner: bool = True, **values: Any) -> None:
    now = time.time()
    with project.write() as connection:
        if owner:
            _check_owner(connection, job_id)
        connection.execute(
            _of(job_id).values(state=state.value, finished_at=now, pid=None, revision=_NEXT, **values)
        )


def _record(row: Any) -> JobRow:
    state = JobState(row.state)
    if state is JobState.RUNNING and not _alive(row):
        state = JobState.INTERRUPTED
    return JobRow(
        id=row.id,
        kind=row.kind,
        title=row.title,
        settings=dict(row.settings),
        state=state,
        progress=row.progress,
        message=row.message,
        error=row.error,
        cancel_requested=row.cancel_requested,
        pid=row.pid,
        heartbeat_at=row.heartbeat_at,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        result=dict(row.result or {}),
    )


def _alive(row: Any) -> bool:
    if row.heartbeat_at is None or time.time() - row.heartbeat_at > HEARTBEAT_LIMIT_S:
        return False
    return row.pid is None or row.host != platform.node() or _process_exists(row.pid)


def _process_exists(pid: int) -> bool:
    import psutil  # only where a job seems to run

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


_OWNER = Prepared(select(_job.c.pid, _job.c.host, _job.c.state).where(_job.c.id == bindparam("job")))
_NOTE = Prepared(
    update(_job)
    .where(_job.c.id == bindparam("job"))
    .values(
        checkpoint=bindparam("text", type_=Text),
        heartbeat_at=bindparam("now", type_=Float),
        revision=_NEXT,
    )
)
