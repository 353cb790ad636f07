"""Which model a job works with: chosen when it begins, and noted, so that its labels can be traced to it."""

from __future__ import annotations

from core.errors import TrainingError
from core.jobs.context import JobContext
from core.jobs.networks_in_use import model_in_use, model_of
from core.records.runs import ModelUsed, Purpose, RunRow
from core.store.queries.runs import model_of_job, run_by_id
from core.store.writers.runs import note_model


def settled_model(context: JobContext, purpose: Purpose, run: RunRow | None = None) -> ModelUsed:
    """The model that serves a purpose in this job, also where it goes on after another came into use.

    Args:
        context: of the job.
        purpose: what for.
        run: the one to take where the job has just begun; None: the one in use, or the program's own.

    Raises:
        TrainingError: nothing serves that purpose.
    """
    with context.project.read() as connection:
        known = model_of_job(connection, context.job_id, purpose)
        held = None if known is None or known.run_id is None else run_by_id(connection, known.run_id)
    if known is not None and (held is None or held.best == known.weights):
        return known
    if held is not None:
        run = held  # it was trained on meanwhile, and has other weights
    chosen = model_in_use(context.project, purpose) if run is None else model_of(run)
    words = purpose.value.replace("_", " ")
    if chosen is None:
        raise TrainingError(
            f"This project has no model for this in use: {words}.", "Train one, and use its model."
        )
    with context.project.write() as connection:
        note_model(connection, context.job_id, chosen)
    context.log(f"The model for this is {chosen.title}: {words}.")
    return chosen
