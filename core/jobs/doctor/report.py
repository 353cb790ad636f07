"""The doctor's whole report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.jobs.doctor.finding import Finding
from core.jobs.doctor.machine import machine_findings
from core.jobs.doctor.opengl import opengl_finding
from core.jobs.doctor.project import project_findings

__all__ = ["Finding", "report"]


def report(project: Path | None = None) -> Iterator[Finding]:
    """What works on this machine and, where a project is named, whether its file is sound."""
    yield from machine_findings()
    yield opengl_finding()
    if project is not None:
        yield from project_findings(project)
