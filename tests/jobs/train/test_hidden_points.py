"""Occlusion-Net is trained in a project, put in use, and then says where hidden points are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import TooFewLabelsError, TrainingError  # noqa: E402
from core.jobs.inferred_points import InferringFinder  # noqa: E402
from core.jobs.train import device_lock, drawn, hidden_points, job  # noqa: E402
from core.jobs.train.hidden_points import hidden_points_needs, hidden_points_stock  # noqa: E402
from core.jobs.train.prepare import prepare  # noqa: E402
from core.jobs.train.purposes import build_task  # noqa: E402
from core.jobs.train.settings import TrainSettings  # noqa: E402
from core.mining.keypoints.protocol import FoundPoints, ObjectCrop  # noqa: E402
from core.networks.crop_view import placing_of  # noqa: E402
from core.networks.occlusion_net.network import OcclusionNet  # noqa: E402
from core.networks.occlusion_net.nodes import to_box  # noqa: E402
from core.networks.occlusion_net.settings import OcclusionNetSettings  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.keypoints import KeypointSet, PlacedPoint, Template  # noqa: E402
from core.records.occlusion import LabelOrigin  # noqa: E402
from core.records.recipes import Split  # noqa: E402
from core.records.runs import Purpose, RunState  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.store import job_rows  # noqa: E402
from core.store.edits.keypoints import save_keypoints  # noqa: E402
from core.store.edits.runs import use_run  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.instances import by_ids  # noqa: E402
from core.store.queries.keypoints import keypoints_in_force  # noqa: E402
from core.store.queries.runs import metric_points, runs  # noqa: E402
from core.store.writers.keypoints import FoundKeypoints, write_keypoints  # noqa: E402
from core.training.data import synthetic_crops  # noqa: E402
from core.training.data.crops import write_shard  # noqa: E402
from core.training.data.mixing import shares  # noqa: E402
from core.training.data.shared_views import shared_crops  # noqa: E402
from core.training.data.synthetic_crops import CropPlan  # noqa: E402
from core.training.tasks.hidden_points import HiddenPointsTask  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.parking import Parking  # noqa: E402
from tests.jobs.rendered_cars import Placed, add_rendered  # noqa: E402
from tests.jobs.yard import Yard  # noqa: E402
from tests.training.data.made_crops import drawn_set  # noqa: E402
from tests.training.data.shared import made_cars  # noqa: E402

CARS = 3
OF = ("of crops", "with hidden keypoints by people")
HIDDEN = (KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED)


@pytest.fixture
def parking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parking:
    torch.set_num_threads(1)
    for module in (device_lock, job):
        monkeypatch.setattr(module, "gpu_locks", lambda: tmp_path / "devices")
    return Parking(tmp_path / "cars.amodal", frames=2)


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    folder = tmp_path / "crops"
    for split, count in (("train", 8), ("val", 4)):
        write_shard(folder / f"cars-{split}-000000.npz", drawn_set(count))
    return folder


def test_a_run_in_use_places_hidden_points_and_leaves_a_persons_alone(parking: Parking, crops: Path) -> None:
    cars = add_rendered(parking, CARS)
    mine = KeypointSet(Template.CAR, (PlacedPoint(1.0, 2.0, KeypointTag.SELF_OCCLUDED), *((None,) * 11)))
    with Project.open(parking.path) as project:
        save_keypoints(History(project, "Ann"), cars[0].instance_id, mine, "Place one")
    do_job(parking.path, "keypoints")
    plain = placed(parking, [car.instance_id for car in cars])
    assert {point.origin for points in plain[1:] for point in points if point} == {LabelOrigin.NETWORK}

    quick = {"epochs": 1, "device": "cpu", "workers": 0}
    do_job(parking.path, "train", what="hidden_points", crops=crops, in_3d=True, **quick)
    with Project.open(parking.path) as project:
        with project.read() as connection:
            [run] = runs(connection, Purpose.HIDDEN_POINTS)
        assert (run.state, run.metric) == (RunState.DONE, "pck_0.1.hidden")
        assert run.value is not None
        looks = run.data["looks at cars"]
        # twice, but for those that a border has cut; and what Ann has placed
        made, own = (run.data["data"][f"looks at cars {of}"]["to learn from"] for of in OF)
        assert 8 < made <= 16
        assert own in (1, 2)
        assert looks["training"] == made + own
        assert looks["validation"] == 4
        assert run.data["points of"] == "pre-labeller, built in"
        assert f" and {made} looks at cars of crops (" in run.data["mixed"]
        assert run.data["measured by"] == "cars of crops"
        use_run(History(project, "Ann"), run.id)

    do_job(parking.path, "keypoints", redo=True)
    after = placed(parking, [car.instance_id for car in cars])
    assert after[0] == mine.points
    inferred = 0
    for before, now in zip(plain[1:], after[1:], strict=True):
        for old, new in zip(before, now, strict=True):
            if new is not None and new.origin is LabelOrigin.INFERRED:
                assert new.tag in (*HIDDEN, KeypointTag.TRUNCATED)
                assert new.guessed
                inferred += 1
            else:
                assert new == old  # what is seen stays as it was
                assert new is None or new.tag not in HIDDEN
    assert inferred


def test_hidden_points_are_learned_from_composites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yard = Yard(tmp_path / "yard.amodal")
    with Project.open(yard.path) as project, project.bulk() as bulk:
        with project.read() as connection:
            found = by_ids(connection, range(1, 100))
        said = [FoundKeypoints(one.id, points_in(one.box)) for one in found]
        bulk.run(lambda connection: write_keypoints(connection, said, origin=LabelOrigin.IMPORT))
    do_job(yard.path, "cut")
    quiet = {"validation_percent": 0, "test_percent": 0, "least": 1, "most": 3, "seed": 5}
    do_job(yard.path, "compose", count=6, name="Mine", sampler="walt2d", **quiet)
    for name in ("LEAST_LEARNED", "LEAST_MEASURED"):
        monkeypatch.setattr(hidden_points, name, 0)
    # the yard is six pictures: too short for tracks on two sides
    same = hidden_points._of_composites
    monkeypatch.setattr(hidden_points, "_of_composites", lambda p, stock, split: same(p, stock, Split.TRAIN))
    with Project.open(yard.path) as project:
        task = build_task(project, TrainSettings(what="hidden_points", variant="released", device="cpu"))
    looks = task.data["data"]["looks at cars of composites"]
    assert looks["share"] == 1.0
    assert looks["to learn from"] == task.data["looks at cars"]["training"] > 0
    assert task.data["composites"] == "Mine"
    assert task.data["hidden points"]["validation"] > 0
    assert task.architecture["kind"] == "occlusion_net"
    assert task.architecture["typed_nodes"] is False


def test_what_people_have_placed_is_mixed_with_simulated_cars_by_weight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One car in each of many pictures: early ones teach, later ones are measured by, the last do neither."""
    monkeypatch.setattr(hidden_points, "LEAST_MEASURED", 3)
    parking = Parking(tmp_path / "long.amodal", frames=30)
    ids = []
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        for frame in range(30):
            [car] = add_rendered(parking, 1, frame=frame)
            by = LabelOrigin.HEURISTIC if frame == 2 else LabelOrigin.HUMAN
            save_keypoints(history, car.instance_id, placed_by(by, car), "Place points")
            ids.append(car.instance_id)
        write_shard(drawn.crops_folder() / "cars-train-000000.npz", drawn_set(6))
        (drawn.crops_folder() / drawn._DONE).touch()
        asked = TrainSettings(what="hidden_points", weight_reviewed=3.0, device="cpu")
        stock = hidden_points_stock(project, asked)
        learned, measured = hidden_points_needs(project, asked)
        task = build_task(project, asked)
        with pytest.raises(TooFewLabelsError, match="0 of 20 pictures to learn from"):
            build_task(project, asked.model_copy(update={"weight_reviewed": 0.0, "weight_synthetic": 0.0}))
    teaching = [ids.index(one.instance_id) for one in stock.teaching]
    measuring = [ids.index(one.instance_id) for one in stock.measuring]
    assert max(teaching) < min(measuring)
    assert 2 not in teaching  # where a person said that hidden points are hidden, and did not look where
    assert learned.detail.startswith(f"0 composites, {len(teaching)} cars with hidden keypoints by people, ")
    assert measured.detail == f"0 composites, {len(measuring)} cars with hidden keypoints by people"
    assert measured.have == len(measuring)
    data = task.data["data"]
    people, made = (
        data[f"looks at {name}"]["to learn from"]
        for name in ("cars with hidden keypoints by people", "simulated cars")
    )
    assert people <= 2 * len(teaching)
    assert data["looks at simulated cars"]["share"] == round(made / (3 * people + made), 4)
    assert "Looks at cars of composites are left out: there are none." in task.data["mixed"]
    assert task.data["measured by"] == f"{len(measuring)} cars with hidden keypoints by people"
    mixed = task.training_set(0)
    assert len(mixed) == people + made  # type: ignore[arg-type]
    assert mixed.counts == shares([3 * people, made], people + made)  # type: ignore[attr-defined]


def placed_by(origin: LabelOrigin, car: Placed) -> KeypointSet:
    """A rendered car's points: those that are seen by a person, the hidden ones by somebody."""
    return KeypointSet(
        Template.CAR,
        tuple(
            PlacedPoint(x, y, tag, origin if tag in HIDDEN else LabelOrigin.HUMAN)
            for (x, y), tag in zip(car.pixels.tolist(), car.tags, strict=True)
        ),
    )


def test_other_cameras_teach_hidden_points_in_a_project_without_labels(parking: Parking) -> None:
    for split in ("train", "val"):
        crops = [crop for car in made_cars() for crop in shared_crops(car, f"{split}/")]
        write_shard(drawn.shared_folder() / f"shared-{split}-000.npz", crops)
    (drawn.shared_folder() / drawn._DONE).touch()
    by_others = {"what": "hidden_points", "hidden_from": "trifocal", "device": "cpu", "workers": 0}
    job_id = do_job(parking.path, "train", epochs=1, **by_others)
    with Project.open(parking.path) as project:
        with project.read() as connection:
            [run] = runs(connection, Purpose.HIDDEN_POINTS)
            told = {one.name: one.value for one in metric_points(connection, run.id, ["loss.trifocal"])}
            log = "\n".join(text for _, _, text in job_rows.read_log(connection, job_id))
        assert (run.state, run.data["hidden points from"]) == (RunState.DONE, "trifocal")
        assert told["loss.trifocal"] > 0
        assert (
            run.data["cars that other cameras saw"] > 12
        )  # each of twelve views, and most of them once more
        assert "looks at cars that three cameras see (100 %)." in log
        assert run.data["measured by"] == "72 pictures of another synthetic street"
        task = build_task(project, TrainSettings(**by_others))
        with pytest.raises(TooFewLabelsError):  # labels there are none
            build_task(project, TrainSettings(**{**by_others, "hidden_from": "labels"}))
    # and nothing else says where hidden points are
    assert isinstance(task, HiddenPointsTask)
    torch.manual_seed(0)
    network, samples = task.network(), task.training_set(0)
    losses = task.losses(network, task.collate([samples[place] for place in range(12)]))
    losses["trifocal"].mean.backward()
    moved = [one.grad for one in network.parameters() if one.grad is not None]
    assert max(float(one.abs().max()) for one in moved) > 0
    assert all(bool(one.isfinite().all()) for one in moved)


def test_the_cars_that_three_cameras_see_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, CropPlan]] = []

    def make_crops(folder: Path, plan: CropPlan, show: Callable[[float], None]) -> None:
        asked.append((folder, plan))
        folder.mkdir(parents=True)

    monkeypatch.setattr(synthetic_crops, "make_crops", make_crops)
    log: list[str] = []
    usual = TrainSettings(what="hidden_points")
    for settings in (usual, *[usual.model_copy(update={"hidden_from": "trifocal"})] * 2):
        prepare(settings, lambda share, words: None, log.append)
    [(folder, plan)] = asked  # and nothing for who learns from labels and gives the street no weight
    assert folder == drawn.shared_folder() != drawn.crops_folder()
    assert (sum(plan.cars), sum(plan.streets), plan.shared) == (0, 0, (3, 1, 0))
    assert log == ["The synthetic street is drawn, once on this machine."]
    prepare(usual.model_copy(update={"weight_synthetic": 0.5}), lambda share, words: None, log.append)
    assert asked[1][0] == drawn.crops_folder()


def test_the_street_that_other_cameras_need_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="the street, which has them"):
        TrainSettings(what="hidden_points", hidden_from="trifocal", weight_synthetic=0.0)
    assert drawn.weight_of_drawn(drawn.drawn_for("hidden_points", "trifocal"), None) == 1.0
    assert drawn.weight_of_drawn(drawn.drawn_for("hidden_points", "labels"), None) == 0.0
    assert drawn.drawn_for("detector", "trifocal") == "detector"


def points_in(box: Box) -> KeypointSet:
    """Points over a box, a third of them hidden by the car itself."""
    tags = [KeypointTag.VISIBLE, KeypointTag.VISIBLE, KeypointTag.SELF_OCCLUDED] * 4
    return KeypointSet(
        Template.CAR,
        tuple(
            PlacedPoint(box.x + box.w * (n % 4 + 1) / 5, box.y + box.h * (n // 4 + 1) / 4, tag)
            for n, tag in enumerate(tags)
        ),
    )


def placed(parking: Parking, ids: list[int]) -> list[tuple[PlacedPoint | None, ...]]:
    with Project.open(parking.path) as project, project.read() as connection:
        rows = keypoints_in_force(connection, ids)
    return [rows[one].keypoints.points for one in ids]


def test_too_few_composites_are_told(parking: Parking, tmp_path: Path) -> None:
    with pytest.raises(TooFewLabelsError, match=r"0 of 20 pictures to learn .* and 0 of 5 pictures"):
        do_job(parking.path, "train", what="hidden_points", device="cpu")
    with Project.open(parking.path) as project:
        assert not hidden_points_needs(project, TrainSettings(crops=tmp_path))
    with pytest.raises(TrainingError, match="There is no folder"):
        do_job(parking.path, "train", what="hidden_points", crops=tmp_path / "none", device="cpu")


class Told:
    """A finder that says the same of every crop."""

    name = "told"

    def __init__(self, found: FoundPoints) -> None:
        self.found = found

    def find(self, crops: list[ObjectCrop]) -> list[list[FoundPoints]]:
        return [[self.found] for _ in crops]


def asked(found: FoundPoints, network: OcclusionNet, least: float = 0.3) -> FoundPoints:
    crop = ObjectCrop(np.zeros((60, 90, 3), dtype=np.uint8), Box(10.0, 8.0, 70.0, 40.0))
    [[said]] = InferringFinder(Told(found), network, least).find([crop])  # type: ignore[arg-type]
    return said


def points(tags: list[KeypointTag], scores: float = 0.8) -> FoundPoints:
    rng = np.random.default_rng(4)
    return FoundPoints(rng.uniform(10, 50, (12, 2)), np.full(12, scores), tuple(tags))


def test_hidden_points_come_out_in_the_crops_pixels() -> None:
    """A decoder whose last layer adds a known step moves each hidden point by it, in half squares."""
    network = OcclusionNet(OcclusionNetSettings(hidden=8)).eval()
    last = network.decoder.out[-1]
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(torch.tensor([0.5, -0.25]))
    tags = [KeypointTag.VISIBLE] * 6 + [KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED] * 2
    tags += [KeypointTag.TRUNCATED] * 2
    found = points(tags)
    found.scores[6] = 0.01  # unsure of a hidden point: it is placed all the same
    found.scores[0] = 0.1  # unsure of a visible one: it is left out
    said = asked(found, network)
    assert said.inferred == (False,) * 6 + (True,) * 4 + (False,) * 2
    half = 1.3 * 70.0 / 2  # of the square: 1.3 L
    step = said.pixels[6:10] - found.pixels[6:10]
    assert np.abs(step - np.array([0.5, -0.25]) * half).max() < 1e-3
    assert np.isnan(said.pixels[0]).all()
    assert np.array_equal(said.pixels[1:6], found.pixels[1:6])
    assert np.array_equal(said.pixels[10:], found.pixels[10:])
    assert np.allclose(said.scores[6:10], 0.8)
    # the square is the same box as in training
    placing = placing_of(Box(10.0, 8.0, 70.0, 40.0), 128)
    corner = placing.to_crop(np.array([[-0.5, -0.5], [127.5, 127.5]])) + 0.5
    box = torch.from_numpy(corner.reshape(1, 4))
    ours = to_box(torch.from_numpy(found.pixels)[None], box)
    assert float(ours[0, 3].abs().max()) < 1.5


def test_nothing_is_inferred_from_too_little() -> None:
    network = OcclusionNet(OcclusionNetSettings(hidden=8)).eval()
    found = points([KeypointTag.VISIBLE] * 2 + [KeypointTag.SELF_OCCLUDED] * 10)
    said = asked(found, network)
    assert said.inferred is None
    assert np.array_equal(said.pixels, found.pixels)
    untold = FoundPoints(found.pixels, found.scores, None)
    assert asked(untold, network).inferred is None
