"""Starting weights: torchvision's, by name and shape into our parts. Nothing is fetched from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from torchvision.models import (  # noqa: E402
    MobileNet_V3_Large_Weights,
    ResNet18_Weights,
    Swin_T_Weights,
    mobilenet_v3_large,
    resnet18,
    swin_t,
)
from torchvision.models.detection import (  # noqa: E402
    KeypointRCNN,
    MaskRCNN,
    MaskRCNN_ResNet50_FPN_Weights,
)
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone  # noqa: E402

from core.errors import CheckpointError  # noqa: E402
from core.networks.amodal_rcnn.model import AmodalRcnn  # noqa: E402
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, points_of, small  # noqa: E402
from core.networks.backbones import BackboneName  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.keypoints import Template  # noqa: E402
from core.training import starting_weights  # noqa: E402
from core.training.published import PUBLISHED  # noqa: E402
from core.training.starting_weights import (  # noqa: E402
    are_street_weights_here,
    begin_on_street,
    begin_with,
    published,
    take,
)
from core.training.tasks.street_detector import LEARNED, backbone_settings, learned_of  # noqa: E402
from tests.training.served import served_weights  # noqa: E402

CAR, PERSON = 3, 1  # COCO's numbers


def network(backbone: BackboneName = BackboneName.RESNET18, **more: Any) -> AmodalRcnn:
    torch.manual_seed(0)
    return AmodalRcnn(
        AmodalRcnnSettings(
            backbone=backbone, frozen_norms=True, categories=(Category.CAR, Category.PERSON), **more
        )
    )


def theirs(kind: Any, **more: Any) -> dict[str, Any]:
    """torchvision's network with a small backbone: its names and heads are those of the published ones."""
    torch.manual_seed(1)
    backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None)
    return dict(kind(backbone, num_classes=91, **more).state_dict())


def test_the_published_files_are_torchvisions_own() -> None:
    recorded = {
        BackboneName.RESNET50: MaskRCNN_ResNet50_FPN_Weights.COCO_V1,
        BackboneName.RESNET18: ResNet18_Weights.IMAGENET1K_V1,
        BackboneName.MOBILENET: MobileNet_V3_Large_Weights.IMAGENET1K_V2,
        BackboneName.SWIN_T: Swin_T_Weights.IMAGENET1K_V1,
    }
    for backbone, record in recorded.items():
        weights = published(backbone)
        assert weights.url == record.url
        assert weights.megabytes == pytest.approx(record.meta["_file_size"], abs=0.6)


def test_a_mask_rcnn_gives_all_that_we_have_of_it() -> None:
    mine, given = network(), theirs(MaskRCNN)
    taken = take(mine, given, "file.pth")
    own = mine.state_dict()
    for name in ("backbone.body.layer1.0.conv1.weight", "backbone.fpn.inner_blocks.0.0.weight"):
        assert torch.equal(own[name], given[name])
    assert torch.equal(own["rpn.head.conv.0.0.weight"], given["rpn.head.conv.0.0.weight"])
    assert torch.equal(own["roi_heads.box_head.fc6.weight"], given["roi_heads.box_head.fc6.weight"])
    # classes by what they mean: background, car, person
    scores, boxes = (
        given["roi_heads.box_predictor.cls_score.bias"],
        own["roi_heads.box_predictor.bbox_pred.bias"],
    )
    assert own["roi_heads.box_predictor.cls_score.bias"].tolist() == scores[[0, CAR, PERSON]].tolist()
    assert torch.equal(boxes[4:8], given["roi_heads.box_predictor.bbox_pred.bias"][4 * CAR : 4 * CAR + 4])
    # both branches see as theirs does, the whole one nothing yet of what the hidden one saw
    first, second = "roi_heads.mask_head.0.0.weight", "roi_heads.mask_head.1.0.weight"
    masks = "roi_heads.objects.masks."
    assert torch.equal(own[f"{masks}hidden_branch.0.0.weight"], given[first])
    assert torch.equal(own[f"{masks}whole_branch.0.0.weight"][:, :256], given[first])
    assert not own[f"{masks}whole_branch.0.0.weight"][:, 256:].any()
    assert torch.equal(own[f"{masks}whole_branch.1.0.weight"], given[second])
    logits = given["roi_heads.mask_predictor.mask_fcn_logits.bias"]
    assert own[f"{masks}whole_logits.bias"].item() == pytest.approx(
        logits[[CAR, PERSON]].mean().item(), rel=1e-6
    )
    assert taken.of == len(own)
    assert taken.message("file.pth") == (
        f"Took {taken.count} of {taken.of} tensors from file.pth: the backbone, the pyramid, the proposals, "
        "the boxes and the masks; new are some of the masks and the points."
    )


def test_boxes_are_found_as_theirs_are() -> None:
    """The network begins as a detector of COCO's cars and people."""
    torch.manual_seed(1)
    peer = MaskRCNN(
        resnet_fpn_backbone(backbone_name="resnet18", weights=None),
        num_classes=91,
        min_size=64,
        max_size=96,
        rpn_pre_nms_top_n_test=50,
        rpn_post_nms_top_n_test=50,
    ).eval()
    mine = network(min_side_px=64, max_side_px=96, proposals=50).eval()
    take(mine, peer.state_dict(), "file.pth")
    picture = torch.rand(3, 64, 96)
    with torch.no_grad():
        scaled, _ = mine.transform([picture])
        features = mine.backbone(scaled.tensors)
        [box], _ = mine.rpn(scaled, features)
        expected, _ = peer.rpn(scaled, peer.backbone(scaled.tensors))
    assert torch.equal(box, expected[0])


def test_names_of_older_files_are_known() -> None:
    mine, given = network(), theirs(MaskRCNN)
    older = {}
    for name, tensor in given.items():
        name = name.replace("rpn.head.conv.0.0.", "rpn.head.conv.")
        for block in ("inner_blocks", "layer_blocks"):
            for level in range(4):
                name = name.replace(f"{block}.{level}.0.", f"{block}.{level}.")
        for place in range(4):
            name = name.replace(f"mask_head.{place}.0.", f"mask_head.mask_fcn{place + 1}.")
        older[name] = tensor
    assert older.keys() != given.keys()
    assert take(mine, older, "old.pth") == take(network(), given, "new.pth")


def test_a_keypoint_rcnn_gives_peoples_points() -> None:
    mine, given = network(), theirs(KeypointRCNN)
    before = mine.state_dict()["roi_heads.objects.points.heat.kps_score_lowres.weight"].clone()
    taken = take(mine, given, "file.pth")
    own = mine.state_dict()
    heat = own["roi_heads.objects.points.heat.kps_score_lowres.weight"]
    people = points_of(Template.PERSON)
    assert torch.equal(heat[:, people], given["roi_heads.keypoint_predictor.kps_score_lowres.weight"])
    assert torch.equal(heat[:, points_of(Template.CAR)], before[:, points_of(Template.CAR)])
    stack = "roi_heads.objects.points.stack.0.weight"
    assert torch.equal(own[stack], given["roi_heads.keypoint_head.0.weight"])
    assert "the points" in taken.parts


@pytest.mark.parametrize(
    ("backbone", "make"),
    [
        (BackboneName.RESNET18, resnet18),
        (BackboneName.MOBILENET, mobilenet_v3_large),
        (BackboneName.SWIN_T, swin_t),
    ],
)
def test_a_classifier_gives_its_backbone(backbone: BackboneName, make: Any) -> None:
    mine = network(backbone)
    taken = take(mine, make(weights=None).state_dict(), "file.pth")
    body = [name for name in mine.state_dict() if name.startswith("backbone.body.")]
    assert taken.count == len(body)
    assert taken.parts == ("the backbone",)
    assert "the pyramid" in taken.new


def test_weights_of_another_backbone_are_refused() -> None:
    with pytest.raises(CheckpointError, match=r"Nothing in swin\.pth fits the backbone resnet18"):
        take(network(), swin_t(weights=None).state_dict(), "swin.pth")


def test_norms_that_learn_cannot_take_means() -> None:
    loose = AmodalRcnn(AmodalRcnnSettings(backbone=BackboneName.RESNET18))
    with pytest.raises(ValueError, match="frozen"):
        take(loose, resnet18(weights=None).state_dict(), "file.pth")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine that has a file of a backbone's weights, as torchvision's has."""
    with served_weights(tmp_path / "served", resnet18(weights=None).state_dict()) as weights:
        monkeypatch.setitem(PUBLISHED, BackboneName.RESNET18.value, weights)
        yield weights.name


def test_published_weights_are_fetched_once_with_progress(served: str, tmp_path: Path) -> None:
    heard: list[float] = []
    mine = network()
    taken = begin_with(mine, None, progress=lambda share, _: heard.append(share), folder=tmp_path / "kept")
    assert heard[-1] == 1.0
    assert (tmp_path / "kept" / served).is_file()
    assert "the backbone" in taken.parts
    heard.clear()
    begin_with(network(), None, progress=lambda share, _: heard.append(share), folder=tmp_path / "kept")
    assert heard == []


@pytest.fixture
def made_on_street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Weights as the command ships them, of a network that was taught nothing."""
    torch.manual_seed(5)
    taught = AmodalRcnn(backbone_settings()).state_dict()
    path = tmp_path / "best.safetensors"
    save_file(learned_of(taught), path)
    monkeypatch.setattr(starting_weights, "_street_weights", lambda: path)
    return dict(taught)


def test_a_small_network_begins_with_the_programs_own_weights(made_on_street: dict[str, Any]) -> None:
    torch.manual_seed(6)
    mine = AmodalRcnn(small())
    before = {name: one.clone() for name, one in mine.state_dict().items()}
    taken = begin_on_street(mine)
    after = mine.state_dict()
    assert taken.parts == ("the backbone", "the pyramid", "the proposals")
    for name, one in after.items():
        if name.startswith(LEARNED):
            assert torch.equal(one, made_on_street[name].half().float()), name
        else:  # what tells of whole objects was learned nowhere
            assert torch.equal(one, before[name]), name


@pytest.mark.parametrize(
    "more", [{"backbone": BackboneName.RESNET50}, {"frozen_norms": True}, {"channels": 64}, {"anchor_px": 32}]
)
def test_other_networks_are_refused_the_programs_own_weights(
    made_on_street: dict[str, Any], more: dict[str, Any]
) -> None:
    with pytest.raises(CheckpointError, match="of the small network with norms by groups"):
        begin_on_street(AmodalRcnn(small(**more)))


def test_a_program_without_these_weights_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting_weights, "_street_weights", lambda: tmp_path / "backbone.safetensors")
    assert not are_street_weights_here()
    with pytest.raises(CheckpointError, match="cannot be read"):
        begin_on_street(AmodalRcnn(small()))


@pytest.mark.skipif(not are_street_weights_here(), reason="no backbone comes with this program")
def test_what_comes_with_the_program_fits_and_is_small() -> None:
    mine = AmodalRcnn(small())
    taken = begin_on_street(mine)
    assert taken.parts == ("the backbone", "the pyramid", "the proposals")
    assert all(bool(one.isfinite().all()) for one in mine.state_dict().values())
