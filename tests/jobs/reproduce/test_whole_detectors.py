"""Whole detectors by what they learn from: a tiny one is taught and asked, and what is told of finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.masks import patch_to_rle  # noqa: E402
from core.jobs.reproduce import arms, whole_detectors  # noqa: E402
from core.jobs.reproduce.arms import CATEGORIES, Arm, ArmPlan  # noqa: E402
from core.jobs.reproduce.known_and_found import known_in  # noqa: E402
from core.jobs.reproduce.precision import GROUPS, Kind, What, counts_of, place_of  # noqa: E402
from core.jobs.reproduce.size import Size  # noqa: E402
from core.jobs.reproduce.sizes import SCALES  # noqa: E402
from core.jobs.reproduce.whole_detector_tables import detector_claims, detector_report  # noqa: E402
from core.jobs.reproduce.whole_detectors import Learner, figures, networks_of, units  # noqa: E402
from core.networks.amodal_rcnn.settings import PointKind, small  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.masks import MaskPatch, Rle  # noqa: E402
from core.training.data.street_frames import (  # noqa: E402
    KnownFrame,
    KnownObject,
    StreetTruth,
    keep_frames,
)

HEIGHT, WIDTH, SEED = 64, 96, 1
PLAN = ArmPlan(seeds=(SEED,), frames=1, tests=3, test_frames=1, width=WIDTH, height=HEIGHT)
SCALE = replace(SCALES[Size.SMOKE], streets=PLAN, detector_steps=1, draws=20)
TINY = {
    "tiny": small(
        categories=CATEGORIES,
        points=PointKind.NONE,
        min_side_px=HEIGHT,
        max_side_px=WIDTH,
        channels=16,
        representation=16,
        mask_convolutions=1,
        mask_channels=8,
        proposals=8,
        proposals_in_training=8,
        sampled=8,
    )
}


def rle(left: int, top: int, w: int, h: int) -> Rle:
    return patch_to_rle(MaskPatch(left, top, np.ones((h, w), dtype=np.bool_)), HEIGHT, WIDTH)


def painted(shift: int = 0) -> KnownFrame:
    """A car of 40 x 20 whose right half is hidden, and a person."""
    left = 10 + shift
    picture = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    picture[20:40, left : left + 20] = (200, 40, 40)
    picture[10:40, 80:90] = (40, 200, 40)
    seen, person = (left, 20, 20, 20), (80, 10, 10, 30)
    return KnownFrame(
        picture,
        (
            KnownObject(Category.CAR, rle(*seen), rle(left, 20, 40, 20), Box(*seen), 0.5, 1),
            KnownObject(Category.PERSON, rle(*person), rle(*person), Box(*person), 0.0, 2),
        ),
    )


def cameras() -> list[str]:
    return [
        f"street-{7919 * (number + 1):07d}-{camera}"
        for plan in arms.test_plans(PLAN)
        for number in plan.numbers
        for camera in range(2)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for arm in Arm:
        keep_frames(tmp_path / arm.value / str(SEED), [painted()])
    for place, name in enumerate(cameras()):
        keep_frames(tmp_path / "test" / name, [painted(place)])
    return tmp_path


def test_small_has_none_and_full_two_networks_of_each_kind_and_seed() -> None:
    for size in (Size.SMOKE, Size.SMALL):
        assert units(Path("nowhere"), SCALES[size]) == []
    scale = SCALES[Size.FULL]
    made = units(Path("nowhere"), scale)
    assert len({one.made for one in made}) == len(made) == 2 * (1 + scale.seeds * len(Arm))
    assert [one.name for one in made[:2]] == [
        "the small detectors' start",
        "the small detector, modal, seed 0",
    ]
    for form in networks_of(scale).values():  # windows and whole pictures show objects at one size
        assert (form.min_side_px, form.max_side_px) == (scale.streets.height, scale.streets.width)


def test_a_detector_is_taught_asked_and_gone_on_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start, first, *_ = units(folder, SCALE, TINY)
    start.make()
    assert start.done

    def broken_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(whole_detectors, "finds_of", broken_off)
        with pytest.raises(KeyboardInterrupt):
            first.make()
    assert not first.done
    taught = Learner("tiny", Arm.MODAL, 0).home(folder, SCALE) / "files"
    before = {path.name: path.stat().st_mtime_ns for path in taught.iterdir()}
    first.make()
    assert first.done
    assert {path.name: path.stat().st_mtime_ns for path in taught.iterdir()} == before  # not taught twice
    assert len(json.loads(first.made.read_text())) == len(cameras())
    [(key, found)] = figures(folder, SCALE, TINY).items()
    assert key == ("tiny", Arm.MODAL)
    assert set(found) == {What.BOX, What.WHOLE}


def told(test: StreetTruth, *, whole: bool) -> str:
    """Finds that are right of the whole, or of what is seen alone."""
    rows = []
    for place in range(len(test)):
        row = []
        for one in test.frame(place).objects:
            assert one.box is not None
            wide = 2 if whole and one.category is Category.CAR else 1
            row.append(
                {
                    "category": one.category.value,
                    "score": 0.9,
                    "box": [one.box.x, one.box.y, wide * one.box.w, one.box.h],
                    "whole": (one.whole if whole else one.seen).counts.decode(),
                    "modal": one.seen.counts.decode(),
                }
            )
        rows.append(row)
    return json.dumps(rows)


def finds(folder: Path, arms: Sequence[Arm], test: StreetTruth) -> None:
    for arm in arms:
        path = Learner("tiny", arm, 0).made(folder, SCALE)
        path.parent.mkdir(parents=True)
        path.write_text(told(test, whole=arm is Arm.WALT3D))


def test_boxes_and_masks_are_told_of_vehicles_and_people(folder: Path) -> None:
    test = StreetTruth([folder / "test" / name for name in cameras()])
    finds(folder, (Arm.MODAL, Arm.WALT3D), test)
    found = figures(folder, SCALE, TINY)
    for what in (What.BOX, What.WHOLE):
        seen, whole = (found["tiny", arm][what] for arm in (Arm.MODAL, Arm.WALT3D))
        people = place_of(0, Kind.PEOPLE)
        assert seen.values[people] == whole.values[people] == 1.0
        cars = place_of(0, Kind.VEHICLES)
        assert whole.values[cars] == 1.0
        assert seen.values[cars] == pytest.approx(0.1)  # half of a car is right at an IoU of 0.5 alone
        assert whole.interval(cars).groups == 6
    claims = detector_claims(found)
    assert {one.verdict for one in claims} == {"holds: the intervals do not overlap"}
    assert len(claims) == 4  # of masks and boxes, of all objects and of hidden ones
    report = detector_report(found, counts_of(known_in(test)), {"steps": 1})
    vehicles = report.split("### Figure 6: vehicles")[1].split("### Figure 7: people")[0]
    assert "| objects | 6 | 6 | 0 |" in vehicles
    assert vehicles.count("| tiny, what is seen | 0.100 (0.100 to 0.100) |") == 2  # masks and boxes
    assert len(vehicles.splitlines()[2].split("|")) == len(GROUPS) + 3
    assert "nan" not in report
