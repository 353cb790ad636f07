"""The numbers of a training on their way: gathered step by step, told as means now and then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.records.runs import MetricPoint
from core.training.stepper import StepDone

_MOST_POINTS = 1000


def told_every(steps: int) -> int:
    """From how many steps one point of each number is made, in a run of so many steps."""
    return max(1, -(-steps // _MOST_POINTS))


class Numbers:
    """What steps gave since it was last told. It can be kept as plain JSON values."""

    def __init__(self) -> None:
        self._begin()

    def add(self, done: StepDone) -> None:
        """Take in a step."""
        for name, value in done.numbers.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1
        self._samples += done.samples
        self._seconds += done.seconds
        self._waited_s += done.waited_s

    def tell(self, step: int, more: Mapping[str, float]) -> list[MetricPoint]:
        """The means since it was last told; it is empty after.

        Args:
            step: of the points.
            more: numbers as they are now.
        """
        values = {name: total / self._counts[name] for name, total in self._sums.items()}
        if self._seconds > 0:
            values["pictures_per_s"] = self._samples / self._seconds
            values["wait_share"] = self._waited_s / self._seconds
        self._begin()
        return [MetricPoint(step, name, value) for name, value in (values | dict(more)).items()]

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "sums": self._sums,
            "counts": self._counts,
            "samples": self._samples,
            "seconds": self._seconds,
            "waited_s": self._waited_s,
        }

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Numbers:
        """The same again."""
        numbers = Numbers()
        numbers._sums, numbers._counts = dict(values["sums"]), dict(values["counts"])
        numbers._samples, numbers._seconds = values["samples"], values["seconds"]
        numbers._waited_s = values["waited_s"]
        return numbers

    def _begin(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._samples = 0
        self._seconds = self._waited_s = 0.0
