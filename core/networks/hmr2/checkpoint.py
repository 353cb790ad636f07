"""HMR 2.0's checkpoint: every tensor of it is loaded by name and shape, known and left out, or refused.

| tensors | what becomes of them |
| --- | --- |
| backbone.*, smpl_head.* | loaded: all of them, in their shapes |
| smpl.* | left out, as the body is the user's own file; two, checked, say where its pelvis rests |
| discriminator.* | left out: it judged poses in training |
| initialized | left out: a mark of the training program |

Any other name is of another network, and refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import CheckpointError
from core.networks.hmr2.config import Hmr2Config
from core.networks.weights_file import read_tensors
from core.shapes.body.skeleton import COUNT

if TYPE_CHECKING:
    import torch

    from core.networks.hmr2.network import Hmr2

_WAY_OUT = "Name the checkpoint that HMR 2.0's makers publish, or a safetensors file with its tensors' names."
_TEMPLATE, _REGRESSOR = "smpl.v_template", "smpl.J_regressor"
_NAMED = 3
"""How many tensors a refusal names."""

_BODY = frozenset(
    f"smpl.{name}"
    for name in (
        *("faces_tensor", "v_template", "shapedirs", "posedirs", "J_regressor", "parents", "lbs_weights"),
        *("vertex_joint_selector.extra_joints_idxs", "joint_map", "joint_regressor_extra"),
        *("betas", "global_orient", "body_pose", "transl"),  # of smplx's bodies that keep a pose of their own
    )
)
_JUDGE = frozenset(
    f"discriminator.{layer}.{part}"
    for layer in (
        *("D_conv1", "D_conv2", "betas_fc1", "betas_fc2", "betas_out"),
        *("D_alljoints_fc1", "D_alljoints_fc2", "D_alljoints_out"),
        *(f"pose_out.{joint}" for joint in range(COUNT - 1)),
    )
    for part in ("weight", "bias")
)
LEFT_OUT = _BODY | _JUDGE | {"initialized"}
"""Names of the published checkpoint's tensors that the network does without."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedHmr2:
    """The network of a checkpoint.

    Attributes:
        network: in evaluation mode, on the CPU.
        rest_pelvis: (3,) where the pelvis of the body it was trained with rests, metres, body frame: its
            camera is told against that body's origin. None where the file does not say.
    """

    network: Hmr2
    rest_pelvis: NDArray[np.float64] | None


def load_hmr2(path: Path, config: Hmr2Config | None = None) -> LoadedHmr2:
    """The network of a file; nothing in the file is run.

    Args:
        path: the published Lightning checkpoint, or a file of its tensors (torch or safetensors).
        config: sizes other than the published ones.

    Raises:
        CheckpointError: the file cannot be read, is unsafe, is of another network, or has a body with arrays
            that no body has.
    """
    import torch

    from core.networks.hmr2.network import Hmr2

    tensors = read_tensors(path)
    with torch.device("meta"):  # sizes only: the weights come from the file
        network = Hmr2(config)
    check_tensors(tensors, network, path.name)
    state = {name: tensors[name].to(torch.float32) for name in network.state_dict()}
    network.load_state_dict(state, assign=True)
    return LoadedHmr2(network.eval().requires_grad_(False), _rest_pelvis(tensors, path.name))


def check_tensors(tensors: Mapping[str, torch.Tensor], network: Hmr2, name: str) -> None:
    """Refuse what is not HMR 2.0's.

    Args:
        tensors: of the file.
        network: of the sizes wanted; on the meta device will do.
        name: of the file.

    Raises:
        CheckpointError: a tensor is missing, misshapen, of whole numbers, or not known.
    """
    wanted = network.state_dict()
    unknown = sorted(tensors.keys() - wanted.keys() - LEFT_OUT)
    missing = sorted(wanted.keys() - tensors.keys())
    if missing:
        kind = " It is of another network." if len(missing) > len(wanted) // 2 else ""
        raise CheckpointError(f"{name} has no {_listed(missing)}, which HMR 2.0 has.{kind}", _WAY_OUT)
    if unknown:
        raise CheckpointError(f"{name} has {_listed(unknown)}, which HMR 2.0 has not.", _WAY_OUT)
    for key, tensor in wanted.items():
        found = tensors[key]
        if found.shape != tensor.shape:
            raise CheckpointError(
                f"{name} has {key} of {_by(found.shape)} numbers, where HMR 2.0 has {_by(tensor.shape)}.",
                _WAY_OUT,
            )
        if not found.is_floating_point():
            raise CheckpointError(f"{name} has {key} in whole numbers.", _WAY_OUT)


def _rest_pelvis(tensors: Mapping[str, torch.Tensor], name: str) -> NDArray[np.float64] | None:
    if not tensors.keys() >= {_TEMPLATE, _REGRESSOR}:
        return None
    count = tensors[_TEMPLATE].shape[0] if tensors[_TEMPLATE].ndim else 0
    for key, shape in ((_TEMPLATE, (count, 3)), (_REGRESSOR, (COUNT, count))):
        tensor = tensors[key]
        if tuple(tensor.shape) != shape or not tensor.is_floating_point():
            wanted = " x ".join(map(str, shape))
            raise CheckpointError(
                f"{name} has {key} of {_by(tensor.shape)} numbers, where its body has {wanted} real ones.",
                _WAY_OUT,
            )
        if not tensor.isfinite().all():
            raise CheckpointError(f"{name} has {key} with numbers that are not finite.", _WAY_OUT)
    pelvis = tensors[_REGRESSOR][0].double() @ tensors[_TEMPLATE].double()
    return np.asarray(pelvis.numpy(), dtype=np.float64)


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(name[:80] for name in names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _by(shape: torch.Size) -> str:
    return " x ".join(map(str, shape)) or "one"
