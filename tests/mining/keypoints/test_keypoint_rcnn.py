"""The Keypoint R-CNN adapter: a small network of random weights, and torchvision's own answer beside ours."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DetectionError, DetectorUnavailableError
from core.mining.detectors import weights as published
from core.mining.detectors.settings import Device
from core.mining.detectors.weights import KEYPOINT_RCNN, WeightsFile
from core.mining.keypoints import keypoint_rcnn as adapter
from core.mining.keypoints.protocol import ObjectCrop
from core.mining.keypoints.settings import KeypointRcnnSettings
from core.records.boxes import Box

torch = pytest.importorskip("torch")


def small_network(settings: KeypointRcnnSettings) -> Any:
    """A Keypoint R-CNN with one layer of backbone and random weights."""
    from torchvision.models.detection import KeypointRCNN
    from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads
    from torchvision.models.detection.rpn import AnchorGenerator
    from torchvision.ops import MultiScaleRoIAlign

    torch.manual_seed(5)
    backbone = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 8, stride=8), torch.nn.ReLU())
    backbone.out_channels = 8
    return KeypointRCNN(
        backbone,
        num_classes=2,
        min_size=settings.short_side_px,
        max_size=4 * settings.short_side_px,
        rpn_anchor_generator=AnchorGenerator(sizes=((16, 48),), aspect_ratios=((0.5, 1.0, 2.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
        keypoint_roi_pool=MultiScaleRoIAlign(["0"], 14, 2),
        keypoint_head=KeypointRCNNHeads(8, (16,)),
        keypoint_predictor=_Wide(16),
        box_score_thresh=0.05,
        box_detections_per_img=10,
    )


class _Wide(torch.nn.Module):
    """Maps whose peaks reach from far below 0 to far above."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = torch.nn.ConvTranspose2d(channels, 17, 4, stride=2, padding=1)
        torch.nn.init.normal_(self.layer.weight, std=1.0)

    def forward(self, features: Any) -> Any:
        return self.layer(features)


SETTINGS = {"short_side_px": 96, "device": Device.CPU}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save(small_network(KeypointRcnnSettings(**SETTINGS)).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def crop() -> ObjectCrop:
    image = np.random.default_rng(4).integers(0, 255, (170, 90, 3), dtype=np.uint8)
    return ObjectCrop(image, Box(10, 10, 70, 150))


def make(weights: Path | None, **settings: Any) -> adapter.KeypointRcnnFinder:
    chosen = KeypointRcnnSettings(weights=weights, **{**SETTINGS, **settings})
    return adapter.KeypointRcnnFinder(chosen, build=small_network)


def test_it_says_what_torchvision_says(weights: Path, crop: ObjectCrop) -> None:
    network = small_network(KeypointRcnnSettings(**SETTINGS))
    network.load_state_dict(torch.load(weights, weights_only=True))
    with torch.inference_mode():
        [theirs] = network.eval()([torch.from_numpy(crop.image.transpose(2, 0, 1).copy()).float() / 255])
    [ours] = make(weights, min_score=0.0).find([crop])
    assert len(ours) == len(theirs["boxes"]) >= 3
    peaks = theirs["keypoints_scores"].double().numpy()
    for number, one in enumerate(ours):
        left, top, right, bottom = theirs["boxes"][number].tolist()
        assert one.box is not None
        assert (one.box.x, one.box.y, one.box.right, one.box.bottom) == pytest.approx(
            (left, top, right, bottom)
        )
        # torchvision's points are on pixel edges
        assert np.allclose(one.pixels + 0.5, theirs["keypoints"][number, :, :2].numpy(), atol=1e-3)
        assert one.tags is None
        # a point that Detectron would just draw, at 2, is half sure
        assert np.allclose(np.log(one.scores / (1 - one.scores)), peaks[number] - 2, atol=1e-6)
    assert peaks.min() < 2 < peaks.max()


def test_points_that_are_not_sure_are_left_out(weights: Path, crop: ObjectCrop) -> None:
    for one in make(weights, min_score=0.5).find([crop])[0]:
        assert np.array_equal(np.isnan(one.pixels).all(axis=1), one.scores < 0.5)


def test_each_crop_has_its_own_answer(weights: Path, crop: ObjectCrop) -> None:
    other = ObjectCrop(crop.image[:80], crop.box)
    finder = make(weights)
    both = finder.find([crop, other])
    for together, alone in zip(both, (finder.find([crop]), finder.find([other])), strict=True):
        assert [one.box for one in together] == [one.box for one in alone[0]]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A file server on this machine: its folder, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    serving = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    serving.server_close()
    thread.join()


def test_without_a_file_the_published_one_is_fetched_once(
    server: tuple[Path, str],
    weights: Path,
    crop: ObjectCrop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, address = server
    content = weights.read_bytes()
    name = f"small-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(content)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(adapter, "KEYPOINT_RCNN", WeightsFile(f"{address}/{name}", megabytes=1))
    heard: list[float] = []
    chosen = KeypointRcnnSettings(**SETTINGS)
    finder = adapter.KeypointRcnnFinder(
        chosen, progress=lambda share, _: heard.append(share), build=small_network
    )
    assert heard[-1] == 1.0
    expected = make(weights).find([crop])
    assert [one.box for one in finder.find([crop])[0]] == [one.box for one in expected[0]]
    (folder / name).unlink()
    assert (published.cache_folder() / name).is_file()
    adapter.KeypointRcnnFinder(chosen, build=small_network)  # the server has it no more


def test_without_a_network_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    nobody = WeightsFile("http://127.0.0.1:9/net-0123abcd.pth", megabytes=1)
    monkeypatch.setattr(adapter, "KEYPOINT_RCNN", nobody)
    with pytest.raises(DetectorUnavailableError, match="cannot be fetched") as caught:
        make(None)
    assert "in the settings of the job keypoints" in caught.value.way_out  # no detector is asked here
    with pytest.raises(DetectorUnavailableError, match="There is no weights file") as caught:
        make(tmp_path / "gone.pth")
    assert "in the settings of the job keypoints" in caught.value.way_out


def test_weights_of_another_network_are_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(3)}, path)
    with pytest.raises(DetectionError, match=r"other\.pth do not fit Keypoint R-CNN"):
        make(path)
    path.write_bytes(b"hello")
    with pytest.raises(DetectionError, match="cannot be read"):
        make(path)


def test_the_published_weights_are_those_that_torchvision_names() -> None:
    from torchvision.models.detection import KeypointRCNN_ResNet50_FPN_Weights

    theirs = KeypointRCNN_ResNet50_FPN_Weights.COCO_V1
    assert theirs.url == KEYPOINT_RCNN.url
    assert round(theirs.meta["_file_size"]) == KEYPOINT_RCNN.megabytes
    from core.shapes.person_keypoints import NAMES

    assert tuple(name.replace("_", " ") for name in theirs.meta["keypoint_names"]) == NAMES


def test_the_real_network_is_built_as_the_weights_need_it() -> None:
    """Its tensors are those of torchvision's own builder, which counts batches where it has no weights."""
    from torchvision.models.detection import keypointrcnn_resnet50_fpn
    from torchvision.ops.misc import FrozenBatchNorm2d

    network = adapter.build_keypoint_rcnn(KeypointRcnnSettings(short_side_px=64))
    with torch.device("meta"):
        theirs = keypointrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    wanted = {
        name: value.shape
        for name, value in theirs.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert {name: value.shape for name, value in network.state_dict().items()} == wanted
    norms = [layer for layer in network.modules() if isinstance(layer, FrozenBatchNorm2d)]
    assert len(norms) == 53
    assert {layer.eps for layer in norms} == {0.0}
    assert network.transform.min_size == (64,)
