"""The job that finds moved footage again, by its content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import FootageMissingError
from core.jobs.context import JobContext
from core.jobs.settings import LocateSettings
from core.login_name import login_name
from core.media.locate import find_moved
from core.store.edits.sources import relocate_source
from core.store.history import History
from core.store.queries.sources import identity_of, list_sources


def run_locate(context: JobContext) -> dict[str, Any]:
    """Look for every missing source in a folder, or at a file, and note where each was found.

    Raises:
        FootageMissingError: there is nothing at that place, or something is missing and none of it is there.
    """
    settings = context.settings(LocateSettings)
    place = settings.place.expanduser().absolute()
    if not place.exists():
        raise FootageMissingError(f"There is nothing at {place}.", "Choose a folder or a file that is there.")
    with context.project.read() as connection:
        missing = [row for row in list_sources(connection, context.project, counted=False) if not row.found]
        identities = {row.id: identity_of(connection, row.id) for row in missing}
    history = History(context.project, settings.annotator.strip() or login_name())
    found = []
    for number, row in enumerate(missing):
        context.check_stop()
        context.progress(number / len(missing), f"Looking for {row.name}")
        identity = identities[row.id]
        path = None if identity is None else find_moved(*identity, roots=[place])
        if path is not None:
            relocate_source(history, row.id, path)
            found.append(row.name)
            context.log(f"{row.name} is at {path}")
    if missing and not found:
        raise _not_found(place, [row.name for row in missing])
    return {"missing": len(missing), "found": found}


def _not_found(place: Path, names: Sequence[str]) -> FootageMissingError:
    what = names[0] if len(names) == 1 else f"any of the {len(names)} missing sources"
    if place.is_file():
        return FootageMissingError(
            f"{place.name} is not {what}: its content is another.",
            "Choose the file as it was; one that was cut or encoded anew is added as new footage.",
        )
    return FootageMissingError(
        f"Neither {place} nor what is below it holds {what}.",
        "Try another folder, or choose the file itself.",
    )
