"""The numbers of runs as curves: kept as they come, put into groups, and smoothed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.controllers.training_words import number_name
from app.states.training import Chart, Charts, Curve
from core.records.runs import MetricPoint, RunRow, RunState

_SMOOTHED_OVER = 40  # a point is the mean of about this share of a curve's points
_LEAST_TO_SMOOTH = 24  # points; validations are few, and each of them counts
_SHOWN_AT_FIRST = frozenset({"loss", "validation", "shares_3d", "speed", "memory"})

Numbers = Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that are drawn in one chart.

    Attributes:
        key, title: of it. unit: of its numbers, or "". logarithmic: whether a logarithmic scale suits it.
    """

    key: str
    title: str
    unit: str = ""
    logarithmic: bool = False

    @property
    def whole_title(self) -> str:
        """The title with the unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


GROUPS = (
    Group("loss", "Losses", logarithmic=True),
    Group("validation", "Validation"),
    Group("points", "Keypoints"),
    Group("tags", "Tags"),
    Group("shares_3d", "In 3D", "shares"),
    Group("angles", "Turned", "degrees"),
    Group("places", "Places in 3D", "m"),
    Group("shapes", "Shapes and joints", "mm"),
    Group("pixels", "Reprojection", "px"),
    Group("speed", "Speed", "pictures a second"),
    Group("memory", "Memory", "MiB"),
    Group("wait", "Waiting", "share of time for data"),
    Group("rate", "Rate", "of learning", logarithmic=True),
    Group("gradient", "Gradient", "norm", logarithmic=True),
)
_OWN = {"pictures_per_s": "speed", "wait_share": "wait", "learning_rate": "rate", "grad_norm": "gradient"}
_BY_UNIT = {"_deg": "angles", "_m": "places", "_mm": "shapes", "_px": "pixels"}
_IN_3D = ("car_", "body_", "in_3d_")
_UNDRAWN = frozenset({"epoch"})


def group_of(name: str) -> str:
    """The key of the group that a number belongs to."""
    if name in _OWN:
        return _OWN[name]
    head = name.partition(".")[0]
    if head == "loss":
        return "loss"
    if head.endswith("memory_mib"):
        return "memory"
    if head.startswith(("pck", "in_3d_pck")):
        return "points"
    if head.startswith(_IN_3D):
        return next((group for unit, group in _BY_UNIT.items() if head.endswith(unit)), "shares_3d")
    return "tags" if head.startswith("tag") else "validation"


class RunNumbers:
    """All numbers of one run, as far as they are known.

    Attributes:
        row: the run, as it was when they were read.
        last: the last step that is known; -1 before there is any.
    """

    def __init__(self, row: RunRow) -> None:
        self.row = row
        self.last = -1
        self._numbers: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        self._smooth: dict[str, NDArray[np.float64]] = {}

    def smooth(self, name: str) -> NDArray[np.float64]:
        """A number's values without their jitter; the same array until there are new ones."""
        if name not in self._smooth:
            self._smooth[name] = smoothed(self._numbers[name][1])
        return self._smooth[name]

    @property
    def numbers(self) -> Numbers:
        """name -> (steps, values), both (n,)."""
        return self._numbers

    def needs_all(self, row: RunRow) -> bool:
        """Whether what is known may be of another way: the run went on from an earlier checkpoint."""
        return row.state is not self.row.state or row.step < self.row.step

    def take(self, row: RunRow, points: Sequence[MetricPoint], since: int) -> None:
        """Takes what is new.

        Args:
            row: the run as it stands.
            points: all of its numbers from the step `since` on, by name and step.
        """
        self.row = row
        by_name: dict[str, list[MetricPoint]] = {}
        for point in points:
            by_name.setdefault(point.name, []).append(point)
        for name in self._numbers.keys() | by_name.keys():
            steps, values = self._numbers.get(name, (np.zeros(0, np.int64), np.zeros(0)))
            kept = int(np.searchsorted(steps, since))
            new_steps = np.array([one.step for one in by_name.get(name, [])], np.int64)
            new_values = np.array([one.value for one in by_name.get(name, [])], np.float64)
            if np.array_equal(steps[kept:], new_steps) and np.array_equal(values[kept:], new_values):
                continue  # the same array stays, so that nothing of it is drawn anew
            self._numbers[name] = (
                np.concatenate([steps[:kept], new_steps]),
                np.concatenate([values[:kept], new_values]),
            )
            self._smooth.pop(name, None)
        self._numbers = {name: found for name, found in self._numbers.items() if len(found[0])}
        self.last = max((int(steps[-1]) for steps, _ in self._numbers.values()), default=-1)

    def newest(self, name: str) -> float | None:
        """The newest value of a number."""
        found = self._numbers.get(name)
        return None if found is None else float(found[1][-1])


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A curve without its jitter: each point is the mean of those around it.

    As many on either side, so that unlike a running average it does not lag behind; at the ends, those that
    there are. Short curves stay as they are.

    Args:
        values: (n,) in order of their steps.
    """
    count = len(values)
    if count < _LEAST_TO_SMOOTH:
        return values
    sums = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(count)
    reach = max(1, count // _SMOOTHED_OVER)
    first, after = np.maximum(places - reach, 0), np.minimum(places + reach + 1, count)
    means: NDArray[np.float64] = (sums[after] - sums[first]) / (after - first)
    return means


def shown_at_first(groups: Sequence[str]) -> frozenset[str]:
    """The groups that are drawn before a person chooses."""
    return _SHOWN_AT_FIRST.intersection(groups)


def charts_of(
    runs: Sequence[RunNumbers], shown: frozenset[str] | None, *, log: bool, smooth: bool, note: str = ""
) -> Charts:
    """What is drawn of some runs: of one, a chart for each group; of several, one for each number.

    Args:
        runs: they, in the order in which they are drawn.
        shown: keys of the groups to draw; None: those that are drawn at first.
        log, smooth: how.
        note: what is said where there is nothing to draw.
    """
    names = sorted(_drawn({name for one in runs for name in one.numbers}), key=_order(runs))
    there = {group_of(name) for name in names}
    wanted = _SHOWN_AT_FIRST if shown is None else shown
    groups = tuple((one.key, one.title, one.key in wanted) for one in GROUPS if one.key in there)
    charts: list[Chart] = []
    for group in GROUPS:
        members = [name for name in names if group_of(name) == group.key]
        if group.key not in wanted or not members:
            continue
        if len(runs) == 1:
            curves = tuple(
                _curve(runs[0], name, number, number_name(name)) for number, name in enumerate(members)
            )
            charts.append(Chart(group.key, group.whole_title, curves, group.logarithmic))
        else:
            charts += [_compared(runs, name, group) for name in members]
    if len(runs) > 1:  # how well they do comes first
        metrics = {one.row.metric for one in runs}
        charts.sort(key=lambda chart: chart.key != "loss" and chart.key not in metrics)
    return Charts(groups, tuple(charts), log, smooth, "" if charts or names else note)


def _drawn(names: Set[str]) -> Set[str]:
    """Those that are drawn: a loss of one part alone is that part, and is drawn once."""
    parts = {name for name in names if name.startswith("loss.")}
    return names - _UNDRAWN - (parts if len(parts) == 1 and "loss" in names else set())


def _compared(runs: Sequence[RunNumbers], name: str, group: Group) -> Chart:
    curves = (_curve(one, name, one.row.id, one.row.name) for one in runs if name in one.numbers)
    title = number_name(name, whole=True)
    return Chart(name, title[:1].upper() + title[1:], tuple(curves), group.logarithmic, compares=True)


def _curve(run: RunNumbers, name: str, number: int, title: str) -> Curve:
    steps, values = run.numbers[name]
    row = run.row
    best = row.best_step if name == row.metric else None
    early = row.step if row.state is RunState.DONE and row.epoch < row.epochs else None
    return Curve(title, number, steps, values, run.smooth(name), best, early)


def _order(runs: Sequence[RunNumbers]) -> Callable[[str], tuple[bool, int, str]]:
    """The number by which the best is chosen first, wholes before their parts, the rest by name."""
    chosen = {one.row.metric for one in runs}
    return lambda name: (name not in chosen, name.count("."), name)
