"""Where an evaluation keeps what it has looked at; apart from what reads it, which needs torch."""

from __future__ import annotations

from pathlib import Path

from core.store.project import Project


def looked_folder(project: Project, evaluation_id: int) -> Path:
    """Where an evaluation keeps what it has looked at while it runs; it may not exist."""
    return project.files_dir / "evaluations" / str(evaluation_id)
