"""A network out of a checkpoint: built by what the file says of itself, and no larger than its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from core.errors import CheckpointError
from core.training.checkpoints import check_weights, load_network

Network = TypeVar("Network", bound=nn.Module)

_STRANGE = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def rebuilt(
    build: Callable[[Mapping[str, Any]], Network],
    architecture: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    path: Path,
) -> Network:
    """The network of a checkpoint with its weights, on the CPU, in evaluation mode.

    It is built without memory first: sizes that its weights do not have are refused before any is taken.

    Args:
        build: makes it from `architecture`; may raise anything if that is strange.
        architecture: plain JSON values that came with the weights.
        weights: of `Checkpoint.network`.
        path: the file, for messages.

    Raises:
        CheckpointError: no such network can be built, or the weights are of another.
    """
    try:
        with torch.device("meta"):
            empty = build(architecture)
    except _STRANGE as problem:
        raise CheckpointError(
            f"What {path.name} says of its network cannot be understood.",
            "Choose another run, or update the program.",
        ) from problem
    check_weights(empty, path, weights)
    network = build(architecture)
    load_network(network, path, weights)
    return network.eval()
