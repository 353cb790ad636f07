"""Runs the benchmarks one after another: `python -m benchmarks [NAME…]`; results go to .bench/."""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
import time
from pathlib import Path

import benchmarks

RESULTS = Path(".bench")


def names() -> list[str]:
    """The benchmarks there are: modules of this package whose names do not start with an underscore."""
    return sorted(entry.name for entry in pkgutil.iter_modules(benchmarks.__path__) if entry.name[0] != "_")


def main(arguments: list[str] | None = None) -> int:
    """Runs the chosen benchmarks, each in a process of its own; gives 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, one after another.")
    parser.add_argument("name", nargs="*", choices=[*names(), []], help="which; all without a name")
    chosen = parser.parse_args(arguments).name or names()
    RESULTS.mkdir(exist_ok=True)
    failed = [name for name in chosen if not _run(name)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str) -> bool:
    """Runs one, showing and keeping what it prints."""
    print(f"--- {name}", flush=True)
    began = time.monotonic()
    with (RESULTS / f"{name}.txt").open("w", encoding="utf-8") as kept:
        command = [sys.executable, "-m", "benchmarks._one", name, str(RESULTS / f"{name}.json")]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
                kept.write(line)
    print(f"--- {name}: {time.monotonic() - began:.0f} s", flush=True)
    return process.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
