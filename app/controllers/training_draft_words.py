"""A training that is about to begin, in words: what it learns from, whether that is enough, how long."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.controllers.training_reads import Stock
from app.controllers.training_words import memory_text
from app.states.training import Estimate, Note, PurposeCard, Tone
from app.words import duration, plural
from core.jobs.train.mixing import listed
from core.records.jobs import JobRow, JobState
from core.records.recipes import Split
from core.records.runs import Purpose

if TYPE_CHECKING:
    from core.mining.detectors.weights import WeightsFile

PURPOSE_TEXTS = {
    Purpose.DETECTOR: "Finds whole cars and people, with boxes, masks, keypoints and poses, also behind what "
    "hides them. It learns from composites, where every hidden pixel is known, and from reviewed frames.",
    Purpose.CLASSIFIER: "Says of an object whether anything hides it. It learns from verdicts in Review.",
    Purpose.PRELABELLER: "Places a car's keypoints with their tags, so that you only correct them. It learns "
    "from cars with keypoints.",
    Purpose.HIDDEN_POINTS: "Says where a car's hidden keypoints are, by those that are seen. It learns from "
    "composites of cars with keypoints, where every hidden point is known, from points that people have "
    "placed, and from simulated cars.",
}
# where labels come from: the action that goes there, its button, and what to do there
_HELP: Mapping[Purpose, tuple[str, str, str]] = {
    Purpose.DETECTOR: ("training.compose", "Go to Compose", "Make a set of composites."),
    Purpose.CLASSIFIER: ("training.review", "Go to Review", "Give verdicts, occluded ones too."),
    Purpose.PRELABELLER: ("training.keypoints", "Go to Keypoints", "Place keypoints in more cars."),
    Purpose.HIDDEN_POINTS: ("training.compose", "Go to Compose", "Make a set of composites."),
}
_ON_PROCESSOR = {  # by whether it is the detector that is trained
    True: "That is slow: take the small network, and estimate the time first.",
    False: "For a network as small as this one that will do.",
}
_DRAWN = {
    "detector": "pictures of streets",
    "classifier": "crops of cars",
    "shared_views": "cars that three cameras see",
}
_FEW = 2  # times what is needed at least: less than this teaches, but not much
_MUCH_WAITING_PERCENT = 5
_UNTOLD = frozenset({"name", "estimate"})  # settings that change nothing about how long it takes


def stock_rows(stock: Stock) -> tuple[tuple[str, str], ...]:
    """(what, how much) there is to learn from, labels of people first."""
    labels = stock.labels
    reviewed, points = "nothing yet", "none placed by people yet"
    if labels.unoccluded or labels.occluded:
        reviewed = (
            f"{plural(labels.unoccluded, 'object')} unoccluded, {labels.occluded:,} occluded, "
            f"in {plural(labels.frames, 'frame')}"
        )
    if labels.points:
        points = (
            f"{plural(labels.points, 'point')} placed by people in {plural(labels.cars, 'car')} and "
            f"{plural(labels.people, 'person', 'people')}"
        )
    rows = [("Reviewed", reviewed), ("Keypoints", points)]
    for one in stock.sets:
        train, validation = stock.composites(one.name), stock.composites(one.name, Split.VALIDATION)
        rows.append((f"Set {one.name}", f"{train:,} composites to train, {validation:,} to validate"))
    if not stock.sets:
        rows.append(("Composites", "none yet"))
    drawn = [words for what, words in _DRAWN.items() if what in stock.drawn]
    rows.append(
        ("Synthetic", f"{listed(drawn)} on this machine" if drawn else "not drawn on this machine yet")
    )
    return tuple(rows)


def labels_note(card: PurposeCard | None) -> Note:
    """Whether the labels are enough for what is chosen, and what helps."""
    if card is None:
        return Note("It looks what there is", "The labels of this project are being counted.", Tone.QUIET)
    action, button, missing = _HELP[card.purpose]
    unmet = [need for need in card.needs if not need.met]
    if unmet:
        what = " and ".join(f"{need.least - need.have:,} more {need.what}" for need in unmet)
        return Note("Too few labels", f"It needs {what}. {missing}", Tone.BAD, action, button)
    if not card.ready:
        return Note("It cannot be trained here", card.note, Tone.BAD)
    few = [need for need in card.needs if need.have < _FEW * need.least]
    if few:
        what = " and ".join(f"{need.have:,} {need.what}" for need in few)
        text = f"With {what} it trains, but may be often wrong. {missing}{_of_what(card)}"
        return Note("Few labels", text, Tone.DOUBTFUL, action, button)
    return Note("There are enough labels", f"More of them still make it better.{_of_what(card)}", Tone.GOOD)


def _of_what(card: PurposeCard) -> str:
    """What the counted labels are, where there are several kinds."""
    told = [f"{need.what[:1].upper()}{need.what[1:]}: {need.detail}." for need in card.needs if need.detail]
    return "".join(f" {words}" for words in told)


def fetch_note(wanted: WeightsFile | None, allowed: Collection[str]) -> Note:
    """What would be fetched before a training begins, if anything, and whether a person lets it.

    Args:
        wanted: a published file that is not on this machine. allowed: names of files that may be fetched.
    """
    if wanted is None:
        return Note()
    what = f"{wanted.name}, about {wanted.megabytes} MB, from {urlsplit(wanted.url).hostname}"
    if wanted.name in allowed:
        return Note("It fetches its first weights", f"When it begins: {what}, once.", Tone.GOOD)
    return Note(
        "May it fetch its first weights?",
        f"It would fetch {what}, once on this machine. Or choose a file, or nothing.",
        Tone.DOUBTFUL,
        "training.allow_fetch",
        f"Fetch {wanted.megabytes} MB when it begins",
    )


def device_note(device: str, gpu: str, purpose: Purpose) -> Note:
    """What to know of where it would run.

    Args:
        device: that is chosen, such as "auto".
        gpu: a sign of a GPU that was found on this machine, or "".
        purpose: what is to be trained.
    """
    slow = purpose is Purpose.DETECTOR
    if device == "cpu" or (device == "auto" and not gpu):
        why = "" if device == "cpu" else "There is no sign of a GPU on this machine. "
        return Note(
            "It trains on the processor",
            f"{why}{_ON_PROCESSOR[slow]}",
            Tone.DOUBTFUL if slow else Tone.QUIET,
        )
    if device != "auto" and not gpu:
        return Note(
            "No sign of such a GPU",
            "The training will refuse to begin rather than be slow without saying so. Choose auto or CPU.",
            Tone.DOUBTFUL,
        )
    return Note("It trains on the GPU", f"Found: {gpu}. The estimate says whether it can be used.", Tone.GOOD)


def gpu_sign() -> str:
    """A sign of a GPU on this machine, or "": the window looks without torch, which only jobs import."""
    if sys.platform == "darwin":
        import platform

        return "an Apple GPU" if platform.machine() == "arm64" else ""
    folder = Path("/proc/driver/nvidia/gpus")
    try:
        for gpu in sorted(folder.iterdir()):
            for line in (gpu / "information").read_text(encoding="utf-8", errors="replace").splitlines():
                name, _, value = line.partition(":")
                if name.strip() == "Model":
                    return value.strip()
    except OSError:
        pass
    places = (Path("/dev/nvidiactl"), Path("C:/Windows/System32/nvidia-smi.exe"))
    return "an NVIDIA GPU" if any(place.exists() for place in places) else ""


def same_work(one: Mapping[str, Any], other: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    """Whether two trainings take as long.

    Args:
        one, other: their settings. defaults: of settings that one of them does not name.
    """
    first, second = by_field(one), by_field(other)
    names = (first.keys() | second.keys()) - _UNTOLD
    return all(first.get(name, defaults.get(name)) == second.get(name, defaults.get(name)) for name in names)


def by_field(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A job's settings by the names that its form has for them: "group.name" for those in groups."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        found |= (
            by_field(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
        )
    return found


def estimate_of(job: JobRow) -> Estimate:
    """What a job that estimates has found so far."""
    if job.state in (JobState.QUEUED, JobState.RUNNING):
        return Estimate(True, "Measuring", job.message or "It begins.", job_id=job.id)
    if job.state is JobState.FAILED:
        return Estimate(False, "It could not be measured", job.error or "", Tone.BAD, job.id)
    if job.state is not JobState.DONE:
        return Estimate(False, "It was not measured", "The measuring was stopped.", Tone.QUIET, job.id)
    found = job.result
    title = f"About {duration(3600 * float(found.get('hours', 0.0)))}"
    parts = [
        f"{found.get('steps', 0):,} steps of {found.get('seconds_a_step', 0):.3g} s, validations come on top."
    ]
    memory = [memory_text(float(found["memory_mib"]))] if "memory_mib" in found else []
    if "gpu_memory_mib" in found:
        memory.append(f"{memory_text(float(found['gpu_memory_mib']))} of the GPU")
    if memory:
        parts.append(f"Memory: {' and '.join(memory)}.")
    if found.get("parts_of_a_batch", 1) > 1:
        parts.append(f"A batch does not fit at once: it is taken in {found['parts_of_a_batch']} parts.")
    if found.get("learns_from"):
        parts.append(str(found["learns_from"]))
    if found.get("waiting_percent", 0) > _MUCH_WAITING_PERCENT:
        parts.append(f"It waits for data {found['waiting_percent']} % of the time.")
    parts.append(f"Measured on {found.get('device', 'this machine')}, {found.get('precision', '32')}.")
    return Estimate(False, title, " ".join(parts), Tone.GOOD, job.id)


def newest_estimate(
    jobs: Sequence[JobRow], settings: Mapping[str, Any], defaults: Mapping[str, Any]
) -> JobRow | None:
    """The newest job that estimates just this training, or None."""
    return next(
        (
            job
            for job in sorted(jobs, key=lambda one: -one.id)
            if job.settings.get("estimate") and same_work(job.settings, settings, defaults)
        ),
        None,
    )
