"""The Mask R-CNN adapter: a small network of random weights, and torchvision's own answer beside ours."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DetectionError, DetectorUnavailableError
from core.geometry.masks import full_to_patch, patch_iou
from core.mining.detectors import torchvision_mask_rcnn as adapter
from core.mining.detectors.classes import COCO_91, category_of
from core.mining.detectors.settings import Device, TorchvisionSettings
from core.mining.detectors.weights import MASK_RCNN_V2
from core.records.detections import DetectorFrame

torch = pytest.importorskip("torch")


def small_network(settings: TorchvisionSettings) -> Any:
    """A Mask R-CNN with one layer of backbone, four kinds of things and random weights."""
    from torchvision.models.detection import MaskRCNN
    from torchvision.models.detection.rpn import AnchorGenerator
    from torchvision.ops import MultiScaleRoIAlign

    torch.manual_seed(3)
    backbone = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 8, stride=8), torch.nn.ReLU())
    backbone.out_channels = 8
    return MaskRCNN(
        backbone,
        num_classes=5,
        min_size=settings.short_side_px,
        max_size=2 * settings.short_side_px,
        rpn_anchor_generator=AnchorGenerator(sizes=((16, 48),), aspect_ratios=((0.5, 1.0, 2.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
        mask_roi_pool=MultiScaleRoIAlign(["0"], 14, 2),
        box_score_thresh=settings.min_score,
        box_detections_per_img=20,
        box_nms_thresh=0.2,
    )


SETTINGS = {"short_side_px": 96, "min_score": 0.05, "device": Device.CPU}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save(small_network(TorchvisionSettings(**SETTINGS)).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 255, (120, 170, 3), dtype=np.uint8)


def make(weights: Path, **settings: Any) -> adapter.TorchvisionDetector:
    chosen = TorchvisionSettings(weights=weights, **{**SETTINGS, **settings})
    return adapter.TorchvisionDetector(chosen, build=small_network)


def test_it_says_what_torchvision_says(weights, image):
    """Our own drawing of boxes and masks beside that of torchvision's forward pass on the same weights."""
    detector = make(weights)
    network = small_network(TorchvisionSettings(**SETTINGS))
    network.load_state_dict(torch.load(weights, weights_only=True))
    with torch.inference_mode():
        (theirs,) = network.eval()([torch.from_numpy(image.transpose(2, 0, 1).copy()).float() / 255])
    ours = detector.detect([DetectorFrame(image)])[0]
    assert len(ours) >= 3
    overlaps = []
    for one in ours:
        place = int(torch.argmin((theirs["scores"] - one.score).abs()))
        left, top, right, bottom = theirs["boxes"][place].tolist()
        np.testing.assert_allclose(
            [one.box.x, one.box.y, one.box.right, one.box.bottom], [left, top, right, bottom], atol=1e-3
        )
        assert one.category == category_of(COCO_91[int(theirs["labels"][place])])
        drawn = theirs["masks"][place, 0].numpy() > 0.5
        if one.mask is None:
            assert drawn.sum() < 0.1 * one.box.area
        else:  # random masks are all outline, and torchvision moves boxes to whole pixels before it draws
            overlaps.append(patch_iou(one.mask, full_to_patch(drawn)))
            assert overlaps[-1] > 0.5
    assert np.mean(overlaps) > 0.85


def test_every_find_lies_in_the_picture_and_the_surest_comes_first(weights, image):
    found = make(weights).detect([DetectorFrame(image), DetectorFrame(image[:64, :64])])
    assert len(found) == 2
    for detections, (height, width) in zip(found, (image.shape[:2], (64, 64)), strict=True):
        scores = [one.score for one in detections]
        assert scores == sorted(scores, reverse=True)
        for one in detections:
            assert one.box.x >= 0
            assert one.box.y >= 0
            assert one.box.right <= width + 1e-6
            assert one.box.bottom <= height + 1e-6
            if one.mask is not None:
                assert one.mask.x + one.mask.bits.shape[1] <= width
                assert one.mask.y + one.mask.bits.shape[0] <= height


@pytest.mark.parametrize("outer", [None, "model", "state_dict"])
def test_weights_in_the_usual_wrappings(weights, tmp_path, image, outer):
    state = torch.load(weights, weights_only=True)
    path = tmp_path / "wrapped.pth"
    torch.save(state if outer is None else {outer: state, "epoch": 3}, path)
    assert make(path).detect([DetectorFrame(image)])[0]


def test_safetensors(weights, tmp_path, image):
    save_file = pytest.importorskip("safetensors.torch").save_file
    path = tmp_path / "small.safetensors"
    save_file(torch.load(weights, weights_only=True), path)
    expected = make(weights).detect([DetectorFrame(image)])[0]
    found = make(path).detect([DetectorFrame(image)])[0]
    assert [(one.box, one.score) for one in found] == [(one.box, one.score) for one in expected]


class Harmful:
    """Would make a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_a_file_that_would_run_something_is_refused_and_runs_nothing(tmp_path):
    mark = tmp_path / "ran"
    for name, write in (
        ("torch.pth", lambda path: torch.save({"weight": Harmful(mark)}, path)),
        ("plain.pth", lambda path: path.write_bytes(pickle.dumps(Harmful(mark)))),
    ):
        path = tmp_path / name
        write(path)
        with pytest.raises(DetectionError, match=name):
            make(path)
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 not a zip"])
def test_damaged_weights_are_said_plainly(tmp_path, content):
    for name in ("broken.pth", "broken.safetensors"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DetectionError, match="broken"):
            make(path)


def test_weights_of_another_network_are_said_plainly(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(3)}, path)
    with pytest.raises(DetectionError, match="do not fit"):
        make(path)
    torch.save({"epoch": 3}, path)
    with pytest.raises(DetectionError, match="holds no weights"):
        make(path)
    with pytest.raises(DetectorUnavailableError, match="no weights file"):
        make(tmp_path / "gone.pth")


def test_a_gpu_that_is_not_there_is_never_replaced_in_silence(weights):
    if torch.cuda.is_available():
        assert make(weights, device=Device.AUTO).device is Device.CUDA
    else:
        assert make(weights, device=Device.AUTO).device is Device.CPU
        with pytest.raises(DetectorUnavailableError, match="GPU"):
            make(weights, device=Device.CUDA)


def test_without_a_file_the_published_one_is_fetched(monkeypatch, weights, image):
    asked = []

    def fetch(wanted: Any, *, progress: Any) -> Path:
        asked.append(wanted)
        progress(0.5, "half")
        return weights

    heard: list[float] = []
    monkeypatch.setattr(adapter, "fetch", fetch)
    detector = adapter.TorchvisionDetector(
        TorchvisionSettings(**SETTINGS), progress=lambda share, _: heard.append(share), build=small_network
    )
    assert asked == [MASK_RCNN_V2]
    assert heard == [0.5]
    assert detector.detect([DetectorFrame(image)])[0]


def test_the_published_weights_are_those_that_torchvision_names():
    from torchvision.models.detection import MaskRCNN_ResNet50_FPN_V2_Weights

    published = MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1
    assert published.url == MASK_RCNN_V2.url
    assert round(published.meta["_file_size"]) == MASK_RCNN_V2.megabytes
    names = published.meta["categories"]
    for number, name in COCO_91.items():
        assert names[number] == name
    kept = {number for number, name in enumerate(names) if category_of(name) is not None}
    assert kept == set(COCO_91)


def test_the_real_network_is_built_as_the_weights_need_it():
    network = adapter.build_mask_rcnn_v2(TorchvisionSettings(short_side_px=64))
    assert network.roi_heads.box_predictor.cls_score.out_features == 91
    assert network.transform.min_size == (64,)


@pytest.mark.gpu
def test_on_a_gpu_it_finds_the_same(weights, image):
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    on_cpu = make(weights, device=Device.CPU).detect([DetectorFrame(image)])[0]
    on_gpu = make(weights, device=Device.CUDA).detect([DetectorFrame(image)])[0]
    assert len(on_cpu) == len(on_gpu)
    for a, b in zip(on_cpu, on_gpu, strict=True):
        assert a.score == pytest.approx(b.score, abs=0.02)
