"""Streets on disk: what is read is what was cast, and labels of what is seen say nothing of what is not."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.masks import patch_to_rle, rle_to_patch  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.masks import MaskPatch, Rle  # noqa: E402
from core.training.data.real import of_frame  # noqa: E402
from core.training.data.street_frames import (  # noqa: E402
    KnownFrame,
    KnownObject,
    SeenLabels,
    StreetPlan,
    StreetTruth,
    keep_frames,
)

HEIGHT, WIDTH = 60, 100


def rle(left: int, top: int, w: int, h: int) -> Rle:
    return patch_to_rle(MaskPatch(left, top, np.ones((h, w), dtype=np.bool_)), HEIGHT, WIDTH)


def known() -> KnownFrame:
    """A car of 40 x 20 behind another, of which the left half is seen; one that is not seen; a speck."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[20:40, 10:50] = (200, 40, 40)
    return KnownFrame(
        picture,
        (
            KnownObject(Category.CAR, rle(10, 20, 20, 20), rle(10, 20, 40, 20), Box(10, 20, 20, 20), 0.5, 4),
            KnownObject(
                Category.PERSON, patch_to_rle(MaskPatch(0, 0, np.zeros((0, 0), bool)), HEIGHT, WIDTH),
                rle(60, 20, 8, 20), None, 1.0, 5,
            ),
            KnownObject(Category.CAR, rle(80, 20, 4, 3), rle(80, 20, 8, 3), Box(80, 20, 4, 3), 0.5, 6),
        ),
        (Box(90.0, 0.0, 5.0, 6.0),),
    )  # fmt: skip


@pytest.fixture
def truth(tmp_path: Path) -> StreetTruth:
    keep_frames(tmp_path / "one", [known(), known()])
    keep_frames(tmp_path / "two", [known()])
    return StreetTruth([tmp_path / "one", tmp_path / "two"])


def test_what_was_kept_is_read_again_in_any_process(truth: StreetTruth) -> None:
    for one in (truth, pickle.loads(pickle.dumps(truth))):  # noqa: S301 - our own bytes
        assert len(one) == 3
        frame = one.frame(2)
        assert frame.objects == known().objects
        assert frame.others == known().others
        assert np.abs(frame.picture.astype(int) - known().picture).mean() < 4


def test_labels_of_what_is_seen(truth: StreetTruth) -> None:
    frame = SeenLabels(truth).frame(0)
    (car,) = frame.objects
    assert car.mask == known().objects[0].seen
    assert car.box == Box(10, 20, 20, 20)
    assert set(frame.others) == {Box(80, 20, 4, 3), Box(90, 0, 5, 6)}
    _, target = of_frame(frame, tuple(Category))
    assert torch.equal(target["masks"], target["modal_masks"])
    assert int(target["masks"].sum()) == 20 * 20
    assert len(rle_to_patch(known().objects[0].whole).bits[0]) == 40


def test_strange_plans_are_refused() -> None:
    for plan in ({"numbers": ()}, {"frames": 0}, {"seed": -1}, {"seed": 7919}, {"numbers": (-1,)}):
        with pytest.raises(ValueError, match="no streets"):
            StreetPlan(**plan)
