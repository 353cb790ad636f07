"""A detector trained from a project's composites, and then used for mining."""

from __future__ import annotations

import pickle
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import CheckpointError, MotionFileError, TooFewLabelsError  # noqa: E402
from core.jobs.train import detector, purposes, starts  # noqa: E402
from core.jobs.train.purposes import build_task  # noqa: E402
from core.jobs.train.settings import TrainSettings  # noqa: E402
from core.networks.backbones import BackboneName  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.runs import Purpose, RunState  # noqa: E402
from core.store.edits.runs import use_run  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.runs import runs  # noqa: E402
from core.training import starting_weights  # noqa: E402
from core.training.checkpoints import Checkpoint, write_checkpoint  # noqa: E402
from core.training.task import Noted  # noqa: E402
from core.training.tasks import detector as task_module  # noqa: E402
from core.training.tasks.detector import network_settings  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.yard import CAMERA, Yard  # noqa: E402
from tests.networks.amodal_rcnn.pictures import tiny  # noqa: E402

SETTINGS = {"validation_percent": 0, "test_percent": 0, "least": 1, "most": 3, "seed": 5}


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    made = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal")
    do_job(made.path, "cut")
    do_job(made.path, "compose", count=12, name="Mine", **SETTINGS)
    return made


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of composites is enough to learn from and to be measured by, and the network is tiny.

    The yard is six pictures: too short for tracks on two sides.
    """
    monkeypatch.setattr(detector, "_LEAST_LEARNED", 2)
    monkeypatch.setattr(detector, "_LEAST_MEASURED", 0)
    same = detector.StoredDetectorData.composites
    monkeypatch.setattr(detector.StoredDetectorData, "validation_composites", same)

    def smaller(*_: Any, in_3d: bool = False) -> Any:
        sizes = {"min_side_px": 135, "max_side_px": 240, "anchor_px": 16, "finest_px": 8}
        return tiny(
            **sizes,
            backbone=BackboneName.MOBILENET,
            vehicles=in_3d,
            bodies=in_3d,
            adversarial=in_3d,
            body_width=16,
        )

    monkeypatch.setattr(task_module, "network_settings", smaller)


def test_too_few_composites_are_counted(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        learn, measure = detector.detector_needs(project, TrainSettings())
        assert (learn.have, measure.have) == (12, 0)
        assert not learn.met
        with pytest.raises(TooFewLabelsError, match=r"12 of 20 pictures to learn from \(12 composites"):
            build_task(project, TrainSettings())
        nowhere = detector.detector_needs(project, TrainSettings(composites="Another"))
        assert [need.have for need in nowhere] == [0, 0]
        assert "0 composites" in nowhere[0].words
    assert purposes.TRAINABLE[Purpose.DETECTOR].variants == ("small", "resnet50", "swin_t")


def test_a_projects_task_knows_its_composites_and_cameras(yard: Yard, few: None) -> None:
    with Project.open(yard.path) as project:
        task = build_task(project, TrainSettings(in_3d=True, device="cpu"))
    data = dict(task.data)
    assert data["composites"] == "Mine"
    assert data["data"]["composites"]["to learn from"] == 12
    assert data["mixed"].startswith("It learns from 12 composites (100 %).")
    _, target = pickle.loads(pickle.dumps(task.training_set(0)))[0]  # noqa: S301
    assert target["has_fit"].any()
    supply = task.supply  # type: ignore[attr-defined]
    recipe = supply.composites().recipe(0)
    assert np.allclose(supply.cameras().matrix(recipe), CAMERA.matrix)


def test_fits_of_another_space_are_counted_and_left_out(yard: Yard, few: None, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other.amodal"
    shutil.copy(yard.path, elsewhere)
    with closing(sqlite3.connect(elsewhere)) as rows, rows:
        rows.execute("UPDATE fit SET shape_space = 'vans 0123456789ab'")
    with Project.open(elsewhere) as project:
        task = build_task(project, TrainSettings(in_3d=True, device="cpu"))
        assert isinstance(task, Noted)
        said = [line for line in task.notes if "cut-outs of cars" in line]
        assert len(said) == 1
        assert "have fits made with vans: the network tells the default shape space" in said[0]
        again = starts.going_on(task, task.architecture)  # a run that goes on says so as well
        assert isinstance(again, Noted)
        assert (again.notes, again.architecture) == (task.notes, task.architecture)
        samples = task.training_set(0)
        targets = [samples[number][1] for number in range(4)]
    assert any(len(target["labels"]) for target in targets)
    assert not any(target["has_fit"].any() for target in targets)
    with Project.open(yard.path) as project:
        task = build_task(project, TrainSettings(in_3d=True, device="cpu"))
        assert isinstance(task, Noted)
        assert not any("cut-outs" in line for line in task.notes)


def test_real_poses_are_those_of_the_files_that_are_named(yard: Yard, few: None, tmp_path: Path) -> None:
    np.savez(tmp_path / "01_01_poses.npz", poses=np.zeros((40, 156)), mocap_framerate=120.0)
    with Project.open(yard.path) as project:
        task = build_task(project, TrainSettings(in_3d=True, motions=tmp_path, device="cpu"))
        assert task.data["real poses"] == f"40 poses of a file in {tmp_path.name}: 01_01_poses.npz"
        with pytest.raises(MotionFileError, match="no npz file"):
            build_task(project, TrainSettings(in_3d=True, motions=yard.path.parent, device="cpu"))
        flat = build_task(project, TrainSettings(motions=yard.path.parent, device="cpu"))
    assert "real poses" not in flat.data


def test_a_lens_that_bends_keeps_no_camera_from_teaching(yard: Yard, few: None, tmp_path: Path) -> None:
    elsewhere = tmp_path / "bent.amodal"
    shutil.copy(yard.path, elsewhere)
    with closing(sqlite3.connect(elsewhere)) as rows, rows:
        rows.execute("UPDATE calibration SET distortion = '[-0.2, 0.05, 0.0, 0.0]'")
    with Project.open(elsewhere) as project:
        task = build_task(project, TrainSettings(in_3d=True, device="cpu"))
    _, target = task.training_set(0)[0]
    assert target["intrinsics"].any()
    assert target["distortion"][:2].tolist() == pytest.approx([-0.2, 0.05])


def test_a_detector_is_trained_used_and_mines(yard: Yard, few: None) -> None:
    do_job(yard.path, "train", what="detector", device="cpu", epochs=1, workers=0, in_3d=True)
    with Project.open(yard.path) as project:
        with project.read() as connection:
            [run] = runs(connection)
        assert run.state is RunState.DONE
        assert run.best is not None
        assert run.data["composites"] == "Mine"
        assert run.data["real poses"] == "the stand-in's own walk"
        assert run.architecture["body"].startswith("stand-in ")
        use_run(History(project, "Ann"), run.id)
    do_job(yard.path, "mine", detector="own", **{"own.min_score": 0.0})


def test_a_network_brings_its_schedule_on_any_device(yard: Yard, few: None, tmp_path: Path) -> None:
    """A run of a GPU's network goes on, or is begun with, where the small one would be the usual one."""
    schedules = {one: task_module.usual_schedule(one) for one in task_module.Variant}
    small, large = task_module.Variant.SMALL, task_module.Variant.RESNET50
    network = network_settings(large, task_module.Start.NOTHING, tuple(Category))
    architecture = {"kind": task_module.KIND} | network.as_json()
    facts = {"purpose": "detector", "architecture": architecture}
    start = write_checkpoint(tmp_path, "best", Checkpoint({"a": torch.zeros(1)}, {}, facts))
    with Project.open(yard.path) as project:
        usual = build_task(project, TrainSettings(device="cpu"))
        begun = build_task(project, TrainSettings(device="cpu", start=start))
    assert usual.schedule == schedules[small]
    assert begun.schedule == schedules[large] != schedules[small]
    again = starts.going_on(usual, architecture, "box_ap")
    assert (again.schedule, again.metric) == (schedules[large], "box_ap")
    assert starts.going_on(usual, architecture).metric == usual.metric == "mask_ap"
    for variant in task_module.Variant:
        made = network_settings(variant, task_module.Start.NOTHING, tuple(Category))
        assert task_module.variant_of(made) is variant


def test_a_gpu_has_the_larger_network_whosever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (torch.cuda, torch.backends.mps):
        monkeypatch.setattr(there, "is_available", lambda: False)
    usual = {device: detector._usual(device) for device in ("auto", "cpu", "cuda", "mps")}
    assert usual == {"auto": "small", "cpu": "small", "cuda": "resnet50", "mps": "resnet50"}
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert detector._usual("auto") == "resnet50"


def test_what_a_variant_begins_with(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = task_module.Variant.SMALL, task_module.Variant.RESNET50
    start, kind = starts.start_of, task_module.Start
    monkeypatch.setattr(starting_weights, "are_street_weights_here", lambda: True)
    assert TrainSettings().begin_with == "usual"
    assert start("usual", small) is kind.STREET
    assert start("usual", large) is kind.NOTHING
    assert start("street", small) is kind.STREET
    assert start("published", small) is kind.PUBLISHED
    assert start("nothing", small) is kind.NOTHING
    with pytest.raises(CheckpointError, match="no weights of its own for the variant resnet50"):
        start("street", large)
    monkeypatch.setattr(starting_weights, "are_street_weights_here", lambda: False)
    assert start("usual", small) is kind.NOTHING
    # norms of means that a file has, and by groups where there is none
    frozen = {one: network_settings(small, one, tuple(Category)).frozen_norms for one in kind}
    assert frozen == {kind.NOTHING: False, kind.STREET: False, kind.PUBLISHED: True, kind.FILE: True}
