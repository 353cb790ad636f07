"""What a training is mixed of, in words that a person and a run's row keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of data.

    Attributes:
        what: in the plural, for people: "reviewed frames".
        count: how many there are to learn from.
        weight: how often each is seen, against the others.
        missing: why there are none, or what is left out of them; "".
    """

    what: str
    count: int
    weight: float
    missing: str = ""

    @property
    def counts(self) -> bool:
        """Whether anything of it is learned."""
        return self.count > 0 and self.weight > 0


def shares_of(parts: Sequence[Part]) -> list[float]:
    """Of an epoch, 0 to 1 each."""
    weighed = [part.count * part.weight for part in parts]
    whole = sum(weighed)
    return [one / whole if whole else 0.0 for one in weighed]


def mixed_words(parts: Sequence[Part]) -> str:
    """Such as "It learns from 120 reviewed frames (25 %) and 1,000 composites (75 %)."

    What is left out is said behind it, and why.
    """
    told = [
        f"{part.count:,} {part.what} ({share:.0%})".replace("%", " %")
        for part, share in zip(parts, shares_of(parts), strict=True)
        if part.counts
    ]
    rest = [f"{_capital(part.what)} are left out: {_why(part)}." for part in parts if not part.counts]
    rest += [f"{_capital(part.missing)}." for part in parts if part.counts and part.missing]
    return " ".join([f"It learns from {listed(told) or 'nothing'}.", *rest])


def mixed_facts(parts: Sequence[Part]) -> dict[str, Any]:
    """The same as plain JSON values."""
    return {
        part.what: {"to learn from": part.count, "weight": part.weight, "share": round(share, 4)}
        for part, share in zip(parts, shares_of(parts), strict=True)
    }


def counted(parts: Sequence[Part]) -> str:
    """Such as "120 reviewed frames, 1,000 composites"."""
    return ", ".join(f"{part.count:,} {part.what}" for part in parts if part.weight > 0)


def listed(words: Sequence[str]) -> str:
    """Words in a row, with "and" before the last."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _why(part: Part) -> str:
    if not part.count and part.missing:
        return part.missing
    return "there are none" if part.weight > 0 else "their weight is 0"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
