"""The job that tells anew which objects are unoccluded, by the tests or by the classifier in use.

It changes what the machine says, and nothing else: a person's verdict and an imported label stay in force.
Run with other settings it says all of that anew, so there is nothing to undo.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, func, select

from core.errors import JobError
from core.jobs.context import JobContext
from core.jobs.footage import CameraFootage, chosen_footage
from core.jobs.mine.judge_phase import judge_camera
from core.jobs.settings import JudgeSettings
from core.records.occlusion import OcclusionLabel, Verdict
from core.store import tables
from core.store.queries.sources import list_sources


def run_judge(context: JobContext) -> dict[str, Any]:
    """Judge every chosen source's objects; cameras that an earlier attempt finished are not judged again.

    Raises:
        JobError: there is no such camera or source, or nothing was found in it.
        CheckpointError, DetectorUnavailableError: the classifier cannot be used.
    """
    settings = context.settings(JudgeSettings)
    footage = chosen_footage(context.project, settings.camera, settings.source)
    chosen = [source.id for one in footage for source in one.sources]
    i = tables.instance.c
    with context.project.read() as connection:
        here = select(func.count()).where(i.source_id.in_(chosen), i.state == "live")
        if not connection.scalar(here):
            raise JobError("Nothing was found in this footage yet.", "Mine it first.")
    for number, one in enumerate(footage):
        _judge(context, settings, one, number / len(footage), 1 / len(footage))
    return _result(context, chosen)


def _judge(
    context: JobContext, settings: JudgeSettings, footage: CameraFootage, before: float, share: float
) -> None:
    judged = context.checkpoint.setdefault("judged", [])
    if footage.camera.id in judged:
        return

    def show(part: float) -> None:
        context.progress(before + share * part, f"Judging objects of {footage.camera.name}")

    with context.project.read() as connection:
        every = list_sources(connection, context.project, footage.camera.id, counted=False)
    chosen = {source.id for source in footage.sources}
    others = [source for source in every if source.id not in chosen]
    with context.project.bulk() as bulk:
        judge_camera(context, settings, bulk, footage.sources, others, show)

        def finish(connection: Connection) -> None:
            judged.append(footage.camera.id)
            context.save(connection)

        bulk.run(finish)


def _result(context: JobContext, source_ids: list[int]) -> dict[str, Any]:
    """What the machine says now, and how often people have said something else."""
    i = tables.instance.c
    query = (
        select(i.machine_label, i.verdict, func.count())
        .where(i.source_id.in_(source_ids), i.state == "live", i.machine_label.is_not(None))
        .group_by(i.machine_label, i.verdict)
    )
    labels: Counter[str] = Counter()
    people = otherwise = 0
    with context.project.read() as connection:
        for label, verdict, count in connection.execute(query):
            labels[label] += count
            if verdict in (Verdict.UNOCCLUDED.value, Verdict.OCCLUDED.value):
                people += count
                otherwise += count if verdict != label else 0
    return {label.value: labels[label.value] for label in OcclusionLabel} | {
        "judged by people": people,
        "of these otherwise": otherwise,
    }
