"""Findings about one project."""

from __future__ import annotations

from pathlib import Path

from core.errors import ProjectError
from core.jobs.doctor.finding import Finding
from core.records.jobs import JobState
from core.store import check, job_rows
from core.store.project import Project
from core.store.queries.sources import list_sources


def project_findings(path: Path) -> list[Finding]:
    """Whether the file is whole, its footage in place and its jobs at an end."""
    try:
        with Project.open(path, read_only=True) as project:
            return [_whole(project), *_footage(project), *_jobs(project)]
    except ProjectError as problem:
        return [Finding("bad", path.name, str(problem))]


def _whole(project: Project) -> Finding:
    faults = check.integrity_faults(project)
    if faults:
        return Finding(
            "bad",
            project.path.name,
            f"damaged: {faults[0]}; go on from a copy in {project.files_dir}/backups.",
        )
    return Finding("ok", project.path.name, "every page and every reference is sound")


def _footage(project: Project) -> list[Finding]:
    with project.read() as connection:
        rows = list_sources(connection, project)
    missing = [row.name for row in rows if not row.found]
    if not missing:
        return [Finding("ok", "Footage", f"{len(rows)} sources, all in place")]
    text = f"{len(missing)} of {len(rows)} missing, such as {missing[0]}; find it with `amodal locate`."
    return [Finding("bad", "Footage", text)]


def _jobs(project: Project) -> list[Finding]:
    with project.read() as connection:
        rows = job_rows.list_jobs(connection)
    return [
        Finding(
            "note", f"Job {row.id}", f"{row.kind} stopped at {row.progress:.0%}; `amodal job run` resumes it."
        )
        for row in rows
        if row.state is JobState.INTERRUPTED
    ]
