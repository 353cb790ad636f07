"""Runs jobs in forked processes, so that a test can kill many without paying for imports each time.

Reads lines "PROJECT<TAB>JOB" from standard input; answers each with the process's number, and with "end
NUMBER STATUS" once it has ended.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import core.jobs.mine.job
import core.jobs.runner
import core.mining.detectors.motion  # noqa: F401 - imported once, before the forks


def main() -> None:
    for line in sys.stdin:
        project, job = line.rstrip("\n").split("\t")
        number = os.fork()
        if number == 0:
            status = 1
            try:
                core.jobs.runner.run_job(Path(project), int(job))
                status = 0
            finally:
                os._exit(status)
        print(number, flush=True)
        threading.Thread(target=_wait, args=(number,), daemon=True).start()


def _wait(number: int) -> None:
    _, status = os.waitpid(number, 0)
    print(f"end {number} {status}", flush=True)


if __name__ == "__main__":
    main()
