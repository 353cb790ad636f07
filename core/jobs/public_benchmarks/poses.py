"""Tables 3 and 4: how far poses of cars are off, on OOD-CV and Occluded PASCAL3D+."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Drawing, Groups, estimates, means, medians
from core.evaluation.poses import ACCURATE_RAD, FINE_RAD, accuracy, add_errors, median_of, rotation_errors
from core.exchange.benchmarks.occluded_pascal3d import LEVELS, PoseTruth, read_occluded
from core.exchange.benchmarks.ood_cv import NUISANCES, read_ood_cv
from core.exchange.benchmarks.pascal3d import read_vertices
from core.exchange.benchmarks.poses import FoundPose, PoseKey, TruePose, read_poses
from core.exchange.benchmarks.texts import inside, refuse
from core.jobs.public_benchmarks.drawn import Ends, drawn_note, told_ends
from core.jobs.public_benchmarks.paper import OCCLUDED_PASCAL3D, OOD_CV, Figures, paper_rows
from core.records.benchmark_tables import BenchmarkTable, FigureSource, TableRow

Floats = NDArray[np.float64]

_PASCAL3D_CARS = "car"


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """A true pose with what was predicted for it, or None."""

    truth: TruePose
    found: FoundPose | None


def ood_cv_table(
    truth: Path, predictions: Path, *, category: str = _PASCAL3D_CARS, draws: int = 0
) -> BenchmarkTable:
    """Count predicted poses against OOD-CV, by nuisance.

    Args:
        truth: `gt.csv`, or the folder of one of OOD-CV's layouts.
        predictions: poses as `core.exchange.benchmarks.poses` has them.
        category: PASCAL's word.
        draws: of the objects, for intervals; 0: none.

    Raises:
        ExchangeError: a file cannot be used, or a prediction is about no object of the truth; the sentence
            names the line.
    """
    known = read_ood_cv(truth, category)
    pairs, left = _joined(known, read_poses(predictions), predictions.name, by_level=False)
    groups = _by_group(pairs)
    shares = [_accuracy(groups.get(one, []), ACCURATE_RAD) for one in NUISANCES]
    ends = [_share_ends(groups.get(one, []), ACCURATE_RAD, draws) for one in NUISANCES]
    return BenchmarkTable(
        name="ood-cv",
        title=f"OOD-CV, {category}: rotations off by less than pi/6, in per cent (WALT3D, Table 3)",
        columns=NUISANCES,
        decimals=(1,) * len(NUISANCES),
        rows=(*_of_cars(OOD_CV, category), _row(predictions.name, shares, ends, draws)),
        comparable=(
            "Predictions counted here on the same truth compare with each other. That the paper's figures "
            "are the share below pi/6 is inferred: the header is lost, and so is whether they are of cars "
            "alone."
        ),
        notes=(
            *_counts(groups, NUISANCES),
            *_left_out(known, left),
            drawn_note(draws, len(pairs), "objects, each column by itself"),
        ),
    )


def occluded_pascal3d_table(
    folder: Path,
    predictions: Path,
    *,
    release: Path | None = None,
    cad: Path | None = None,
    category: str = _PASCAL3D_CARS,
    draws: int = 0,
) -> BenchmarkTable:
    """Count predicted poses against Occluded PASCAL3D+, at its levels 1 to 3.

    ADD is what the predictions say of themselves, else that of the vertices of the object's CAD model where
    both poses have a place; where neither is to be had, there is none.

    Args:
        folder: of Occluded PASCAL3D+.
        predictions: poses with their level, as `core.exchange.benchmarks.poses` has them.
        release: of PASCAL3D+, for the true poses; not needed where NeMo's scripts have prepared the folder.
        cad: the folder of the category's CAD models, `01.off` and so on; the release's if left out.
        category: PASCAL's word.
        draws: of the objects, for intervals; 0: none.

    Raises:
        ExchangeError: a file cannot be used, or a prediction is about no object of the truth or has no
            level; the sentence names the line.
    """
    known = read_occluded(folder, release, category)
    pairs, left = _joined(known, read_poses(predictions), predictions.name, by_level=True)
    groups = _by_group(pairs)
    models = cad
    if models is None and release is not None and (release / "CAD" / category).is_dir():
        models = inside(release, "CAD", category)
    levels = [groups.get(one, []) for one in LEVELS]
    shapes: dict[int, Floats] = {}
    adds = {one: [_add(pair, models, shapes) for pair in groups.get(one, [])] for one in LEVELS}
    figures = [
        *(_accuracy(one, ACCURATE_RAD) for one in levels),
        *(_accuracy(one, FINE_RAD) for one in levels),
        *(median_of(_errors(one)) for one in levels),
        *(median_of([add for add in adds[one] if add is not None]) for one in LEVELS),
    ]
    ends = [
        *(_share_ends(one, ACCURATE_RAD, draws) for one in levels),
        *(_share_ends(one, FINE_RAD, draws) for one in levels),
        *(_median_ends(_errors(one), draws) for one in levels),
        *(_median_ends([add for add in adds[one] if add is not None], draws) for one in LEVELS),
    ]
    measures = ("pi/6", "pi/18", "median", "ADD")
    with_add = {one: sum(add is not None for add in adds[one]) for one in LEVELS}
    return BenchmarkTable(
        name="occluded-pascal3d",
        title=(
            f"Occluded PASCAL3D+, {category}: rotations off by less than pi/6 and pi/18 in per cent, median "
            "in radians, median ADD, at levels 1 to 3 (WALT3D, Table 4)"
        ),
        columns=tuple(f"{measure} L{level}" for measure in measures for level in LEVELS),
        decimals=(1,) * 6 + (2,) * 6,
        rows=(*_of_cars(OCCLUDED_PASCAL3D, category), _row(predictions.name, figures, ends, draws)),
        comparable=(
            "Predictions counted here on the same truth compare with each other. The paper's lines are of "
            "the same levels; that their groups are pi/6, pi/18, median and ADD is inferred, for the headers "
            "are lost, and the unit of its ADD is not told: ADD compares only with what was counted here."
        ),
        notes=(
            *_counts(groups, LEVELS, "level "),
            *_add_notes(with_add, models),
            *_left_out(known, left),
            drawn_note(draws, len(pairs), "objects, each column by itself"),
        ),
    )


def _of_cars(figures: Figures, category: str) -> list[TableRow]:
    return paper_rows(figures) if category == _PASCAL3D_CARS else []


def _row(name: str, figures: Sequence[float | None], ends: Sequence[Ends], draws: int) -> TableRow:
    return TableRow(name, tuple(figures), FigureSource.MEASURED, tuple(ends) if draws else ())


def _share_ends(pairs: Sequence[_Pair], limit_rad: float, draws: int) -> Ends:
    """Of `_accuracy`: objects of which nothing is predicted are wrong."""
    errors = _errors(pairs)
    if not draws or not len(errors):
        return None
    right = np.concatenate([errors < limit_rad, np.zeros(len(pairs) - len(errors))])
    found = estimates(means(right, Groups.each(len(right))), len(right), Drawing(draws))
    return told_ends(found, 100.0)[0]


def _median_ends(values: Floats | Sequence[float], draws: int) -> Ends:
    if not draws or not len(values):
        return None
    found = estimates(medians(values, Groups.each(len(values))), len(values), Drawing(draws))
    return told_ends(found)[0]


def _joined(
    known: PoseTruth, found: Sequence[FoundPose], name: str, *, by_level: bool
) -> tuple[list[_Pair], int]:
    """Each true pose with its prediction, and how many predictions are of other categories."""
    objects: dict[str, set[PoseKey]] = defaultdict(set)
    groups = {one.group for one in known.poses}
    for one in known.poses:
        objects[f"{one.group}/{one.key.image}" if by_level else one.key.image].add(one.key)
    said: dict[tuple[PoseKey, str], FoundPose] = {}
    left = 0
    for pose in found:
        if by_level and pose.level not in groups:
            what = f"is at level {pose.level}" if pose.level else "has no level"
            refuse(name, f"{pose.where} {what}, and the truth has {', '.join(sorted(groups))}")
        place = f"{pose.level}/{pose.image}" if by_level else pose.image
        if place not in objects:
            if pose.image not in known.others:
                refuse(name, f"{pose.where} is about no picture of the truth")
            left += 1
            continue
        key = _object_of(pose, objects[place], name)
        at = (key, pose.level if by_level else "")
        if at in said:
            refuse(name, f"{pose.where} is about the same object as {said[at].where}")
        said[at] = pose
    if not said:
        refuse(name, "none of its poses is about an object that counts")
    pairs = [_Pair(one, said.get((one.key, one.group if by_level else ""))) for one in known.poses]
    return pairs, left


def _object_of(pose: FoundPose, objects: set[PoseKey], name: str) -> PoseKey:
    if pose.object is None:
        if len(objects) > 1:
            refuse(name, f"{pose.where} does not say which of {len(objects)} objects it is about")
        return next(iter(objects))
    key = PoseKey(pose.image, pose.object)
    if key not in objects:
        refuse(name, f"{pose.where} is about object {pose.object}, which is not in the truth")
    return key


def _by_group(pairs: Sequence[_Pair]) -> dict[str, list[_Pair]]:
    groups: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.truth.group].append(pair)
    return groups


def _errors(pairs: Sequence[_Pair]) -> Floats:
    """Radians, of those that were predicted."""
    both = [(pair.found.rotation, pair.truth.rotation) for pair in pairs if pair.found is not None]
    if not both:
        return np.zeros(0)
    return rotation_errors(np.stack([one for one, _ in both]), np.stack([one for _, one in both]))


def _accuracy(pairs: Sequence[_Pair], limit_rad: float) -> float | None:
    """Per cent; None where the truth has none, or nothing at all is predicted."""
    errors = _errors(pairs)
    if not len(errors):
        return None
    share = accuracy(errors, limit_rad, len(pairs) - len(errors)).value
    return None if share is None else 100.0 * share


def _add(pair: _Pair, models: Path | None, shapes: dict[int, Floats]) -> float | None:
    """What the prediction says, else over the vertices of the CAD model; shapes that were read are kept."""
    found, truth = pair.found, pair.truth
    if found is None or found.add is not None:
        return None if found is None else found.add
    if models is None or found.translation is None or truth.distance is None or truth.cad is None:
        return None
    if truth.cad not in shapes:
        shapes[truth.cad] = read_vertices(inside(models, f"{truth.cad:02d}.off"))
    away = add_errors(
        found.rotation[None],
        found.translation[None],
        truth.rotation[None],
        np.array([[0.0, 0.0, -truth.distance]]),
        shapes[truth.cad][None],
    )
    return float(away[0])


def _counts(groups: Mapping[str, Sequence[_Pair]], names: Sequence[str], word: str = "") -> list[str]:
    notes = []
    for name in names:
        pairs = groups.get(name, [])
        if not pairs:
            notes.append(f"{word}{name}: the truth has none, so there is no figure.")
            continue
        missing = sum(pair.found is None for pair in pairs)
        hidden = [pair.truth.hidden for pair in pairs if pair.truth.hidden is not None]
        text = f"{word}{name}: {len(pairs)} objects"
        if hidden:
            text += f", {100 * float(np.mean(hidden)):.0f} % hidden on average"
        if missing == len(pairs):
            text += "; nothing is predicted, so there is no figure"
        elif missing:
            text += f"; of {missing} nothing is predicted: they count as wrong, and in no median"
        notes.append(f"{text}.")
    return notes


def _add_notes(with_add: Mapping[str, int], models: Path | None) -> list[str]:
    if not any(with_add.values()):
        how = "no CAD models were given" if models is None else "the predictions have no place"
        return [f"There is no ADD: the predictions do not give it, and {how}."]
    counts = ", ".join(f"{with_add[one]} at level {one}" for one in LEVELS)
    return [
        f"ADD of {counts}: as the predictions say, else over the vertices of the CAD model, in PASCAL3D+'s "
        "units."
    ]


def _left_out(known: PoseTruth, left: int) -> list[str]:
    notes = [f"Left out: {count} {why}." for why, count in sorted(known.left_out.items()) if count]
    return [*notes, f"Left out: {left} predictions about what does not count."] if left else notes
