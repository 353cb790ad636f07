"""Hidden points by exact labels and by two other cameras, on the same cars of drawn streets.

    python -m benchmarks.hidden_points_trifocal [--epochs 24 --width 64 --trifocal 30]

Cars that three calibrated cameras see at once, of two streets, teach; those of a third are measured by. They
are seen as they are and once more with covers by chance, as trainings see them. Occlusion-Net learns what is
hidden from exact labels; from the two other cameras alone; or from nothing, by the points that are seen.

It is given what the program's pre-labeller says of them, or the same with every hidden point anywhere in the
square and little confidence, as `benchmarks.hidden_points_3d` has it. One thread throughout.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from benchmarks._unoccluded_data import ROOT
from benchmarks.hidden_points_3d import blind, trained
from core.jobs.networks_in_use import prelabeller_of
from core.networks.occlusion_net.settings import HiddenFrom
from core.training.data.crop_augment import Augmentation
from core.training.data.crops import read_crops
from core.training.data.said_cars import SaidCar, SaidCars, say
from core.training.data.synthetic_crops import CropPlan, kinds_of, make_crops
from core.training.tasks.hidden_points import HiddenForm, form_of, make_task, pck_of

FOLDER = ROOT / ".bench" / "hidden_points_trifocal"
_NONE = (0, 0, 0)
PLAN = CropPlan(_NONE, streets=_NONE, shared=(2, 0, 1), frames=24, width=960, height=540)


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Draw what is not drawn, train, measure, print, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hidden_points_trifocal")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--trifocal", type=float, nargs="*", default=[], help="other weights of the loss")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    make_crops(FOLDER, PLAN)
    finder, _ = prelabeller_of(None)
    learned, tested = (
        read_crops(FOLDER, kinds_of(split, cars=False, streets=False, shared=True))
        for split in ("train", "test")
    )
    training = say(finder, learned) + say(finder, learned, how=Augmentation(rough=0.0))
    test = say(finder, tested)
    usual = form_of("paper", given.width)
    by_others = form_of("paper", given.width, hidden_from=HiddenFrom.TRIFOCAL)
    forms = {
        "exact labels": usual,
        "other cameras": by_others,
        **{f"other cameras, {one:g}": _weighed(by_others, one) for one in given.trifocal},
        "nothing": _weighed(by_others, 0.0),
    }
    report: dict[str, Any] = {"looks": {"training": len(training), "test": len(test)}}
    for maps, teaches, measures in (
        ("nothing of hidden points", blind(training, 1), blind(test, 2)),
        ("the pre-labeller", training, test),
    ):
        report[maps] = {"input": pck_of([one.places for one in measures], measures)}
        print(maps, "input", json.dumps(report[maps]["input"]), flush=True)
        for name, form in forms.items():
            row = _row(form, teaches, measures, given.epochs)
            report[maps][name] = row
            print(maps, name, json.dumps(row), flush=True)
    return report


def _weighed(form: HiddenForm, trifocal: float) -> HiddenForm:
    return replace(form, losses=replace(form.losses, trifocal=trifocal))


def _row(
    form: HiddenForm, teaches: Sequence[SaidCar], measures: Sequence[SaidCar], epochs: int
) -> Mapping[str, Any]:
    """Figures of all hidden points, and of those that two other cameras see."""
    task = make_task(SaidCars(teaches, measures, {}), form=form)
    seen = [replace(one, tags=_only(one)) for one in measures]
    return trained(task, epochs, {"all": measures, "seen by others": seen})


def _only(car: SaidCar) -> Any:
    """(12,) tags, but -1 of hidden points that the two others do not see."""
    tags = car.tags.copy()
    tags[(tags > 0) & ~car.elsewhere.seen] = -1
    return tags


if __name__ == "__main__":
    import sys

    print(json.dumps(main(sys.argv[1:]), indent=2))
