"""Tensors from files of weights: safetensors, or torch's own with nothing in it ever run.

Lightning's checkpoints hold the settings of their training beside the tensors, as objects of yacs or
OmegaConf. Those names are known here, and become things without content: their classes are neither imported
nor called. Any other name in a file is refused, and is told. `docs/decisions/0047` says why.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError

if TYPE_CHECKING:
    import torch

_WAY_OUT = "Name a .ckpt, .pth or .safetensors file that holds a network's weights."
_ZIP = b"PK\x03\x04"
_OLD_MARK = (0x1950A86A20F9469CFC6C).to_bytes(10, "little")
"""The number that torch.save began a file with before version 1.6; it stands in a pickle's first bytes."""
_OLD_WAY_OUT = (
    "Save it in today's form, in Python with torch 2 or later: "
    "torch.save(torch.load(OLD, weights_only=True), NEW), with the paths of this file and of a new one."
)
_TENSORS = "data.pkl"
"""What every archive of torch.save holds."""
_DEEPEST_OUTER = 2
_NAMED = 3
_OUTER = ("state_dict", "model")
"""Where checkpoints keep the tensors, if not at the top."""
_DAMAGED = (
    *(pickle.UnpicklingError, struct.error, zipfile.BadZipFile, EOFError, OSError, RuntimeError),
    *(AssertionError, AttributeError, IndexError, KeyError, MemoryError, OverflowError, RecursionError),
    *(NotImplementedError, TypeError, ValueError),
)
"""What a damaged file makes torch's reader raise, depending on its first wrong byte."""


class _Nothing:
    """What an object of a training's settings becomes: it takes any state, and keeps none."""

    def __new__(cls, *_: Any) -> _Nothing:
        return object.__new__(cls)

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


class _Settings:
    """What a dict of a class of its own becomes: a plain one, the only kind that torch's reader fills."""

    def __new__(cls, *_: Any) -> Any:
        return OrderedDict()


_KNOWN: dict[str, type] = {
    **dict.fromkeys(
        (
            "yacs.config.CfgNode",
            "collections.defaultdict",
            "pytorch_lightning.utilities.parsing.AttributeDict",
            "lightning.pytorch.utilities.parsing.AttributeDict",
            "lightning_fabric.utilities.data.AttributeDict",
        ),
        _Settings,
    ),
    **dict.fromkeys(
        (
            "omegaconf.dictconfig.DictConfig",
            "omegaconf.listconfig.ListConfig",
            "omegaconf.base.ContainerMetadata",
            "omegaconf.base.Metadata",
            "omegaconf.nodes.AnyNode",
            "omegaconf.nodes.StringNode",
            "omegaconf.nodes.IntegerNode",
            "omegaconf.nodes.FloatNode",
            "omegaconf.nodes.BooleanNode",
            "omegaconf.nodes.BytesNode",
            "omegaconf.nodes.PathNode",
            "typing.Any",
            "argparse.Namespace",
            "pathlib.PosixPath",
            "pathlib.WindowsPath",
            "builtins.dict",
            "builtins.list",
            "builtins.int",
            "builtins.float",
            "builtins.str",
            "builtins.bool",
        ),
        _Nothing,
    ),
}
"""The names beside tensors that may stand in a file, and what each becomes."""


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file, by name, on the CPU; those of torch's files stay on disk until they are used.

    Args:
        path: a file of safetensors, or of torch.save: a dict of tensors, or one with it as "state_dict" or
            "model".

    Raises:
        CheckpointError: there is no such file, it is damaged, holds no tensors, or asks for more than data.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
    except OSError as error:
        raise CheckpointError(f"The weights {path} cannot be read: {error.strerror}.", _WAY_OUT) from None
    if start.startswith(_ZIP):
        _check_archive(path)
        found = _read_torch(path)
    elif start[8:9] == b"{":
        found = _read_safetensors(path)
    elif _OLD_MARK in start:
        raise _refused(path, "is in the form that torch.save had before version 1.6", _OLD_WAY_OUT)
    else:
        raise _refused(path, "is neither a file of torch.save nor of safetensors")
    return _tensors(found, path)


def _check_archive(path: Path) -> None:
    """Refuse an archive that torch has not made, before torch tells in its own words what it misses there.

    Raises:
        CheckpointError: it is another kind of file, or breaks off.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except _DAMAGED:
        raise _refused(path, "is damaged: perhaps only a part of it was copied") from None
    if any(name.rpartition("/")[2] == _TENSORS for name in names):
        return
    if names and all(name.endswith(".npy") for name in names):
        raise _refused(
            path, "is an npz file, such as a body model's, and no checkpoint of torch or safetensors"
        )
    raise _refused(path, "is an archive of something else, and no checkpoint of torch or safetensors")


def _read_torch(path: Path) -> Any:
    import torch

    known: list[Any] = [(kind, name) for name, kind in _KNOWN.items()]
    with torch.serialization.safe_globals(known):
        try:
            unknown = torch.serialization.get_unsafe_globals_in_checkpoint(str(path))
        except _DAMAGED as error:
            raise _damaged(path, error) from None
        if unknown:
            names = ", ".join(sorted(unknown)[:_NAMED])
            raise _refused(path, f"asks for {names}, which weights do not need; nothing of it was run")
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except _DAMAGED as error:
            raise _damaged(path, error) from None


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, *_DAMAGED) as error:
        raise _damaged(path, error) from None


def _tensors(found: Any, path: Path) -> dict[str, torch.Tensor]:
    import torch

    for _ in range(_DEEPEST_OUTER):
        inner = next((found[key] for key in _OUTER if isinstance(found, dict) and key in found), None)
        if not isinstance(inner, dict):
            break
        found = inner
    if not isinstance(found, dict) or not found:
        raise _refused(path, "holds no dict of tensors")
    for name, tensor in found.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise _refused(path, f"holds something else than a tensor as {str(name)[:80]}")
        if tensor.layout is not torch.strided or tensor.device.type != "cpu":
            raise _refused(path, f"holds {name[:80]} in a form that is not plain")
    return dict(found)


def _damaged(path: Path, error: BaseException) -> CheckpointError:
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    return _refused(path, f"is damaged ({reason[:120].rstrip('.')})")


def _refused(path: Path, what: str, way_out: str = _WAY_OUT) -> CheckpointError:
    return CheckpointError(f"{path.name} {what}.", way_out)
