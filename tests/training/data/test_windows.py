"""Windows out of pictures: of the size that was asked for, with what is known of what is in them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torchvision.ops import masks_to_boxes  # noqa: E402

from core.evaluation.keypoints import TAGS  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.training.data.windows import Windows, cut  # noqa: E402
from tests.training.data.samples import HEIGHT, WIDTH, sample  # noqa: E402


def test_a_window_of_the_whole_is_the_whole() -> None:
    image, target = sample()
    same, out = cut(image, target, HEIGHT, WIDTH)
    assert torch.equal(same, image)
    for name, values in target.items():
        assert torch.equal(out[name], values), name


def test_what_lies_beyond_a_window_is_cut_off_and_boxes_end_with_masks() -> None:
    image, target = sample()
    target["masks"][0] = 0
    target["masks"][0, 40:80, 20:120] = 1
    target["boxes"][0] = torch.tensor([20.0, 40.0, 120.0, 80.0])
    target["masks"][1] = 0
    target["masks"][1, :20, 70:90] = 1
    target["boxes"][1] = torch.tensor([70.0, 0.0, 90.0, 20.0])
    window, out = cut(image, target, 60, 75)
    assert torch.equal(window, image[:, :60, :75])
    # of the first 20 of 40 rows and 55 of 100 columns are left; of the second a quarter, which is enough
    assert out["boxes"].tolist() == [[20.0, 40.0, 75.0, 60.0], [70.0, 0.0, 75.0, 20.0]]
    assert [int(mask.sum()) for mask in out["masks"]] == [20 * 55, 20 * 5]
    _, less = cut(image, target, 60, 74)
    assert less["labels"].tolist() == target["labels"][:1].tolist()
    assert less["ignored_boxes"][-1].tolist() == [70.0, 0.0, 74.0, 20.0]


def test_points_beyond_a_window_are_truncated() -> None:
    image, target = sample()
    target["masks"][:] = 1  # so that none is ignored
    target["boxes"][:] = torch.tensor([0.0, 0.0, WIDTH, HEIGHT])
    _, out = cut(image, target, HEIGHT, WIDTH // 2)
    known = target["point_tags"] >= 0
    beyond = known & (target["keypoints"][..., 0] > WIDTH // 2)
    assert beyond.any()
    assert (out["point_tags"][beyond] == TAGS.index(KeypointTag.TRUNCATED)).all()
    assert (out["keypoints"][..., 2][beyond] == 0).all()
    assert torch.equal(out["point_tags"][~beyond], target["point_tags"][~beyond])


@pytest.mark.parametrize("seed", range(8))
def test_a_window_of_chance_has_its_size_and_boxes_around_its_masks(seed: int) -> None:
    torch.manual_seed(seed)
    image, target = sample()
    window, out = Windows(height=48, width=64)((image, target))
    assert window.shape == (3, 48, 64)
    assert 0 <= float(window.min()) <= float(window.max()) <= 1
    assert out["masks"].shape[1:] == out["modal_masks"].shape[1:] == (48, 64)
    boxes = out["boxes"]
    assert len(boxes) == len(out["masks"]) == len(out["labels"])
    if len(boxes):
        assert (boxes >= 0).all()
        assert (boxes <= torch.tensor([64.0, 48.0, 64.0, 48.0])).all()
        tight = masks_to_boxes(out["masks"]) + torch.tensor([0.0, 0.0, 1.0, 1.0])
        assert (boxes[:, :2] <= tight[:, :2] + 1).all()
        assert (boxes[:, 2:] >= tight[:, 2:] - 1).all()


def test_the_same_chance_gives_the_same_window() -> None:
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(Windows(height=48, width=64)(sample()))
    assert torch.equal(made[0][0], made[1][0])
    assert torch.equal(made[0][1]["boxes"], made[1][1]["boxes"])
