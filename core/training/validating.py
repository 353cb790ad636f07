"""Validation that the processes of a training share: each answers some portions, and the first counts all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from core.errors import TrainingError
from core.training.together import Together

Answer = Mapping[str, Tensor]
"""What is to be counted of a portion: tensors by name, on the CPU."""


@runtime_checkable
class InPortions(Protocol):
    """A task whose validation can be shared. One that is not of this kind is validated by the first process.

    A portion is always the same, however many processes there are: so that the figures are, too.
    """

    def portions(self) -> int:
        """In how many portions the validation data is taken."""
        ...

    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Answer:
        """What the network says of a portion, and all that is to be known of it to tell how good that is."""
        ...

    def figures(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """All metrics, from the answers in the order of their portions."""
        ...


def main_number(found: Mapping[str, float], metric: str) -> float:
    """The number of a validation by which the best weights are chosen.

    Raises:
        TrainingError: it could not be told.
    """
    if metric not in found:
        raise TrainingError(
            f"The validation tells nothing by which the best weights could be chosen ({metric}).",
            "Label that for what it is measured by, or begin a new run.",
        )
    return float(found[metric])


def validated_alone(
    task: InPortions, network: nn.Module, device: torch.device, check_stop: Callable[[], None]
) -> Mapping[str, float]:
    """All metrics, by this process alone: for `Task.validate`."""
    answers = []
    for portion in range(task.portions()):
        check_stop()
        answers.append(task.answer(network, device, portion))
    return task.figures(answers)


def validated_together(
    task: InPortions,
    together: Together,
    answer: Callable[[int], Answer],
    check_stop: Callable[[int, int], None],
) -> Mapping[str, float] | None:
    """All metrics, in the first process; None in the others, and where another was asked to stop.

    Args:
        task: counts.
        together: the processes. Each answers every so many-th portion.
        answer: of a portion, with the network as it is in each.
        check_stop: asked before each portion with its number among this process's, and how many these are;
            raises where this is to stop.

    Raises:
        TrainingError: another process could not do its part.
        Exception: what `check_stop` raised, or what went wrong here; all others know of it.
    """
    own = range(together.rank, task.portions(), together.count)
    answers: list[Answer] = []
    stop: Exception | None = None
    problem: Exception | None = None
    for done, portion in enumerate(own):
        try:
            check_stop(done, len(own))
        except Exception as asked:
            stop = asked
            break
        try:
            answers.append(answer(portion))
        except Exception as caught:
            problem = caught
            break
    wrong = "" if problem is None else f"{problem}" or type(problem).__name__  # some have no words
    said = {"stop": stop is not None, "wrong": wrong}
    heard = [json.loads(row) for row in together.of_all(json.dumps(said).encode())]
    if problem is not None:
        raise problem
    if any(one["wrong"] for one in heard):
        words = next(one["wrong"] for one in heard if one["wrong"])
        raise TrainingError(f"Another process of this training could not validate. {words}", "See its log.")
    if stop is not None:
        raise stop
    if any(one["stop"] for one in heard):
        return None
    carried = together.for_the_first(_packed(answers) if not together.first else b"")
    if not together.first:
        return None
    parts = [iter(answers), *(_unpacked(data) for data in carried[1:])]
    return task.figures([next(parts[portion % together.count]) for portion in range(task.portions())])


def _packed(answers: Sequence[Answer]) -> bytes:
    """Answers as one file of safetensors, each tensor by the place of its answer and its name."""
    tensors = {
        f"{place}/{name}": one.contiguous()
        for place, answer in enumerate(answers)
        for name, one in answer.items()
    }
    return save(tensors)


def _unpacked(data: bytes) -> Iterator[Answer]:
    found: dict[int, dict[str, Tensor]] = {}
    for key, one in load(data).items():
        place, _, name = key.partition("/")
        found.setdefault(int(place), {})[name] = one
    return (found[place] for place in sorted(found))
