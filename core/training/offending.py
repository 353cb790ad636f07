"""Keeps the batch on which a training stopped, as tensors and JSON, for people to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.training.checkpoints import SUFFIX, write_whole

_SHOWN = 200


def keep_batch(folder: Path, name: str, batch: Any, facts: Mapping[str, Any]) -> Path:
    """Write a batch as NAME.safetensors, and what it is made of as NAME.json beside it.

    Args:
        folder: of the run.
        name: of both files.
        batch: tensors and arrays, however deep in lists, tuples and dicts. What else is in it is only named.
        facts: plain JSON values, which the JSON holds as well.

    Returns:
        The path of the tensors.

    Raises:
        DiskFullError, TrainingError: it cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    form = _form_of(batch, "", tensors)

    def write_tensors(draft: Path) -> Path:
        save_file(tensors, draft)
        return folder / f"{name}{SUFFIX}"

    def write_form(draft: Path) -> Path:
        draft.write_text(json.dumps({**facts, "batch": form}, indent=1) + "\n", encoding="utf-8")
        return folder / f"{name}.json"

    write_whole(folder, write_form)
    return write_whole(folder, write_tensors)


def _form_of(value: Any, at: str, tensors: dict[str, Tensor]) -> Any:
    """What a part of a batch is, as plain JSON values; its tensors are put aside, named by their place."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        value = torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, Tensor):
        tensors[at or "batch"] = value.detach().cpu().clone().contiguous()
        return {"tensor": at or "batch"}
    if isinstance(value, Mapping):
        return {str(key): _form_of(one, _join(at, key), tensors) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_form_of(one, _join(at, index), tensors) for index, one in enumerate(value)]
    if value is None or isinstance(value, bool | int | str):
        return value
    return repr(value)[:_SHOWN]


def _join(at: str, key: object) -> str:
    return f"{at}.{key}" if at else str(key)
