"""Files of weights: Lightning's checkpoints are read, and a file that would run something never does."""

from __future__ import annotations

import io
import os
import pathlib
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest
import torch

from core.errors import CheckpointError
from core.networks.weights_file import read_tensors

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.zeros(2)}


def same(found):
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


@pytest.fixture
def settings_classes(monkeypatch):
    """Stand-ins for yacs and OmegaConf that pickle as theirs do; a reader must not need them."""

    class CfgNode(dict):
        def __init__(self, values):
            super().__init__(values)
            self.__dict__["__immutable__"] = True

    class Container:
        def __init__(self, content):
            self.__dict__.update(content)

        def __getstate__(self):
            return dict(self.__dict__)

        def __setstate__(self, state):
            raise AssertionError("the file's classes are not to be used")

    made = {}
    for path, kind in (
        ("yacs.config.CfgNode", CfgNode),
        ("omegaconf.dictconfig.DictConfig", Container),
        ("omegaconf.base.ContainerMetadata", Container),
        ("omegaconf.nodes.AnyNode", Container),
    ):
        module, _, name = path.rpartition(".")
        one = type(name, (kind,), {"__module__": module, "__qualname__": name})
        for part in (module.partition(".")[0], module):
            monkeypatch.setitem(sys.modules, part, made.setdefault(part, types.ModuleType(part)))
        setattr(made[module], name, one)
    return made


def test_a_lightning_checkpoint_is_read_without_the_classes_of_its_settings(
    tmp_path, settings_classes, monkeypatch
):
    yacs, omega = settings_classes["yacs.config"], settings_classes["omegaconf.dictconfig"]
    meta = settings_classes["omegaconf.base"].ContainerMetadata({"object_type": dict, "element_type": int})
    node = settings_classes["omegaconf.nodes"].AnyNode({"_val": 3})
    settings = {
        "cfg": yacs.CfgNode({"MODEL": yacs.CfgNode({"SIZE": 256, "MEAN": [0.4, 0.5]})}),
        "other": omega.DictConfig({"_metadata": meta, "_content": {"a": node}}),
        "path": pathlib.PurePosixPath("a/b") if os.name == "nt" else pathlib.PosixPath("a/b"),
    }
    torch.save(
        {
            "epoch": 35,
            "pytorch-lightning_version": "1.8.1",
            "state_dict": TENSORS,
            "hyper_parameters": settings,
            "callbacks": {"ModelCheckpoint{'every_n_train_steps': 10000}": {"best_model_score": None}},
        },
        tmp_path / "light.ckpt",
    )
    for module in settings_classes:
        monkeypatch.delitem(sys.modules, module)
    same(read_tensors(tmp_path / "light.ckpt"))
    assert not any(module.partition(".")[0] in ("yacs", "omegaconf") for module in sys.modules)


class Runs:
    """A pickle of this would run a command."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize(
    ("function", "name"),
    [(os.mkdir, r"(posix|nt)\.mkdir"), (exec, "exec"), (io.open, r"_?io\.open"), (eval, "eval")],
)
def test_a_checkpoint_that_would_run_something_is_refused_and_does_not(tmp_path, function, name):
    sign = tmp_path / "ran"
    argument = str(sign) if function is os.mkdir else f"import os; os.mkdir({str(sign)!r})"
    extra = (str(sign), "w") if function is io.open else (argument,)
    torch.save({"state_dict": TENSORS, "hyper_parameters": Runs(function, *extra)}, tmp_path / "evil.ckpt")
    with pytest.raises(CheckpointError, match=rf"evil\.ckpt asks for .*{name}.*nothing of it was run"):
        read_tensors(tmp_path / "evil.ckpt")
    assert not sign.exists()


def test_known_names_cannot_be_made_to_do_anything(tmp_path, settings_classes, monkeypatch):
    # what stands for a known name takes whatever it is given and does nothing with it
    omega = settings_classes["omegaconf.dictconfig"].DictConfig
    torch.save({"state_dict": TENSORS, "x": Runs(omega, {"a": 1})}, tmp_path / "odd.ckpt")
    for module in settings_classes:
        monkeypatch.delitem(sys.modules, module)
    same(read_tensors(tmp_path / "odd.ckpt"))


def test_a_name_that_is_put_together_while_reading_is_refused(tmp_path):
    # torch looks for names in the instructions before it runs them; these hide one on the stack
    torch.save(TENSORS, tmp_path / "good.pth")
    hidden = b"\x80\x04\x8c\x05posix\x8c\x05mkdir\x93\x8c\x03ran\x85R."
    with (
        zipfile.ZipFile(tmp_path / "good.pth") as good,
        zipfile.ZipFile(tmp_path / "evil.pth", "w", zipfile.ZIP_STORED) as evil,
    ):
        for name in good.namelist():
            evil.writestr(name, hidden if name.endswith("data.pkl") else good.read(name))
    with pytest.raises(CheckpointError, match=r"evil\.pth is damaged"):
        read_tensors(tmp_path / "evil.pth")
    assert not pathlib.Path("ran").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"", "neither"),
        (pickle.dumps({"a": 1}), "neither"),
        (b"PK\x03\x04" + bytes(40), "damaged"),
        ((50).to_bytes(8, "little") + b'{"a":' + bytes(60), "damaged"),
    ],
    ids=["absent", "empty", "bare pickle", "cut zip", "cut safetensors"],
)
def test_what_is_no_file_of_weights_is_refused_in_a_sentence(tmp_path, content, words):
    path = tmp_path / "bad.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        read_tensors(path)


def test_another_kind_of_archive_is_called_what_it_is(tmp_path):
    np.savez(tmp_path / "body.npz", v_template=np.zeros((4, 3)))
    with zipfile.ZipFile(tmp_path / "adapter.zip", "w") as archive:
        archive.writestr("adapter/readme.txt", "weights come apart")
    for name, kind in (("body.npz", "an npz file"), ("adapter.zip", "an archive of something else")):
        with pytest.raises(CheckpointError, match=rf"{name} is {kind}.*no checkpoint") as caught:
            read_tensors(tmp_path / name)
        assert "damaged" not in caught.value.problem
        assert ".safetensors" in caught.value.way_out


def test_a_file_of_an_old_torch_is_told_apart_with_a_way_out_that_works(tmp_path):
    old, new = tmp_path / "old.pth", tmp_path / "new.pth"
    torch.save(TENSORS, old, _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError, match=r"old\.pth is in the form .* before version 1\.6") as caught:
        read_tensors(old)
    assert "torch.save(torch.load(OLD, weights_only=True), NEW)" in caught.value.way_out
    torch.save(torch.load(old, weights_only=True), new)
    same(read_tensors(new))


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([1, 2], "no dict of tensors"),
        ({}, "no dict of tensors"),
        ({"state_dict": {"a": 1.0}}, "something else than a tensor as a"),
        ({"a": torch.eye(2).to_sparse()}, "not plain"),
    ],
)
def test_what_holds_no_tensors_is_refused(tmp_path, held, words):
    torch.save(held, tmp_path / "bad.pth")
    with pytest.raises(CheckpointError, match=words):
        read_tensors(tmp_path / "bad.pth")


def test_a_file_that_is_cut_short_anywhere_is_refused(tmp_path):
    torch.save(TENSORS, tmp_path / "good.pth")
    whole = (tmp_path / "good.pth").read_bytes()
    for length in range(4, len(whole) - 1, 97):
        (tmp_path / "cut.pth").write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            read_tensors(tmp_path / "cut.pth")


def test_nothing_known_here_stays_known_to_torch(tmp_path):
    before = set(torch.serialization.get_safe_globals())
    torch.save(TENSORS, tmp_path / "good.pth")
    read_tensors(tmp_path / "good.pth")
    assert set(torch.serialization.get_safe_globals()) == before
