"""A job in several processes of this machine: torchrun starts them, the first runs the job as if alone.

Who calls this only follows the job's row, as the window does. So a crash of any of them, or of torchrun
itself, is told in plain words, and what they had printed stands in the job's log.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from core.errors import JobError
from core.jobs.flatten import checked
from core.jobs.follow import by_torchrun
from core.jobs.registry import kind_of
from core.jobs.spawn import PROGRAM_FOLDER, run_command
from core.records.jobs import JobRow, JobState
from core.store import job_rows
from core.store.project import Project

_LOOK_S = 0.25
_TAIL_BYTES = 6000
_KILL_AFTER_S = 10.0
_RESUME = "Resume the job. Should it happen again, take fewer GPUs."


def processes_of(project: Project, job_id: int) -> int:
    """In how many processes a job wants to run that this process is about to run: 1 where it is one of them.

    Raises:
        JobError: there is no such job.
        SettingsError: its settings do not fit.
    """
    with project.read() as connection:
        row = _row(job_rows.get_job(connection, job_id), job_id)
    kind = kind_of(row.kind)
    if kind.processes is None or by_torchrun():
        return 1
    return kind.processes(checked(kind.settings, row.settings))


def run_together(
    project: Project,
    job_id: int,
    count: int,
    *,
    stop_asked: Callable[[], bool] = lambda: False,
    on_progress: Callable[[float, str], None] = lambda share, message: None,
    on_log: Callable[[str], None] = lambda line: None,
    asked_at: float | None = None,
) -> JobState:
    """Run a job in so many processes; gives how it ended.

    Args:
        project, job_id: which.
        count: of processes, each of which takes the device of its own number.
        stop_asked: asked again and again, whether it is to stop; it can be resumed then.
        on_progress: told how far it is (0 to 1) and what it is doing.
        on_log: given each line of the job's log that is new.
        asked_at: when it was asked for, Unix seconds, by default now: stopped since then, it does not begin.

    Raises:
        JobError: it cannot be run now, it failed, as its row says, or a process died.
    """
    asked_at = time.time() if asked_at is None else asked_at
    with project.read() as connection:
        before = _row(job_rows.get_job(connection, job_id), job_id)
        logged = max((line for line, _, _ in job_rows.read_log(connection, job_id)), default=0)
    job_rows.check_claimable(before)
    flags = {} if sys.platform == "win32" else {"start_new_session": True}
    with tempfile.TemporaryFile() as printed:
        agent = subprocess.Popen(
            together_command(project.path, job_id, count, asked_at),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            cwd=PROGRAM_FOLDER,
            **flags,  # type: ignore[call-overload]
        )
        try:
            asked = False
            while True:
                ended = agent.poll() is not None
                with project.read() as connection:
                    row = _row(job_rows.get_job(connection, job_id), job_id)
                    lines = job_rows.read_log(connection, job_id, after_id=logged)
                on_progress(row.progress, row.message)
                for _, _, text in lines:
                    on_log(text)
                logged = lines[-1][0] if lines else logged
                if ended:
                    break
                # one that had failed, and nobody has taken yet, would be taken nevertheless
                if not asked and row.state is JobState.RUNNING and stop_asked():
                    job_rows.request_cancel(project, job_id)
                    asked = True
                time.sleep(_LOOK_S)
        finally:
            _end(agent)
        if job_rows.stopped_since(row, asked_at):
            return row.state
        taken = (row.heartbeat_at, row.finished_at) != (before.heartbeat_at, before.finished_at)
        return _ended(project, row, printed, taken=taken)


def together_command(project_path: Path, job_id: int, count: int, asked_at: float) -> list[str]:
    """The command line of torchrun that runs a job in several processes; see `run_together`."""
    python, *rest = run_command(project_path, job_id, asked_at)
    several = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count))
    return [python, *several, *rest]


def _ended(project: Project, row: JobRow, printed: IO[bytes], *, taken: bool) -> JobState:
    """How the job has ended; what its row says is of another time where no process has taken it."""
    if taken and row.state in (JobState.DONE, JobState.CANCELLED):
        return row.state
    if taken and row.state is JobState.FAILED and row.error:
        problem, _, way_out = row.error.rpartition(". ")
        raise JobError(f"{problem}." if problem else "The job failed.", way_out)
    size = printed.seek(0, 2)
    printed.seek(max(size - _TAIL_BYTES, 0))
    tail = printed.read().decode("utf-8", "replace").strip()
    if tail:
        job_rows.append_log(project, row.id, tail)
    words = f"A process of job {row.id} ended before its work did; the job's log holds what it printed."
    if not taken:
        words = f"The processes of job {row.id} did not begin; the job's log holds what they printed."
    raise JobError(words, _RESUME)


def _end(agent: subprocess.Popen[bytes]) -> None:
    """Ends torchrun, where it still runs, and all that it has started."""
    if agent.poll() is not None:
        return
    agent.terminate()
    try:
        agent.wait(_KILL_AFTER_S)
    except subprocess.TimeoutExpired:
        agent.kill()
        agent.wait()


def _row(row: JobRow | None, job_id: int) -> JobRow:
    if row is None:
        raise JobError(f"There is no job {job_id}.", "List the jobs with `amodal job list`.")
    return row
