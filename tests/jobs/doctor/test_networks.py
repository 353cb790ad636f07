"""The doctor on torch: what it sees here, and what it says where it is missing, broken or without a GPU."""

from __future__ import annotations

import builtins
import importlib.util
from contextlib import nullcontext
from typing import Any

import pytest
import torch

from core.jobs.doctor.networks import network_findings
from core.jobs.registry import forms


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """As in an installation that lacks some packages."""
    there = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> Any:
        return None if name in missing else there(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


def test_without_torch_it_says_what_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "torch")
    [one] = network_findings()
    assert (one.level, one.subject) == ("note", "torch")
    assert "training need it: pip install torch" in one.text


def test_a_torch_that_cannot_be_loaded_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def broken(name: str, *rest: Any) -> Any:
        if name == "torch":
            raise ImportError("libcudart.so.12: cannot open shared object file")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    [one] = network_findings()
    assert one.level == "bad"
    assert one.text.startswith("cannot be loaded (libcudart.so.12: cannot open shared object file). Install")


def test_without_a_gpu_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    build, gpu = network_findings()
    assert (build.level, gpu.level) == ("ok", "note")
    assert torch.__version__ in build.text
    assert "torch was built without CUDA" in gpu.text
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    build, gpu = network_findings()
    assert "built for CUDA 12.8" in build.text
    assert "no NVIDIA GPU with a driver" in gpu.text


def test_each_gpu_is_told_with_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = torch.cuda
    monkeypatch.setattr(cuda, "is_available", lambda: True)
    monkeypatch.setattr(cuda, "device_count", lambda: 2)
    monkeypatch.setattr(cuda, "device", lambda number: nullcontext())
    monkeypatch.setattr(cuda, "mem_get_info", lambda: (8 * 2**30, 24 * 2**30))
    monkeypatch.setattr(cuda, "is_bf16_supported", lambda **_: True)
    monkeypatch.setattr(cuda, "get_device_name", lambda number: "Card")
    _, first, second = network_findings()
    assert [first.subject, second.subject] == ["GPU 0", "GPU 1"]
    assert (first.level, first.text) == ("note", "Card, 8 of 24 GiB free; trains in bf16")


def test_a_gpu_that_cannot_be_asked_is_told_and_the_others_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda, asked = torch.cuda, iter((RuntimeError("CUDA error: out of memory\nmore"), (2**34, 2**34)))

    def mem_get_info() -> Any:
        answer = next(asked)
        if isinstance(answer, RuntimeError):
            raise answer
        return answer

    monkeypatch.setattr(cuda, "is_available", lambda: True)
    monkeypatch.setattr(cuda, "device_count", lambda: 2)
    monkeypatch.setattr(cuda, "device", lambda number: nullcontext())
    monkeypatch.setattr(cuda, "mem_get_info", mem_get_info)
    monkeypatch.setattr(cuda, "is_bf16_supported", lambda **_: True)
    monkeypatch.setattr(cuda, "get_device_name", lambda number: "Card")
    _, first, second = network_findings()
    assert (first.level, first.text) == ("bad", "cannot be used (CUDA error: out of memory).")
    assert second.level == "ok"


def test_what_training_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "lightning_fabric")
    assert "lightning_fabric missing: nothing can be trained" in network_findings()[-1].text


@pytest.mark.parametrize(
    ("missing", "default"),
    [
        ((), "own"),
        (("torch",), "onnx"),
        (("torch", "onnxruntime"), "own"),  # nothing can: it says why, by the one that is meant
    ],
)
def test_a_form_begins_with_what_can_run(
    monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], default: str
) -> None:
    without(monkeypatch, *missing)
    field = next(field for field in forms()["keypoints"].fields if field.name == "network")
    assert field.default == default
    assert ("own" in dict(field.choice_notes)) == ("torch" in missing)
