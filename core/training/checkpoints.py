"""Checkpoints: safetensors with JSON in their head, named by hash, whole or not there at all; no pickle."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core.errors import CheckpointError, DiskFullError, TrainingError
from core.shapes.body.labels import is_same_body

SUFFIX = ".safetensors"

_HEAD = "amodal"
_FORMAT = 1
_NETWORK, _OPTIMISER = "network:", "optimiser:"
_NAME = re.compile(r"[a-z]+-([0-9a-f]{16})\.safetensors")
_DIGITS = 16
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_ROOM_WORDS = tuple(f"(os error {code})" for code in (*_NO_ROOM, 112))  # the last is Windows'
_OTHER = "Choose a file that a run of this program has written."
_SHOWN = 60
_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint holds.

    Attributes:
        network: its weights by name, on the CPU.
        optimiser: what the optimiser had gathered by name, or nothing where only the weights were kept.
        facts: plain JSON values: "purpose", "architecture", and "state", from which a run goes on.
    """

    network: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    facts: dict[str, Any]


def write_checkpoint(folder: Path, kept: str, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint as KEPT-HASH.safetensors; it gets its name once it is whole and on the disk.

    Args:
        folder: of the run; made where it is missing. The one above it must be there.
        kept: what it is, in small letters: the beginning of its name.
        checkpoint: what it holds.

    Raises:
        DiskFullError: there is no room; nothing is left of it.
        TrainingError: it cannot be written there.
    """
    tensors = {_NETWORK + name: one for name, one in checkpoint.network.items()}
    tensors |= {_OPTIMISER + name: one for name, one in checkpoint.optimiser.items()}
    head = json.dumps({"format": _FORMAT, **checkpoint.facts}, allow_nan=False)
    plain = _apart(tensors)

    def write(draft: Path) -> Path:
        save_file(plain, draft, {_HEAD: head})
        return folder / f"{kept}-{_digest(draft)}{SUFFIX}"

    return write_whole(folder, write)


def write_whole(folder: Path, write: Callable[[Path], Path]) -> Path:
    """A file of a run's folder that gets its name once it is whole and on the disk.

    Args:
        folder: of the run; made where it is missing. The one above it must be there: a project that was moved
            leaves nothing new where it was.
        write: writes a file under the name that it is given, and says which name it gets.

    Raises:
        DiskFullError: there is no room; nothing is left of it.
        TrainingError: it cannot be written there.
    """
    draft = folder / f".{uuid.uuid4().hex[:8]}.draft"
    try:
        folder.mkdir(exist_ok=True)
        try:
            path = write(draft)
            _to_disk(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        if os.name == "posix":
            _to_disk(folder)  # the name, too
    except (OSError, SafetensorError) as error:
        # safetensors has the system's error only in its words
        if getattr(error, "errno", None) in _NO_ROOM or any(word in str(error) for word in _NO_ROOM_WORDS):
            raise DiskFullError(f"There is no room left in {folder.parent}.", "Make room.") from error
        raise TrainingError(
            f"{folder} cannot be written: {error}.", "Check the disk and its rights."
        ) from error
    return path


def forget_others(path: Path) -> None:
    """Remove older checkpoints of the same kind beside one, and what a killed process left half written."""
    kind = path.name.partition("-")[0]
    for other in [*path.parent.glob(f"{kind}-*{SUFFIX}"), *path.parent.glob(".*.draft")]:
        if other != path:
            other.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Nothing in it is ever run: it is numbers and JSON.

    Raises:
        CheckpointError: it is not there, damaged, of a newer version, or of another program.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:_DIGITS]
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.", _OTHER) from None
    named = _NAME.fullmatch(path.name)
    if named is not None and named[1] != digest:
        raise CheckpointError(f"{path.name} is damaged: its content is not what its name says.", _OTHER)
    try:
        with safe_open(path, "pt") as opened:
            facts = _facts(path, opened.metadata())
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no dict
    except (SafetensorError, ValueError, TypeError, AttributeError, OSError) as error:
        raise CheckpointError(
            f"{path.name} is no file of safetensors, or damaged: {error}.", _OTHER
        ) from None
    network, optimiser = _under(tensors, _NETWORK), _under(tensors, _OPTIMISER)
    if len(network) + len(optimiser) != len(tensors):
        raise CheckpointError(f"{path.name} holds tensors that are of no run.", _OTHER)
    for name, one in network.items():
        if one.is_floating_point() and not bool(torch.isfinite(one).all()):
            raise CheckpointError(f"{path.name} holds what is no number in {name[:_SHOWN]}.", _OTHER)
    return Checkpoint(network, optimiser, facts)


def is_of_a_run(path: Path) -> bool:
    """Whether a file is one that a run of this program has written, by what it says of itself.

    Raises:
        CheckpointError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_LENGTH_BYTES + 1)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.", _OTHER) from None
    if head[_LENGTH_BYTES:] != b"{":  # safetensors begin with the length of their JSON
        return False
    try:
        with safe_open(path, "pt") as opened:
            return _HEAD in (opened.metadata() or {})
    except (SafetensorError, ValueError, OSError):
        return False


def check_kind(path: Path, facts: Mapping[str, Any], purpose: str, architecture: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of another purpose or network.

    Raises:
        CheckpointError: it is, and how they differ.
    """
    if facts.get("purpose") != purpose:
        raise CheckpointError(
            f"{path.name} is a {_words(facts.get('purpose'))}, and a {_words(purpose)} is asked for.", _OTHER
        )
    theirs, ours = facts.get("architecture"), json.loads(json.dumps(dict(architecture)))
    if isinstance(theirs, dict) and is_same_body(str(theirs.get("body", "")), str(ours.get("body", ""))):
        theirs = {**theirs, "body": ours["body"]}  # whatever its file was called
    difference = _difference(theirs, ours)
    if difference:
        raise CheckpointError(
            f"{path.name} is of another network: {difference}.", "Choose the same variant, or another file."
        )


def load_network(network: nn.Module, path: Path, weights: Mapping[str, Tensor]) -> None:
    """Put weights into a network; each must be there, of the same shape.

    Raises:
        CheckpointError: they are of another network.
    """
    check_weights(network, path, weights)
    network.load_state_dict(dict(weights))


def check_weights(network: nn.Module, path: Path, weights: Mapping[str, Tensor]) -> None:
    """Refuse weights that are of another network. This one may be without memory, on the device "meta".

    Raises:
        CheckpointError: they are, and the first difference.
    """
    own = network.state_dict()
    for name in sorted(own.keys() ^ weights.keys()):
        where = "has no" if name in own else "has a"
        raise CheckpointError(f"{path.name} {where} {name[:_SHOWN]}, other than this network.", _OTHER)
    for name, one in own.items():
        given = weights[name]
        if given.shape != one.shape or given.is_floating_point() != one.is_floating_point():
            raise CheckpointError(
                f"{path.name} has {name[:_SHOWN]} as {_form(given)}, and this network as {_form(one)}.",
                _OTHER,
            )


def check_room(folder: Path, network: nn.Module) -> None:
    """Refuse to begin where the checkpoints of a run have no room.

    Raises:
        DiskFullError: how much there is, and how much they need.
    """
    size = sum(one.numel() * one.element_size() for one in network.state_dict().values())
    needed = size * (2 * 3 + 2)  # a new one beside the old one, each with two moments; and the best
    there = next(one for one in (folder, *folder.parents) if one.is_dir())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise DiskFullError(
            f"The checkpoints of this network need {_mib(needed)} beside the project; {_mib(free)} are free.",
            "Make room, or choose a smaller variant.",
        )


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """On the CPU, each with memory of its own: weights that two layers share are written twice."""
    seen: set[int] = set()
    out = {}
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        place = plain.untyped_storage().data_ptr()
        out[name] = plain.clone() if place in seen else plain
        seen.add(place)
    return out


def _facts(path: Path, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    if not metadata or _HEAD not in metadata:
        raise CheckpointError(
            f"{path.name} does not say which network it is of: it is of another program.", _OTHER
        )
    try:
        facts = json.loads(metadata[_HEAD])
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise CheckpointError(f"What {path.name} says of itself is damaged.", _OTHER)
    if facts["format"] > _FORMAT:
        raise CheckpointError(f"{path.name} is of a newer version of this program.", "Update the program.")
    return facts


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)}


def _difference(theirs: Any, ours: Any, at: str = "") -> str:
    """The first place where two architectures differ, in words; "" where they do not."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(theirs.keys() | ours.keys()):
            inner = _difference(theirs.get(key), ours.get(key), f"{at}.{key}" if at else str(key))
            if inner:
                return inner
        return ""
    if type(theirs) is type(ours) and theirs == ours:
        return ""
    return f"{at or 'it'} is {str(theirs)[:_SHOWN]} there and {str(ours)[:_SHOWN]} here"


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:_DIGITS]


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _words(purpose: object) -> str:
    return str(purpose)[:_SHOWN].replace("_", " ")


def _form(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
