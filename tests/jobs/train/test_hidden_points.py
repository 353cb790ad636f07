"""Occlusion-Net is trained in a project, put in use, and then says where hidden points are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import TooFewLabelsError, TrainingError  # noqa: E402
from core.jobs.inferred_points import InferringFinder  # noqa: E402
from core.jobs.train import device_lock, hidden_points, job  # noqa: E402
from core.jobs.train.hidden_points import hidden_points_needs  # noqa: E402
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
from core.store.edits.keypoints import save_keypoints  # noqa: E402
from core.store.edits.runs import use_run  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.instances import by_ids  # noqa: E402
from core.store.queries.keypoints import keypoints_in_force  # noqa: E402
from core.store.queries.runs import runs  # noqa: E402
from core.store.writers.keypoints import FoundKeypoints, write_keypoints  # noqa: E402
from core.training.data.crops import write_shard  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.parking import Parking  # noqa: E402
from tests.jobs.rendered_cars import add_rendered  # noqa: E402
from tests.jobs.yard import Yard  # noqa: E402
from tests.training.data.made_crops import drawn_set  # noqa: E402

CARS = 3
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
        assert 8 < looks["training"] <= 16  # twice, but for those that a border has cut
        assert looks["validation"] == 4
        assert run.data["points of"] == "pre-labeller, built in"
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
    for name in ("LEAST_COMPOSITES", "LEAST_MEASURED"):
        monkeypatch.setattr(hidden_points, name, 0)
    # the yard is six pictures: too short for tracks on two sides
    same = hidden_points._of_composites
    monkeypatch.setattr(
        hidden_points, "_of_composites", lambda p, s, sets, split: same(p, s, sets, Split.TRAIN)
    )
    with Project.open(yard.path) as project:
        task = build_task(project, TrainSettings(what="hidden_points", variant="released", device="cpu"))
    cars = task.data["train"]["cars of composites"]
    assert cars > 0
    assert 0 < task.data["looks at cars"]["training"] <= 2 * cars
    assert task.data["hidden points"]["validation"] > 0
    assert task.architecture["kind"] == "occlusion_net"
    assert task.architecture["typed_nodes"] is False


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
    with pytest.raises(TooFewLabelsError, match="0 of 20 composites to learn from and 0 of 5 composites"):
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
