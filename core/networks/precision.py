"""Geometry keeps its precision where a network runs in half: pixels and metres have more digits than bf16."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")

_HALVES = (torch.float16, torch.bfloat16)


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """A function of tensors that runs without autocast, on float32 where it is given less.

    The first argument says on which device.
    """

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        first = args[0]
        assert isinstance(first, Tensor)
        with torch.autocast(first.device.type, enabled=False):
            plain: Any = function
            return plain(*map(_whole, args), **{name: _whole(value) for name, value in kwargs.items()})

    return wrapped


def _whole(value: object) -> object:
    return value.float() if isinstance(value, Tensor) and value.dtype in _HALVES else value
