"""How an evaluation stands, in the words of the Evaluate workspace: the list's rows, and all of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.controllers.training_facts import LIVE
from app.controllers.training_words import flat, plain_value
from app.states.evaluation import EvaluationFacts
from app.states.training import PURPOSE_NAMES, Note, RunItem, RunLook, Tone
from app.words import ago, duration
from core.records.evaluations import EvaluationNumbers, EvaluationRow, EvaluationState, Subject, Truth
from core.records.figures import FIGURES, words_of
from core.records.jobs import JobRow, JobState

SUBJECT_WORDS = {
    Subject.RUN: "Network",
    Subject.PREDICTIONS: "Predictions",
    Subject.MINING: "Mining",
    Subject.ANNOTATORS: "Annotators",
    Subject.FITS: "Fits in 3D",
}
TRUTH_WORDS = {
    Truth.REVIEWED: "reviewed frames",
    Truth.COMPOSITES: "composites",
    Truth.STREET: "a drawn street",
    Truth.LABELS: "people's labels",
    Truth.ANNOTATOR: "one another",
    Truth.TRACKS: "the project's tracks",
    Truth.SIMULATION: "the simulated truth",
}
_LOOKS = {
    EvaluationState.RUNNING: RunLook.RUNNING,
    EvaluationState.DONE: RunLook.DONE,
    EvaluationState.STOPPED: RunLook.STOPPED,
    EvaluationState.FAILED: RunLook.FAILED,
}
_JOB_LOOKS = {
    JobState.QUEUED: RunLook.WAITING,
    JobState.RUNNING: RunLook.RUNNING,
    JobState.FAILED: RunLook.FAILED,
    JobState.CANCELLED: RunLook.STOPPED,
    JobState.INTERRUPTED: RunLook.INTERRUPTED,
}
# what is said of an evaluation in the list: the first of these that it has
_TELLING = (
    *("hota", "mask_ap", "box_ap", "average_precision", "pck_0.1", "label_kappa", "tag_kappa"),
    *("label_accuracy", "tag_accuracy", "recall", "place"),
)


def look_of(row: EvaluationRow, job: JobRow | None) -> RunLook:
    """How an evaluation stands: as its job does while that is not at its end, else as it says itself."""
    if row.state is EvaluationState.DONE or job is None or job.state not in _JOB_LOOKS:
        return _LOOKS[row.state]
    return _JOB_LOOKS[job.state]


def about_of(row: EvaluationRow) -> str:
    """What was measured by what, such as "Detector by composites"."""
    subject = SUBJECT_WORDS[row.subject]
    if row.subject is Subject.RUN and row.purpose is not None:
        subject = PURPOSE_NAMES[row.purpose]
    return f"{subject} by {TRUTH_WORDS[row.truth]}"


def evaluation_item(
    row: EvaluationRow, job: JobRow | None, numbers: EvaluationNumbers | None, *, marked: bool
) -> RunItem:
    """An evaluation's row in the list."""
    look = look_of(row, job)
    return RunItem(
        key=row.id,
        number=row.id,
        name=row.name,
        about=about_of(row),
        look=look,
        share=1.0 if look is RunLook.DONE else (0.0 if job is None else job.progress),
        value_text="" if numbers is None else telling(numbers),
        hidden=row.hidden,
        marked=marked,
        since=row.finished_at or row.started_at,
    )


def job_item(job: JobRow) -> RunItem:
    """The row of a job that has made no evaluation yet."""
    return RunItem(
        key=-job.id,
        number=0,
        name=str(job.settings.get("name") or job.title),
        about="Evaluation",
        look=_JOB_LOOKS.get(job.state, RunLook.DONE),
        share=job.progress,
        since=job.finished_at or job.created_at,
    )


def telling(numbers: EvaluationNumbers) -> str:
    """The one number that says most of it, such as "Mask AP 41.2 %", or ""."""
    for name in _TELLING:
        figure = numbers.figure(name)
        if figure is not None:
            return f"{FIGURES[name].title} {words_of(name, figure.value)}"
    return ""


def facts_of(
    row: EvaluationRow, job: JobRow | None, *, stopping: bool, run_name: str | None = None
) -> EvaluationFacts:
    """All that is said of an evaluation.

    Args:
        job: that measures it, or None. stopping: whether it was asked to stop.
        run_name: of the run that is measured, where it is known.
    """
    look = look_of(row, job)
    live = look in (RunLook.RUNNING, RunLook.WAITING)
    return EvaluationFacts(
        key=row.id,
        name=row.name,
        about=about_of(row),
        look=look,
        note=_note_of(row, job, look),
        share=None if job is None or not live else job.progress,
        now="stopping…" if stopping else (job.message if job is not None and live else ""),
        facts=_facts(row, run_name),
        settings=_settings(row),
        notes=row.notes,
        hidden=row.hidden,
        stopping=stopping,
        can_stop=job is not None and job.state in LIVE and not stopping,
        can_resume=_can_resume(job),
    )


def job_facts(job: JobRow, *, stopping: bool) -> EvaluationFacts:
    """What is said of a job that has made no evaluation yet."""
    look = _JOB_LOOKS.get(job.state, RunLook.DONE)
    live = job.state in LIVE
    note = Note("It prepares", job.message or "It reads what there is to measure by.", Tone.QUIET)
    if job.state is JobState.FAILED:
        note = Note("It could not begin", job.error or "", Tone.BAD, "evaluate.again", "Change the settings…")
    elif not live:
        note = Note(
            "It ended before it began", "Resume tries again.", Tone.DOUBTFUL, "evaluate.resume", "Resume"
        )
    return EvaluationFacts(
        key=-job.id,
        name=str(job.settings.get("name") or job.title),
        about="Evaluation",
        look=look,
        note=note,
        share=job.progress if live else None,
        now="stopping…" if stopping else "",
        settings=tuple(flat(_told(job.settings)).items()),
        stopping=stopping,
        can_stop=live and not stopping,
        can_resume=_can_resume(job),
    )


def _note_of(row: EvaluationRow, job: JobRow | None, look: RunLook) -> Note:
    if look is RunLook.FAILED:
        error = (job.error or "") if job is not None else ""
        return Note("It failed", error, Tone.BAD, "evaluate.again", "Change the settings…")
    resume = ("evaluate.resume", "Resume") if _can_resume(job) else ("", "")
    if look is RunLook.INTERRUPTED:
        return Note("It was interrupted", "Its process is gone; it goes on.", Tone.DOUBTFUL, *resume)
    if look is RunLook.STOPPED:
        return Note("It was stopped", "It goes on where it was.", Tone.DOUBTFUL, *resume)
    if look is RunLook.DONE and not row.objects:
        return Note("Nothing was counted", "There was no object to measure by.", Tone.DOUBTFUL)
    notes = row.data.get("notes")
    if look is RunLook.DONE and isinstance(notes, list) and notes:
        return Note("To know of it", "\n".join(str(one) for one in notes), Tone.DOUBTFUL)
    return Note()


def _facts(row: EvaluationRow, run_name: str | None) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    if row.run_id is not None:
        found.append(("Run", f"{row.run_id}, {run_name}" if run_name else str(row.run_id)))
    if row.file:
        found.append(("File", row.file))
    if row.pictures or row.objects:
        found += [("Pictures", plain_value(row.pictures)), ("Objects", plain_value(row.objects))]
    if row.finished_at is not None:
        found.append(("Measured", ago(row.finished_at)))
        if row.started_at is not None:
            found.append(("Took", duration(max(row.finished_at - row.started_at, 0.0))))
    told = {name: value for name, value in row.data.items() if name not in ("notes", "pictures", "objects")}
    found += flat(told).items()
    if row.truth_key:
        found.append(("Truth", row.truth_key[:12]))
    return tuple(found)


def _settings(row: EvaluationRow) -> tuple[tuple[str, str], ...]:
    found = flat(_told(row.settings)) | {"Seed": str(row.seed)}
    return tuple((found | flat(row.versions, "version of ")).items())


def _told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that say something: those that are empty do not."""
    return {name: value for name, value in settings.items() if value not in (None, "", [])}


def _can_resume(job: JobRow | None) -> bool:
    return job is not None and job.state not in (*LIVE, JobState.DONE)
