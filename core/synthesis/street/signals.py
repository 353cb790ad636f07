"""Traffic lights: one after the other gets green, with a pause in which everything is red."""

from __future__ import annotations

from dataclasses import dataclass

from core.synthesis.street.routes import FROM_LEFT, FROM_RIGHT, MAIN, ON_FOOT

CLEARANCE_S = 4.0
_GREEN_S = {MAIN: 17.0, FROM_RIGHT: 6.0, FROM_LEFT: 6.0, ON_FOOT: 9.0}
_ORDER = (MAIN, ON_FOOT, FROM_RIGHT, FROM_LEFT)


@dataclass(frozen=True, slots=True)
class Signals:
    """The lights of a junction; `offset` seconds of their round have passed at time 0."""

    offset: float

    def left(self, phase: int, time: float) -> float:
        """Seconds that a phase stays green from now on; 0 where it is not green."""
        at = (time + self.offset) % round_s()
        for current in _ORDER:
            if at < _GREEN_S[current]:
                return _GREEN_S[current] - at if current == phase else 0.0
            at -= _GREEN_S[current] + CLEARANCE_S
            if at < 0:
                return 0.0
        return 0.0


def round_s() -> float:
    """Seconds until everything begins again."""
    return sum(_GREEN_S.values()) + CLEARANCE_S * len(_ORDER)
