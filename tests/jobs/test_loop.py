"""The loop with stand-ins as parts: their order, what ends it, which model it uses, how it goes on."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import JobError, SettingsError
from core.jobs import registry
from core.jobs.compose.job import run_compose
from core.jobs.context import JobCancelled, JobContext
from core.jobs.loop.before_mining import Beside
from core.jobs.registry import JobKind, create
from core.jobs.runner import run_job
from core.records.evaluations import EvaluationState, Figure, Subject, Truth
from core.records.jobs import JobRow, JobState
from core.records.runs import Purpose, RunState
from core.records.slices import ALL
from core.store import job_rows
from core.store.project import Project
from core.store.queries.runs import run_in_use
from core.store.writers.evaluations import make_evaluation, update_evaluation, write_figures
from core.store.writers.runs import make_run, update_run
from tests.jobs.doing import do_job
from tests.jobs.yard import Yard

KINDS = registry.KINDS
WEIGHTS = "best-0123456789abcdef.safetensors"
ROUND = ["mine", "fit", "cut", "compose", "compose", "train", "evaluate"]


class StandIns:
    """Parts that do nothing but say what they would have found.

    Attributes:
        values: of the figure, one for each evaluation; None: it has none. finds: of each.
        keys: of their truths; the last counts for the rest.
        unoccluded: of each mining, likewise. beside: what each new model finds beside what was found before,
            likewise. looks: how often that was looked at.
        done: (kind, settings) of all parts that ran.
        trouble: called with a part's kind and how many of it ran before.
    """

    def __init__(self) -> None:
        self.values: list[float | None] = [0.2, 0.3, 0.32]
        self.finds = 5
        self.keys, self.unoccluded = ["same"], [7]
        self.beside, self.looks = [Beside(9, 10, 8)], 0
        self.done: list[tuple[str, Any]] = []
        self.trouble: Callable[[str, int, JobContext], None] = lambda kind, before, context: None

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.done]

    def settings(self, kind: str) -> list[Any]:
        return [settings for name, settings in self.done if name == kind]

    def run(self, context: JobContext, kind: str) -> dict[str, Any]:
        before = self.kinds().count(kind)
        self.trouble(kind, before, context)
        self.done.append((kind, context.settings(registry.KINDS[kind].settings)))
        if kind == "mine":
            return {"objects": 9, "unoccluded": _at(self.unoccluded, before)}
        if kind == "cut":
            return {"cut": 5}
        if kind == "train":
            return {"run": self._trained(context)}
        if kind == "evaluate":
            return {"evaluation": self._evaluated(context, before)}
        return {}

    def look(self) -> Beside:
        self.looks += 1
        return _at(self.beside, self.looks - 1)

    def _trained(self, context: JobContext) -> int:
        with context.project.write() as c:
            run = make_run(
                c,
                Purpose.DETECTOR,
                "Tiny",
                job_id=context.job_id,
                settings={},
                seed=0,
                epochs=1,
                metric="mask_ap",
            )
            update_run(c, run, state=RunState.DONE, best=f"{run}/{WEIGHTS}")
        return run

    def _evaluated(self, context: JobContext, before: int) -> int:
        with context.project.write() as c:
            made = make_evaluation(
                c, "x", Subject.RUN, Truth.STREET, job_id=context.job_id, settings={}, seed=0, purpose=None
            )
            value = self.values[before]
            figures = [] if value is None else [Figure("mask_ap", ALL, value, None, None, 3)]
            write_figures(c, made, figures, [], [])
            key, data = _at(self.keys, before), {"finds": self.finds}
            update_evaluation(c, made, state=EvaluationState.DONE, truth_key=key, data=data)
        return made


def _at(values: list[Any], place: int) -> Any:
    return values[min(place, len(values) - 1)]


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Yard(tmp_path_factory.mktemp("blank") / "yard.amodal").path


@pytest.fixture
def path(blank: Path, tmp_path: Path) -> Path:
    """The same project for each test, as it was."""
    copy = tmp_path / "yard.amodal"
    with closing(sqlite3.connect(blank)) as whole, closing(sqlite3.connect(copy)) as into:
        whole.backup(into)
    return copy


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> StandIns:
    stand_ins = StandIns()
    kinds = dict(registry.KINDS)
    for name in set(ROUND):
        known = kinds[name]
        kinds[name] = JobKind(
            name, known.title, known.help, known.settings, lambda c, name=name: stand_ins.run(c, name)
        )
    monkeypatch.setattr(registry, "KINDS", kinds)
    monkeypatch.setattr("core.jobs.loop.job.beside_before", lambda *_: stand_ins.look())
    return stand_ins


def begun(path: Path, **settings: Any) -> int:
    with Project.open(path) as project:
        return create(project, "loop", settings)


def row_of(path: Path, job_id: int) -> JobRow:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return row


def looped(path: Path, **settings: Any) -> dict[str, Any]:
    job_id = begun(path, **settings)
    run_job(path, job_id)
    return row_of(path, job_id).result


def in_use(path: Path) -> int | None:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        run = run_in_use(connection, Purpose.DETECTOR)
    return None if run is None else run.id


def test_each_round_mines_and_begins_with_the_best_model_of_those_before(path: Path, parts: StandIns) -> None:
    result = looped(path, rounds=2, composites=30)
    assert parts.kinds() == ROUND * 2
    first, second = result["rounds"]
    assert (first["detector"], second["detector"]) == ("motion", f"run {first['run']}")
    assert [one.detector for one in parts.settings("mine")] == ["motion", "own"]
    assert parts.settings("mine")[1].own.run == first["run"]
    trainings = parts.settings("train")
    assert trainings[0].start is None
    assert trainings[1].start.parts[-2:] == (str(first["run"]), WEIGHTS)
    assert [one.composites for one in trainings] == [one.name for one in parts.settings("compose")[::2]]
    assert {one.split for one in parts.settings("compose")[1::2]} == {"validation"}
    assert (first["gain"], second["gain"]) == (0.2, 0.1)
    assert in_use(path) == second["run"] == result["model in use"]
    assert "2 rounds" in result["ended"]


def test_it_ends_where_it_no_longer_helps_and_keeps_the_better_model(path: Path, parts: StandIns) -> None:
    parts.values = [0.3, 0.25, 0.9]
    result = looped(path, rounds=5)
    assert [one["used"] for one in result["rounds"]] == [True, False]
    assert in_use(path) == result["rounds"][0]["run"]
    assert "no better" in result["ended"]


def test_a_small_gain_is_taken_and_ends_it(path: Path, parts: StandIns) -> None:
    parts.values = [0.3, 0.301, 0.9]
    result = looped(path, rounds=5, least_gain=0.01)
    assert [one["used"] for one in result["rounds"]] == [True, True]
    assert "less than 0.01" in result["ended"]


def test_a_first_model_that_finds_next_to_nothing_is_not_used(path: Path, parts: StandIns) -> None:
    parts.values = [0.004, 0.5]
    result = looped(path, rounds=5)
    assert [one["used"] for one in result["rounds"]] == [False]
    assert in_use(path) is None
    assert "not used" in result["ended"]


def test_what_was_found_stays_where_a_better_model_would_lose_most_of_it(path: Path, parts: StandIns) -> None:
    parts.beside = [Beside(4, 10, 3), Beside(6, 10, 1)]
    parts.unoccluded = [7, 8]

    def stop(part: str, before: int, context: JobContext) -> None:
        if part == "train" and before == 1 and not stopped:
            stopped.append(part)
            raise JobCancelled

    stopped: list[str] = []
    parts.trouble = stop
    parts.values = [0.2, 0.3, 0.4]
    job_id = begun(path, rounds=3)
    run_job(path, job_id)
    run_job(path, job_id)
    first, second, third = row_of(path, job_id).result["rounds"]
    assert parts.kinds().count("mine") == 2
    assert parts.looks == 2  # and not again when it goes on
    assert [one["detector"] for one in (first, second, third)] == ["motion", "motion", f"run {second['run']}"]
    assert [one["unoccluded"] for one in (first, second, third)] == [7, 7, 8]
    assert [one["found_share"] for one in (first, second, third)] == [None, 0.4, 0.6]
    assert parts.settings("train")[1].start is not None  # it learns on
    with Project.open(path, read_only=True) as project, project.read() as connection:
        lines = [text for *_, text in job_rows.read_log(connection, job_id)]
    assert any(
        "its model finds 4, 3 of them the same; so what was found before stays" in one for one in lines
    )


def test_who_does_not_mind_lets_it_mine(path: Path, parts: StandIns) -> None:
    parts.beside = [Beside(0, 10, 0)]
    looped(path, rounds=2, least_found=0)
    assert [one.detector for one in parts.settings("mine")] == ["motion", "own"]


def test_a_model_that_finds_nothing_at_all_counts_as_none(path: Path, parts: StandIns) -> None:
    parts.values, parts.finds = [None], 0
    result = looped(path, rounds=2)
    assert [(one["value"], one["used"]) for one in result["rounds"]] == [(0.0, False)]
    parts.done.clear()
    parts.finds = 5  # it found some, and that figure is not of them
    with pytest.raises(JobError, match="has no Mask AP"):
        looped(path, rounds=2)


def test_a_model_in_use_is_measured_first_and_only_beaten_by_a_better_one(
    path: Path, parts: StandIns
) -> None:
    old = looped(path, rounds=1)["model in use"]
    parts.done.clear()
    parts.values = [0.4, 0.35]
    result = looped(path, rounds=3)
    assert parts.kinds() == ["evaluate", *ROUND]
    assert parts.settings("mine")[0].own.run == old
    assert (result["before"], result["rounds"][0]["gain"]) == (0.4, -0.05)
    assert in_use(path) == old


@pytest.mark.parametrize("kind", sorted(set(ROUND)))
def test_it_goes_on_in_the_part_where_it_was_stopped(path: Path, parts: StandIns, kind: str) -> None:
    def stop(part: str, before: int, context: JobContext) -> None:
        if part == kind and before == 1 and not context.resumed and not stopped:
            stopped.append(part)
            raise JobCancelled

    stopped: list[str] = []
    parts.trouble = stop
    job_id = begun(path, rounds=2)
    assert run_job(path, job_id) is JobState.CANCELLED
    assert stopped == [kind]
    assert run_job(path, job_id) is JobState.DONE
    assert parts.kinds() == ROUND * 2  # nothing twice
    assert len(row_of(path, job_id).result["rounds"]) == 2


def test_a_loop_that_is_asked_to_stop_stops_the_part_that_runs(path: Path, parts: StandIns) -> None:
    job_id = begun(path, rounds=1)

    def wait(part: str, before: int, context: JobContext) -> None:
        if part == "cut":
            with Project.open(path) as project:
                job_rows.request_cancel(project, job_id)
            until = time.monotonic() + 20
            while time.monotonic() < until:
                context.check_stop()
                time.sleep(0.02)

    parts.trouble = wait
    assert run_job(path, job_id) is JobState.CANCELLED
    assert parts.kinds() == ["mine", "fit"]


def test_a_part_that_fails_says_in_which_round_and_goes_on_later(path: Path, parts: StandIns) -> None:
    def fail(part: str, before: int, context: JobContext) -> None:
        if part == "compose" and broken:
            raise JobError("There is nothing to paste.", "Cut objects out.")

    broken = [True]
    parts.trouble = fail
    job_id = begun(path, rounds=1)
    with pytest.raises(
        JobError, match=r"Round 1, compose ended\. There is nothing to paste\. Cut objects out\."
    ):
        run_job(path, job_id)
    broken.clear()
    assert run_job(path, job_id) is JobState.DONE
    assert parts.kinds() == ROUND


def test_it_refuses_to_compare_what_was_measured_by_other_objects(path: Path, parts: StandIns) -> None:
    parts.keys = ["one", "two"]
    with pytest.raises(JobError, match="other objects"):
        looped(path, rounds=2)


def test_nothing_mined_is_an_error_at_first_and_an_end_later(path: Path, parts: StandIns) -> None:
    parts.unoccluded = [0]
    with pytest.raises(JobError, match=r"none that is unoccluded.*another detector"):
        looped(path)
    parts.done.clear()
    parts.unoccluded = [4, 0]
    result = looped(path, rounds=3)
    assert len(result["rounds"]) == 1
    assert "nothing unoccluded" in result["ended"]


def test_what_is_missing_is_said_before_anything_is_begun(
    path: Path, parts: StandIns, tmp_path: Path
) -> None:
    with pytest.raises(JobError, match="no set of composites for the test"):
        looped(path, truth="composites")
    with pytest.raises(JobError, match="no camera"):
        looped(path, camera="Nowhere")
    file = tmp_path / "parts.json"
    for text, words in (
        ("{", "no JSON"),
        ('{"bake": {}}', "bake"),
        ("[]", "by part"),
        ('{"mine": {"every": 0}}', "every"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError, match=words):
            looped(path, parts=str(file))
    assert parts.done == []


def test_without_a_calibration_it_asks_for_one_or_takes_walt2d(tmp_path: Path, parts: StandIns) -> None:
    bare = Yard(tmp_path / "bare.amodal", calibrated=False, fitted=False).path
    with pytest.raises(JobError, match=r"No camera is calibrated.*walt2d"):
        looped(bare)
    looped(bare, sampler="walt2d", rounds=1)
    assert "fit" not in parts.kinds()


def test_settings_of_parts_come_from_a_file_and_stay_when_it_is_gone(
    path: Path, parts: StandIns, tmp_path: Path
) -> None:
    file = tmp_path / "parts.json"
    file.write_text(json.dumps({"mine": {"every": 5, "own.min_score": 0.3}}), encoding="utf-8")

    def take_away(part: str, before: int, context: JobContext) -> None:
        if part == "train" and file.exists():
            file.unlink()
            raise JobCancelled

    parts.trouble = take_away
    job_id = begun(path, rounds=2, parts=str(file))
    run_job(path, job_id)
    run_job(path, job_id)
    assert [one.every for one in parts.settings("mine")] == [5, 5]
    assert parts.settings("mine")[1].own.min_score == 0.3


def test_it_never_learns_from_what_it_is_measured_by(path: Path, parts: StandIns, tmp_path: Path) -> None:
    def compose(part: str, before: int, context: JobContext) -> None:
        if part == "compose" and before == 0:
            run_compose(context)

    shares = {"validation_percent": 0, "test_percent": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "KINDS", KINDS)
        do_job(path, "cut")
        do_job(path, "compose", count=5, name="Held out", least=2, most=4, seed=5, **shares)
    with closing(sqlite3.connect(path)) as rows, rows:
        rows.execute("UPDATE recipe SET split = 'test'")
    file = tmp_path / "parts.json"
    file.write_text(json.dumps({"compose": {**shares, "least": 2, "most": 4}}), encoding="utf-8")
    parts.trouble = compose
    with pytest.raises(JobError, match="objects of Held out are also in what this round would learn from"):
        looped(path, truth="composites", composites=20, parts=str(file))
    assert "train" not in parts.kinds()
