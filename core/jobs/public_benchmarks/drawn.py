"""How far a benchmark's figures may be chance, as its tables tell it."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.bootstrap import Estimate

Ends = tuple[float, float] | None


def told_ends(found: Iterable[Estimate], factor: float = 1.0) -> tuple[Ends, ...]:
    """The ends of the intervals, in the unit of the table; None where there is none."""
    return tuple(
        None if one.low is None or one.high is None else (factor * one.low, factor * one.high)
        for one in found
    )


def drawn_note(draws: int, count: int, what: str) -> str:
    """Which intervals stand in the table."""
    if not draws:
        return "No intervals were drawn."
    if count < 2:
        return f"No intervals: there is nothing to draw from but one of the {what}."
    rough = ", which is rough for so few" if count < _FEW else ""
    return f"Intervals of 95 %: {draws:,} draws of the {count:,} {what}{rough}."


_FEW = 20
