"""AdamW as WALT has it: no weight decay on norms, biases and position tables; its state as named tensors."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from core.errors import CheckpointError
from core.training.task import Schedule

_POSITIONS = ("relative_position_bias_table", "pos_embed", "pos_embedding", "position_embedding")
_TABLES = (("bodies", "place"), ("tags", "name"))  # where a cell is, and which point is told of
_SEPARATOR = "/"  # no name of a parameter holds it


def make_optimiser(network: nn.Module, schedule: Schedule) -> AdamW:
    """The optimiser of all parameters that are learned; betas 0.9 and 0.999 (ALGORITHMS 4.5)."""
    learned = [(name, one) for name, one in network.named_parameters() if one.requires_grad]
    groups = [
        {
            "params": [one for name, one in learned if decays(name, one)],
            "weight_decay": schedule.weight_decay,
        },
        {"params": [one for name, one in learned if not decays(name, one)], "weight_decay": 0.0},
    ]
    return AdamW([group for group in groups if group["params"]], lr=schedule.learning_rate)


def decays(name: str, parameter: Tensor) -> bool:
    """Whether a parameter decays: not those of norms, biases (one dimension) and position tables."""
    parts = tuple(name.split("."))
    return parameter.ndim > 1 and parts[-1] not in _POSITIONS and parts[-2:] not in _TABLES


def learned_of(optimiser: AdamW) -> list[nn.Parameter]:
    """The parameters of an optimiser, in its order."""
    return list(chain.from_iterable(group["params"] for group in optimiser.param_groups))


def tensors_of(optimiser: AdamW, network: nn.Module) -> dict[str, Tensor]:
    """What the optimiser has gathered, as "PARAMETER/exp_avg" and the like."""
    gathered = {}
    for name, parameter in network.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            gathered[f"{name}{_SEPARATOR}{key}"] = value
    return gathered


def restore(optimiser: AdamW, network: nn.Module, gathered: Mapping[str, Tensor]) -> None:
    """Give an optimiser what it, or one like it, had gathered.

    Raises:
        CheckpointError: it is of another network.
    """
    learned = {id(one) for one in learned_of(optimiser)}
    parameters = {name: one for name, one in network.named_parameters() if id(one) in learned}
    for key, value in gathered.items():
        name, _, what = key.rpartition(_SEPARATOR)
        parameter = parameters.get(name)
        if parameter is None or (value.ndim > 0 and value.shape != parameter.shape):
            raise CheckpointError(
                f"The checkpoint's optimiser knows {name[:80]}, which this network has not so.",
                "Begin a new run.",
            )
        device = parameter.device if value.ndim else torch.device("cpu")  # AdamW counts its steps there
        optimiser.state[parameter][what] = value.to(device, copy=True)
