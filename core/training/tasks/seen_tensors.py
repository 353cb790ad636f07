"""Objects of a picture as tensors, to the bit, for the process that counts them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.networks.amodal_rcnn.settings import POINTS
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.seen import Car3D, Person3D, SeenObject
from core.records.shapes import KeypointTag

_CATEGORIES, _TAGS = tuple(Category), tuple(KeypointTag)
_NONE = -1  # the height of a mask that is not there
_SOLIDS: Mapping[str, tuple[Any, ...]] = {
    "car": (Car3D, "rotation", "translation", "shape"),
    "person": (Person3D, "rotations", "translation", "betas"),
}
"""What may stand in 3D: each with the names of its arrays, all of one form in one picture."""


def packed(objects: Sequence[SeenObject], before: str = "") -> dict[str, Tensor]:
    """n objects as tensors.

    Args:
        objects: of one picture.
        before: what each name begins with.
    """
    count = len(objects)
    boxes = [(one.box.x, one.box.y, one.box.w, one.box.h) for one in objects]
    masks = [mask for one in objects for mask in (one.whole, one.modal)]
    bits = [np.packbits(mask.bits) for mask in masks if mask is not None]
    tensors = {
        "category": torch.tensor([_CATEGORIES.index(one.category) for one in objects], dtype=torch.int64),
        "score": torch.tensor([one.score for one in objects], dtype=torch.float64),
        "box": torch.tensor(boxes, dtype=torch.float64).reshape(count, 4),
        "places": torch.from_numpy(_rows([one.places for one in objects], (POINTS, 2))),
        "sure": torch.from_numpy(_rows([one.sure for one in objects], (POINTS,))),
        "tags": torch.tensor(
            [[_TAGS.index(tag) for tag in one.tags] for one in objects], dtype=torch.int64
        ).reshape(count, POINTS),
        "masks": torch.tensor([_form(mask) for mask in masks], dtype=torch.int64).reshape(count, 2, 4),
        "bits": torch.from_numpy(np.concatenate(bits) if bits else np.zeros(0, dtype=np.uint8)),
    }
    for word, (kind, *names) in _SOLIDS.items():
        rows = [row for row, one in enumerate(objects) if isinstance(one.solid, kind)]
        tensors[f"{word}.row"] = torch.tensor(rows, dtype=torch.int64)
        for name in names if rows else ():
            stacked = np.stack([getattr(objects[row].solid, name) for row in rows])
            tensors[f"{word}.{name}"] = torch.from_numpy(stacked)
    return {before + name: one for name, one in tensors.items()}


def unpacked(tensors: Mapping[str, Tensor], before: str = "") -> list[SeenObject]:
    """The objects that `packed` was given."""
    named = {name.removeprefix(before): one for name, one in tensors.items() if name.startswith(before)}
    bits, at = named["bits"].numpy(), 0
    solids: dict[int, Car3D | Person3D] = {}
    for word, (kind, *names) in _SOLIDS.items():
        for place, row in enumerate(named[f"{word}.row"].tolist()):
            solids[row] = kind(*(named[f"{word}.{name}"][place].numpy() for name in names))
    objects = []
    for row in range(len(named["category"])):
        masks: list[MaskPatch | None] = []
        for x, y, height, width in named["masks"][row].tolist():
            if height == _NONE:
                masks.append(None)
                continue
            size = -(-height * width // 8)
            own = np.unpackbits(bits[at : at + size], count=height * width).reshape(height, width)
            masks.append(MaskPatch(x, y, own.astype(np.bool_)))
            at += size
        objects.append(
            SeenObject(
                _CATEGORIES[int(named["category"][row])],
                float(named["score"][row]),
                Box(*named["box"][row].tolist()),
                masks[0],
                masks[1],
                named["places"][row].numpy(),
                named["sure"][row].numpy(),
                tuple(_TAGS[tag] for tag in named["tags"][row].tolist()),
                solids.get(row),
            )
        )
    return objects


def _rows(arrays: Sequence[NDArray[np.float64]], form: tuple[int, ...]) -> NDArray[np.float64]:
    return np.array(arrays, dtype=np.float64).reshape(len(arrays), *form)


def _form(mask: MaskPatch | None) -> tuple[int, int, int, int]:
    """Left, top, height and width."""
    return (0, 0, _NONE, 0) if mask is None else (mask.x, mask.y, *mask.bits.shape)
