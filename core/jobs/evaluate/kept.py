"""What an evaluation has looked at so far, as files beside the project: from these it goes on, and counts.

NAME.files/evaluations/ID holds them while the job runs, some pictures a file, of plain tensors. Nothing of a
half evaluation is in the project. What a file says stands in a folder of its digest within, as the file may
be another one when the job goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from core.evaluation.compared import TruePicture, TrueThing
from core.jobs.evaluate.looked_folder import looked_folder
from core.records.boxes import Box
from core.records.evaluations import PictureRow
from core.records.seen import SeenObject
from core.store.project import Project
from core.training.tasks.seen_tensors import packed, unpacked

_NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class LookedAt:
    """A picture, its truth, and what was said of it.

    Attributes:
        row, key, truth: as `TruthSample` has them.
        said: the finds.
    """

    row: PictureRow
    key: str
    truth: TruePicture
    said: list[SeenObject]


class KeptPictures:
    """The pictures of an evaluation that were looked at.

    Args:
        project, evaluation_id: whose.
        digest: of what says the finds, where that may change in between; "" where not.
    """

    def __init__(self, project: Project, evaluation_id: int, digest: str = "") -> None:
        self.folder = looked_folder(project, evaluation_id) / digest

    def has(self, portion: int) -> bool:
        """Whether a portion is there."""
        return self._file(portion).is_file()

    def write(self, portion: int, pictures: list[LookedAt]) -> None:
        """Keep a portion; its file is there once it is whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, Tensor] = {}
        for place, one in enumerate(pictures):
            tensors |= {f"{place}/{name}": value.contiguous() for name, value in _tensors(one).items()}
        part = self._file(portion).with_suffix(".new")
        part.write_bytes(save(tensors, metadata={"pictures": json.dumps([_plain(one) for one in pictures])}))
        part.replace(self._file(portion))

    def read(self, portion: int) -> Iterator[LookedAt]:
        """The pictures of a portion."""
        from safetensors import safe_open

        path = self._file(portion)
        with safe_open(str(path), framework="pt") as file:
            told = json.loads(file.metadata()["pictures"])
        tensors = load_file(path)
        for place, one in enumerate(told):
            before = f"{place}/"
            own = {
                name.removeprefix(before): value for name, value in tensors.items() if name.startswith(before)
            }
            yield _picture(one, own)

    def _file(self, portion: int) -> Path:
        return self.folder / f"{portion:06d}.safetensors"


def _tensors(one: LookedAt) -> dict[str, Tensor]:
    things = one.truth.things
    return {
        **packed([thing.seen for thing in things], "known."),
        **packed(one.said, "said."),
        "ids": torch.tensor([_or_none(thing.instance_id) for thing in things], dtype=torch.int64),
        "places": torch.tensor([_or_none(thing.place) for thing in things], dtype=torch.int64),
        "occlusion": _numbers([thing.occlusion for thing in things]),
        "distance": _numbers([thing.distance_m for thing in things]),
        "ignored": torch.tensor(
            [(box.x, box.y, box.w, box.h) for box in one.truth.ignored], dtype=torch.float64
        ).reshape(-1, 4),
    }


def _picture(told: dict[str, object], own: dict[str, Tensor]) -> LookedAt:
    row = PictureRow(**told["row"])  # type: ignore[arg-type]
    things = [
        TrueThing(
            seen,
            instance_id=_not_none(own["ids"][number]),
            place=_not_none(own["places"][number]),
            occlusion=_known(own["occlusion"][number]),
            distance_m=_known(own["distance"][number]),
        )
        for number, seen in enumerate(unpacked(own, "known."))
    ]
    ignored = tuple(Box(*values) for values in own["ignored"].tolist())
    truth = TruePicture(row.width, row.height, things, ignored, row.hour)
    return LookedAt(row, str(told["key"]), truth, unpacked(own, "said."))


def _plain(one: LookedAt) -> dict[str, object]:
    row = one.row
    fields = ("place", "frame_id", "recipe_id", "name", "camera_id", "hour", "width", "height")
    return {"row": {name: getattr(row, name) for name in fields}, "key": one.key}


def _or_none(value: int | None) -> int:
    return _NONE if value is None else value


def _not_none(value: Tensor) -> int | None:
    return None if int(value) == _NONE else int(value)


def _numbers(values: list[float | None]) -> Tensor:
    rows = [float("nan") if value is None else value for value in values]
    return torch.tensor(rows, dtype=torch.float64)


def _known(value: Tensor) -> float | None:
    number = float(value)
    return None if number != number else number
