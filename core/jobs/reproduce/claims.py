"""What a paper says, and what came of it here: a claim only holds by intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.evaluation.bootstrap import Estimate
from core.jobs.reproduce.tables import table, words


@dataclass(frozen=True, slots=True)
class Claim:
    """Something the paper says, and what came of it here.

    Attributes:
        words: what is said. first, second: what is compared, the first of which is said to be more.
        gain: of the first over the second, by paired draws.
    """

    words: str
    first: Estimate
    second: Estimate
    gain: Estimate

    @property
    def verdict(self) -> str:
        """In plain words; the strict test first: intervals that do not overlap."""
        low, high = self.first.low, self.second.high
        least, most = self.gain.low, self.gain.high
        if low is None or high is None or least is None or most is None:
            return "not told: too few to draw from"
        if low > high:
            return "holds: the intervals do not overlap"
        if least > 0:
            return "holds by paired draws alone: the intervals overlap"
        if most < 0:
            return "does not hold: it is the other way about"
        return "not shown: the difference is within chance"


def claims_table(claims: Sequence[Claim]) -> str:
    """Claims with their figures and verdicts, as Markdown."""
    return table(
        ("claim", "the one", "the other", "gain by paired draws", ""),
        [
            (one.words, words(one.first), words(one.second), words(one.gain, signed=True), one.verdict)
            for one in claims
        ],
    )
