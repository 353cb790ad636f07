"""Real footage by labels made by eye: who is unoccluded, and how annotated cars and people come out in 3D."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.fitting.calibration.from_cars import calibrate_from_cars
from core.geometry.calibration.result import CalibrationResult
from core.jobs.reproduce.chapter import Chapter, Page
from core.jobs.reproduce.footage import car_figures, people_figures
from core.jobs.reproduce.footage.cars import annotated, junction_by_rectangle, lens_of, sightings_of
from core.jobs.reproduce.footage.clips import CLIPS, NETWORK, Clip
from core.jobs.reproduce.footage.footage_tables import footage_report
from core.jobs.reproduce.footage.label_figures import Judged
from core.jobs.reproduce.footage.people import CLIP, annotated_people, camera_from_people, mined_plaza
from core.jobs.reproduce.footage.unoccluded import JudgedClip, groups, joined, judge, labels_of, rule_rows
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.units import Unit, write_whole
from core.shapes.space_file import default_space

_GROUPS = ("all labels", "held out")


def real_footage(footage: Path | None) -> Chapter:
    """The chapter.

    Args:
        footage: the folder of the public clips, or None: what needs their pictures is skipped then.
    """
    return Chapter("Real footage by hand-made labels", "real footage", partial(_units, footage), _page)


def _units(footage: Path | None, home: Path, size: Size) -> list[Unit]:
    if size is Size.SMOKE:
        return [Unit("a real clip's cars by their points", _made(home, "cars"), partial(_cars, home, size))]
    made = [
        Unit("real cars by their points", _made(home, "cars"), partial(_cars, home, size)),
        Unit("real people by their points", _made(home, "people"), partial(_people, home)),
    ]
    if footage is None:
        return made
    if (footage / CLIP).exists():
        made.append(Unit("people mined in the plaza", _made(home, "plaza"), partial(_plaza, home, footage)))
    made += [
        Unit(f"who is unoccluded in {clip.name}", _judged(home, clip), partial(_judge, home, footage, clip))
        for clip in CLIPS
        if (footage / clip.path).exists() and (footage / NETWORK).exists()
    ]
    return made


def _page(home: Path, size: Size) -> Page | None:
    del size
    parts = {name: _read(_made(home, name)) for name in ("cars", "people", "plaza")}
    there = {name: part for name, part in parts.items() if part is not None}
    clips = [_judged_clip(clip, _judged(home, clip)) for clip in CLIPS if _judged(home, clip).exists()]
    if not there and not clips:
        return None
    labels, words = joined(clips)
    rules = {
        name: {
            "labels": len(chosen),
            "base rate": float(np.mean([labels[place].unoccluded for place in chosen])),
        }
        | rule_rows(labels, words, chosen)
        for name, chosen in groups(labels).items()
        if any(name.endswith(kind) for kind in _GROUPS)
    }
    return Page(footage_report(there, rules), there | {"unoccluded": rules})


def _made(home: Path, name: str) -> Path:
    return home / "footage" / f"{name}.json"


def _judged(home: Path, clip: Clip) -> Path:
    return _made(home, f"unoccluded-{clip.name}")


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, found: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(found, default=float))


def _cars(home: Path, size: Size) -> None:
    """Each clip by its calibration: the junction by what was drawn on its road, the suburb by its cars."""
    results: dict[str, CalibrationResult] = {"junction": junction_by_rectangle()}
    if size is not Size.SMOKE:
        cars = sightings_of(annotated("suburb"))
        results["suburb"] = calibrate_from_cars(cars, lens_of("suburb"), default_space())
    found = {
        clip: {
            "figures": car_figures.measured(clip, result).figures,
            "who": [one.name for one in annotated(clip)],
            "held out": _finite(car_figures.held_out_points(annotated(clip), result)),
        }
        for clip, result in results.items()
    }
    _write(_made(home, "cars"), found)


def _people(home: Path) -> None:
    people = annotated_people()
    off = people_figures.held_out_points(people, *camera_from_people())
    _write(_made(home, "people"), {"who": [one.number for one in people], "held out": _finite(off)})


def _plaza(home: Path, footage: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plaza.amodal"
        record, people = mined_plaza(path, footage / CLIP)
        stood, _ = people_figures.stood(record, path, people)
        _write(_made(home, "plaza"), {"camera": people_figures.calibrated(record), "people": stood})


def _judge(home: Path, footage: Path, clip: Clip) -> None:
    """A clip's objects are looked for in parts, so that it goes on where it was broken off."""
    found = judge(clip, footage, home / "footage" / "finds")
    every = labels_of(clip)
    told = {
        "labels": [every.index(label) for label in found.labels],
        "missed": found.missed,
        "words": {
            rule: {"kept": word.kept.tolist(), "belief": word.belief.tolist()}
            for rule, word in found.words.items()
        },
    }
    _write(_judged(home, clip), told)


def _judged_clip(clip: Clip, path: Path) -> JudgedClip:
    told = _read(path)
    assert told is not None
    every = labels_of(clip)
    words = {
        rule: Judged(np.array(word["kept"], dtype=np.bool_), np.array(word["belief"], dtype=np.float64))
        for rule, word in told["words"].items()
    }
    return JudgedClip(tuple(every[place] for place in told["labels"]), words, told["missed"])


def _finite(rows: list[list[float]]) -> list[list[float | None]]:
    """Infinite ones as None, since JSON has no such number."""
    return [[None if math.isinf(value) else round(value, 5) for value in row] for row in rows]
