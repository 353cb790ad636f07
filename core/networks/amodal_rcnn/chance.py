"""Chance of a picture's own: what is drawn of it does not depend on which pictures are beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

CHANCE = "chance"
"""Of a target: a whole number, (), from which all is drawn that is drawn of its picture."""

_MOST = 2**62


def new_chance() -> Tensor:
    """A whole number of torch's chance, for a target."""
    return torch.randint(_MOST, ())


@contextmanager
def chance_of(target: dict[str, Tensor], purpose: int) -> Iterator[None]:
    """Torch's chance is that of a picture meanwhile; a target without any leaves it as it is.

    Args:
        purpose: another number for each thing that is drawn.
    """
    if CHANCE not in target:
        yield
        return
    place = target["boxes"].device
    with torch.random.fork_rng([place] if place.type == "cuda" else []):
        torch.manual_seed(int(target[CHANCE]) ^ purpose)
        yield
