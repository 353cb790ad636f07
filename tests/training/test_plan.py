"""How the rate moves, which weights decay, in what order samples come, and where a training runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torchvision.models import swin_t

from core.errors import CheckpointError, TrainingError
from core.networks.amodal_rcnn.object_heads import ObjectHeads
from core.networks.amodal_rcnn.settings import small
from core.training.devices import Place, is_out_of_memory, place_of
from core.training.optimiser import decays, make_optimiser, restore, tensors_of
from core.training.plan import TrainPlan, rate_at
from core.training.sampling import order_of, parts_of, steps_of
from core.training.task import Schedule

WALT = Schedule()


@pytest.mark.parametrize(
    ("step", "epochs_done", "rate"),
    [
        (0, 0.0, 1e-7),  # a thousandth
        (250, 0.25, 1e-4 * (0.001 + 0.999 / 2)),
        (500, 0.5, 1e-4),
        (7999, 7.999, 1e-4),
        (8000, 8.0, 1e-5),
        (10999, 10.999, 1e-5),
        (11000, 11.0, 1e-6),
    ],
)
def test_walts_schedule(step: int, epochs_done: float, rate: float) -> None:
    """ALGORITHMS 4.5: 500 steps from 0.001, 12 epochs, a tenth after 8 and after 11."""
    assert rate_at(WALT, step, 12_000, epochs_done) == pytest.approx(rate)


def test_a_short_run_warms_up_for_a_tenth_of_it() -> None:
    assert rate_at(WALT, 5, 60, 1.0) < 1e-4
    assert rate_at(WALT, 6, 60, 1.2) == 1e-4
    assert rate_at(WALT, 0, 5, 0.0) == 1e-4


@pytest.mark.parametrize(
    ("schedule", "more", "words"),
    [
        (replace(WALT, epochs=0), {}, "0 as epochs"),
        (replace(WALT, batch=0), {}, "0 as batch"),
        (WALT, {"accumulate": 0}, "0 as accumulate"),
        (WALT, {"patience": 0}, "0 as patience"),
        (WALT, {"validate_every": -1}, "-1 as validate_every"),
        (replace(WALT, learning_rate=0.0), {}, "learning rate"),
        (replace(WALT, learning_rate=float("nan")), {}, "learning rate"),
    ],
)
def test_a_plan_that_cannot_be(schedule: Schedule, more: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        TrainPlan(schedule, **more)


def test_norms_biases_and_position_tables_do_not_decay() -> None:
    network = swin_t()
    kept = {name for name, one in network.named_parameters() if not decays(name, one)}
    kinds = {name.rpartition(".")[2] for name in kept}
    assert kinds == {"bias", "weight", "relative_position_bias_table"}
    norms = {name for name, one in network.named_modules() if isinstance(one, nn.LayerNorm)}
    assert {name.removesuffix(".weight") for name in kept if name.endswith(".weight")} == norms
    network.features[0].requires_grad_(False)
    groups = make_optimiser(network, WALT).param_groups
    assert [group["weight_decay"] for group in groups] == [0.05, 0.0]
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters())) - 4


def test_tables_of_the_detectors_heads_do_not_decay() -> None:
    """Where a cell of a person's features is, and which point a tag is of."""
    network = ObjectHeads(small(vehicles=True, bodies=True), 96)
    tables = {name for name, one in network.named_parameters() if one.ndim > 1 and not decays(name, one)}
    assert tables == {
        "points.tags.name",
        "bodies.place",
        "bodies.decoder.transformer.pos_embedding",
    }


def test_an_optimisers_state_is_of_its_network() -> None:
    network = nn.Linear(2, 3)
    optimiser = make_optimiser(network, WALT)
    network(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    gathered = tensors_of(optimiser, network)
    assert set(gathered) == {
        f"{name}/{key}" for name in ("weight", "bias") for key in ("step", "exp_avg", "exp_avg_sq")
    }
    other = nn.Linear(2, 3)
    restored = make_optimiser(other, WALT)
    restore(restored, other, gathered)
    again = tensors_of(restored, other)
    assert all(torch.equal(again[name], one) for name, one in gathered.items())
    wider = nn.Linear(4, 3)
    with pytest.raises(CheckpointError, match="weight"):
        restore(make_optimiser(wider, WALT), wider, gathered)


@given(
    count=st.integers(1, 60),
    batch=st.integers(1, 20),
    processes=st.integers(1, 4),
    accumulate=st.integers(1, 9),
    seed=st.integers(0, 2**31),
)
def test_each_step_takes_each_of_its_samples_once(
    count: int, batch: int, processes: int, accumulate: int, seed: int
) -> None:
    order = order_of(count, seed, 3)
    assert sorted(order) == list(range(count))
    batch = min(batch, count)
    taken = []
    for step in range(steps_of(count, batch)):
        parts = [parts_of(order, step, batch, rank, processes, accumulate) for rank in range(processes)]
        places = [place for own in parts for part in own for place in part]
        assert sorted(places) == sorted(order[step * batch : (step + 1) * batch])
        for own in parts:
            sizes = [len(part) for part in own]
            assert len(own) == max(1, min(accumulate, sum(sizes)))
            assert max(sizes) - min(sizes) <= 1
        taken += places
    assert len(set(taken)) == len(taken) > count - batch


def test_the_order_is_the_seeds_and_the_epochs_alone() -> None:
    orders = [order_of(50, seed, epoch) for seed in (1, 2) for epoch in (0, 1)]
    assert len({tuple(order) for order in orders}) == 4
    assert order_of(50, 1, 0) == orders[0]


def test_a_gpu_that_is_asked_for_and_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for device in ("cuda", "mps"):
        with pytest.raises(TrainingError, match=f"No GPU can be used here as {device}"):
            place_of(device, "auto")
    assert place_of("cpu", "auto") == Place("cpu", "cpu", "32")
    assert place_of("cpu", "bf16").precision == "bf16"
    fallback = place_of("auto", "auto")
    assert (fallback.kind, fallback.precision) == ("cpu", "32")
    assert "trains on the CPU, which is slow" in fallback.fallback


def test_a_gpu_is_taken_with_bf16_where_it_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    for has, precision in ((True, "bf16"), (False, "32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, has=has: has)
        assert place_of("auto", "auto") == Place("cuda", "Some GPU", precision)
    with pytest.raises(TrainingError, match="Some GPU cannot compute in bf16"):
        place_of("cuda", "bf16")
    assert place_of("cuda", "32").precision == "32"


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TORCHELASTIC_RUN_ID", "1"), ("LOCAL_WORLD_SIZE", "3"), ("LOCAL_RANK", "2")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(TrainingError, match=r"3 processes here.* there are GPUs for 2\. Take 2\."):
        place_of("cuda", "auto")


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB"), True),
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_counts_as_out_of_memory(error: Exception, full: bool) -> None:
    assert is_out_of_memory(error) is full
