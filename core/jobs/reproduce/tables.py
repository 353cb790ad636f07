"""Parts of a reproduction's pages in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.evaluation.bootstrap import Estimate


def words(one: Estimate, *, signed: bool = False) -> str:
    """A figure with its interval, as far as there is one: "0.343 (0.330 to 0.356)"; a dash without it."""
    sign = "+" if signed else ""
    if one.value is None:
        return "-"
    if one.low is None or one.high is None:
        return f"{one.value:{sign}.3f}"
    return f"{one.value:{sign}.3f} ({one.low:{sign}.3f} to {one.high:{sign}.3f})"


def number(value: float) -> str:
    """With three digits; a dash where there is nothing."""
    return f"{value:.3f}" if value == value else "-"  # NaN where there is nothing


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its heads."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def line_of(values: Mapping[str, Any], before: str = "") -> str:
    """Plain values in a line: "seeds: 3; steps: 600."."""
    said = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            value = " ".join(f"{n} {name}" for name, n in value.items())
        said.append(f"{key}: {value}")
    return before + "; ".join(said) + "."
