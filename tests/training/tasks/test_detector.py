"""The detector's task: what it is made of, what it learns from, and that the loop trains it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import TooFewLabelsError  # noqa: E402
from core.networks.amodal_rcnn.model import AmodalRcnn  # noqa: E402
from core.networks.rotations import rotation_from_vector  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.runs import Purpose  # noqa: E402
from core.shapes.body.motion_file import Motions  # noqa: E402
from core.training.loop import train  # noqa: E402
from core.training.plan import TrainPlan  # noqa: E402
from core.training.tasks.detector import (  # noqa: E402
    Start,
    Variant,
    network_of,
    network_settings,
    usual_schedule,
)
from core.training.tasks.people import PeopleIn3D  # noqa: E402
from tests.networks.amodal_rcnn.pictures import HEIGHT, WIDTH, tiny  # noqa: E402
from tests.training.data.samples import sample  # noqa: E402
from tests.training.tasks.frames import PaintedSupply, painted_task  # noqa: E402
from tests.training.tiny import Heard  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Knowing(torch.nn.Module):
    """A network that says what the validation data hold, in their order."""

    def __init__(self, task: Any) -> None:
        super().__init__()
        self.targets = [target for _, target in task.validation()]
        self.images = [image for image, _ in task.validation()]

    def forward(self, pictures: Any) -> Any:
        [picture] = pictures
        which = next(number for number, one in enumerate(self.images) if torch.equal(one, picture))
        target = self.targets[which]
        boxes = target["boxes"]
        count = len(boxes)
        shares = torch.nn.functional.one_hot(target["point_tags"].clamp(min=0), 4).float()
        return [
            {
                "boxes": boxes,
                "labels": target["labels"],
                "scores": torch.linspace(0.9, 0.8, count),
                "whole_masks": torch.ones(count, 28, 28),
                "modal_masks": torch.ones(count, 28, 28),
                "keypoints": target["keypoints"].clamp(min=0.0),
                "point_tags": shares,
            }
        ]


def test_it_is_the_detectors_task() -> None:
    task = painted_task()
    assert (task.purpose, task.metric) == (Purpose.DETECTOR, "mask_ap")
    plain = json.loads(json.dumps(dict(task.architecture)))
    assert network_of(plain).settings == task.settings.network
    assert json.loads(json.dumps(dict(task.data))) == {
        "frames": 6,
        "samples": 8,
    }


def test_another_networks_architecture_is_refused() -> None:
    plain = dict(painted_task().architecture)
    with pytest.raises(ValueError, match="tiny"):
        network_of(plain | {"kind": "tiny"})
    with pytest.raises(KeyError):
        network_of({name: value for name, value in plain.items() if name != "channels"})


@pytest.mark.parametrize("supply", [PaintedSupply(train=0), PaintedSupply(validation=0)])
def test_too_little_is_said(supply: PaintedSupply) -> None:
    with pytest.raises(TooFewLabelsError, match="There is nothing"):
        painted_task(supply)


def test_data_without_weight_are_no_data() -> None:
    with pytest.raises(TooFewLabelsError):
        painted_task(frames=0.0)


def test_it_can_be_pickled_with_its_samples() -> None:
    task = painted_task()
    sent = pickle.dumps((task, task.training_set(0)))
    assert len(sent) < 10_000
    again, samples = pickle.loads(sent)  # noqa: S301
    assert again.settings == task.settings
    torch.manual_seed(0)
    one = samples[3]
    torch.manual_seed(0)
    assert torch.equal(one[0], task.training_set(0)[3][0])


def test_who_knows_all_has_full_marks() -> None:
    task = painted_task()
    figures = task.validate(Knowing(task), CPU, lambda: None)
    assert figures["box_ap"] == figures["mask_ap"] == figures["modal_mask_ap"] == pytest.approx(1.0)
    assert figures["pck_0.1"] == figures["pck_0.1.visible"] == figures["pck_0.1.other_occluded"] == 1.0
    assert figures["tag_accuracy"] == figures["tag_accuracy.self_occluded"] == 1.0


def test_the_gallery_shows_the_same_pictures_with_what_is_found() -> None:
    task = painted_task()
    first, second = task.show(Knowing(task), CPU, 7)
    assert (first.place, first.step, first.caption) == (0, 7, "2 of 2 found")
    for one in (first, second):
        for data in (one.picture, one.truth):
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            assert picture.shape == (HEIGHT, WIDTH, 3)
    assert first.truth != second.truth
    untrained = AmodalRcnn(task.settings.network).eval()
    with torch.no_grad():
        again = task.show(untrained, CPU, 8)
    assert [one.truth for one in again] == [first.truth, second.truth]
    assert again[0].caption.startswith("0 of 2 found")


def test_the_loop_trains_it(tmp_path: Path) -> None:
    """Two steps, a validation and a gallery, with every part of the loss told."""
    task, heard = painted_task(samples=8), Heard()
    plan = TrainPlan(task.schedule, device="cpu", precision="32", workers=0, seed=1)
    result = train(task, plan, heard, tmp_path)
    assert result.reached.step == 2
    names = {point.name for point in heard.points}
    for name in (
        "loss",
        "loss.classifier",
        "loss.mask_hidden",
        "loss.point",
        "loss.tag",
        "box_ap",
        "mask_ap",
    ):
        assert name in names, names
    assert [one.place for one in heard.shown] == [0, 1]


def test_what_is_to_be_found_can_be_chosen() -> None:
    for variant in Variant:
        settings = network_settings(variant, Start.PUBLISHED, (Category.CAR,))
        assert settings.categories == (Category.CAR,)
        assert settings.frozen_norms
        assert usual_schedule(variant).epochs == 12
    assert network_settings(Variant.RESNET50, Start.NOTHING, (Category.CAR,)).trained_stages == 5


class InSpace(torch.nn.Module):
    """A network that says what is true of a sample, in 3D too where it is told of the camera."""

    def __init__(self, target: Any) -> None:
        super().__init__()
        self.target = target

    def forward(self, pictures: Any, cameras: Any) -> Any:
        target, count = self.target, len(self.target["boxes"])
        assert torch.equal(cameras[0]["intrinsics"], target["intrinsics"])
        turns = rotation_from_vector(target["body_pose"])
        return [
            {
                "boxes": target["boxes"],
                "labels": target["labels"],
                "scores": torch.linspace(0.9, 0.8, count),
                "car_held": target["has_fit"],
                "car_shape": target["shape"][:, :5],
                "car_rotation": target["rotation"],
                "car_translation": 1.1 * target["translation"],
                "body_held": target["has_body"],
                "body_rotations": torch.cat([target["body_rotation"][:, None], turns], dim=1),
                "body_betas": target["body_betas"],
                "body_translation": target["body_translation"],
            }
        ]


def test_what_is_told_in_3d_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A car a tenth too far away, and a person who is right."""
    image, target = sample()
    task = painted_task(network=tiny(vehicles=True, bodies=True, body_width=16))
    monkeypatch.setattr(type(task), "validation", lambda _: [(image, target)])
    figures = task.validate(InSpace(target), CPU, lambda: None)
    distance = float(target["translation"][0].norm())
    assert figures["car_held"] == figures["car_within_30deg"] == 1.0
    assert figures["car_depth_share"] == pytest.approx(0.1)
    assert figures["car_place_m"] == pytest.approx(0.1 * distance, rel=1e-5)
    assert figures["car_add_m"] == pytest.approx(figures["car_place_m"])
    assert figures["car_shape_mm"] == pytest.approx(0.0, abs=1e-3)
    assert figures["car_reprojection_px"] > 0.5
    assert figures["body_mpjpe_mm"] == pytest.approx(0.0, abs=1e-3)
    assert figures["body_place_m"] == 0.0


def test_a_network_for_bodies_says_whose_they_are_and_what_poses_are_real() -> None:
    some = Motions(np.full((3, 23, 3), 0.1), "CMU", ("a.npz", "b.npz"), 4.0, (("c.npz", "c.npz is torn."),))
    settings = tiny(bodies=True, body_width=16, adversarial=True)
    plain, told = (
        painted_task(network=settings),
        painted_task(network=settings, people=PeopleIn3D(motions=some)),
    )
    assert plain.data["real poses"] == "the stand-in's own walk"
    assert told.data["real poses"] == "3 poses of 2 files in CMU: a.npz, b.npz"
    assert [line.split(" ")[0] for line in told.notes] == ["What", "1"]
    assert "c.npz is torn." in told.notes[1]
    assert plain.architecture["body"].startswith("stand-in ")
    assert network_of(plain.architecture).settings == settings
    real = told.network().roi_heads.objects.bodies.real
    assert real.shape == (3, 23, 3, 3)
    assert torch.allclose(real[0, 0], rotation_from_vector(torch.full((3,), 0.1)))
    assert len(plain.network().roi_heads.objects.bodies.real) == 256
    assert pickle.loads(pickle.dumps(told)).people is None  # noqa: S301
    assert "body" not in painted_task().architecture


def test_heads_in_3d_do_without_cameras_and_fits() -> None:
    task = painted_task(network=tiny(anchor_px=16, finest_px=8, vehicles=True, bodies=True, body_width=16))
    network, samples = task.network(), task.training_set(0)
    losses = task.losses(network, task.collate([samples[0], samples[1]]))
    assert {"car_shape", "car_rotation", "body_body_pose"} <= set(losses)
    assert all(loss.mean.isfinite() for loss in losses.values())
    assert losses["car_shape"].mean == losses["body_body_pose"].mean == 0
    both = network_settings(Variant.SMALL, Start.NOTHING, (Category.CAR,), in_3d=True)
    assert both.vehicles
    assert both.bodies
