"""Checkpoints: whole or not there, plain data only, and refused where they are of something else."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from core.errors import CheckpointError, TrainingError
from core.networks.weights_file import read_tensors
from core.training.checkpoints import (
    Checkpoint,
    check_kind,
    forget_others,
    load_network,
    read_checkpoint,
    write_checkpoint,
)

FACTS = {"purpose": "classifier", "architecture": {"kind": "tiny", "sizes": [2, 8], "deep": {"width": 8}}}


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))


def written(folder: Path, **facts: Any) -> Path:
    return write_checkpoint(folder, "best", Checkpoint(network().state_dict(), {}, {**FACTS, **facts}))


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    moments = {"0.weight/exp_avg": torch.rand(8, 2), "0.weight/step": torch.tensor(3.0)}
    given = Checkpoint(network().state_dict(), moments, {**FACTS, "state": {"step": 3, "value": 0.1}})
    path = write_checkpoint(tmp_path / "4", "last", given)
    assert path.parent == tmp_path / "4"
    back = read_checkpoint(path)
    assert back.facts == {"format": 1, **given.facts}
    for ours, theirs in ((back.network, given.network), (back.optimiser, given.optimiser)):
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    other = network()
    nn.init.zeros_(other[0].weight)
    load_network(other, path, back.network)
    assert torch.equal(other[0].weight, network()[0].weight)


def test_weights_that_layers_share_are_written_for_both(tmp_path: Path) -> None:
    shared = network()
    shared.append(nn.Linear(2, 8))
    shared[3].weight = shared[0].weight
    path = write_checkpoint(tmp_path / "4", "best", Checkpoint(shared.state_dict(), {}, FACTS))
    assert torch.equal(read_checkpoint(path).network["3.weight"], shared[0].weight)


def test_the_same_content_has_the_same_name_and_replaces_what_was_before(tmp_path: Path) -> None:
    folder = tmp_path / "4"
    first, again, other = written(folder), written(folder), written(folder, value=2)
    assert first == again != other
    (folder / ".0123.draft").write_bytes(b"half")
    (folder / "batch-3.json").write_text("{}")
    forget_others(other)
    assert sorted(path.name for path in folder.iterdir()) == sorted(["batch-3.json", other.name])


def test_a_folder_that_went_away_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be written"):
        written(tmp_path / "moved" / "4")
    assert not (tmp_path / "moved").exists()


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (damaged, "damaged: its content is not what its name says"),
        (lambda path: path.write_bytes(b""), "damaged"),
    ],
)
def test_what_is_not_whole_is_refused(tmp_path: Path, spoil: Callable[[Path], Any], words: str) -> None:
    path = written(tmp_path / "4")
    spoil(path)
    with pytest.raises(CheckpointError, match=words):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (None, "of another program"),
        ({"other": "{}"}, "of another program"),
        ({"amodal": "{"}, "says of itself is damaged"),
        ({"amodal": "[" * 100_000}, "says of itself is damaged"),
        ({"amodal": '{"format": "1"}'}, "says of itself is damaged"),
        ({"amodal": '{"format": 99}'}, "newer version"),
        ({"amodal": '{"format": 1}'}, "tensors that are of no run"),
    ],
)
def test_what_another_program_wrote_is_refused(
    tmp_path: Path, head: dict[str, str] | None, words: str
) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file({"weight": torch.zeros(2)}, path, head)
    with pytest.raises(CheckpointError, match=words):
        read_checkpoint(path)


def test_nothing_is_run(tmp_path: Path) -> None:
    """Neither a pickle, nor a pickle inside torch's zip, nor a head that lies about its length."""
    plain, zipped, lying = tmp_path / "a.safetensors", tmp_path / "b.safetensors", tmp_path / "c.safetensors"
    plain.write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/never'\ntR.")
    torch.save({"weights": pickle.dumps(1)}, zipped)
    lying.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    for path in (plain, zipped, lying):
        with pytest.raises(CheckpointError, match="is no file of safetensors, or damaged"):
            read_checkpoint(path)


def safetensors_of(path: Path, head: dict[str, Any], data: bytes) -> Path:
    """A file with a head that says what it likes."""
    said = json.dumps(head).encode()
    path.write_bytes(len(said).to_bytes(8, "little") + said + data)
    return path


@pytest.mark.parametrize(
    "tensor",
    [
        {"dtype": "F32", "shape": [2**40, 2**20], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 2**60]},
        {"dtype": "F32", "shape": [2], "data_offsets": [2**63, 2**63 + 8]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        {"dtype": "PICKLE", "shape": [2], "data_offsets": [0, 8]},
    ],
)
def test_heads_that_ask_for_more_than_there_is_are_refused(tmp_path: Path, tensor: dict[str, Any]) -> None:
    """Without taking the memory that they ask for, and by either reader of weights."""
    head = {"network:0.weight": tensor, "__metadata__": {"amodal": '{"format": 1}'}}
    path = safetensors_of(tmp_path / "huge.safetensors", head, b"\0" * 8)
    with pytest.raises(CheckpointError, match="is no file of safetensors, or damaged"):
        read_checkpoint(path)
    with pytest.raises(CheckpointError, match="is damaged"):
        read_tensors(path)


def test_names_of_tensors_are_never_places(tmp_path: Path) -> None:
    """They are looked up in the network, and nowhere else."""
    path = tmp_path / "theirs.safetensors"
    save_file({"network:../../../etc/passwd": torch.zeros(2)}, path, {"amodal": json.dumps({"format": 1})})
    with pytest.raises(CheckpointError, match="other than this network"):
        load_network(network(), path, read_checkpoint(path).network)
    assert [one.name for one in tmp_path.iterdir()] == ["theirs.safetensors"]


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    spoilt = network()
    nn.init.constant_(spoilt[2].weight, float("nan"))
    path = write_checkpoint(tmp_path / "4", "best", Checkpoint(spoilt.state_dict(), {}, FACTS))
    with pytest.raises(CheckpointError, match=r"no number in 2\.weight"):
        read_checkpoint(path)


def test_a_network_of_people_goes_on_with_the_same_body_whatever_its_file_is_called(tmp_path: Path) -> None:
    plain = FACTS["architecture"]
    facts = {"purpose": "classifier", "architecture": {**plain, "body": "stand-in 0123456789ab"}}
    for label in ("stand-in 0123456789ab", "stand-in 0123456789ab-ba9876543210", "renamed 0123456789ab"):
        check_kind(tmp_path, facts, "classifier", {**plain, "body": label})
    for other in ({**plain, "body": "stand-in 0123456789ac-ba9876543210"}, plain):
        with pytest.raises(CheckpointError, match="body is stand-in 0123456789ab there"):
            check_kind(tmp_path, facts, "classifier", other)


@pytest.mark.parametrize(
    ("purpose", "architecture", "words"),
    [
        ("hidden_points", FACTS["architecture"], "is a classifier, and a hidden points is asked for"),
        ("classifier", {"kind": "big", "sizes": [2, 8], "deep": {"width": 8}}, "kind is tiny there and big"),
        ("classifier", {"kind": "tiny", "sizes": (2, 9), "deep": {"width": 8}}, r"sizes is \[2, 8\] there"),
        (
            "classifier",
            {"kind": "tiny", "sizes": (2, 8), "deep": {"width": 9}},
            r"deep\.width is 8 there and 9",
        ),
        ("classifier", {"kind": "tiny", "sizes": (2, 8)}, "deep is .* there and None here"),
    ],
)
def test_another_network_is_refused_with_the_difference(
    tmp_path: Path, purpose: str, architecture: dict[str, Any], words: str
) -> None:
    path = written(tmp_path / "4")
    facts = read_checkpoint(path).facts
    with pytest.raises(CheckpointError, match=words):
        check_kind(path, facts, purpose, architecture)
    check_kind(path, facts, "classifier", {**FACTS["architecture"], "sizes": (2, 8)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda given: given.pop("0.bias"), r"has no 0\.bias"),
        (lambda given: given.update(extra=torch.zeros(1)), "has a extra"),
        (
            lambda given: given.update({"0.weight": torch.zeros(8, 3)}),
            "0.weight as 8x3, and this network as 8x2",
        ),
        (lambda given: given.update({"0.weight": torch.zeros(8, 2, dtype=torch.int64)}), "0.weight as 8x2"),
    ],
)
def test_weights_must_fit_one_by_one(change: Callable[[dict[str, Any]], Any], words: str) -> None:
    given = dict(network().state_dict())
    change(given)
    with pytest.raises(CheckpointError, match=words):
        load_network(network(), Path("best.safetensors"), given)


def test_the_head_is_json_that_any_tool_reads(tmp_path: Path) -> None:
    data = written(tmp_path / "4").read_bytes()
    head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert json.loads(head["__metadata__"]["amodal"])["architecture"] == FACTS["architecture"]
