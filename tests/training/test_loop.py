"""The training loop: going on to the bit, memory that runs out, losses that are no number, early stop."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from core.errors import CheckpointError, DiskFullError, LossError, TrainingError
from core.training import checkpoints, loop
from core.training.checkpoints import read_checkpoint
from core.training.loop import train
from core.training.measure import measure
from tests.training.tiny import SCHEDULE, Asked, Heard, NormedTask, TinyTask, plan

TOLD = ("loss", "loss.square", "loss.size", "grad_norm", "learning_rate", "fit")


def trained(folder: Path, task: TinyTask | None = None, **more: Any) -> Heard:
    heard = Heard()
    train(task or TinyTask(), plan(**more), heard, folder)
    return heard


def weights(heard: Heard) -> dict[str, torch.Tensor]:
    return read_checkpoint(heard.last()).network


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_and_tells_of_it(tmp_path: Path) -> None:
    heard = Heard()
    schedule = replace(SCHEDULE, epochs=30, batch=8)
    result = train(TinyTask(dropout=0.0, noise=0.0), plan(schedule), heard, tmp_path / "1")
    assert (result.reached.step, result.reached.epoch, result.early) == (60, 30, False)
    fits = [value for _, value in sorted(heard.by_step("fit").items())]
    assert fits[-1] > fits[0] / 4  # the squared error fell to less than a quarter
    assert result.reached.value == max(fits)
    names = {one.name for one in heard.points}
    assert names >= {*TOLD, "epoch", "pictures_per_s", "wait_share", "memory_mib", "points"}
    losses = heard.by_step("loss", "loss.square", "loss.size")
    for step in range(1, 61):
        parts = losses["loss.square", step] + losses["loss.size", step]
        assert losses["loss", step] == pytest.approx(parts)
    assert heard.shares == sorted(heard.shares)
    assert heard.shares[-1] == 1.0
    assert [one.step for one in heard.shown] == [2 * epoch for epoch in range(1, 31)]


@pytest.mark.parametrize("at", [2, 5, 6, 7, 11, 17])
def test_a_resumed_run_equals_an_unbroken_one_to_the_bit(tmp_path: Path, at: int) -> None:
    """Stopped in an epoch, at its border, and in a validation; samples and network have chance in them."""
    unbroken = trained(tmp_path / "unbroken")
    first, second = Heard(stop_at=at), Heard()
    with pytest.raises(Asked):
        train(TinyTask(), plan(checkpoint_every_s=1e6), first, tmp_path / "broken")
    torch.rand(3)  # whatever the world did meanwhile
    train(TinyTask(), plan(), second, tmp_path / "broken", resume=first.last())
    assert same(weights(second), weights(unbroken))
    assert second.begun_at == first.kept[-1][2].step
    told = {**first.by_step(*TOLD), **second.by_step(*TOLD)}
    assert told == unbroken.by_step(*TOLD)
    ours, theirs = read_checkpoint(second.last()), read_checkpoint(unbroken.last())
    assert same(ours.optimiser, theirs.optimiser)
    assert len(list((tmp_path / "broken").iterdir())) == 2  # the best and the last


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    """Nobody could write anything at its end; what it did after the checkpoint is done again, the same."""
    unbroken = trained(tmp_path / "unbroken")
    killed = Heard(stop_at=9)
    with pytest.raises(Asked):
        train(TinyTask(), plan(checkpoint_every_s=0.0), killed, tmp_path / "killed")
    early = next(path for kept, path, reached in killed.kept if kept == "last")
    assert not early.exists()  # the newer ones replaced it
    again = Heard()
    train(TinyTask(), plan(), again, tmp_path / "killed", resume=killed.last())
    assert same(weights(again), weights(unbroken))


def test_workers_and_validations_change_no_number(tmp_path: Path) -> None:
    alone = trained(tmp_path / "alone")
    with_worker = trained(tmp_path / "worker", workers=1)
    often = trained(tmp_path / "often", validate_every=2)
    assert same(weights(alone), weights(with_worker))
    assert same(weights(alone), weights(often))
    assert {step for _, step in often.by_step("fit")} == {2, 4, 6, 8, 10, 12, 14, 15}


def test_parts_of_a_step_come_to_the_same(tmp_path: Path) -> None:
    """Of five samples in two and three, too; only the last bits of the sums differ."""
    schedule = replace(SCHEDULE, batch=5)
    still = TinyTask(dropout=0.0)
    whole = trained(tmp_path / "whole", still, schedule=schedule)
    parts = trained(tmp_path / "parts", still, schedule=schedule, accumulate=2)
    for name, one in weights(whole).items():
        torch.testing.assert_close(weights(parts)[name], one, rtol=1e-5, atol=1e-6)
    # AdamW takes no notice of how long gradients are, nor do gradients that are clipped
    for name in ("loss", "grad_norm"):
        assert parts.by_step(name) == pytest.approx(whole.by_step(name), rel=1e-5)


def test_where_memory_runs_out_it_goes_on_with_less_at_once(tmp_path: Path) -> None:
    still = TinyTask(dropout=0.0)
    heard = trained(tmp_path / "small", replace(still, most=1))
    assert [line.split(":")[0] for line in heard.lines] == [
        "Memory ran out at step 1 with 4 samples at once",
        "Memory ran out at step 1 with 2 samples at once",
    ]
    assert "it goes on with 1, 4 times for each step. A step still learns from 4." in heard.lines[1]
    assert read_checkpoint(heard.last()).facts["state"]["accumulate"] == 4
    whole = trained(tmp_path / "whole", still)
    for name in ("loss", "grad_norm"):
        assert heard.by_step(name) == pytest.approx(whole.by_step(name), rel=1e-4)


def test_bf16_computes_in_half_and_learns_in_full(tmp_path: Path) -> None:
    kinds = set()

    class Watched(TinyTask):
        def losses(self, network: Any, batch: Any) -> Any:
            kinds.add(network(batch["points"]).dtype)
            return super().losses(network, batch)

    heard = trained(tmp_path / "1", Watched(), precision="bf16")
    assert kinds == {torch.bfloat16}
    assert {one.dtype for one in weights(heard).values()} == {torch.float32}


def test_where_not_one_sample_fits_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Not even one sample at a time fits"):
        trained(tmp_path / "1", TinyTask(most=0))


def test_a_worker_that_is_killed_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"A process that prepares samples ended.*fewer workers"):
        trained(tmp_path / "1", TinyTask(bad=7, noise=-0.1), workers=1)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "Connection reset by peer"),
        EOFError(),
        RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed."),
    ],
)
def test_however_torch_notices_it(tmp_path: Path, error: Exception) -> None:
    """It may while the main process is at something else, or once the batch is to be handed over."""

    class Dying(TinyTask):
        def collate(self, samples: Any) -> Any:
            raise error

    with pytest.raises(TrainingError, match="A process that prepares samples ended"):
        trained(tmp_path / "1", Dying())


def test_a_loss_that_is_no_number_keeps_its_batch_and_the_weights_before(tmp_path: Path) -> None:
    heard = Heard()
    folder = tmp_path / "7"
    with pytest.raises(LossError, match=r"The loss \(square\) is no number at step (\d+)") as caught:
        train(TinyTask(bad=7), plan(), heard, folder)
    step = int(str(caught.value).split("step ")[1].split(";")[0])
    told = json.loads((folder / f"batch-{step}.json").read_text())
    [places] = told["places"]
    assert 7 in places
    tensors = load_file(folder / f"batch-{step}.safetensors")
    assert told["batch"]["points"] == {"tensor": "points"}
    assert told["batch"]["names"] == ["one"] * 4
    assert torch.isnan(tensors["truth"]).flatten().tolist() == [place == 7 for place in places]
    kept = read_checkpoint(heard.last())
    assert kept.facts["state"]["step"] == step - 1
    assert all(torch.isfinite(one).all() for one in kept.network.values())


@pytest.mark.parametrize("at", [3, 7, 13])
def test_networks_with_norms_go_on_to_the_bit_too(tmp_path: Path, at: int) -> None:
    unbroken = trained(tmp_path / "unbroken", NormedTask())
    first, second = Heard(stop_at=at), Heard()
    with pytest.raises(Asked):
        train(NormedTask(), plan(), first, tmp_path / "broken")
    train(NormedTask(), plan(), second, tmp_path / "broken", resume=first.last())
    assert same(weights(second), weights(unbroken))
    assert {**first.by_step("fit"), **second.by_step("fit")} == unbroken.by_step("fit")


def test_what_is_no_number_leaves_the_statistics_of_norms_alone(tmp_path: Path) -> None:
    """A batch with it moves them when it is looked at; what is kept must be what one can go on from."""

    class Spoilt(NormedTask):
        def collate(self, samples: Any) -> Any:
            batch = super().collate(samples)
            return batch | {"points": batch["points"] + 0 * batch["truth"]}

    heard = Heard()
    with pytest.raises(LossError, match=r"The loss \(size, square\)|The loss \(square, size\)"):
        train(Spoilt(bad=7), plan(), heard, tmp_path / "1")
    kept = read_checkpoint(heard.last())
    assert kept.facts["state"]["step"] > 0
    assert int(kept.network["1.num_batches_tracked"]) == kept.facts["state"]["step"]
    train(NormedTask(), plan(), Heard(), tmp_path / "1", resume=heard.last())


def test_a_step_that_did_not_fit_leaves_them_alone_too(tmp_path: Path) -> None:
    small = trained(tmp_path / "small", NormedTask(most=2))
    parts = trained(tmp_path / "parts", NormedTask(), accumulate=2)
    assert same(weights(small), weights(parts))


def test_a_gradient_that_is_no_number_is_found_too(tmp_path: Path) -> None:
    class Steep(TinyTask):
        def losses(self, network: Any, batch: Any) -> Any:
            # a root has no slope at 0, though it has a value
            return {"root": torch.sqrt(0 * network(batch["points"]).sum())}

    with pytest.raises(LossError, match="The gradient of the loss is no number at step 1"):
        trained(tmp_path / "1", Steep())


def test_it_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    heard = Heard()
    task = TinyTask(values=(0.5, 0.9, 0.7, 0.9, 0.8), schedule=replace(SCHEDULE, epochs=9))
    result = train(task, plan(task.schedule, patience=3), heard, tmp_path / "1")
    assert result.early
    assert (result.reached.epoch, result.reached.value, result.reached.best_step) == (5, 0.9, 10)
    assert heard.lines == ["It got no better in 3 validations, and stops after step 25."]
    best = [path for kept, path, _ in heard.kept if kept == "best"]
    assert [path.exists() for path in best] == [False, True]
    assert read_checkpoint(best[-1]).facts["step"] == 10


def test_a_metric_that_is_no_number_is_no_better(tmp_path: Path) -> None:
    heard = trained(tmp_path / "1", TinyTask(values=(float("nan"), 0.5, float("inf"))))
    assert [reached.best_step for kept, _, reached in heard.kept if kept == "best"] == [10]


@pytest.mark.parametrize(
    "full",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_keeps_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: Exception
) -> None:
    heard = Heard()
    monkeypatch.setattr(loop, "_SHARE_OF_TIME", 0)  # one after each step
    written = 0
    save = checkpoints.save_file

    def save_some(tensors: Any, draft: Path, *more: Any) -> None:
        nonlocal written
        written += 1
        save(tensors, draft, *more)
        if written > 3:
            raise full

    monkeypatch.setattr(checkpoints, "save_file", save_some)
    folder = tmp_path / "1"
    words = "could not be written; what is kept is of step 3"
    with pytest.raises(DiskFullError, match=words):
        train(TinyTask(), plan(checkpoint_every_s=0.0, validate_every=99), heard, folder)
    assert [path.name for path in folder.iterdir()] == [heard.last().name]
    monkeypatch.undo()
    again = Heard()
    train(TinyTask(), plan(validate_every=99), again, folder, resume=heard.last())
    assert same(weights(again), weights(trained(tmp_path / "2", validate_every=99)))


def test_there_must_be_room_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 100}))
    with pytest.raises(DiskFullError, match="need 0 MiB beside the project; 0 MiB are free"):
        trained(tmp_path / "1")


def test_it_begins_with_another_runs_weights(tmp_path: Path) -> None:
    before = trained(tmp_path / "1")
    best = next(path for kept, path, _ in reversed(before.kept) if kept == "best")
    heard = Heard()
    still = replace(SCHEDULE, learning_rate=1e-12, weight_decay=0.0)
    train(TinyTask(), plan(still), heard, tmp_path / "2", start=best)
    for name, one in read_checkpoint(best).network.items():
        torch.testing.assert_close(weights(heard)[name], one, rtol=0, atol=1e-9)
    with pytest.raises(CheckpointError, match="width is 8 there and 9 here"):
        train(TinyTask(width=9), plan(), Heard(), tmp_path / "3", start=best)
    with pytest.raises(CheckpointError, match="no run can go on"):
        train(TinyTask(), plan(), Heard(), tmp_path / "3", resume=best)


def test_there_must_be_something_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="0 samples"):
        trained(tmp_path / "1", TinyTask(count=0))
    few = trained(tmp_path / "2", TinyTask(count=3))
    assert few.kept[-1][2].step == 3  # all three at each step


def test_a_few_steps_are_measured(tmp_path: Path) -> None:
    found = measure(TinyTask(most=2), plan(), steps=3)
    assert (found.epoch_steps, found.steps, found.accumulate) == (5, 15, 2)
    assert (found.device, found.precision) == ("cpu", "32")
    assert found.seconds == 15 * found.step_s > 0
    assert found.memory_mib["memory_mib"] > 1
