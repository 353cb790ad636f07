"""Occlusion-Net learns where hidden points are, is measured, shown, stopped and resumed."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import CheckpointError, TrainingError  # noqa: E402
from core.networks.losses.counted import summed  # noqa: E402
from core.networks.occlusion_net.confidence import confidence_of  # noqa: E402
from core.networks.occlusion_net.network import built_of  # noqa: E402
from core.networks.occlusion_net.settings import Confidence, HiddenFrom, OcclusionNetSettings  # noqa: E402
from core.training.data.said_cars import SaidCars, SaidPart, without_labels  # noqa: E402
from core.training.data.said_sets import SaidNoise, SaidSet  # noqa: E402
from core.training.loop import train  # noqa: E402
from core.training.plan import TrainPlan  # noqa: E402
from core.training.rebuilt import rebuilt  # noqa: E402
from core.training.task import Schedule  # noqa: E402
from core.training.tasks import hidden_points  # noqa: E402
from core.training.tasks.hidden_points import HiddenPointsTask, form_of, make_task, pck_of  # noqa: E402
from core.training.validating import InPortions  # noqa: E402
from tests.training.data.said import said_cars, said_supply  # noqa: E402
from tests.training.tiny import Asked, Heard  # noqa: E402

CPU = torch.device("cpu")
SHORT = Schedule(epochs=3, batch=8, learning_rate=1e-3, warmup_steps=2, drops=(0.7,))


def task(
    variant: str = "paper", count: int = 16, width: int = 32, *, in_3d: bool = False
) -> HiddenPointsTask:
    return make_task(said_supply(count), form=form_of(variant, width, in_3d=in_3d), schedule=SHORT)


@pytest.mark.parametrize(("variant", "in_3d"), [("paper", True), ("released", False)])
def test_one_batch_is_learned_by_heart(variant: str, in_3d: bool) -> None:
    torch.manual_seed(0)
    made = task(variant, 4, 48, in_3d=in_3d)
    network = made.network()
    batch = made.collate([SaidSet(said_cars(4), None)[place] for place in range(4)])
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=0.0)
    rate = torch.optim.lr_scheduler.StepLR(optimiser, 220, 0.1)
    first = last = 0.0
    for step in range(290):
        loss = summed(made.losses(network, batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
        first, last = (float(loss.detach()), last) if step == 0 else (first, float(loss.detach()))
    assert last < 0.15 * first
    numbers = made.validate(network.eval(), CPU, lambda: None)
    assert numbers[made.metric] > 0.8
    assert numbers["input_pck_0.1.hidden"] < 0.3  # they stood anywhere
    assert numbers["seen_accuracy"] > 0.95
    if in_3d:
        assert numbers["in_3d_reprojection"] < 0.05
        assert numbers["in_3d_pck_0.1.hidden"] > 0.8
        assert numbers["in_3d_shape_m"] < 0.5
        assert numbers["in_3d_distance"] < 0.3


def test_the_third_dimension_adds_its_losses_and_figures() -> None:
    torch.manual_seed(0)
    flat, solid, released = task(), task(in_3d=True), task("released", in_3d=True)
    batch = flat.collate([SaidSet(said_cars(6), None)[place] for place in range(6)])
    without = set(flat.losses(flat.network(), batch))
    assert without == {"edge", "trifocal", "keypoint"}
    assert set(solid.losses(solid.network(), batch)) == without | {"reprojection", "three_d"}
    # the released view knows no camera, and places nothing
    assert set(released.losses(released.network(), batch)) == without | {"reprojection"}
    figures = {one: one.validate(one.network().eval(), CPU, lambda: None) for one in (flat, solid, released)}
    more = {name for name in figures[solid] if name.startswith("in_3d_")}
    assert set(figures[flat]) == set(figures[solid]) - more
    assert {"in_3d_reprojection", "in_3d_pck_0.1.hidden", "in_3d_shape_m", "in_3d_distance"} <= more
    assert "in_3d_reprojection" in figures[released]
    assert "in_3d_shape_m" not in figures[released]


def test_a_car_that_nobody_knows_in_space_teaches_by_its_projection_alone() -> None:
    torch.manual_seed(0)
    cars = [replace(one, solid=None) for one in said_cars(6)]
    made = make_task(SaidCars(cars, cars, {}), form=form_of("paper", 32, in_3d=True), schedule=SHORT)
    network = made.network()
    losses = made.losses(network, made.collate([SaidSet(cars, None)[place] for place in range(6)]))
    assert float(losses["three_d"].mean.detach()) == 0.0
    assert float(losses["three_d"].count) == 0
    losses["reprojection"].mean.backward()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in network.encoder_3d.parameters())
    assert max(float(one.grad.abs().max()) for one in network.encoder_3d.parameters()) > 0
    numbers = made.validate(network.eval(), CPU, lambda: None)
    assert "in_3d_reprojection" in numbers
    assert "in_3d_shape_m" not in numbers


def test_portions_give_the_same_figures_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    made = task(in_3d=True)
    assert isinstance(made, InPortions)
    network = made.network().eval()
    whole = made.validate(network, CPU, lambda: None)
    assert made.portions() == 1
    monkeypatch.setattr(HiddenPointsTask, "portion_size", 5)
    assert made.portions() == 4
    parts = made.figures([made.answer(network, CPU, portion) for portion in range(4)])
    assert parts == pytest.approx(whole, rel=1e-5)
    asked: list[int] = []
    made.validate(network, CPU, lambda: asked.append(1))
    assert len(asked) == 4


@pytest.mark.parametrize("in_3d", [False, True])
def test_a_resumed_run_equals_an_unbroken_one_to_the_bit(tmp_path: Path, in_3d: bool) -> None:
    plan = TrainPlan(SHORT, device="cpu", precision="32", workers=0, checkpoint_every_s=1e6)
    whole, first, second = Heard(), Heard(stop_at=5), Heard()
    train(task(in_3d=in_3d), plan, whole, tmp_path / "whole")
    with pytest.raises(Asked):
        train(task(in_3d=in_3d), plan, first, tmp_path / "broken")
    torch.rand(3)  # whatever the world did meanwhile
    train(task(in_3d=in_3d), plan, second, tmp_path / "broken", resume=first.last())
    names: tuple[str, ...] = ("loss", "pck_0.1.hidden", "pck_0.1", "loss.keypoint", "loss.edge")
    if in_3d:
        names += ("loss.reprojection", "loss.three_d", "in_3d_reprojection")
    told = {**first.by_step(*names), **second.by_step(*names)}
    assert told == whole.by_step(*names)
    assert {name for name, _ in told} == set(names)


def test_chance_turns_and_mirrors_all_of_a_look_alike() -> None:
    """What was said truly lies on the truth however the car is turned."""
    cars = [replace(one, places=one.points) for one in said_cars(6)]
    samples = SaidSet(cars, SaidNoise(mirror=0.5, place=0.0, lost=0.0, score=0.0))
    turned = 0
    for place, car in enumerate(cars):
        for seed in range(4):
            torch.manual_seed(seed)
            sample = samples[place]
            assert torch.allclose(sample["places"], sample["points"], atol=1e-6)
            visible = sample["tags"] == 0
            assert sorted(sample["tags"].tolist()) == sorted(car.tags.tolist())
            assert torch.allclose(sample["scores"][visible], torch.tensor(0.9))
            spread = np.linalg.norm(car.points[0] - car.points[9]) / car.size
            own = [(1, 8) if torch.det(_moved(car.points, sample)) < 0 else (0, 9)]
            ends = sample["points"].numpy()[list(own[0])]
            assert np.linalg.norm(ends[0] - ends[1]) / float(sample["size"]) == pytest.approx(
                spread, rel=1e-4
            )
            turned += own[0] == (1, 8)
            # and so do its points in space, through the camera that comes with the sample
            rays = sample["space"].double() @ sample["camera"].double().T
            assert torch.allclose(rays[:, :2] / rays[:, 2:], sample["points"].double(), atol=1e-5)
    assert 0 < turned < 24


def _moved(points: Any, sample: Any) -> Any:
    """(2, 2) that takes the look's points to the sample's, of the two orders the one that fits."""
    from core.shapes.keypoints import FLIP

    best = None
    for order in (list(range(12)), list(FLIP)):
        turn, left, *_ = np.linalg.lstsq(points[order], sample["points"].double().numpy(), rcond=None)
        if best is None or left.sum() < best[0]:
            best = (left.sum(), turn)
    assert best is not None
    assert best[0] < 1e-9
    return torch.from_numpy(best[1])


def test_lost_points_stand_anywhere_and_nobody_is_sure_of_them() -> None:
    torch.manual_seed(3)
    [car] = said_cars(1)
    sample = SaidSet([car], SaidNoise(mirror=0, turn_rad=0, grow=0, place=0, lost=1.0, score=0))[0]
    assert float(sample["scores"].max()) < 0.5
    assert float(sample["places"].abs().max()) <= 1.0
    assert torch.allclose(sample["points"], torch.from_numpy(car.points).float())


@pytest.mark.parametrize("variant", hidden_points.VARIANTS)
def test_a_task_can_be_pickled_and_its_network_built_anew(variant: str) -> None:
    made = pickle.loads(pickle.dumps(task(variant)))  # noqa: S301 - its own
    plain = json.loads(json.dumps(dict(made.architecture)))
    assert OcclusionNetSettings.of_json(plain) == made.form.network
    # what an older program wrote says nothing of 3D, and has none
    del plain["in_3d"]
    assert OcclusionNetSettings.of_json(plain) == made.form.network
    with pytest.raises(KeyError):
        OcclusionNetSettings.of_json({"kind": "occlusion_net", "points": 12})


@pytest.mark.parametrize("in_3d", [False, True])
def test_a_network_is_rebuilt_from_what_its_file_says(in_3d: bool) -> None:
    made = task(in_3d=in_3d)
    network = made.network().eval()
    plain = json.loads(json.dumps(dict(made.architecture)))
    again = rebuilt(
        lambda values: built_of(OcclusionNetSettings.of_json(values)),
        plain,
        network.state_dict(),
        Path("run.safetensors"),
    )
    assert made.validate(again, CPU, lambda: None) == made.validate(network, CPU, lambda: None)
    with pytest.raises(CheckpointError):
        rebuilt(
            lambda values: built_of(OcclusionNetSettings.of_json(values)),
            {**plain, "in_3d": not in_3d},
            network.state_dict(),
            Path("run.safetensors"),
        )


def test_the_gallery_shows_before_and_after() -> None:
    made = task()
    pictures = made.show(made.network().eval(), CPU, 4)
    assert [one.place for one in pictures] == list(range(8))
    for one in pictures:
        assert one.step == 4
        assert "of 4 hidden points within 0.1 L before" in one.caption
        before, truth = (cv2.imdecode(np.frombuffer(data, np.uint8), 1) for data in (one.picture, one.truth))
        assert before.shape[1] == 2 * truth.shape[1] == 512


def test_hidden_points_are_counted_by_tag() -> None:
    """Twelve points of which four are hidden: two right ones of each, once 0.15 L away and once 0.07 L."""
    [car] = said_cars(1)
    off = np.zeros((12, 2))
    hidden = np.flatnonzero(car.tags > 0)
    off[hidden[0], 0], off[hidden[1], 0] = 0.15 * car.size, 0.07 * car.size
    numbers = pck_of([car.points + off], [car])
    assert numbers["pck_0.1.hidden"] == pytest.approx(3 / 4)
    assert numbers["pck_0.05.hidden"] == pytest.approx(2 / 4)
    assert numbers["pck_0.1"] == pytest.approx(11 / 12)
    assert numbers["pck_0.1.visible"] == 1.0


def test_what_cannot_teach_is_refused() -> None:
    whole = said_cars(3, hidden=0)
    with pytest.raises(TrainingError, match="hidden keypoints are known"):
        make_task(SaidCars(whole, said_cars(3), {}))
    untold = [without_labels(one) for one in said_cars(3)]  # and no other camera saw them
    with pytest.raises(TrainingError, match="hidden keypoints are known"):
        make_task(SaidCars(untold, said_cars(3), {}))


def test_kinds_of_looks_are_seen_by_their_weights() -> None:
    few, many = said_cars(2), said_cars(6, seed=2)
    whole = said_cars(3, hidden=0)  # which say nothing of hidden points
    parts = [SaidPart(few, 3.0), SaidPart([*many, *whole], 1.0), SaidPart(said_cars(4, seed=3), 0.0)]
    made = make_task(SaidCars([*few, *many], few, {}, parts), form=form_of("paper", 32))
    assert made.data["looks at cars"]["training"] == 8
    counts: dict[float, int] = {}
    for epoch in range(3):
        samples = made.training_set(epoch)
        assert len(samples) == 8  # type: ignore[arg-type]
        for place in range(8):
            space = float(samples[place]["space"].norm())  # of each car another, and no chance changes it
            counts[round(space, 3)] = counts.get(round(space, 3), 0) + 1
    own = [round(float(np.linalg.norm(one.solid.space)), 3) for one in few if one.solid is not None]
    # two cars three times as often as six: four of eight each
    assert [counts[one] for one in own] == [6, 6]
    assert sorted(counts.values()) == [2] * 6 + [6, 6]


def test_other_cameras_teach_only_where_some_saw_what_is_hidden() -> None:
    by_others = form_of("paper", 32, hidden_from=HiddenFrom.TRIFOCAL)
    assert by_others.losses.trifocal == hidden_points.TRIFOCAL
    assert form_of("released", 32, hidden_from=HiddenFrom.TRIFOCAL).losses.seen_too is False
    with pytest.raises(TrainingError, match="two other cameras see what is hidden"):
        make_task(said_supply(4), form=by_others)


def test_confidence_is_a_probability_or_log_odds() -> None:
    scores = torch.tensor([[0.5, 0.9, 1.0, 0.0]])
    assert torch.equal(confidence_of(scores, Confidence.PROBABILITY), scores)
    odds = confidence_of(scores, Confidence.LOGIT)
    assert float(odds[0, 0]) == pytest.approx(0.0)
    assert float(odds[0, 1]) == pytest.approx(np.log(9.0), rel=1e-5)
    assert torch.isfinite(odds).all()
