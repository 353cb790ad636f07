"""The pinned dependencies: complete, plain, and the same everywhere."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_every_pin_is_a_name_and_a_version() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"(#.*)?|[a-z0-9][a-z0-9._-]*==[A-Za-z0-9.!+]+", line), line


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=~!\[; ]", entry)[0].lower().replace("_", "-") for entry in wanted}
    pinned = {name.replace("_", "-") for name in pins()}
    assert names - pinned == set()
    assert "uv" in pinned


def test_the_two_builds_of_opencv_are_never_installed_together() -> None:
    # they write to the same folder, and the one that comes last breaks the other
    assert {name for name in pins() if name.startswith("opencv")} == {"opencv-python"}


def test_no_file_names_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    hosts = re.compile(
        rb"py[p]i\.(?:org|io)|python[h]osted|download\.py[t]orch\.org/whl|--(?:extra-)?index-url"
    )
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file() and path != Path(__file__):
            assert not hosts.search(path.read_bytes()), name
