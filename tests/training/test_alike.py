"""A step of a real network has the same gradients whole and in parts, however uneven its samples are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from core.training import stepper
from tests.training.alike import NETWORKS, apart, gradients


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", NETWORKS)
def test_parts_have_the_gradients_of_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five samples two and three."""
    whole, numbers = gradients(NETWORKS[name]())
    parts, told = gradients(NETWORKS[name](), 2)
    assert apart(whole, parts) < 1e-5
    assert told == pytest.approx(numbers, rel=1e-4, abs=1e-6)
    # as if all losses were means over samples: the samples are uneven enough to tell
    monkeypatch.setattr(stepper, "_counts", lambda losses, part: dict.fromkeys(losses, float(len(part))))
    assert apart(whole, gradients(NETWORKS[name](), 2)[0]) > 0.01
