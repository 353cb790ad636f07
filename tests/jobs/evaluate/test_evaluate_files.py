"""Other programs' files measured: COCO results on composites, MOT's text by tracks; bad ones are named."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

from core.cli_evaluations import evaluations_app  # noqa: E402
from core.errors import EvaluationError, ExchangeError  # noqa: E402
from core.exchange.coco_words import COCO_IDS  # noqa: E402
from core.jobs.evaluate import runs as evaluated_runs  # noqa: E402
from core.jobs.evaluate.looked_folder import looked_folder  # noqa: E402
from core.jobs.registry import create  # noqa: E402
from core.jobs.runner import run_job  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.evaluations import Outcome, Subject, Truth  # noqa: E402
from core.records.jobs import JobState  # noqa: E402
from core.records.slices import By, Slice, category_bin  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.evaluations import evaluation_picture  # noqa: E402
from core.store.queries.instances import by_ids  # noqa: E402
from core.store.queries.recipes import recipe_ids, recipe_sets  # noqa: E402
from core.store.queries.results import result_said  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.evaluate.conftest import WHOLE, numbers_of, rows_of  # noqa: E402
from tests.jobs.yard import HEIGHT, WIDTH, Yard  # noqa: E402

CAR = COCO_IDS[Category.CAR]


@pytest.fixture(scope="module")
def truth(yard: Yard, detector_run: int) -> list[dict[str, Any]]:
    """The objects of the composites, as COCO results of a program without fault."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(evaluated_runs, "_said_by", lambda own: lambda sample: [])
        found = numbers_of(yard.path, do_job(yard.path, "evaluate", run=detector_run, draws=0))
    results = []
    with Project.open(yard.path) as project, project.read() as connection:
        for row in rows_of(yard.path, found):
            said = result_said(connection, found.evaluation.id, row.number)
            picture = evaluation_picture(connection, found.evaluation.id, row.picture)
            assert said is not None
            assert said.true_whole is not None
            assert picture is not None
            results.append(
                {
                    "image_id": picture.recipe_id,
                    "category_id": CAR,
                    "bbox": [row.box.x, row.box.y, row.box.w, row.box.h],
                    "score": 0.8,
                    "segmentation": {"size": [HEIGHT, WIDTH], "counts": said.true_whole.counts.decode()},
                }
            )
    return results


def written(folder: Path, results: Any) -> str:
    path = folder / "theirs.json"
    path.write_text(json.dumps(results))
    return str(path)


def test_results_of_another_program_are_measured_as_a_run_is(
    yard: Yard, truth: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = written(tmp_path, truth[1:])
    found = numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=path, draws=0))
    row = found.evaluation
    assert (row.subject, row.truth, row.file, row.run_id) == (
        *(Subject.PREDICTIONS, Truth.COMPOSITES, "theirs.json", None),
    )
    assert found.figure("recall").value == pytest.approx(1 - 1 / len(truth))
    assert found.figure("mask_iou").value == 1.0
    assert found.figure("hidden_iou") is not None  # whole masks alone are enough for it
    rows = rows_of(yard.path, found)
    assert [one.outcome for one in rows[:2]] == [Outcome.MISSED, Outcome.FOUND]


def test_without_masks_nothing_is_told_of_hidden_parts(
    yard: Yard, truth: list[dict[str, Any]], tmp_path: Path
) -> None:
    def measured(rows: list[dict[str, Any]], masks: str = "whole") -> Any:
        path = written(tmp_path, rows)
        return numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=path, masks=masks, draws=0))

    hidden = next(one for one in rows_of(yard.path, measured(truth)) if one.hidden_iou is not None)
    left = [one for one in truth if one["bbox"][:2] != [hidden.box.x, hidden.box.y]]  # it is missed
    boxes = [{name: value for name, value in one.items() if name != "segmentation"} for one in left]
    assert measured(left).figure("hidden_iou").value < 1.0
    for found in (measured(boxes), measured(left, "seen")):
        assert found.figure("recall").value < 1.0
        assert found.figure("hidden_iou") is None
        assert {one.hidden_iou for one in rows_of(yard.path, found)} == {None}


def test_finds_in_pictures_that_are_not_measured_are_told(
    yard: Yard, truth: list[dict[str, Any]], tmp_path: Path
) -> None:
    measured = {one["image_id"] for one in truth}
    [frame_id] = set(yard.frame_ids) - measured  # six frames, and five composites with the first numbers
    with pytest.raises(ExchangeError, match=f"about image {frame_id}.* frame of that number.*reviewed"):
        about_a_frame = {**truth[0], "image_id": frame_id}
        do_job(yard.path, "evaluate", predictions=written(tmp_path, [*truth, about_a_frame]))
    do_job(yard.path, "compose", count=3, name="Other", least=2, most=2, seed=9, **WHOLE)
    with Project.open(yard.path) as project, project.read() as connection:
        [other] = [one for one in recipe_sets(connection) if one.name == "Other"]
        elsewhere = [{**truth[0], "image_id": one} for one in recipe_ids(connection, other.id)]
    with pytest.raises(ExchangeError, match=f"Result 1 is about composite {elsewhere[0]['image_id']}"):
        do_job(yard.path, "evaluate", predictions=written(tmp_path, elsewhere))
    path = written(tmp_path, [*elsewhere, *truth])
    found = numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=path, draws=0))
    assert (found.figure("recall").value, found.figure("extra").value) == (1.0, 0.0)
    data = found.evaluation.data
    assert (data["finds"], data["finds in pictures that are not measured"]) == (len(truth), 3)
    [note] = data["notes"]
    assert note.startswith(f"3 of {len(truth) + 3} finds in the file lie in composites that are not measured")
    shown = CliRunner().invoke(evaluations_app, ["show", str(yard.path), str(found.evaluation.id)])
    assert f"to know of it: {note}" in shown.output
    # of fewer pictures the same file says fewer things
    path = written(tmp_path, truth)
    some = numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=path, draws=0, most=1)).evaluation
    assert some.data["finds"] + some.data["finds in pictures that are not measured"] == len(truth)
    assert len(some.data["notes"]) == 1


def test_what_is_seldom_meant_is_told(yard: Yard, truth: list[dict[str, Any]], tmp_path: Path) -> None:
    flat = [{**truth[0], "bbox": [1, 1, 0, 0]}, *truth[1:]]
    for rows, words in (
        (flat, f"1 of {len(truth)} finds have a box without area"),
        ([*truth, *truth[:2]], f"2 of {len(truth) + 2} finds stand in the file once more"),
    ):
        path = written(tmp_path, rows)
        found = numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=path, draws=0)).evaluation
        [note] = found.data["notes"]
        assert note.startswith(words)
    nearly = [*truth, {**truth[0], "score": 0.7}]
    path = written(tmp_path, nearly)
    found = numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=path, draws=0)).evaluation
    assert found.data["notes"] == []


def test_what_was_kept_of_another_file_is_not_counted(
    yard: Yard, truth: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.evaluate.detections.PORTION", 2)
    path = written(tmp_path, truth)
    with Project.open(yard.path) as project:
        job_id = create(project, "evaluate", {"predictions": path, "draws": 0})

    def run(until: str = "") -> tuple[JobState, str]:
        """Goes on with the job, until it says this; tells the first picture that it looks at."""
        looking: list[str] = []

        def follow(context: Any) -> None:
            tell = context.progress

            def progress(share: float, message: str = "") -> None:
                tell(share, message)
                if message.startswith("Looking"):
                    looking.append(message)
                if until and message.startswith(until):
                    context.request_stop()

            context.progress = progress

        return run_job(yard.path, job_id, on_start=follow), looking[0]

    third = "Looking at picture 3 of 5"
    assert run(third) == (JobState.CANCELLED, "Looking at picture 1 of 5")
    assert run(third) == (JobState.CANCELLED, third)  # the same file: it goes on
    without = [one for one in truth if one["image_id"] != truth[0]["image_id"]]
    written(tmp_path, without)
    assert run() == (JobState.DONE, "Looking at picture 1 of 5")
    found = numbers_of(yard.path, job_id)
    assert found.figure("recall").value == pytest.approx(len(without) / len(truth))
    with Project.open(yard.path) as project:
        assert not looked_folder(project, found.evaluation.id).exists()


def test_results_that_do_not_fit_are_named(yard: Yard, truth: list[dict[str, Any]], tmp_path: Path) -> None:
    first, second, *rest = truth
    with Project.open(yard.path) as project, project.read() as connection:
        [made] = recipe_sets(connection)[-1:]
        there = set(recipe_ids(connection, made.id))
    assert 999 not in there
    small = {"size": [10, 10], "counts": "04d0"}
    for wrong, words in (
        ([], "no results"),
        ({"annotations": []}, "no list"),
        ([first, {**second, "image_id": 999}], "result 2 .*999"),
        ([first, {**second, "image_id": 10**30}], "result 2 .*10{30}"),
        ([first, {**second, "category_id": 77}], "result 2.*category 77"),
        ([first, {**second, "segmentation": small}], "result 2.*10 by 10|result 2.*size"),
        ([first, {**second, "score": None}], "score of result 2"),
        ([first, {**second, "segmentation": None}], "result 2 has no mask, and others have one"),
        ([{**first, "id": 4}, {**second, "id": 4}], "two results have the id 4"),
    ):
        with pytest.raises(ExchangeError, match=words):
            do_job(yard.path, "evaluate", predictions=written(tmp_path, wrong))
    with pytest.raises(EvaluationError, match="result 2, has 5 keypoints"):
        points = [1.0, 2.0, 1.0] * 5
        do_job(
            yard.path,
            "evaluate",
            predictions=written(tmp_path, [first, {**second, "keypoints": points}, *rest]),
        )


def lines_of(yard: Yard) -> list[list[float]]:
    """The project's own tracks as MOT's text."""
    lines = []
    with Project.open(yard.path) as project, project.read() as connection:
        for row in by_ids(connection, yard.all_ids()):
            frame = yard.frame_ids.index(row.frame_id) + 1
            lines.append(
                [frame, row.track_id or 0, row.box.x, row.box.y, row.box.w, row.box.h, 0.9, -1, -1, -1]
            )
    return sorted(lines)


def text(folder: Path, lines: Any) -> str:
    path = folder / "tracks.txt"
    path.write_text("\n".join(",".join(str(value) for value in line) for line in lines))
    return str(path)


def test_tracks_are_measured_by_the_projects_own(yard: Yard, tmp_path: Path) -> None:
    lines = lines_of(yard)
    same = numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=text(tmp_path, lines), draws=0))
    assert same.evaluation.truth is Truth.TRACKS
    # what stands parked is on a track too, and nothing is said of it
    parked = len(yard.ids[-1])
    assert same.figure("mota").value == pytest.approx(1 - parked / (parked + len(lines)))
    assert same.figure("assa").value == pytest.approx(1.0)
    rows = rows_of(yard.path, same)
    assert sum(one.outcome is Outcome.MISSED for one in rows) == parked
    # spaces part the numbers as well, and a score below 0 says nothing
    path = Path(text(tmp_path, [[*line[:6], -1] for line in lines]))
    path.write_text(path.read_text().replace(",", " "))
    spaced = numbers_of(yard.path, do_job(yard.path, "evaluate", predictions=str(path), draws=0))
    assert spaced.figure("mota").value == same.figure("mota").value
    assert {one.score for one in rows_of(yard.path, spaced)} == {1.0, None}
    # one car gets another identity from its second picture on
    track = lines[-1][1]
    first = min(line[0] for line in lines if line[1] == track)
    other = [[f, 900 if t == track and f > first else t, *rest] for f, t, *rest in lines]
    switched = numbers_of(
        yard.path, do_job(yard.path, "evaluate", predictions=text(tmp_path, other), draws=0)
    )
    assert switched.figure("mota").value == pytest.approx(1 - (parked + 1) / (parked + len(lines)))
    assert switched.figure("idf1").value < same.figure("idf1").value
    assert switched.figure("recall").value == same.figure("recall").value


def test_tracks_have_the_categories_of_what_they_follow(yard: Yard, tmp_path: Path) -> None:
    walker = sorted(yard.ids[1].values())
    path = tmp_path / "walker.amodal"
    with closing(sqlite3.connect(yard.path)) as rows, closing(sqlite3.connect(path)) as copied, copied:
        rows.backup(copied)
        marks = ",".join("?" * len(walker))
        copied.execute(f"UPDATE instance SET category = 'person' WHERE id IN ({marks})", walker)
    lines = lines_of(yard)
    with Project.open(path) as project, project.read() as connection:
        track = next(row.track_id for row in by_ids(connection, walker))
    aside = [[len(yard.frame_ids), one, 1, 1, 9, 9, 0.9] for one in (track, 900)]  # where nothing is
    found = numbers_of(path, do_job(path, "evaluate", predictions=text(tmp_path, lines + aside), draws=0))
    of_people = Slice(By.CATEGORY, category_bin(Category.PERSON))
    [recall] = [one for one in found.figures if (one.name, one.slice) == ("recall", of_people)]
    assert (recall.value, recall.count) == (1.0, len(walker))
    said = Counter((one.outcome, one.category, one.said) for one in rows_of(path, found))
    cars = len(lines) - len(walker)
    assert said[Outcome.FOUND, Category.PERSON, Category.PERSON] == len(walker)
    assert said[Outcome.FOUND, Category.CAR, Category.CAR] == cars
    # of a track that follows a person, and of one that follows nothing
    assert said[Outcome.EXTRA, Category.PERSON, Category.PERSON] == 1
    assert said[Outcome.EXTRA, Category.CAR, Category.CAR] == 1


def test_lines_that_do_not_fit_are_named(yard: Yard, tmp_path: Path) -> None:
    good = [1, 7, 10, 10, 20, 20, 1]
    for wrong, words in (
        ([], "has no boxes"),
        ([good, [2, 7, 1, 1, 5]], "line 2 has 5 numbers"),
        ([good, [7, 7, 1, 1, 5, 5]], "line 2 is of frame 7, and there are 1 to 6"),
        ([good, [2, 7, 1, 1, 0, 5]], "line 2 has a box without area"),
        ([good, good], "line 2 has track 7 in frame 1, and so has line 1"),
        ([good, [2, "car", 1, 1, 5, 5]], "the track of line 2 is “car”"),
        ([good, [2, 1e30, 1, 1, 5, 5]], "the track of line 2 is “1e\\+30”"),
        ([good, [2, -1, 1, 1, 5, 5]], "line 2 has no track, but -1"),  # detections, not tracks
    ):
        with pytest.raises(ExchangeError, match=words):
            do_job(yard.path, "evaluate", predictions=text(tmp_path, wrong))
    with pytest.raises(EvaluationError, match="no footage 9"):
        do_job(yard.path, "evaluate", predictions=text(tmp_path, [good]), source=9)
