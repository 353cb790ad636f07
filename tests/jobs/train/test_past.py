"""What a training holds to of what was trained before: nothing that taught measures, wherever borders are."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from core.jobs.evaluate.unseen import parted
from core.jobs.train import crops
from core.jobs.train.crops import LabelledObject, classifier_crops, labelled_objects
from core.jobs.train.past import Past, own_past, past_of_start
from core.jobs.train.settings import TrainSettings
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import LabelOrigin, Verdict
from core.records.runs import Purpose, RunRow
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.runs import run_by_id
from core.store.writers.detections import add_instances
from core.store.writers.runs import make_run, update_run
from core.training.data.crops import Crops, PackedCrop
from tests.jobs.parking import Parking
from tests.training.data.made_crops import drawn_set

FRAMES = 60
SETTINGS = TrainSettings(what="classifier")


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Crops are not looked at here: which there are is."""
    [one] = drawn_set(1)

    def opened(
        _: Any, rows: Sequence[LabelledObject], *, points: bool = False
    ) -> Iterator[tuple[LabelledObject, PackedCrop]]:
        for row in rows:
            hidden = float(row.verdict == Verdict.OCCLUDED.value)
            yield row, replace(one, name=str(row.instance_id), hidden=hidden)

    monkeypatch.setattr(crops, "opened_crops", opened)


def cars_of(path: Path, frames: Sequence[int]) -> list[int]:
    """Makes a project with two cars in each of some frames; gives their ids."""
    parking = Parking(path, frames=FRAMES)
    car = FoundInstance(Box(100, 100, 200, 100), Category.CAR, 0.9)
    fresh = [(parking.frame_ids[frame], car) for frame in frames for _ in range(2)]
    with Project.open(path) as project, project.bulk() as bulk:
        return list(bulk.run(lambda c: add_instances(c, fresh, "made", LabelOrigin.HEURISTIC, None)))


def judge(project: Project, ids: Sequence[int]) -> None:
    """Every second is called occluded."""
    history = History(project, "Ann")
    for start, said in enumerate((Verdict.UNOCCLUDED, Verdict.OCCLUDED)):
        set_verdict(history, list(ids[start::2]), said)


def run_with(project: Project, data: dict[str, Any], best: str | None = None) -> RunRow:
    """A run of the classifier that keeps this of what it learned from."""
    with project.bulk() as bulk:
        run_id = bulk.run(
            lambda c: make_run(
                *(c, Purpose.CLASSIFIER, "First"),
                job_id=None,
                settings=SETTINGS.model_dump(mode="json"),
                seed=0,
                epochs=1,
                metric="fit",
            )
        )
        bulk.run(lambda c: update_run(c, run_id, data=data, best=best))
    with project.read() as connection:
        run = run_by_id(connection, run_id)
    assert run is not None
    return run


def past_of(project: Project, run: RunRow, start: Path | None) -> Past:
    """That of the run itself, or of a training that begins with its weights."""
    with project.read() as connection:
        if start is None:
            return own_past(connection, run)
        found = past_of_start(connection, TrainSettings(what="classifier", start=start))
    assert found is not None
    return found


def ids_of(some: Sequence[PackedCrop]) -> set[int]:
    return {int(one.name) for one in some}


def sides_of(found: Crops) -> tuple[set[int], set[int]]:
    return ids_of(found.training), ids_of(found.validation)


@pytest.mark.parametrize("begins", [False, True])
def test_borders_stay_where_they_were_when_earlier_footage_is_labelled(tmp_path: Path, begins: bool) -> None:
    ids = cars_of(tmp_path / "cars.amodal", range(FRAMES))
    with Project.open(tmp_path / "cars.amodal") as project:
        judge(project, ids[FRAMES:])
        first = classifier_crops(project)
        taught, measured = sides_of(first)
        assert first.about["split"] == "by time and track"
        run = run_with(project, first.about, f"1/best-{'0' * 16}.safetensors")
        judge(project, ids[:FRAMES])
        assert taught & sides_of(classifier_crops(project))[1]  # by borders of now it would be measured so
        start = tmp_path / f"best-{'0' * 16}.safetensors" if begins else None
        again = classifier_crops(project, SETTINGS, past_of(project, run, start))
        learned, measuring = sides_of(again)
        assert taught <= learned
        assert measuring == measured
        assert again.about["borders"] == first.about["borders"]
        assert again.about.get("taught before") == ([] if begins else None)
        # and so what is evaluated afterwards was never seen
        with project.read() as connection:
            views = [row.view for row in labelled_objects(connection, project)]
            unseen = parted(connection, project, views, run_with(project, again.about))
        tested = {one.instance_id for one in unseen.chosen(views, "test")}
        assert tested
        assert not tested & (learned | measuring)


def test_what_tracks_alone_parted_stays_parted_by_the_same_ones(tmp_path: Path) -> None:
    ids = cars_of(tmp_path / "cars.amodal", [5] * 12)
    with Project.open(tmp_path / "cars.amodal") as project:
        judge(project, ids[8:])
        first = classifier_crops(project)
        taught, measured = sides_of(first)
        assert first.about["measured objects"] == sorted(measured)
        run = run_with(project, first.about)
        judge(project, ids[:8])
        assert taught & sides_of(classifier_crops(project))[1]
        again = classifier_crops(project, SETTINGS, past_of(project, run, None))
    learned, measuring = sides_of(again)
    assert measuring == measured
    assert learned == set(ids) - measured
    assert again.about["split"] == first.about["split"]


def test_a_run_that_kept_no_borders_says_so(tmp_path: Path) -> None:
    ids = cars_of(tmp_path / "cars.amodal", range(FRAMES))
    with Project.open(tmp_path / "cars.amodal") as project:
        judge(project, ids)
        past = past_of(project, run_with(project, {}), None)
        assert "has not kept where its borders lay" in past.note
        assert sides_of(classifier_crops(project, SETTINGS, past)) == sides_of(classifier_crops(project))


def test_a_runs_file_is_known_by_its_content(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()[:16]
    file = tmp_path / f"best-{digest}.safetensors"
    file.write_bytes(b"weights")
    copied = shutil.copy(file, tmp_path / "mine.safetensors")
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"other weights")
    with Project.create(tmp_path / "empty.amodal") as project:
        run = run_with(project, {}, f"1/{file.name}")
        assert past_of(project, run, file).run == run
        assert past_of(project, run, copied).run == run
        with project.read() as connection:
            for strange in (other, tmp_path / "gone.safetensors"):
                assert past_of_start(connection, TrainSettings(what="classifier", start=strange)) is None
            # nor is it a run for something else
            assert past_of_start(connection, TrainSettings(what="prelabeller", start=file)) is None
