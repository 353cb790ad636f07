"""The street's comparison on painted pictures: what it learns from, what it is told, and how it counts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.street_detector import shown  # noqa: E402
from core.geometry.masks import patch_to_rle  # noqa: E402
from core.jobs.reproduce.arms import Arm, ArmPlan, samples_of, whole_sample  # noqa: E402
from core.jobs.reproduce.detectors import ArmTraining, arm_task  # noqa: E402
from core.jobs.reproduce.known_and_found import known_of  # noqa: E402
from core.jobs.reproduce.masks import MasksOfBoxes, looks_of, masks_found, taught  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.masks import MaskPatch, Rle  # noqa: E402
from core.training.data.street_frames import KnownFrame, KnownObject, StreetTruth, keep_frames  # noqa: E402
from core.training.validating import InPortions, validated_alone  # noqa: E402

HEIGHT, WIDTH, SEED = 90, 160, 1
PLAN = ArmPlan(seeds=(SEED,), frames=2)


def rle(left: int, top: int, w: int, h: int) -> Rle:
    return patch_to_rle(MaskPatch(left, top, np.ones((h, w), dtype=np.bool_)), HEIGHT, WIDTH)


def painted(shift: int) -> KnownFrame:
    """A car of 60 x 30, its right half behind another of as much, and a person apart."""
    left = 20 + shift
    picture = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    picture[30:60, left : left + 60] = (200, 40, 40)
    picture[30:60, left + 30 : left + 90] = (40, 40, 200)
    picture[20:60, 4:14] = (40, 200, 40)
    car, other = (left, 30, 60, 30), (left + 30, 30, 60, 30)
    seen = (left, 30, 30, 30)
    person = (4, 20, 10, 40)
    return KnownFrame(
        picture,
        (
            KnownObject(Category.CAR, rle(*seen), rle(*car), Box(*seen), 0.5, 1),
            KnownObject(Category.CAR, rle(*other), rle(*other), Box(*other), 0.0, 2),
            KnownObject(Category.PERSON, rle(*person), rle(*person), Box(*person), 0.0, 3),
        ),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for arm in Arm:
        keep_frames(tmp_path / arm.value / str(SEED), [painted(0), painted(20)])
    keep_frames(tmp_path / "test", [painted(0), painted(10), painted(30)])
    return tmp_path


def test_labels_of_what_is_seen_and_composites_differ_in_what_is_hidden_alone(folder: Path) -> None:
    modal, whole = (samples_of(folder, arm, PLAN)[0] for arm in (Arm.MODAL, Arm.WALT3D))
    assert torch.equal(modal[0], whole[0])
    assert modal[1]["boxes"].tolist()[0] == [20.0, 30.0, 50.0, 60.0]
    assert whole[1]["boxes"].tolist()[0] == [20.0, 30.0, 80.0, 60.0]
    assert torch.equal(modal[1]["masks"], whole[1]["modal_masks"])
    assert whole[1]["masks"].flatten(1).sum(dim=1).tolist() == [1800, 1800, 400]


def test_nothing_of_an_arm_is_chosen_by_a_validation(folder: Path) -> None:
    """There is none: the loop asks for its portions."""
    task = arm_task(folder, PLAN, ArmTraining(Arm.WALT3D, SEED, 1))
    assert isinstance(task, InPortions)
    assert validated_alone(task, torch.nn.Identity(), torch.device("cpu"), lambda: None) == {task.metric: 0.0}


def test_what_is_hidden_nearly_whole_is_ignored() -> None:
    frame = painted(0)
    gone = KnownObject(Category.CAR, rle(30, 70, 2, 1), rle(30, 70, 30, 10), Box(30, 70, 2, 1), 0.99, 4)
    _, target = whole_sample(KnownFrame(frame.picture, (*frame.objects, gone)))
    assert len(target["labels"]) == 3
    assert target["ignored_boxes"].tolist() == [[30.0, 70.0, 60.0, 80.0]]
    assert [one.ignored for one in known_of(KnownFrame(frame.picture, (*frame.objects, gone)))][-1]


def told(path: Path, truth: StreetTruth, *, whole: bool) -> Path:
    """Finds that are right of the whole, or of what is seen alone."""
    rows = []
    for place in range(len(truth)):
        rows.append(
            [
                {
                    "category": one.category.value,
                    "score": 0.9,
                    "box": [
                        float(x) for x in ((20 + shift(place), 30, 60, 30) if one.occlusion else corner(one))
                    ],
                    "whole": (one.whole if whole else one.seen).counts.decode(),
                    "modal": one.seen.counts.decode(),
                }
                for one in truth.frame(place).objects
            ]
        )
    path.write_text(json.dumps(rows))
    return path


def shift(place: int) -> int:
    return (0, 10, 30)[place]


def corner(one: KnownObject) -> tuple[float, float, float, float]:
    assert one.box is not None
    return one.box.x, one.box.y, one.box.w, one.box.h


def test_figures_tell_who_knows_of_the_hidden_half(folder: Path) -> None:
    test = StreetTruth([folder / "test"])
    right = told(folder / "right.json", test, whole=True)
    half = told(folder / "half.json", test, whole=False)
    figures = shown("masks", test, {"modal": {0: half}, "walt3d": {0: right}}, draws=8)
    best, seen = figures["figures"]["walt3d"], figures["figures"]["modal"]
    for name in ("amodal mask AP", "amodal mask AP, hidden", "modal mask AP", "their hidden part's IoU"):
        assert best[name] == pytest.approx(1.0), name
    assert seen["modal mask AP"] == pytest.approx(1.0)
    assert seen["their hidden part's IoU"] == 0.0
    assert seen["their whole IoU"] == pytest.approx(0.5)
    # masks of half an object are right at an overlap of 0.5 alone
    assert seen["amodal mask AP, hidden"] == pytest.approx(0.1, abs=0.02)
    # beyond 0.5 they go with nothing, and stand as sure as the right finds beside them: 1 once, then 9 times
    # 0.5 for cars, 1 for people
    assert seen["amodal mask AP, the rest"] == pytest.approx(((1 + 9 * 0.5) / 10 + 1) / 2)
    gain = figures["gains"]["walt3d over modal"]["hidden objects"]
    assert gain["value"] == pytest.approx(0.9, abs=0.02)
    assert (gain["groups"], gain["low"]) == (1, None)  # all pictures are one camera's
    assert best["hidden objects"] == 3


def test_masks_of_given_boxes_are_learned_and_told(folder: Path) -> None:
    torch.manual_seed(0)
    looks = looks_of(samples_of(folder, Arm.WALT3D, PLAN), 0)
    assert looks.crops.shape == (2 * 2 * 3, 3, 64, 64)
    assert float((looks.whole - looks.modal).min()) >= -1e-4
    network = taught(looks, 0, 2)
    assert isinstance(network, MasksOfBoxes)
    test = StreetTruth([folder / "test"])
    for seen_boxes in (False, True):
        path = masks_found(folder / str(seen_boxes), network, test, seen_boxes=seen_boxes)
        rows = json.loads(path.read_text())
        assert [len(row) for row in rows] == [3, 3, 3]
        widths = sorted(one["box"][2] for one in rows[0])
        assert widths[1] == pytest.approx(30 if seen_boxes else 60, rel=0.15)
