"""What a run never saw: labels after its last border alone, and frames of the test side in the footage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from core.errors import EvaluationError  # noqa: E402
from core.jobs.evaluate import runs as evaluated_runs  # noqa: E402
from core.jobs.networks_in_use import classifier_of, prelabeller_of  # noqa: E402
from core.jobs.train.crops import prelabeller_crops  # noqa: E402
from core.networks.occlusion_net.network import OcclusionNet  # noqa: E402
from core.networks.occlusion_net.settings import OcclusionNetSettings  # noqa: E402
from core.records.evaluations import Outcome, Truth  # noqa: E402
from core.records.keypoints import KeypointSet, PlacedPoint, Template  # noqa: E402
from core.records.occlusion import LabelOrigin, Verdict  # noqa: E402
from core.records.runs import Purpose  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.store.edits.keypoints import save_keypoints  # noqa: E402
from core.store.edits.verdicts import set_verdict  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.results import result_said  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.evaluate.conftest import add_detector, add_run, numbers_of, rows_of  # noqa: E402
from tests.jobs.parking import Parking  # noqa: E402
from tests.jobs.rendered_cars import Placed, add_rendered  # noqa: E402
from tests.jobs.yard import CARS, Car, Yard  # noqa: E402

FRAMES = 16


def labelled(car: Placed) -> KeypointSet:
    return KeypointSet(
        Template.CAR,
        tuple(
            PlacedPoint(x, y, tag, LabelOrigin.HUMAN)
            for (x, y), tag in zip(car.pixels.tolist(), car.tags, strict=True)
        ),
    )


@pytest.fixture(scope="module")
def parking(tmp_path_factory: pytest.TempPathFactory) -> Parking:
    """One car in each of many pictures, with its points; every third is called occluded."""
    made = Parking(tmp_path_factory.mktemp("parking") / "long.amodal", frames=FRAMES)
    made.ids = []  # type: ignore[attr-defined]
    with Project.open(made.path) as project:
        history = History(project, "Ann")
        for frame in range(FRAMES):
            [car] = add_rendered(made, 1, frame=frame)
            save_keypoints(history, car.instance_id, labelled(car), "Place points")
            said = Verdict.OCCLUDED if frame % 3 == 0 else Verdict.UNOCCLUDED
            set_verdict(history, [car.instance_id], said)
            made.ids.append(car.instance_id)  # type: ignore[attr-defined]
    return made


@pytest.fixture(scope="module")
def parted(parking: Parking) -> dict[str, Any]:
    """Of what a training there would tell."""
    with Project.open(parking.path) as project:
        return dict(prelabeller_crops(project).about)


def frames_of(parking: Parking, rows: Any) -> set[int]:
    return {parking.ids.index(one.instance_id) for one in rows}  # type: ignore[attr-defined]


def test_points_are_measured_on_cars_after_the_last_border(parking: Parking, parted: dict[str, Any]) -> None:
    network, _ = prelabeller_of(None)
    told = {"split": "by time and track", "borders": parted["borders"]}
    run_id = add_run(parking.path, network, network.settings.as_json(), Purpose.PRELABELLER, **told)
    tested = numbers_of(parking.path, do_job(parking.path, "evaluate", run=run_id, draws=0))
    assert (tested.evaluation.truth, tested.evaluation.data["notes"]) == (Truth.LABELS, [])
    chosen = frames_of(parking, rows_of(parking.path, tested))
    assert chosen
    assert min(chosen) >= FRAMES * 9 // 10
    of_others = numbers_of(
        parking.path, do_job(parking.path, "evaluate", run=run_id, side="validation", draws=0)
    )
    assert max(frames_of(parking, rows_of(parking.path, of_others))) < min(chosen)
    # the program's own network finds most points of rendered cars, and the picture has them where it says
    assert tested.figure("pck_0.2").value > 0.5
    with Project.open(parking.path) as project, project.read() as connection:
        from core.store.queries.results import result_said

        one = rows_of(parking.path, tested)[0]
        said = result_said(connection, tested.evaluation.id, one.number)
    assert said is not None
    known = [point for point in said.true_points if point is not None]
    assert all(one.box.x - 20 < x < one.box.right + 20 for x, _, _ in known)
    moved = {camera: [first, "never", guard] for camera, (first, _, guard) in parted["borders"].items()}
    never = add_run(
        parking.path,
        network,
        network.settings.as_json(),
        Purpose.PRELABELLER,
        split="by time and track",
        borders=moved,
    )
    with pytest.raises(EvaluationError, match="no cars with people's keypoints of the test side"):
        do_job(parking.path, "evaluate", run=never)


def test_a_classifier_is_measured_by_verdicts(parking: Parking, parted: dict[str, Any]) -> None:
    network, _ = classifier_of(None)
    told = {"split": "by time and track", "borders": parted["borders"]}
    run_id = add_run(parking.path, network, network.settings.as_json(), Purpose.CLASSIFIER, **told)
    found = numbers_of(parking.path, do_job(parking.path, "evaluate", run=run_id, side="validation", draws=0))
    rows = rows_of(parking.path, found)
    right = [one.outcome is Outcome.RIGHT for one in rows]
    assert found.figure("label_accuracy").value == pytest.approx(sum(right) / len(rows))
    for one in rows:
        truth, _, said = one.detail.partition(" > ")
        assert (truth == "occluded") is (parking.ids.index(one.instance_id) % 3 == 0)  # type: ignore[attr-defined]
        assert (said == "unoccluded") is (one.score >= 0.5)
        assert one.badness == pytest.approx(1 - one.score if truth == "unoccluded" else one.score)
    old = add_run(parking.path, network, network.settings.as_json(), Purpose.CLASSIFIER, split=told["split"])
    noted = numbers_of(parking.path, do_job(parking.path, "evaluate", run=old, side="validation", draws=0))
    assert "has not kept where its borders lay" in noted.evaluation.data["notes"][0]


def test_reviewed_frames_of_the_test_side_are_read_from_the_footage(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the car of the last picture alone was seen by no training; the others there are ignored."""
    last = Car((None,) * 5 + ((24.0, -3.0),), 6)
    own = Yard(tmp_path / "reviewed.amodal", (*CARS, last))
    with Project.open(own.path) as project:
        set_verdict(History(project, "Ann"), own.all_ids(), Verdict.UNOCCLUDED)
    run_id = add_detector(own.path)
    seen: list[Any] = []

    def say(sample: Any) -> Any:
        seen.append(sample)
        return [replace(thing.seen, score=0.9) for thing in sample.truth.things]

    monkeypatch.setattr(evaluated_runs, "_said_by", lambda detector: say)
    found = numbers_of(own.path, do_job(own.path, "evaluate", run=run_id, draws=0))
    assert found.evaluation.truth is Truth.REVIEWED
    [row] = rows_of(own.path, found)
    assert row.instance_id == own.ids[-1][5]
    assert (row.outcome, row.occlusion) == (Outcome.FOUND, 0.0)
    assert row.distance_m == pytest.approx((24.0**2 + 3.0**2 + 6.0**2) ** 0.5, abs=0.2)  # six metres up
    [sample] = seen
    assert len(sample.truth.ignored) == 2  # the other cars in that picture
    assert sample.image.shape == (3, 270, 480)


def test_the_net_for_hidden_points_is_measured_by_those_it_moves(
    parking: Parking, parted: dict[str, Any]
) -> None:
    finder, _ = prelabeller_of(None)
    network = OcclusionNet(OcclusionNetSettings(hidden=8)).eval()
    with (
        torch.no_grad()
    ):  # it moves each hidden point by half of the square around the car, twice as far across
        network.decoder.out[-1].weight.zero_()
        network.decoder.out[-1].bias.copy_(torch.tensor([0.5, -0.25]))
    told = {"split": "by time and track", "borders": parted["borders"]}
    figures, points = [], []
    for one, purpose in ((finder, Purpose.PRELABELLER), (network, Purpose.HIDDEN_POINTS)):
        run_id = add_run(parking.path, one, one.settings.as_json(), purpose, **told)
        numbers = numbers_of(parking.path, do_job(parking.path, "evaluate", run=run_id, side="test", draws=0))
        rows = sorted(rows_of(parking.path, numbers), key=lambda row: row.instance_id or 0)
        with Project.open(parking.path) as project, project.read() as connection:
            said = [result_said(connection, numbers.evaluation.id, row.number) for row in rows]
        figures.append(numbers.figure("pck_0.1").value)
        points.append([point for each in said if each is not None for point in each.points])

    moved = 0
    for before, after in zip(*points, strict=True):
        if before is None or after is None:
            continue
        across, down = after[0] - before[0], after[1] - before[1]
        if before[2] in (KeypointTag.SELF_OCCLUDED, KeypointTag.OTHER_OCCLUDED):
            assert across == pytest.approx(-2 * down, rel=0.02)
            assert across > 10
            moved += 1
        elif before[2] is KeypointTag.VISIBLE:
            assert max(abs(across), abs(down)) < 0.1  # what is seen stays
    assert moved
    assert figures[1] < figures[0]  # what is moved by half a car is right no longer
