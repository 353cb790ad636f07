"""The job that finds moved footage again, by its content."""

from __future__ import annotations

import getpass
from typing import Any

from core.errors import FootageMissingError
from core.jobs.context import JobContext
from core.jobs.settings import LocateSettings
from core.media.locate import find_moved
from core.store.edits.sources import relocate_source
from core.store.history import History
from core.store.queries.sources import identity_of, list_sources


def run_locate(context: JobContext) -> dict[str, Any]:
    """Search a folder for every missing source, and note where each was found.

    Raises:
        FootageMissingError: something is missing and none of it was found there.
    """
    folder = context.settings(LocateSettings).folder.expanduser().absolute()
    with context.project.read() as connection:
        missing = [row for row in list_sources(connection, context.project, counted=False) if not row.found]
        identities = {row.id: identity_of(connection, row.id) for row in missing}
    history = History(context.project, getpass.getuser())
    found = []
    for number, row in enumerate(missing):
        context.check_stop()
        context.progress(number / len(missing), f"Looking for {row.name}")
        identity = identities[row.id]
        path = None if identity is None else find_moved(*identity, roots=[folder])
        if path is not None:
            relocate_source(history, row.id, path)
            found.append(row.name)
            context.log(f"{row.name} is at {path}")
    if missing and not found:
        raise FootageMissingError(
            f"None of the {len(missing)} missing sources is in {folder} or below.", "Try another folder."
        )
    return {"missing": len(missing), "found": found}
