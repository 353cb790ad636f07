"""How a run stands, in the words of the Train workspace: the list's rows and the panel beside the charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.controllers.training_curves import RunNumbers
from app.controllers.training_words import (
    flat,
    memory_text,
    named_settings,
    number_name,
    purpose_name,
    value_text,
)
from app.states.training import (
    SHORT_NAMES,
    ComparedRun,
    Comparison,
    Note,
    RunFacts,
    RunItem,
    RunLook,
    Tone,
)
from app.words import duration
from core.jobs.train.device_lock import WAITS
from core.records.jobs import JobRow, JobState
from core.records.runs import Purpose, RunRow, RunState

LIVE = (JobState.QUEUED, JobState.RUNNING)
_LOOKS = {
    RunState.RUNNING: RunLook.RUNNING,
    RunState.STOPPED: RunLook.STOPPED,
    RunState.FAILED: RunLook.FAILED,
}
_JOB_LOOKS = {
    JobState.QUEUED: RunLook.WAITING,
    JobState.RUNNING: RunLook.RUNNING,
    JobState.FAILED: RunLook.FAILED,
    JobState.CANCELLED: RunLook.STOPPED,
    JobState.INTERRUPTED: RunLook.INTERRUPTED,
}
_TELLING_SHARE = 0.02  # of a run: before that, how long it takes would be a guess
_TOLD_ELSEWHERE = frozenset({"what", "name", "estimate"})  # settings
_MIXED_OF = frozenset({"data", "project", "mixed"})  # of a run's data: the sentence on what is mixed says it
_FOR_THE_PROGRAM = frozenset({"measured objects", "schedule"})  # by which a run goes on as it began
_MUCH_WAITING = 0.05  # of the time for data: more is worth a word
_WHAT_IT_DOES = {
    Purpose.DETECTOR: "Mining offers it as the project's own detector. What it finds enters the review "
    "queue, the least certain first.",
    Purpose.CLASSIFIER: "Mining goes by it where the occlusion classifier is the rule. What it says enters "
    "the review queue with its confidence, the least certain first.",
    Purpose.PRELABELLER: "The job that places keypoints goes by it, on cars that nobody has done.",
    Purpose.HIDDEN_POINTS: "The job that places cars' keypoints with the program's own network goes by it: "
    "points that are hidden go where the others put them, and are marked as guessed.",
}
_WITHOUT = {
    Purpose.DETECTOR: "Without it, mining goes by other detectors.",
    Purpose.CLASSIFIER: "With none, the one that comes with the program serves again.",
    Purpose.PRELABELLER: "With none, the one that comes with the program serves again.",
    Purpose.HIDDEN_POINTS: "With none, hidden points stay where the network of all points puts them.",
}


def look_of(row: RunRow, job: JobRow | None) -> RunLook:
    """How a run stands: as its job does while that has not come to its end, else as it says itself."""
    if row.state is RunState.DONE:
        return RunLook.EARLY if row.epoch < row.epochs else RunLook.DONE
    if (
        job is not None
        and job.state in _JOB_LOOKS
        and not (job.state is JobState.CANCELLED and row.state is RunState.FAILED)
    ):
        return look_of_job(job)
    return _LOOKS[row.state]


def look_of_job(job: JobRow) -> RunLook:
    """How a training's job stands: one that waits for a device has begun, and yet does not train."""
    return RunLook.WAITING if waits(job) else _JOB_LOOKS.get(job.state, RunLook.DONE)


def share_of(row: RunRow, job: JobRow | None) -> float:
    """How far a run is, 0 to 1."""
    if row.state is RunState.DONE:
        return 1.0
    if job is not None and job.progress > 0:
        return job.progress
    return row.epoch / row.epochs if row.epochs else 0.0


def run_item(row: RunRow, job: JobRow | None, *, marked: bool) -> RunItem:
    """A run's row in the list."""
    value = "" if row.value is None else f"{number_name(row.metric)} {value_text(row.metric, row.value)}"
    return RunItem(
        key=row.id,
        number=row.id,
        name=row.name,
        about=SHORT_NAMES[row.purpose],
        look=look_of(row, job),
        share=share_of(row, job),
        value_text=value,
        in_use=row.in_use,
        hidden=row.hidden,
        marked=marked,
        since=row.finished_at or row.started_at,
    )


def job_item(job: JobRow) -> RunItem:
    """The row of a job that has made no run yet."""
    return RunItem(
        key=-job.id,
        number=0,
        name=str(job.settings.get("name") or job.title),
        about=SHORT_NAMES[purpose_of(job)],
        look=look_of_job(job),
        share=job.progress,
        since=job.finished_at or job.created_at,
    )


def purpose_of(job: JobRow) -> Purpose:
    """What a job trains."""
    try:
        return Purpose(str(job.settings.get("what", "")))
    except ValueError:  # a row of a newer program
        return Purpose.DETECTOR


def facts_of(
    row: RunRow, numbers: RunNumbers | None, job: JobRow | None, used: RunRow | None, *, stopping: bool
) -> RunFacts:
    """All that is said of a run.

    Args:
        row: the run. numbers: its numbers, where they are known. job: that trains it, or None.
        used: the run that serves its purpose now, or None.
        stopping: whether it was asked to stop.
    """
    look, share = look_of(row, job), share_of(row, job)
    live = look in (RunLook.RUNNING, RunLook.WAITING)
    return RunFacts(
        key=row.id,
        name=row.name,
        purpose_text=purpose_name(row.purpose),
        look=look,
        note=note_of(row, job, look),
        share=None if look in (RunLook.DONE, RunLook.EARLY) else share,
        progress_text=progress_text(row, share, live=live),
        now="stopping…" if stopping else (job.message if job is not None and live and not waits(job) else ""),
        facts=_facts(row, numbers),
        mixed=str(row.data.get("mixed", "")),
        learned=_learned(row),
        settings=_settings(row),
        notes=row.notes,
        in_use=row.in_use,
        use_text=use_text(row, used),
        can_use=row.best is not None and not row.in_use,
        can_stop=job is not None and job.state in LIVE and not stopping,
        can_resume=job is not None and job.state not in (*LIVE, JobState.DONE),
        can_hide=not row.in_use and not live,
        stopping=stopping,
        hidden=row.hidden,
    )


def job_facts(job: JobRow, *, stopping: bool) -> RunFacts:
    """What is said of a job that has made no run yet."""
    look, live = look_of_job(job), job.state in LIVE
    note = Note("It prepares", job.message or "The first numbers come once the data is read.", Tone.QUIET)
    if waits(job):
        note = _waiting_note(job)
    elif job.state is JobState.FAILED:
        note = Note("It could not begin", job.error or "", Tone.BAD, "training.again", "Change the settings…")
    elif not live:
        note = Note(
            "It ended before it began", "Resume tries again.", Tone.DOUBTFUL, "training.resume", "Resume"
        )
    return RunFacts(
        key=-job.id,
        name=str(job.settings.get("name") or job.title),
        purpose_text=purpose_name(purpose_of(job)),
        look=look,
        note=note,
        share=job.progress if live else None,
        now="stopping…" if stopping else "",
        settings=_set(job.settings),
        can_stop=live and not stopping,
        can_resume=job.state not in (*LIVE, JobState.DONE),
        stopping=stopping,
    )


def waits(job: JobRow | None) -> bool:
    """Whether a job has begun and waits for a device that another training holds."""
    return job is not None and job.state is JobState.RUNNING and job.message.startswith(WAITS)


def note_of(row: RunRow, job: JobRow | None, look: RunLook) -> Note:
    """What is wrong with a run and the way out, or how it ended."""
    error = (job.error or "") if job is not None and job.state is JobState.FAILED else ""
    if job is not None and waits(job):
        return _waiting_note(job)
    if look is RunLook.FAILED and row.state is RunState.FAILED:
        text = error or "A loss was no number. The batch and the weights before it are kept."
        return Note("It cannot go on as it is", text, Tone.BAD, "training.again", "Train again…")
    if look is RunLook.FAILED:
        kept = "" if row.last is None else " What was trained so far is kept."
        return Note("It failed", f"{error}{kept}".strip(), Tone.BAD, "training.resume", "Resume")
    if look is RunLook.INTERRUPTED:
        text = (
            "Its process is gone. It goes on from its last checkpoint."
            if row.last is not None
            else "Its process is gone before there was a checkpoint: it begins again."
        )
        return Note("It was interrupted", text, Tone.DOUBTFUL, "training.resume", "Resume")
    if look is RunLook.STOPPED:
        return Note("It was stopped", "It goes on where it was.", Tone.DOUBTFUL, "training.resume", "Resume")
    if look is RunLook.EARLY:
        after = "" if row.best_step is None else f" after step {row.best_step:,}"
        return Note(
            "It stopped early",
            f"{_capital(number_name(row.metric))} got no better{after}. The best weights are kept.",
            Tone.GOOD,
        )
    return Note()


def progress_text(row: RunRow, share: float, *, live: bool) -> str:
    """How far a run is, how long it has run, and how long it may still take."""
    if row.state is RunState.DONE:
        return f"{row.epoch} of {row.epochs} epochs, {row.step:,} steps\nTook {duration(row.seconds)}"
    so_far = f"{duration(row.seconds)} so far"
    if live and share >= _TELLING_SHARE and row.seconds > 0:
        so_far += f", about {duration(row.seconds * (1 - share) / share)} left"
    return f"Epoch {min(row.epoch + 1, row.epochs)} of {row.epochs}, step {row.step:,}\n{so_far}"


def use_text(row: RunRow, used: RunRow | None) -> str:
    """What a run does for the project, or would."""
    what, purpose = _WHAT_IT_DOES[row.purpose], purpose_name(row.purpose).lower()
    if row.in_use:
        return f"It is this project's {purpose}. {what} {_WITHOUT[row.purpose]}"
    if row.best is None:
        return "It has no weights yet: they come with the first validation."
    instead = "" if used is None else f", instead of {used.name}"
    return (
        f"It becomes this project's {purpose}{instead}. {what} What a person said is never overwritten, and "
        "undo takes it back."
    )


def comparison_of(runs: Sequence[RunNumbers], looks: Mapping[int, RunLook]) -> Comparison:
    """Several runs side by side: how well they did, and the settings that differ.

    Args:
        runs: they. looks: run id -> how it stands.
    """
    rows = [one.row for one in runs]
    heads = tuple(ComparedRun(row.id, row.id, row.name, looks[row.id], row.in_use) for row in rows)
    settings = [_compared_settings(row) for row in rows]
    names = list(dict.fromkeys(name for one in settings for name in one))
    table = [(name, tuple(one.get(name, "–") for one in settings)) for name in names]
    differing = tuple((name, values) for name, values in table if len(set(values)) > 1)
    return Comparison(heads, tuple(_results(runs)), differing, len(table) - len(differing))


def _results(runs: Sequence[RunNumbers]) -> list[tuple[str, tuple[str, ...], int | None]]:
    found = []
    for metric in dict.fromkeys(one.row.metric for one in runs):
        values = [one.row.value if one.row.metric == metric else None for one in runs]
        texts = tuple("–" if value is None else value_text(metric, value) for value in values)
        known = [value for value in values if value is not None]
        best = values.index(max(known)) if len(known) > 1 and known.count(max(known)) == 1 else None
        found.append((f"Best {number_name(metric)}", texts, best))
    steps = tuple("–" if one.row.best_step is None else f"{one.row.best_step:,}" for one in runs)
    found.append(("At step", steps, None))
    found.append(("Epochs", tuple(f"{one.row.epoch} of {one.row.epochs}" for one in runs), None))
    found.append(("Time", tuple(duration(one.row.seconds) for one in runs), None))
    for name, title in (("pictures_per_s", "Pictures a second"), ("memory_mib", "Memory")):
        newest = [one.newest(name) for one in runs]
        if any(value is not None for value in newest):
            texts = tuple("–" if value is None else value_text(name, value) for value in newest)
            found.append((title, texts, None))
    return found


def _compared_settings(row: RunRow) -> dict[str, str]:
    own = {name: value for name, value in row.settings.items() if name != "name"}
    found = {"Purpose": purpose_name(row.purpose)} | {
        name: value for name, value in named_settings(own).items() if name != "Purpose"
    }
    found |= {f"Data, {name[:1].lower()}{name[1:]}": value for name, value in flat(row.data).items()}
    found |= {
        f"Network, {name[:1].lower()}{name[1:]}": value for name, value in flat(row.architecture).items()
    }
    return found | {"Seed": str(row.seed), "Ran on": row.device or "–"} | flat(row.versions, "version of ")


def _facts(row: RunRow, numbers: RunNumbers | None) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    if row.value is not None:
        where = "" if row.best_step is None else f" at step {row.best_step:,}"
        found.append((f"Best {number_name(row.metric)}", f"{value_text(row.metric, row.value)}{where}"))
    if row.device:
        found.append(("Runs on" if row.state is RunState.RUNNING else "Ran on", row.device))
    if numbers is not None:
        speed, wait = numbers.newest("pictures_per_s"), numbers.newest("wait_share")
        if speed is not None:
            slow = f", waits for data {wait:.0%} of it" if wait is not None and wait > _MUCH_WAITING else ""
            found.append(("Speed", f"{value_text('pictures_per_s', speed)} pictures a second{slow}"))
        process, gpu = numbers.newest("memory_mib"), numbers.newest("gpu_memory_mib")
        if process is not None:
            more = "" if gpu is None else f", and {memory_text(gpu)} of the GPU"
            found.append(("Memory", f"{memory_text(process)}{more}"))
    return tuple(found)


def _learned(row: RunRow) -> tuple[tuple[str, str], ...]:
    """What it learned from, without what there was none of, and what one sentence says already."""
    told = (_MIXED_OF if "mixed" in row.data else frozenset[str]()) | _FOR_THE_PROGRAM
    found = flat({name: value for name, value in row.data.items() if name not in told})
    return tuple((name, value) for name, value in found.items() if value not in ("–", "0"))


def _settings(row: RunRow) -> tuple[tuple[str, str], ...]:
    found = dict(_set(row.settings)) | {"Seed": str(row.seed)}
    found |= {
        f"Network, {name[:1].lower()}{name[1:]}": value for name, value in flat(row.architecture).items()
    }
    return tuple((found | flat(row.versions, "version of ")).items())


def _set(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Settings without those that nobody set, and those that are told elsewhere."""
    own = {name: value for name, value in settings.items() if name not in _TOLD_ELSEWHERE}
    return tuple((name, value) for name, value in named_settings(own).items() if value != "–")


def _waiting_note(job: JobRow) -> Note:
    held = job.message.removeprefix(WAITS)
    text = f"Its device is taken: {held}. It begins by itself as soon as that ends."
    return Note("It waits for its turn", text, Tone.QUIET)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
