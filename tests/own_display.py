"""A display for each worker of a parallel run: windows that share one take the keyboard from each other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_SCREEN = "-screen 0 1600x1000x24 -nolisten tcp -noreset +extension GLX"
# the server ends with the pipe to its standard input, so with this process, however it ends
_COMMAND = f"Xvfb -displayfd 3 {_SCREEN} 3>&1 >/dev/null 2>&1 & cat; kill $!"


def is_wanted() -> bool:
    """Whether this is a worker of pytest-xdist that can have a display of its own."""
    return (
        "PYTEST_XDIST_WORKER" in os.environ
        and sys.platform.startswith("linux")
        and shutil.which("Xvfb") is not None
    )


def start() -> subprocess.Popen[str]:
    """Starts Xvfb on a free display and makes it this process's.

    Raises:
        OSError: it did not start.
    """
    server = subprocess.Popen(
        ["bash", "-c", _COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    number = server.stdout.readline().strip()
    if not number:
        stop(server)
        raise OSError("Xvfb did not start")
    os.environ["DISPLAY"] = f":{number}"
    os.environ.pop("WAYLAND_DISPLAY", None)
    return server


def stop(server: subprocess.Popen[str]) -> None:
    """Ends it."""
    server.communicate("", timeout=10)
