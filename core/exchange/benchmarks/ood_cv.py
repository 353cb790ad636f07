"""OOD-CV: objects in unusual shape, pose, texture, context and weather (Zhao et al., ECCV 2022).

Three layouts are read, as their own programs read them:

- the challenge's one table, `gt.csv`: imgs, labels, azimuth, elevation, theta, distance, nuisance; degrees.
- the challenge's folders, `iid_test/labels.csv` and `nuisances/NAME/labels.csv`, with the same columns.
- the data for poses, `lists/car_weather.txt` with lines of picture and object (from 0), and
  `annotations/car/NAME.mat` like PASCAL3D+'s. What is in `car_all.txt` alone is iid.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import ExchangeError
from core.exchange.benchmarks.occluded_pascal3d import PoseTruth
from core.exchange.benchmarks.pascal3d import AnnotatedObject, read_annotation
from core.exchange.benchmarks.poses import (
    PoseKey,
    TruePose,
    image_key,
    image_of,
    read_rows,
    refuse_radians,
    viewpoint_of,
)
from core.exchange.benchmarks.texts import inside, read_text, refuse, whole

NUISANCES = ("iid", "shape", "pose", "texture", "context", "weather")
"""Table 3's columns."""

_IID = ("iid", "iid_test")


def read_ood_cv(path: Path, category: str) -> PoseTruth:
    """The poses of one category, by nuisance.

    Args:
        path: a table or folder of one of the layouts.
        category: PASCAL's word, such as car.

    Raises:
        ExchangeError: it is none of the layouts, or a file is damaged or contradicts itself; the sentence
            names file and line.
    """
    truth = PoseTruth()
    if path.is_file():
        _table(truth, path, None, category)
    elif (path / "lists").is_dir() and (path / "annotations").is_dir():
        _lists(truth, path, category)
    elif (path / "iid_test").is_dir() or (path / "nuisances").is_dir():
        _folders(truth, path, category)
    else:
        raise ExchangeError(
            f"{path} is no copy of OOD-CV: it is no table, and has neither lists nor nuisances.",
            "Choose gt.csv, the folder with iid_test and nuisances, or the one with lists and annotations.",
        )
    if not truth.poses:
        raise ExchangeError(f"{path} has no {category} that counts.", "Choose another category.")
    return truth


def _folders(truth: PoseTruth, path: Path, category: str) -> None:
    places = [(inside(path, "iid_test", "labels.csv"), "iid")]
    folders = sorted((path / "nuisances").iterdir()) if (path / "nuisances").is_dir() else []
    places += [(inside(path, "nuisances", one.name, "labels.csv"), one.name) for one in folders]
    for table, nuisance in places:
        if table.is_file():
            _table(truth, table, nuisance, category)


def _table(truth: PoseTruth, path: Path, nuisance: str | None, category: str) -> None:
    """Rows of a table; of one nuisance, or each of the one that it names."""
    name = path.name if nuisance is None else f"{path.parent.name}/{path.name}"
    rows = read_rows(path)
    refuse_radians(rows, name)
    seen: set[tuple[str, str]] = set()
    for where, words in rows:
        image = image_of(words, name, where)
        group = nuisance or _nuisance(words, name, where)
        if not words.get("labels", words.get("label", "")).strip():
            refuse(name, f"{where} has no label")
        if words.get("labels", words.get("label", "")).strip() != category:
            truth.others.add(image)
            continue
        if group not in NUISANCES:
            truth.others.add(image)
            truth.left_out[f"objects of the nuisance {group}, which the paper's table does not have"] += 1
            continue
        if (image, group) in seen:
            refuse(name, f"{where} is about {image}, and so is another line")
        seen.add((image, group))
        truth.poses.append(TruePose(PoseKey(image, 0), group, viewpoint_of(words, name, where)))


def _nuisance(words: Mapping[str, str], name: str, where: str) -> str:
    said = words.get("nuisance", "").strip().lower()
    if not said:
        refuse(name, f"{where} has no nuisance")
    return "iid" if said in _IID else said


def _lists(truth: PoseTruth, path: Path, category: str) -> None:
    groups: dict[str, list[PoseKey]] = {}
    for nuisance in NUISANCES[1:]:
        listed = inside(path, "lists", f"{category}_{nuisance}.txt")
        if listed.is_file():
            groups[nuisance] = _listed(listed)
    known = {key for keys in groups.values() for key in keys}
    everything = inside(path, "lists", f"{category}_all.txt")
    if everything.is_file():
        groups["iid"] = [key for key in _listed(everything) if key not in known]
    for other in sorted((path / "lists").glob("*.txt")):
        if not other.name.startswith((f"{category}_", "TrainSet")):
            truth.others |= {key.image for key in _listed(inside(path, "lists", other.name))}
    pictures: dict[str, list[AnnotatedObject]] = {}
    for group, keys in groups.items():
        for key in keys:
            if key.image not in pictures:
                place = inside(path, "annotations", category, f"{key.image}.mat")
                pictures[key.image] = read_annotation(place)
            _listed_pose(truth, key, group, pictures[key.image])


def _listed_pose(truth: PoseTruth, key: PoseKey, group: str, objects: list[AnnotatedObject]) -> None:
    if not 0 <= key.object < len(objects):
        refuse(f"{key.image}.mat", f"it has {len(objects)} objects, and none is number {key.object}")
    one = objects[key.object]
    if one.rotation is None or one.distance <= 0:
        truth.left_out["objects without an annotated distance, as OOD-CV's own program does"] += 1
        return
    truth.poses.append(TruePose(key, group, one.rotation, one.distance, one.cad))


def _listed(path: Path) -> list[PoseKey]:
    keys: dict[PoseKey, None] = {}
    for line, words in enumerate(read_text(path).splitlines(), start=1):
        parts = words.split()
        if not parts:
            continue
        if len(parts) != 2:
            refuse(path.name, f"line {line} is no picture and object")
        key = PoseKey(image_key(parts[0]), whole(parts[1], path.name, f"the object of line {line}"))
        if key in keys:
            refuse(path.name, f"line {line} names {key.image} once more")
        keys[key] = None
    return list(keys)
