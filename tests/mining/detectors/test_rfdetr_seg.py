"""The RF-DETR adapter: against a stand-in for the package, and the package itself where it is installed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.errors import DetectionError, DetectorUnavailableError
from core.mining.detectors.rfdetr_seg import RfdetrDetector
from core.mining.detectors.settings import Device, RfdetrSettings, RfdetrSize
from core.records.boxes import Box
from core.records.detections import Category, DetectorFrame

CPU = {"device": Device.CPU}
IMAGE = np.zeros((100, 200, 3), dtype=np.uint8)


class Network:
    """What the package's classes do: made with keywords, answers with one `Detections` a picture."""

    made: dict[str, Any]
    asked: dict[str, Any]

    def __init__(self, **chosen: Any) -> None:
        type(self).made = chosen

    def predict(self, images: list[np.ndarray], **asked: Any) -> list[SimpleNamespace]:
        type(self).asked = asked
        mask = np.zeros((4, 100, 200), dtype=bool)
        mask[0, 20:50, 30:90] = True
        mask[1, 60:95, 100:112] = True
        found = SimpleNamespace(
            xyxy=np.array(
                [[30, 20, 90, 50], [100, 60, 112, 95], [150, 20, 190, 60], [-20, -5, 15, 30]], float
            ),
            mask=mask,
            confidence=np.array([0.7, 0.9, 0.8, 0.5], dtype=np.float32),
            class_id=np.array([3, 1, 18, 8]),
            data={"class_name": np.array(["car", "person", "dog", "truck"], dtype=object)},
        )
        return [found for _ in images]


def stand_in(network: type[Network] = Network) -> SimpleNamespace:
    return SimpleNamespace(RFDETRSegNano=network, RFDETRSegSmall=network)


def test_finds_come_over_with_their_masks_and_kinds():
    detector = RfdetrDetector(RfdetrSettings(min_score=0.3, **CPU), module=stand_in())
    person, car, truck = detector.detect([DetectorFrame(IMAGE)])[0]
    assert (person.category, car.category, truck.category) == (Category.PERSON, Category.CAR, Category.TRUCK)
    assert car.box == Box(30, 20, 60, 30)
    assert (car.mask.x, car.mask.y, car.mask.bits.shape) == (30, 20, (30, 60))
    assert car.score == pytest.approx(0.7)
    assert truck.box == Box(0, 0, 15, 30)  # cut to the picture
    assert truck.mask is None
    assert Network.asked == {"threshold": 0.3, "include_source_image": False}
    assert Network.made == {"device": "cpu"}


def test_without_names_cocos_numbers_decide():
    class Nameless(Network):
        def predict(self, images: list[np.ndarray], **asked: Any) -> list[SimpleNamespace]:
            found = super().predict(images, **asked)
            for one in found:
                one.data, one.mask = {}, None
            return found

    detector = RfdetrDetector(RfdetrSettings(**CPU), module=stand_in(Nameless))
    kinds = [one.category for one in detector.detect([DetectorFrame(IMAGE)])[0]]
    assert kinds == [Category.PERSON, Category.CAR, Category.TRUCK]


def test_a_checkpoint_of_ones_own(tmp_path):
    path = tmp_path / "mine.pth"
    with pytest.raises(DetectorUnavailableError, match=r"mine\.pth"):
        RfdetrDetector(RfdetrSettings(weights=path, **CPU), module=stand_in())
    path.write_bytes(b"x")
    RfdetrDetector(RfdetrSettings(weights=path, **CPU), module=stand_in())
    assert Network.made["pretrain_weights"] == str(path)


@pytest.mark.parametrize(
    ("problem", "error", "word"),
    [
        (ConnectionError("no route"), DetectorUnavailableError, "fetched"),
        (RuntimeError("size mismatch"), DetectionError, "size mismatch"),
    ],
)
def test_what_the_package_raises_is_said_plainly(problem, error, word):
    class Failing(Network):
        def __init__(self, **chosen: Any) -> None:
            raise problem

    with pytest.raises(error, match=word):
        RfdetrDetector(RfdetrSettings(**CPU), module=stand_in(Failing))


def test_an_older_package_and_a_missing_one():
    with pytest.raises(DetectorUnavailableError, match="RFDETRSegLarge"):
        RfdetrDetector(RfdetrSettings(size=RfdetrSize.LARGE, **CPU), module=stand_in())
    try:
        import rfdetr  # noqa: F401
    except ImportError:
        with pytest.raises(DetectorUnavailableError, match="amodal-studio"):
            RfdetrDetector(RfdetrSettings(**CPU))


def test_the_real_package_with_random_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Where the extra is installed: its real classes answer in the form that the adapter reads."""
    rfdetr = pytest.importorskip("rfdetr", reason="the extra `detect` is not installed here")
    made = []

    class Untrained(rfdetr.RFDETRSegNano):
        def __init__(self, **chosen: Any) -> None:
            super().__init__(**{**chosen, "pretrain_weights": None})
            made.append(self)

    detector = RfdetrDetector(
        RfdetrSettings(size=RfdetrSize.NANO, min_score=0.0, **CPU),
        module=SimpleNamespace(RFDETRSegNano=Untrained),
    )
    detections = detector.detect([DetectorFrame(np.zeros((120, 160, 3), dtype=np.uint8))])[0]
    assert made
    for one in detections:
        assert one.box.right <= 160
        assert one.box.bottom <= 120
