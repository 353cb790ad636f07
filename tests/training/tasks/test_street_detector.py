"""A detector that learns in windows is measured and shown on whole pictures, however it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from core.training.data.windows import Windows  # noqa: E402
from core.training.tasks.street_detector import WindowedDetector  # noqa: E402
from core.training.validating import InPortions  # noqa: E402
from tests.networks.amodal_rcnn.pictures import HEIGHT, WIDTH  # noqa: E402
from tests.training.tasks.frames import painted_task  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def windowed() -> WindowedDetector:
    plain = painted_task()
    window = Windows(height=32, width=48, nearer=1.1, further=0.95)
    return WindowedDetector(plain.supply, replace(plain.settings, augment=window), plain.schedule)


def test_portions_of_a_validation_are_whole_pictures() -> None:
    task, device = windowed(), torch.device("cpu")
    network: Any = task.network().eval()
    sizes: list[tuple[int, ...]] = []
    network.backbone.register_forward_pre_hook(lambda _, given: sizes.append(tuple(given[0].shape[-2:])))
    assert isinstance(task, InPortions)
    with torch.no_grad():
        task.answer(network, device, 0)
        task.validate(network, device, lambda: None)
        task.show(network, device, 1)
    assert len(sizes) == 1 + 3 + 2
    assert set(sizes) == {(HEIGHT, WIDTH)}
    # and afterwards it learns in windows again
    assert (network.transform.min_size, network.transform.max_size) == ((32,), 48)
