"""Real footage by hand-made labels, in Markdown."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from core.evaluation.bootstrap import Drawing, Groups, estimates, means, medians
from core.jobs.reproduce.footage.unoccluded import OURS
from core.jobs.reproduce.tables import table, words

_PCK = 0.1
_SHOWN = ("precision", "recall", "f1", "average_precision", "precision_at_recall_0.60")
_NAMES = {"precision_at_its_recall": "precision at its recall", "f1": "F1", "average_precision": "AP"}
_PAPER = (
    ("heuristic, loosest threshold", "0.32", "0.60"),
    ("heuristic, second", "0.41", "0.42"),
    ("heuristic, third", "0.52", "0.17"),
    ("heuristic, strictest", "0.57", "0.01"),
    ("occlusion classifier", "0.70", "0.81"),
)
"""Table 5 (ALGORITHMS 2.2); the thresholds are lost."""

_NO_FOOTAGE = (
    "Skipped: {what} needs the footage, and no folder of it was given (`--footage`; the guide says which "
    "public clips lie in it)."
)


def footage_report(parts: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    """All that is there, as Markdown; what is not is said to be skipped.

    Args:
        parts: what the chapter keeps of cars, people and the plaza. rules: figures of each rule, by group.
    """
    return "\n\n".join(
        [
            "## Real footage by hand-made labels",
            "Labels made by eye by one labeller, on public footage. Nothing is known of true places there, "
            "so that poses are judged by what they say of points that were held out, and of sizes.",
            "### Annotated cars and people: points held out",
            "Each placed point was left out once, the object fitted from its others, and the point looked "
            "for where the fit puts it; L is the larger side of the box, of cars of that around their "
            "points. Intervals are of 95 %, different cars or people drawn anew.",
            _held_out(parts),
            "No paper's number stands beside these: points that a fit puts back are no network's finds. "
            "WALT3D's PCK is of those, on labels of its own, and its values are lost.",
            "### Annotated cars: as large as cars",
            _sizes(parts["cars"]) if "cars" in parts else "Not run yet.",
            "Likewise: no table of the papers has sizes of cars, or statures of people, on footage whose 3D "
            "is not known.",
            "### Annotated people: mined, calibrated and fitted in their clip",
            _plaza(parts["plaza"]) if "plaza" in parts else _NO_FOOTAGE.format(what="mining them"),
            "### Who is unoccluded (table 5)",
            *(_unoccluded(rules) if rules else [_NO_FOOTAGE.format(what="who is unoccluded")]),
        ]
    )


def _held_out(parts: Mapping[str, Any]) -> str:
    rows = []
    for clip, found in parts.get("cars", {}).items():
        rows.append((f"cars of `{clip}`", *_points(found["held out"], found["who"])))
    if "people" in parts:
        found = parts["people"]
        rows.append(("people of `plaza`", *_points(found["held out"], found["who"])))
    return table(("", "sightings", "points", "within 0.1 L (PCK)", "median, of L"), rows)


def _points(off: Sequence[Sequence[float | None]], who: Sequence[Hashable]) -> tuple[str, str, str, str]:
    values = np.array([np.inf if one is None else one for row in off for one in row])
    groups = Groups.of([number for number, row in zip(who, off, strict=True) for _ in row])
    [pck] = estimates(means(values < _PCK, groups), groups.count, Drawing())
    [median] = estimates(medians(values, groups), groups.count, Drawing())
    return str(len(off)), str(len(values)), words(pck), words(median)


def _sizes(cars: Mapping[str, Any]) -> str:
    rows = []
    for clip, found in cars.items():
        one = found["figures"]
        spread = [
            f"{one[f'car_{n}_m']:.2f} ± {one[f'car_{n}_spread_m']:.2f}" for n in ("length", "width", "height")
        ]
        rows.append(
            (
                clip,
                f"{one['good']:.0f} of {one['cars']:.0f}",
                f"{one['in_size']:.0f}",
                *spread,
                f"{one['rms_px']:.1f} px",
            )
        )
    return table(
        ("clip", "good fits", "3.5 to 5.2 m long", "length, m", "width, m", "height, m", "RMS"), rows
    )


def _plaza(found: Mapping[str, Any]) -> str:
    camera, people = found["camera"], found["people"]
    return (
        f"{people['people']:.0f} different people in {people['sightings']:.0f} sightings, "
        f"{people['mined']:.0f} of them mined; {people['good']:.0f} fits call themselves good. "
        f"{people['plausible']:.0f} are 1.5 to 2.0 m tall, median {people['tall_median_m']:.2f} m. Those "
        f"who walk face a median {people['facing_off_median_deg']:.0f}° off their way. The camera, from the "
        f"people alone, is {camera['focal_off_percent']:+.1f} % in focal length, "
        f"{camera['height_off_percent']:+.1f} % in height and {camera['tilt_off_deg']:.1f}° off the "
        "published one."
    )


def _unoccluded(rules: Mapping[str, Any]) -> list[str]:
    rows = []
    for name, group in rules.items():
        for rule, figures in group["rules"].items():
            cells = [_cell(figures[key]) for key in _SHOWN]
            rows.append((name, f"{group['labels']}, {group['base rate']:.2f}", rule, *cells))
    leads = [
        (
            name,
            rule,
            *(_cell(row[key]) for key in _NAMES),
            ", ".join(_NAMES[key] for key in group["clearly"][rule]) or "nothing",
        )
        for name, group in rules.items()
        for rule, row in group["lead"].items()
    ]
    return [
        table(
            ("", "labels, base rate", "rule", "precision", "recall", "F1", "AP", "precision at recall 0.60"),
            rows,
        ),
        f"How far {OURS} is ahead of each form of WALT's rule:",
        table(("", "rule", *_NAMES.values(), "beyond chance ahead in"), leads),
        "Intervals are of 95 %, blocks of 50 frames drawn anew. Held out are labels on which nothing was "
        "tuned.",
        "The paper's table 5, on its own labels:",
        table(("", "precision", "recall"), _PAPER),
        "Comparable: that a rule by boxes is right less often than one that sees more; not the values, which "
        "hang on how many objects are unoccluded at all.",
    ]


def _cell(one: Mapping[str, float]) -> str:
    if np.isnan(one["value"]):
        return "-"
    return f"{one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})"
