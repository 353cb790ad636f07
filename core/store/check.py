"""Looks at every page of an open project: what `amodal doctor` asks for."""

from __future__ import annotations

from core.errors import ProjectError
from core.store.connection import raw_of
from core.store.file_check import faults_of
from core.store.project import Project


def integrity_faults(project: Project) -> list[str]:
    """What is wrong with an open project's file, in plain words; empty where it is whole.

    Reads the whole file (a few seconds a gigabyte).
    """
    try:
        with project.read() as connection:
            return faults_of(raw_of(connection))
    except ProjectError as error:
        return [error.problem]
