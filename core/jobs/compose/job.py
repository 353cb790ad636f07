"""Not yet."""
from __future__ import annotations
from typing import Any
from core.jobs.context import JobContext
def run_compose(context: JobContext) -> dict[str, Any]:
    raise NotImplementedError
