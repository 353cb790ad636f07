"""What a detector begins with: published weights, fetched and told; a file, told apart by its content."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torchvision.models import resnet18  # noqa: E402

from core.errors import CheckpointError, SettingsError  # noqa: E402
from core.jobs import follow  # noqa: E402
from core.jobs.flatten import checked  # noqa: E402
from core.jobs.registry import create  # noqa: E402
from core.jobs.runner import run_job  # noqa: E402
from core.jobs.train import detector, device_lock, drawn, job  # noqa: E402
from core.jobs.train.drawn import PICTURES  # noqa: E402
from core.jobs.train.files import file_of  # noqa: E402
from core.jobs.train.prepare import own_start, prepare  # noqa: E402
from core.jobs.train.settings import TrainSettings  # noqa: E402
from core.jobs.train.starts import beginning_of, weights_to_fetch  # noqa: E402
from core.mining.detectors.weights import WeightsFile  # noqa: E402
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings  # noqa: E402
from core.networks.backbones import BackboneName  # noqa: E402
from core.records.jobs import JobState  # noqa: E402
from core.records.runs import RunRow  # noqa: E402
from core.store import job_rows  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.runs import run_of_job  # noqa: E402
from core.training.checkpoints import Checkpoint, write_checkpoint  # noqa: E402
from core.training.data import street_pictures  # noqa: E402
from core.training.published import PUBLISHED  # noqa: E402
from core.training.tasks import detector as task_module  # noqa: E402
from core.training.tasks.detector import Start  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.train.test_train_job import stop_at  # noqa: E402
from tests.jobs.yard import Yard  # noqa: E402
from tests.networks.amodal_rcnn.pictures import tiny  # noqa: E402
from tests.training.served import served_weights  # noqa: E402

COMPOSED = {"validation_percent": 0, "test_percent": 0, "least": 1, "most": 3, "seed": 5}
SETTINGS = {"what": "detector", "variant": "small", "device": "cpu", "epochs": 1, "batch": 4, "workers": 0}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal")
    do_job(made.path, "cut")
    do_job(made.path, "compose", count=8, name="Mine", **COMPOSED)
    return made.path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeightsFile]:
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("published") / "served"
    with served_weights(folder, resnet18(weights=None).state_dict()) as found:
        yield found


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, weights: WeightsFile) -> Iterator[None]:
    """The tiniest network with torchvision's backbone, a handful of composites, and an empty cache."""
    monkeypatch.setattr(detector, "_LEAST_LEARNED", 2)
    monkeypatch.setattr(detector, "_LEAST_MEASURED", 0)
    same = detector.StoredDetectorData.composites
    monkeypatch.setattr(detector.StoredDetectorData, "validation_composites", same)

    def smaller(_: Any, start: Start, categories: Any, *, in_3d: bool = False) -> AmodalRcnnSettings:
        sizes = {"min_side_px": 90, "max_side_px": 160, "anchor_px": 16, "categories": tuple(categories)}
        frozen = start is not Start.NOTHING
        return tiny(**sizes, backbone=BackboneName.RESNET18, frozen_norms=frozen)

    monkeypatch.setattr(task_module, "network_settings", smaller)
    monkeypatch.setitem(PUBLISHED, "resnet18", weights)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for module in (device_lock, job):
        monkeypatch.setattr(module, "gpu_locks", lambda: tmp_path / "devices")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train(path: Path, on_start: Callable[[Any], None] | None = None, **more: Any) -> tuple[int, JobState]:
    with Project.open(path) as project:
        job_id = create(project, "train", {**SETTINGS, **more})
    return job_id, run_job(path, job_id, on_start=on_start)


def told(path: Path, job_id: int) -> tuple[RunRow, str]:
    with Project.open(path) as project, project.read() as connection:
        run = run_of_job(connection, job_id)
        log = "\n".join(text for _, _, text in job_rows.read_log(connection, job_id))
    assert run is not None
    return run, log


def test_published_weights_are_fetched_with_progress_and_told(
    path: Path, weights: WeightsFile, tmp_path: Path
) -> None:
    heard: list[str] = []
    with Project.open(path) as project:
        job_id = create(project, "train", {**SETTINGS, "begin_with": "published"})
    run_job(path, job_id, on_progress=lambda share, words: heard.append(words))
    assert any(words.startswith("Fetching weights, ") and words.endswith("of 45 MB") for words in heard)
    run, log = told(path, job_id)
    assert f"Fetching {weights.name}, 45 MB, from http://127.0.0.1" in log
    assert "tensors from what is published: the backbone; new are the pyramid" in log
    assert run.data["began with"] in log
    assert "It learns from 8 composites (100 %)." in log
    fetched = tmp_path / "torch" / "hub" / "checkpoints" / weights.name
    assert fetched.is_file()
    # the file of that run, whose frozen norms no setting names, is known by its content; it may go meanwhile
    assert run.best is not None
    with Project.open(path) as project:
        start = shutil.copy(file_of(project, run.best), tmp_path)
    second, state = train(path, stop_at(3), start=str(start), epochs=2)
    assert state is JobState.CANCELLED
    run, log = told(path, second)
    assert f"It begins with the weights of {Path(start).name}." in log
    assert "Fetching" not in log
    assert run.last is not None
    assert run.architecture["frozen_norms"] is True
    Path(start).unlink()
    assert run_job(path, second) is JobState.DONE
    run, log = told(path, second)
    assert log.count("It begins with the weights") == 1
    assert "labels have changed" not in log
    assert run.data["began with"] == f"It begins with the weights of {Path(start).name}."
    # and torchvision's file, likewise
    settings = TrainSettings(what="detector", begin_with="file", start=fetched)
    assert own_start(settings) is None
    beginning = beginning_of(settings, "small")
    assert (beginning.start, beginning.weights) == (Start.FILE, fetched)


def test_processes_beside_the_first_go_on_without_the_file_as_well(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them build the network of the run's row; else the first would be left alone."""
    file = tmp_path / "own.pth"
    torch.save(resnet18(weights=None).state_dict(), file)
    job_id, state = train(path, stop_at(6), begin_with="file", start=str(file), epochs=4)
    assert state is JobState.CANCELLED
    run, _ = told(path, job_id)
    assert run.last is not None
    file.unlink()
    tasks: list[Any] = []
    monkeypatch.setattr(job, "train", lambda task, *_, **more: tasks.append(task))
    monkeypatch.setattr(follow.signal, "signal", lambda *_: None)
    follow.follow_job(path, job_id)
    [task] = tasks
    assert (task.settings.start, task.settings.weights) == (Start.NOTHING, None)
    assert dict(task.architecture) == run.architecture


def test_nothing_is_fetched_that_is_here_or_was_not_asked_for(tmp_path: Path, weights: WeightsFile) -> None:
    published = TrainSettings(what="detector", variant="small", begin_with="published")
    assert weights_to_fetch(published, gpu=False) == weights
    assert weights_to_fetch(published.model_copy(update={"what": "classifier"}), gpu=False) is None
    assert weights_to_fetch(published.model_copy(update={"begin_with": "nothing"}), gpu=False) is None
    usual = published.model_copy(update={"variant": ""})
    assert weights_to_fetch(usual, gpu=True) == PUBLISHED["resnet50"]
    log: list[str] = []
    for _ in range(2):
        prepare(published, lambda share, words: None, log.append)
    assert len(log) == 2  # of the first time
    assert weights_to_fetch(published, gpu=False) is None


def test_a_stop_while_it_fetches_is_heard(tmp_path: Path, weights: WeightsFile) -> None:
    class Asked(Exception):  # noqa: N818
        pass

    def stop(share: float, words: str) -> None:
        raise Asked

    published = TrainSettings(what="detector", variant="small", begin_with="published")
    with pytest.raises(Asked):
        prepare(published, stop, lambda line: None)
    prepare(published, lambda share, words: None, lambda line: None)  # it goes on from there
    assert weights_to_fetch(published, gpu=False) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"begin_with": "file"}, "none is named"),
        ({"begin_with": "published", "start": "/x.pth"}, "a file is named too"),
    ],
)
def test_what_contradicts_itself_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        checked(TrainSettings, given)


def test_a_run_of_another_network_is_refused(tmp_path: Path) -> None:
    facts = {"purpose": "classifier", "architecture": {"kind": "classifier", "px": 96}}
    file = write_checkpoint(tmp_path, "best", Checkpoint({"a": torch.zeros(1)}, {}, facts))
    with pytest.raises(CheckpointError, match="trained no detector"):
        beginning_of(TrainSettings(what="detector", start=file), "small")
    with pytest.raises(CheckpointError, match="cannot be read"):
        beginning_of(TrainSettings(what="detector", start=tmp_path / "gone.pth"), "small")


def test_the_street_is_drawn_once_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def draw_pictures(folder: Path, plan: Any, show: Callable[[float], None]) -> int:
        asked.append(folder)
        folder.mkdir(parents=True)
        for split in ("train", "val"):
            for name in plan.names(split):
                (folder / name).touch()
        show(0.5)
        return 1

    monkeypatch.setattr(street_pictures, "draw_pictures", draw_pictures)
    heard: list[str] = []
    log: list[str] = []
    usual = TrainSettings(what="detector")
    assert drawn.weight_of_drawn("detector", None) == 0.0
    prepare(usual, lambda share, words: heard.append(words), log.append)
    assert asked == []
    wanted = TrainSettings(what="detector", weight_synthetic=0.5)
    for _ in range(2):
        prepare(wanted, lambda share, words: heard.append(words), log.append)
    assert asked == [drawn.pictures_folder()]
    assert heard[-1] == "Drawing the synthetic street, once on this machine: 50 %"
    assert log == ["The synthetic street is drawn, once on this machine."]
    assert drawn.weight_of_drawn("detector", None) == 1.0
    assert drawn.weight_of_drawn("detector", 0.5) == 0.5
    assert PICTURES.are_in(drawn.pictures_folder())


def test_a_detector_may_learn_from_the_street_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "empty.amodal"
    Project.create(made).close()
    with Project.open(made) as project:
        learned, measured = detector.detector_needs(project, TrainSettings(weight_synthetic=1.0))
        assert (learned.have, measured.have) == (360, 60)
        assert learned.detail.endswith("360 pictures of the synthetic street")
        assert measured.detail == "60 pictures of other synthetic streets"
        none = detector.detector_needs(project, TrainSettings())
        assert [need.have for need in none] == [0, 0]
