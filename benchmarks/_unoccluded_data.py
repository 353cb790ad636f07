"""Where the benchmarks of real footage find it, and keep what a network finds in it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
CACHE = ROOT / ".bench" / "unoccluded"
