"""Mining with a detector that was trained in the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

torch = pytest.importorskip("torch")

from core.errors import DetectorUnavailableError  # noqa: E402
from core.jobs.context import JobContext  # noqa: E402
from core.jobs.mine.own_detector import OwnDetector, chosen_run, own_detector  # noqa: E402
from core.jobs.models import settled_model  # noqa: E402
from core.jobs.settings import MineSettings  # noqa: E402
from core.jobs.train.files import name_of, run_folder  # noqa: E402
from core.mining.detectors.settings import OwnSettings  # noqa: E402
from core.networks.amodal_rcnn.model import AmodalRcnn  # noqa: E402
from core.networks.amodal_rcnn.settings import MaskKind  # noqa: E402
from core.records.detections import Category, DetectorFrame  # noqa: E402
from core.records.jobs import JobState  # noqa: E402
from core.records.keypoints import KeypointFilter  # noqa: E402
from core.records.occlusion import LabelOrigin, Verdict  # noqa: E402
from core.records.project import QueueFilter  # noqa: E402
from core.records.runs import Purpose  # noqa: E402
from core.records.seen import POINTS  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.store import job_rows, tables  # noqa: E402
from core.store.edits.runs import use_run  # noqa: E402
from core.store.edits.verdicts import set_verdict  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries import keypoint_queue, queue  # noqa: E402
from core.store.queries.instance_detail import instance_detail  # noqa: E402
from core.store.queries.keypoints import keypoints_in_force  # noqa: E402
from core.store.queries.runs import model_of_job  # noqa: E402
from core.store.writers.runs import make_run, update_run  # noqa: E402
from core.training.checkpoints import Checkpoint, write_checkpoint  # noqa: E402
from core.training.tasks.detector import KIND  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.yard import Yard  # noqa: E402
from tests.networks.amodal_rcnn.pictures import tiny  # noqa: E402

HEIGHT, WIDTH = 64, 96
ALL_IS_KEPT = ("own.min_score", "own.min_point_score", "own.min_points_px")


def network(**more: object) -> AmodalRcnn:
    torch.manual_seed(0)
    return AmodalRcnn(tiny(anchor_px=16, finest_px=8, least_score=0.0, most_objects=5, **more))


class Saying(torch.nn.Module):
    """A network that says of every picture the same two objects."""

    def __init__(self, found: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.found, self.settings = found, tiny()

    def forward(self, pictures: list[torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        assert all(0 <= picture.min() <= picture.max() <= 1 for picture in pictures)
        return [dict(self.found) for _ in pictures]


def found() -> dict[str, torch.Tensor]:
    """A car whose right half is hidden, a person who is sure and all hidden, and a car that is unsure."""
    modal = torch.zeros(3, 28, 28)
    modal[0, :, :14] = 1.0
    modal[2] = 1.0
    return {
        "boxes": torch.tensor([[10.0, 10.0, 66.0, 38.0], [70.0, 10.0, 90.0, 60.0], [0.0, 40.0, 20.0, 60.0]]),
        "labels": torch.tensor([1, 2, 1]),
        "scores": torch.tensor([0.9, 0.95, 0.3]),
        "whole_masks": torch.ones(3, 28, 28),
        "modal_masks": modal,
    }


def test_it_finds_what_is_seen() -> None:
    detector = OwnDetector(Saying(found()), OwnSettings())
    frame = DetectorFrame(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    [first, second] = detector.detect([frame, frame])
    [car] = first
    assert len(second) == 1
    assert (car.category, round(car.score, 4)) == (Category.CAR, 0.9)
    assert car.whole is not None
    assert (car.whole.x, car.whole.y, *car.whole.bits.shape) == (10, 10, 28, 56)  # with the hidden half
    # the left half of the whole box, and no more
    assert (car.box.x, car.box.y, car.box.w, car.box.h) == (10.0, 10.0, 28.0, 28.0)
    assert car.mask is not None
    assert car.mask.bits.all()


def with_points() -> dict[str, torch.Tensor]:
    """As `found`, with a keypoint head: the first car's third point is unsure, and its last one cut off."""
    places, tags = torch.zeros(3, POINTS, 3), torch.zeros(3, POINTS, 4)
    places[..., 0] = torch.arange(POINTS) + 20.5
    places[..., 1], places[..., 2] = 15.5, 0.75
    places[0, 2, 2] = 0.1
    tags[..., 1] = 0.5  # hidden by their own object
    tags[:, :, 3][:, 11] = 0.75
    return found() | {"keypoints": places, "point_tags": tags}


def test_points_are_told_with_tags_and_how_sure_they_are() -> None:
    frame = DetectorFrame(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    told = with_points()
    told["modal_masks"][1, 10:] = 1.0  # of the person something is seen, too
    settings = OwnSettings(min_points_px=20)
    [[person, car]] = OwnDetector(Saying(told), settings).detect([frame])
    assert car.points is not None
    assert car.points.tags == (*[KeypointTag.SELF_OCCLUDED] * 11, KeypointTag.TRUNCATED)
    # on pixel centres, and the car's twelve of all 29
    expected = np.stack([np.arange(12) + 20.0, np.full(12, 15.0)], axis=1)
    expected[2] = np.nan
    np.testing.assert_array_equal(car.points.pixels, expected)
    assert np.delete(car.points.scores, 2) == pytest.approx(0.75)
    assert person.points is not None
    assert person.points.pixels[:, 0].tolist() == list(range(32, 49))
    # neither of small objects, nor where there is no such head, nor where it tells no tags
    [small] = OwnDetector(Saying(told), OwnSettings(min_points_px=40)).detect([frame])
    assert all(one.points is None for one in small)
    for names in ({"keypoints", "point_tags"}, {"point_tags"}):
        bare = {name: values for name, values in told.items() if name not in names}
        [others] = OwnDetector(Saying(bare), settings).detect([frame])
        assert [one.points for one in others] == [None, None]


def test_a_network_without_modal_masks_finds_whole_ones() -> None:
    told = found()
    del told["modal_masks"]
    frame = DetectorFrame(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    [[person, car]] = OwnDetector(Saying(told), OwnSettings()).detect([frame])
    assert (person.category, car.box.w) == (Category.PERSON, 56.0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    with Project.create(tmp_path / "own.amodal") as made:
        yield made


def trained(
    project: Project,
    made: AmodalRcnn,
    purpose: Purpose = Purpose.DETECTOR,
    architecture: dict[str, Any] | None = None,
) -> int:
    """A run with the weights of a network; gives its id."""
    architecture = architecture or {"kind": KIND} | made.settings.as_json()
    with project.write() as connection:
        run_id = make_run(
            connection, purpose, "Mine", job_id=None, settings={}, seed=0, epochs=1, metric="mask_ap"
        )
    facts = {"purpose": purpose.value, "architecture": architecture, "state": {}}
    run_folder(project, run_id).parent.mkdir(parents=True, exist_ok=True)
    path = write_checkpoint(
        run_folder(project, run_id), "best", Checkpoint(dict(made.state_dict()), {}, facts)
    )
    with project.write() as connection:
        update_run(connection, run_id, architecture=architecture, best=name_of(path))
    return run_id


def test_the_run_in_use_finds_what_its_network_found(project: Project) -> None:
    made = network()
    run_id = trained(project, made)
    trained(project, network(masks=MaskKind.WHOLE))
    use_run(History(project, "Ann"), run_id)
    picture = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    detector = own_detector(project, OwnSettings(min_score=0.0))
    here = OwnDetector(made, OwnSettings(min_score=0.0))
    [one], [other] = (finder.detect([DetectorFrame(picture)]) for finder in (detector, here))
    assert one
    assert [(seen.box, seen.category, seen.score) for seen in one] == [
        (seen.box, seen.category, seen.score) for seen in other
    ]


def test_a_run_can_be_named(project: Project) -> None:
    first, second = trained(project, network()), trained(project, network())
    use_run(History(project, "Ann"), first)
    assert chosen_run(project, None).id == first
    assert chosen_run(project, second).id == second


def test_what_is_missing_is_said(project: Project) -> None:
    with pytest.raises(DetectorUnavailableError, match="no detector of its own in use"):
        own_detector(project, OwnSettings())
    with pytest.raises(DetectorUnavailableError, match="no run 7"):
        own_detector(project, OwnSettings(run=7))
    other = trained(project, network(), Purpose.CLASSIFIER)
    with pytest.raises(DetectorUnavailableError, match=f"Run {other} is no detector"):
        own_detector(project, OwnSettings(run=other))
    run_id = trained(project, network())
    for path in run_folder(project, run_id).iterdir():
        path.unlink()
    with pytest.raises(DetectorUnavailableError, match="cannot be read"):
        own_detector(project, OwnSettings(run=run_id))


def test_a_network_of_another_version_is_refused(project: Project) -> None:
    run_id = trained(project, network(), architecture={"kind": "amodal_rcnn", "backbone": "resnet1000"})
    with pytest.raises(DetectorUnavailableError, match="of its network cannot be understood"):
        own_detector(project, OwnSettings(run=run_id))


def test_a_mining_job_without_one_says_what_to_do(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal")
    with pytest.raises(DetectorUnavailableError, match="no detector of its own in use"):
        do_job(yard.path, "mine", detector="own")


def test_a_mining_job_mines_with_the_run_in_use(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal")
    with Project.open(yard.path) as opened:
        use_run(History(opened, "Ann"), trained(opened, network(min_side_px=135, max_side_px=240)))
    job_id = do_job(yard.path, "mine", detector="own", **{"own.min_score": 0.0})
    with Project.open(yard.path) as opened, opened.read() as connection:
        job = job_rows.get_job(connection, job_id)
        query = select(tables.instance.c.score).where(tables.instance.c.detector == "own")
        scores = connection.scalars(query).all()
    assert job is not None
    assert job.state is JobState.DONE
    assert scores


def test_its_finds_say_whose_they_are_and_how_sure_and_what_a_person_touched_stays(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal")
    size = {"min_side_px": 135, "max_side_px": 240}
    with Project.open(yard.path) as opened:
        history = History(opened, "Ann")
        first = trained(opened, network(**size))
        use_run(history, first)
    do_job(yard.path, "mine", detector="own", **dict.fromkeys(ALL_IS_KEPT, 0.0))
    with Project.open(yard.path) as opened:
        with opened.read() as connection:
            found = finds_of(connection)
            shown = KeypointFilter(proposed=True, categories=(Category.CAR, Category.PERSON))
            proposed = [key.id for key in keypoint_queue.page_keys(connection, shown, limit=1000)]
            placed = keypoints_in_force(connection, proposed)
            details = {row.id: instance_detail(connection, row.id) for row in found}
            order = queue.page(connection, QueueFilter(), None, 1000)
            certain = {row.id: row.uncertainty for row in connection.execute(select(tables.instance))}
        assert found
        for row in found:
            detail = details[row.id]
            assert detail is not None
            assert detail.found_by is not None
            assert (detail.found_by.run_id, detail.found_by.name) == (first, "Mine")
            assert detail.whole is not None
            assert row.find_margin == pytest.approx(row.score)  # all is kept, from 0 on
            assert certain[row.id] <= row.find_margin
        assert [certain[i] for i in order] == sorted(certain[i] for i in order)
        assert placed
        assert set(proposed) <= {row.id for row in found}
        assert {(one.origin, one.models[0].run_id) for one in placed.values()} == {
            (LabelOrigin.NETWORK, first)
        }
        kept = found[0]
        set_verdict(History(opened, "Ann"), [kept.id], Verdict.OCCLUDED)
        torch.manual_seed(5)
        other = AmodalRcnn(tiny(anchor_px=16, finest_px=8, least_score=0.0, most_objects=5, **size))
        second = trained(opened, other)
        use_run(History(opened, "Ann"), second)
    do_job(yard.path, "mine", detector="own", **{"own.min_score": 0.0})
    with Project.open(yard.path) as opened, opened.read() as connection:
        row = connection.execute(select(tables.instance).where(tables.instance.c.id == kept.id)).one()
        newer = {
            detail.found_by.run_id
            for one in finds_of(connection)
            if (detail := instance_detail(connection, one.id)) is not None and detail.found_by is not None
        }
    assert row.state == "live"
    same = ("x", "y", "w", "h", "score", "category", "mask_id", "job_id", "find_margin")
    assert all(getattr(row, name) == getattr(kept, name) for name in same)
    assert (row.label, row.label_origin) == ("occluded", "human")
    assert second in newer


def finds_of(connection: Any) -> list[Any]:
    query = select(tables.instance).where(
        tables.instance.c.detector == "own", tables.instance.c.state == "live"
    )
    return list(connection.execute(query.order_by(tables.instance.c.id)))


def test_a_job_that_goes_on_keeps_the_model_that_it_began_with(project: Project) -> None:
    first, second = trained(project, network()), trained(project, network())
    history = History(project, "Ann")
    job_id = job_rows.create_job(project, "mine", "Mine", {})
    contexts = [
        JobContext(project, job_id, MineSettings.model_validate({"detector": "own"}), None) for _ in range(2)
    ]
    for run_id, context in zip((first, second), contexts, strict=True):
        use_run(history, run_id)
        assert settled_model(context, Purpose.DETECTOR).run_id == first
    better = f"{first}/best-{'0' * 16}.safetensors"
    with project.write() as connection:
        update_run(connection, first, best=better)
    assert settled_model(contexts[1], Purpose.DETECTOR).weights == better
    with project.read() as connection:
        noted = model_of_job(connection, job_id, Purpose.DETECTOR)
    assert noted is not None
    assert (noted.run_id, noted.weights) == (first, better)
