"""What the benchmark of people's fits returns is what reaches its file."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from benchmarks import people  # noqa: E402
from core.fitting.people.fitter import BodyFitter  # noqa: E402
from tests.fitting.people.people import fitter, walker  # noqa: E402


@pytest.mark.parametrize("there", [True, False])
def test_a_gpus_speed_is_among_the_figures_where_there_is_one(monkeypatch: pytest.MonkeyPatch, there: bool):
    monkeypatch.setattr(people, "_one_by_one", lambda *_: (1.0, 1.0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    # the processor stands in for it
    monkeypatch.setattr(people, "BodyFitter", lambda *about, device: BodyFitter(*about))
    figures = people._speed(fitter(), [walker(heading=turn) for turn in (0.0, 1.5)])
    assert ("cuda_people_a_second" in figures) is there
    assert all(value > 0 for value in figures.values())
