"""The set-up's system libraries, on machines that stand-ins for apt and dpkg describe."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("bash") is None, reason="a script for Debian's kin"
)

LIST = """# a comment
[window]
libegl1
libglib2.0-0t64 | libglib2.0-0

[test]
xvfb
"""


@dataclass
class Machine:
    """A machine: what is installed, what apt knows, and who runs the script."""

    folder: Path
    installed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    root: bool = False
    free_sudo: bool = False
    apt_works: bool = True
    system: str = "Linux"
    debian: bool = True
    calls: list[str] = field(default_factory=list)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the script there, and keeps what apt-get was asked to do."""
        scripts, tools = self.folder / "scripts", self.folder / "tools"
        scripts.mkdir()
        tools.mkdir()
        shutil.copy(SCRIPTS / "system-packages.sh", scripts)
        (scripts / "system-packages.txt").write_text(LIST)
        log = self.folder / "apt.log"
        lines = "\\n".join(f"installed {name}" for name in self.installed)
        known = "|".join(self.known) or "-"
        stand_ins = {
            "uname": f"echo {self.system}",
            "id": f"echo {0 if self.root else 1000}",
            "sudo": '[ "$1" = -n ] && shift; "$@"' if self.free_sudo else "exit 1",
        }
        if self.debian:
            stand_ins |= {
                "dpkg-query": f'printf "{lines}\\nhalf-configured libegl1-dev\\n"',
                "apt-cache": f'case "${{@: -1}}" in {known}) echo "Package: ${{@: -1}}" ;; esac',
                "apt-get": f'echo "$*" >> "{log}"; {"true" if self.apt_works else "exit 100"}',
            }
        for name, body in stand_ins.items():
            (tools / name).write_text(f"#!/bin/bash\n{body}\n")
            (tools / name).chmod(0o755)
        for name in ("bash", "awk", "env", "dirname", "true"):
            found = shutil.which(name)
            assert found is not None
            (tools / name).symlink_to(found)
        done = subprocess.run(
            [str(scripts / "system-packages.sh"), *arguments],
            env={**os.environ, "PATH": str(tools)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.calls = log.read_text().splitlines() if log.exists() else []
        return done


def test_nothing_runs_when_all_are_there(tmp_path: Path) -> None:
    machine = Machine(tmp_path, installed=("libegl1", "libglib2.0-0", "xvfb"), root=True)
    done = machine.run("window", "test")
    assert done.returncode == 0
    assert done.stdout == done.stderr == ""
    assert machine.calls == []


def test_root_installs_what_is_missing_by_the_name_that_apt_knows(tmp_path: Path) -> None:
    machine = Machine(tmp_path, installed=("libegl1",), known=("libglib2.0-0", "xvfb"), root=True)
    assert machine.run("window", "test").returncode == 0
    update, install = machine.calls
    assert update.endswith("update")
    assert install.endswith("install -y --no-install-recommends libglib2.0-0 xvfb")


def test_only_the_sections_asked_for_count(tmp_path: Path) -> None:
    machine = Machine(tmp_path, installed=("libegl1", "libglib2.0-0t64"), root=True)
    assert machine.run("window").returncode == 0
    assert machine.calls == []


def test_sudo_without_a_password_is_used(tmp_path: Path) -> None:
    machine = Machine(tmp_path, installed=("libegl1", "libglib2.0-0"), known=("xvfb",), free_sudo=True)
    assert machine.run("test").returncode == 0
    assert machine.calls[-1].endswith("install -y --no-install-recommends xvfb")


def test_others_get_one_line_to_run(tmp_path: Path) -> None:
    machine = Machine(tmp_path, installed=("libegl1",), known=("libglib2.0-0t64", "xvfb", "python3.11-venv"))
    done = machine.run("--extra", "python3.11-venv", "window", "test")
    assert done.returncode == 1
    assert machine.calls == []
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip().startswith("sudo")]
    assert lines == [
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends "
        "python3.11-venv libglib2.0-0t64 xvfb"
    ]


def test_a_failing_apt_stops_the_set_up(tmp_path: Path) -> None:
    machine = Machine(tmp_path, installed=("libegl1",), root=True, apt_works=False)
    assert machine.run("window").returncode != 0


def test_other_systems_are_left_alone(tmp_path: Path) -> None:
    assert Machine(tmp_path, system="Darwin").run("window").returncode == 0


def test_another_linux_is_told_and_goes_on(tmp_path: Path) -> None:
    done = Machine(tmp_path, debian=False).run("window")
    assert done.returncode == 0
    assert "neither Debian nor Ubuntu" in done.stderr
