"""What `amodal doctor` looks at: the machine, the packages, and a project."""

from core.jobs.doctor.report import Finding, report

__all__ = ["Finding", "report"]
