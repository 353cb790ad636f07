"""Amodal R-CNN as a whole: it learns a picture by heart, ignores what it is told to, and is torchvision's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import box_iou

from core.networks.amodal_rcnn.ignoring import is_ignored
from core.networks.amodal_rcnn.mask_head import _on_boxes
from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, MaskKind, PointKind, points_of, small
from core.networks.backbones import BackboneName
from core.networks.losses.counted import summed
from core.records.keypoints import Template
from tests.networks.amodal_rcnn.pictures import CATEGORIES, HEIGHT, WIDTH, picture, tiny

Costs = dict[str, float]

STEPS, BATCH_STEPS = 110, 150
NEXT_TO_NOTHING = 0.05  # of a cost at the start; six seeds came to 0.004 to 0.026


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def taught(
    settings: AmodalRcnnSettings,
    target: dict[str, Tensor],
    steps: int,
    rate: float,
    rising: float = 0.3,
    *,
    fused: bool = False,
) -> tuple[AmodalRcnn, Costs, Costs]:
    """A network that saw one picture again and again, with the same draws, and its first and last costs.

    Args:
        target: what is said of the picture.
        rate: the highest, reached after a share `rising` of the steps.
        fused: whether the optimiser takes all weights at once, which is faster.
    """
    torch.manual_seed(0)
    image, target = picture()[0], target | {"chance": torch.tensor(6)}
    network = AmodalRcnn(settings)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, fused=fused)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=rising)
    costs = []
    for _ in range(steps):
        losses = network([image], [target])
        optimiser.zero_grad()
        summed(losses).backward()
        optimiser.step()
        schedule.step()
        costs.append({name: loss.mean.item() for name, loss in losses.items()})
    return network.eval(), costs[0], costs[-1]


@pytest.fixture(scope="module")
def learned() -> tuple[AmodalRcnn, Costs, Costs]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # other sums go other ways
    made = taught(tiny(backbone=BackboneName.MOBILENET), picture()[1], STEPS, 3e-3)
    torch.set_num_threads(threads)
    return made


def test_it_learns_a_picture_by_heart(learned: tuple[AmodalRcnn, Costs, Costs]) -> None:
    network, first, last = learned
    assert sum(last.values()) < 0.2 * sum(first.values())
    image, target = picture()
    with torch.no_grad():
        [found] = network([image])
    overlaps = box_iou(target["boxes"], found["boxes"][:3])
    assert (found["scores"][:3] > 0.8).all()
    assert (found["scores"][3:] < 0.5).all()
    nearest = overlaps.argmax(dim=1)
    assert sorted(nearest.tolist()) == [0, 1, 2]
    assert overlaps.amax(dim=1).min() > 0.85  # the far car's too, of which a part is hidden
    assert torch.equal(found["labels"][nearest], target["labels"])


def test_one_batch_costs_every_head_next_to_nothing() -> None:
    """With one proposal it is the same batch at each step: the objects' own boxes, and no others of them."""
    settings = tiny(
        backbone=BackboneName.MOBILENET,
        proposals_in_training=1,
        mask_convolutions=2,
        point_convolutions=2,
        point_channels=64,
    )
    _, target = picture()
    target["keypoints"] = in_middles(target["keypoints"], target["boxes"])
    _, first, last = taught(settings, target, BATCH_STEPS, 4e-3, 0.1, fused=True)
    left = last | {name: last[name] - least for name, least in least_mask_costs().items()}
    assert sum(left.values()) < NEXT_TO_NOTHING * sum(first.values()), left
    # what is hidden is told to nobody: it only helps the other masks, and its branch is the last to learn it
    assert left.pop("loss_mask_hidden") < 0.25 * first["loss_mask_hidden"]
    assert left.keys() == first.keys() - {"loss_mask_hidden"}
    for name, cost in left.items():
        assert cost < NEXT_TO_NOTHING * max(first[name], 1.0), (name, left)


def in_middles(points: Tensor, boxes: Tensor, side: int = 56) -> Tensor:
    """Points in the middle of their heat maps' cells: on a line between two, each is right now and then."""
    corners, sizes = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
    cells = ((points[..., :2] - corners) / sizes * side).floor().clamp(0, side - 1)
    return torch.cat([corners + (cells + 0.5) / side * sizes, points[..., 2:]], dim=2)


def least_mask_costs() -> dict[str, float]:
    """What the masks cost at least: a cell that an edge cuts is in part the object's, and never certain."""
    _, target = picture()
    boxes, which = [target["boxes"]], [torch.arange(3)]
    whole, modal = (_on_boxes([target[name]], boxes, which) for name in ("masks", "modal_masks"))
    shares = {"whole": whole, "modal": modal, "hidden": (whole - modal).clamp(min=0)}
    return {
        f"loss_mask_{name}": functional.binary_cross_entropy(share.clamp(0, 1), share.clamp(0, 1)).item()
        for name, share in shares.items()
    }


def test_it_tells_the_hidden_part_from_what_is_seen(learned: tuple[AmodalRcnn, Costs, Costs]) -> None:
    image, target = picture()
    with torch.no_grad():
        [found] = learned[0]([image])
    far = int(box_iou(target["boxes"][:1], found["boxes"]).argmax())
    whole, modal = found["whole_masks"][far] > 0.5, found["modal_masks"][far] > 0.5
    assert whole.float().mean() > 0.9
    # the near car covers 14 of 36 columns, and 20 of 28 rows, at the left below
    assert modal[12:, :8].float().mean() < 0.2
    assert modal[:6].float().mean() > 0.8


def test_it_tells_places_and_tags_of_points(learned: tuple[AmodalRcnn, Costs, Costs]) -> None:
    image, target = picture()
    with torch.no_grad():
        [found] = learned[0]([image])
    nearest = box_iou(target["boxes"], found["boxes"]).argmax(dim=1)
    for row, template in ((0, Template.CAR), (1, Template.CAR), (2, Template.PERSON)):
        which = points_of(template)
        said, true = found["keypoints"][nearest[row], which, :2], target["keypoints"][row, which, :2]
        size = (target["boxes"][row, 2:] - target["boxes"][row, :2]).max()
        assert ((said - true).norm(dim=1) < 0.1 * size).float().mean() > 0.9
        tags = found["point_tags"][nearest[row], which].argmax(dim=1)
        assert torch.equal(tags, target["point_tags"][row, which])


def test_evaluation_says_the_same_again(learned: tuple[AmodalRcnn, Costs, Costs]) -> None:
    image, _ = picture()
    with torch.no_grad():
        [one], [other] = learned[0]([image]), learned[0]([image])
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("backbone", list(BackboneName))
def test_each_backbone_steps(backbone: BackboneName) -> None:
    torch.manual_seed(0)
    network = AmodalRcnn(tiny(backbone=backbone, min_side_px=64, max_side_px=64))
    target = {
        "boxes": torch.tensor([[8.0, 8.0, 40.0, 32.0]]),
        "labels": torch.tensor([1]),
        "masks": torch.ones(1, 64, 64, dtype=torch.uint8),
        "modal_masks": torch.ones(1, 64, 64, dtype=torch.uint8),
        "keypoints": torch.zeros(1, 29, 3),
        "point_tags": torch.full((1, 29), -1),
    }
    losses = network([torch.rand(3, 64, 64)], [target])
    summed(losses).backward()
    assert all(loss.mean.isfinite() for loss in losses.values())
    moved = [one.grad is not None for one in network.parameters() if one.requires_grad]
    assert all(moved)


def test_an_empty_picture_teaches_that_there_is_nothing() -> None:
    torch.manual_seed(0)
    image, target = picture()
    empty = {name: values[:0] for name, values in target.items()}
    network = AmodalRcnn(tiny(backbone=BackboneName.MOBILENET))
    losses = network([image], [empty])
    summed(losses).backward()
    assert losses["loss_classifier"].mean > 0
    for name in ("loss_box_reg", "loss_mask_whole", "loss_mask_hidden", "loss_point", "loss_tag"):
        assert losses[name].mean == 0
    with torch.no_grad():
        [found] = network.eval()([torch.zeros(3, HEIGHT, WIDTH)])
    assert found["keypoints"].shape[1:] == (29, 3)


def test_heads_can_be_left_out() -> None:
    image, target = picture()
    plain = tiny(backbone=BackboneName.MOBILENET, masks=MaskKind.NONE, points=PointKind.NONE)
    some = {name: target[name] for name in ("boxes", "labels")}
    network = AmodalRcnn(plain)
    assert set(network([image], [some])) == {
        "loss_classifier",
        "loss_box_reg",
        "loss_objectness",
        "loss_rpn_box_reg",
    }
    with torch.no_grad():
        [found] = network.eval()([image])
    assert set(found) == {"boxes", "labels", "scores"}


def test_what_is_mostly_within_an_ignored_box_is_ignored() -> None:
    target = {"ignored_boxes": torch.tensor([[10.0, 10.0, 30.0, 30.0]])}
    boxes = torch.tensor(
        [[12.0, 12.0, 20.0, 20.0], [20.0, 10.0, 39.0, 30.0], [20.0, 10.0, 41.0, 30.0], [0.0, 0.0, 90.0, 60.0]]
    )
    assert is_ignored(boxes, target).tolist() == [True, True, False, False]
    assert not is_ignored(boxes, {}).any()


EVERYWHERE = torch.tensor([[-999.0, -999.0, 999.0, 999.0]])


def test_ignored_regions_teach_nothing() -> None:
    """Where all of a picture is ignored and no object is in it, no parameter is pushed anywhere."""
    image, target = picture()
    torch.manual_seed(0)
    network = AmodalRcnn(tiny(backbone=BackboneName.MOBILENET))
    empty = {name: values[:0] for name, values in target.items()}
    losses = network([image], [empty | {"ignored_boxes": EVERYWHERE}])
    summed(losses).backward()
    assert all(loss.mean == 0 for loss in losses.values())
    assert all((one.grad == 0).all() for one in network.parameters())


def test_objects_in_ignored_regions_are_taught() -> None:
    _, target = picture()
    network = AmodalRcnn(tiny(backbone=BackboneName.MOBILENET))
    box, beside = target["boxes"][:1], torch.tensor([[2.0, 2.0, 10.0, 10.0]])
    one = {"boxes": box, "labels": target["labels"][:1], "ignored_boxes": EVERYWHERE}
    labels, _ = network.rpn.assign_targets_to_anchors([torch.cat([box, beside])], [one])
    assert labels[0].tolist() == [1.0, -1.0]
    proposals, _, kinds, _ = network.roi_heads.select_training_samples([torch.cat([box + 1, beside])], [one])
    assert kinds[0].tolist() == [1, 1]  # the proposal, and the object itself
    assert proposals[0].tolist() == [(box[0] + 1).tolist(), box[0].tolist()]


def test_what_is_drawn_of_a_picture_is_drawn_by_its_own_number() -> None:
    """Whatever else is drawn, and whichever pictures are beside it."""
    torch.manual_seed(0)
    _, target = picture()
    network = AmodalRcnn(tiny(backbone=BackboneName.MOBILENET))
    boxes = torch.rand(200, 2).mul(40).repeat(1, 2) + torch.tensor([0.0, 0.0, 20.0, 20.0])

    def drawn(*chances: int) -> list[Tensor]:
        targets = [target | {"chance": torch.tensor(one)} for one in chances]
        torch.rand(len(chances))
        labels, _ = network.rpn.assign_targets_to_anchors([boxes] * len(chances), targets)
        chosen, _, _, _ = network.roi_heads.select_training_samples([boxes] * len(chances), targets)
        return [*labels, *chosen]

    alone, beside = drawn(7), drawn(8, 7)
    assert torch.equal(alone[0], beside[1])
    assert torch.equal(alone[1], beside[3])
    assert not torch.equal(beside[0], beside[1])
    assert not torch.equal(beside[2], beside[3])
    before = torch.random.get_rng_state()
    network.rpn.assign_targets_to_anchors([boxes], [target | {"chance": torch.tensor(7)}])
    assert torch.equal(torch.random.get_rng_state(), before)


def torchvisions(settings: AmodalRcnnSettings) -> nn.Module:
    """The same network as torchvision builds it, without heads for objects."""
    sizes = tuple((settings.anchor_px * 2**level,) for level in range(5))
    return FasterRCNN(
        resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5),
        num_classes=len(settings.categories) + 1,
        min_size=settings.min_side_px,
        max_size=settings.max_side_px,
        rpn_anchor_generator=AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 5),
        rpn_pre_nms_top_n_train=settings.proposals_in_training,
        rpn_post_nms_top_n_train=settings.proposals_in_training,
        rpn_batch_size_per_image=2 * settings.sampled,
        box_batch_size_per_image=settings.sampled,
    )


def test_losses_and_boxes_are_torchvisions() -> None:
    """With the same weights, and the same draw of proposals."""
    settings = AmodalRcnnSettings(
        backbone=BackboneName.RESNET18,
        frozen_norms=True,
        categories=CATEGORIES,
        min_side_px=HEIGHT,
        max_side_px=WIDTH,
        proposals_in_training=100,
        sampled=32,
        masks=MaskKind.NONE,
        points=PointKind.NONE,
    )
    torch.manual_seed(0)
    theirs, ours = torchvisions(settings), AmodalRcnn(settings)
    ours.load_state_dict(theirs.state_dict())
    image, target = picture()
    torch.manual_seed(1)
    expected = theirs([image], [target])
    torch.manual_seed(1)
    losses = ours([image], [target])
    assert losses.keys() == expected.keys()
    for name, loss in losses.items():
        assert torch.equal(loss.mean, expected[name]), name
    with torch.no_grad():
        [one], [other] = ours.eval()([image]), theirs.eval()([image])
    assert len(one["boxes"])
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_masks_need_not_have_the_size_of_the_scaled_picture() -> None:
    """A picture that is scaled teaches the same masks: boxes go back to the masks' pixels."""
    image, target = picture()
    torch.manual_seed(0)
    network = AmodalRcnn(tiny(backbone=BackboneName.MOBILENET, min_side_px=2 * HEIGHT, max_side_px=2 * WIDTH))
    scaled, targets = network.transform([image], [target])
    assert scaled.image_sizes == [(2 * HEIGHT, 2 * WIDTH)]
    assert targets[0]["masks"].shape == (3, HEIGHT, WIDTH)
    assert targets[0]["scale"].tolist() == [2.0, 2.0]
    assert torch.equal(targets[0]["keypoints"][..., :2], 2 * target["keypoints"][..., :2])


def test_a_camera_is_scaled_with_its_picture() -> None:
    """A point's pixel, on edges, is scaled as the picture is."""
    image, target = picture()
    matrix = torch.tensor([[100.0, 0.0, 48.5], [0.0, 100.0, 32.5], [0.0, 0.0, 1.0]])
    network = AmodalRcnn(tiny(backbone=BackboneName.MOBILENET, min_side_px=2 * HEIGHT, max_side_px=2 * WIDTH))
    _, targets = network.transform([image], [target | {"intrinsics": matrix}])
    point = torch.tensor([0.3, -0.2, 1.0])
    assert torch.allclose(targets[0]["intrinsics"] @ point, torch.tensor([2.0, 2.0, 1.0]) * (matrix @ point))


def test_the_small_variant_builds() -> None:
    network = AmodalRcnn(small())
    assert sum(one.numel() for one in network.parameters()) < 20e6
