"""How this program starts itself again as a child process, from a checkout, a wheel or a frozen build."""

from __future__ import annotations

import sys


def program_command(*arguments: str) -> list[str]:
    """The command line that runs this program's shell with the given arguments."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-m", "core.cli", *arguments]
