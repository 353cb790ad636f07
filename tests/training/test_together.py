"""Two processes, as torchrun starts them, learn the same as one, and stop for the same reasons."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from safetensors.torch import load_file

from core.training.checkpoints import read_checkpoint
from core.training.devices import place_of
from core.training.loop import train
from core.training.stepper import Stepper
from core.training.validating import Answer, validated_together
from tests.forked import ROOT
from tests.training.alike import NETWORKS, apart, gradients
from tests.training.tiny import SCHEDULE, Heard, NormedTask, TinyTask, plan


@dataclass
class ByTwo:
    """What two processes did in a folder, and what each of them told."""

    folder: Path
    told: list[dict[str, Any]]

    def weights(self, what: str) -> dict[str, torch.Tensor]:
        [last] = (self.folder / what).glob("last-*")
        return read_checkpoint(last).network


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> ByTwo:
    folder = tmp_path_factory.mktemp("two")
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    command = (*torchrun, "-m", "tests.training.two_processes", str(folder))
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    return ByTwo(folder, [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """What one process alone tells."""
    heard = Heard()
    task = TinyTask(dropout=0.0)
    train(task, plan(replace(SCHEDULE, batch=5)), heard, tmp_path_factory.mktemp("one") / "run")
    return heard


@pytest.fixture(scope="module")
def by_one(alone: Heard) -> dict[str, torch.Tensor]:
    """The weights that one process alone comes to."""
    return read_checkpoint(alone.last()).network


def close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.allclose(one[name], other[name], rtol=1e-4, atol=1e-6) for name in other)


def same_steps(told: dict[str, Any], alone: Heard) -> bool:
    """Whether each step had the same loss and length of its gradient, of which weights take no notice."""
    expected = {f"{name} {step}": one for (name, step), one in alone.by_step("loss", "grad_norm").items()}
    assert len(expected) == 24
    return bool(told["steps"] == pytest.approx(expected, rel=1e-4))


def test_they_learn_as_one(by_two: ByTwo, by_one: dict[str, torch.Tensor], alone: Heard) -> None:
    """Twelve steps of five samples, three and two of them in each."""
    first, second = (told["plain"] for told in by_two.told)
    assert first["step"] == second["step"] == 12
    assert close(by_two.weights("plain"), by_one)
    assert same_steps(first, alone)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("name", NETWORKS)
def test_real_networks_have_the_gradients_of_one(by_two: ByTwo, name: str, accumulate: int) -> None:
    """Of five uneven samples; in two parts in each, too."""
    whole, numbers = gradients(NETWORKS[name]())
    shared = load_file(by_two.folder / f"{name}-{accumulate}.safetensors")
    assert apart(whole, shared) < 1e-5
    for told in by_two.told:
        assert told["alike"][f"{name} {accumulate}"] == pytest.approx(numbers, rel=1e-4, abs=1e-6)


def test_the_first_alone_writes(by_two: ByTwo) -> None:
    first, second = (told["plain"]["kept"] for told in by_two.told)
    assert first
    assert not second
    assert len(list((by_two.folder / "plain").iterdir())) == 2


def test_memory_that_runs_out_in_one_is_told_to_both(
    by_two: ByTwo, by_one: dict[str, torch.Tensor], alone: Heard
) -> None:
    [line] = by_two.told[0]["full"]["lines"]
    assert line.startswith("Memory ran out at step 1 with 3 samples at once: it goes on with 1, 3 times")
    assert close(by_two.weights("full"), by_one)
    assert same_steps(by_two.told[0]["full"], alone)


def test_what_is_no_number_in_one_stops_both(by_two: ByTwo) -> None:
    assert all("is no number at step" in told["bad"]["problem"] for told in by_two.told)
    [batch] = (by_two.folder / "bad").glob("batch-*.json")
    assert 7 in json.loads(batch.read_text())["places"][0]


def test_they_stop_and_go_on_together(by_two: ByTwo, by_one: dict[str, torch.Tensor]) -> None:
    first, second = by_two.told
    assert first["stop"]["asked"]
    assert second["stop"]["stopped"]
    assert first["resume"]["step"] == second["resume"]["step"] == 12
    assert close(by_two.weights("stop"), by_one)


def test_a_validation_is_shared_and_its_figures_are_those_of_one(by_two: ByTwo) -> None:
    first, second = (told["shared"] for told in by_two.told)
    assert (first["answered"], second["answered"]) == ([0, 2, 4] * 3, [1, 3] * 3)
    stepper = Stepper(NormedTask(), plan(), place_of("cpu", "32"))
    task, cpu = NormedTask(), torch.device("cpu")
    alone = validated_together(
        task,
        stepper.together,
        lambda portion: stepper.measured(lambda: task.answer(stepper.network, cpu, portion), 7, portion),
        lambda done, of: None,
    )
    assert first["figures"] == alone  # to the last bit
    assert second["figures"] is None
    assert set(first["points"]) == {"fit 4", "fit 8", "fit 12"}


def test_a_validation_that_fails_in_one_fails_in_both(by_two: ByTwo) -> None:
    first, second = (told["shared"]["problem"] for told in by_two.told)
    assert first.startswith("Another process of this training could not validate. The picture 7 is damaged.")
    assert second == "The picture 7 is damaged. Remove it."


def test_what_goes_wrong_without_words_is_told_as_well() -> None:
    """Else the others would wait for answers that never come."""
    told: list[dict[str, object]] = []

    class Beside:
        rank, count, first = 1, 2, False

        def of_all(self, data: bytes) -> list[bytes]:
            told.append(json.loads(data))
            return [json.dumps({"stop": False, "wrong": ""}).encode(), data]

    def answer(portion: int) -> Answer:
        raise KeyError

    with pytest.raises(KeyError):
        validated_together(NormedTask(), cast(Any, Beside()), answer, lambda done, of: None)
    assert told == [{"stop": False, "wrong": "KeyError"}]


def test_a_stop_while_they_validate_stops_both(by_two: ByTwo) -> None:
    first, second = (told["asked while validating"] for told in by_two.told)
    assert first["asked"]
    assert second["stopped"]
    [last] = (by_two.folder / "asked").glob("last-*")
    state = read_checkpoint(last).facts["state"]
    assert (state["step"], state["validated"]) == (8, 4)  # so it validates anew when it goes on


def test_norms_have_the_same_statistics_in_both(by_two: ByTwo) -> None:
    """The mean of what each has seen, which was not the same."""
    first, second = (told["shared"] for told in by_two.told)
    assert first["alone"] != second["alone"]
    assert first["after"] == second["after"]
    for name in (0, 1):
        mean = (torch.tensor(first["alone"][name]) + torch.tensor(second["alone"][name])) / 2
        torch.testing.assert_close(torch.tensor(first["after"][name]), mean)


def test_one_that_is_gone_is_told_of(by_two: ByTwo) -> None:
    assert (by_two.folder / "left.txt").read_text().startswith("Another process of this training has ended")
