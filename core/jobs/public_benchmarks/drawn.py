"""How far a benchmark's figures may be chance, as its tables tell it."""

from __future__ import annotations

from collections.abc import Iterable

from core.evaluation.bootstrap import Estimate
from core.evaluation.drawn_anew import LEAST_GROUPS

Ends = tuple[float, float] | None


def told_ends(found: Iterable[Estimate], factor: float = 1.0) -> tuple[Ends, ...]:
    """The ends of the intervals, in the unit of the table; None where there is none.

    Of fewer groups than an evaluation asks for none is told here, either: it would be of those few.
    """
    return tuple(
        None
        if one.low is None or one.high is None or one.groups < LEAST_GROUPS
        else (factor * one.low, factor * one.high)
        for one in found
    )


def drawn_note(draws: int, count: int, what: str) -> str:
    """Which intervals stand in the table."""
    if not draws:
        return "No intervals were drawn."
    if count < LEAST_GROUPS:
        return (
            f"No intervals: of the {what} there are {count}, and of fewer than {LEAST_GROUPS} none is told."
        )
    rough = ", which is rough for so few" if count < _FEW else ""
    return (
        f"Intervals of 95 %: {draws:,} draws of the {count:,} {what}{rough}; none where fewer than "
        f"{LEAST_GROUPS} of them have something to count."
    )


_FEW = 20
