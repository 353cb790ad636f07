"""The program sends nothing: the network runtime's own telemetry stays off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from core.mining.detectors.registry import create_detector
try:
    create_detector("onnx", model=sys.argv[1])
except Exception as problem:
    print(type(problem).__name__)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks where the runtime keeps its telemetry on Linux")
def test_no_trace_of_telemetry(tmp_path: Path) -> None:
    network = tmp_path / "network.onnx"
    network.write_bytes(b"no network, but the runtime is asked all the same")
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(network)],
        env=environment,
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "DetectionError"
    assert [path for path in home.rglob("*") if "onnxruntime" in path.name] == []
