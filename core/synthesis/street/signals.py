"""Traffic lights: one after the other gets green, with a pause in which everything is red."""

from __future__ import annotations

from dataclasses import dataclass

from core.synthesis.street.routes import FROM_LEFT, FROM_RIGHT, MAIN, ON_FOOT

CLEARANCE_S = 4.0
_GREEN_S = {MAIN: 17.0, FROM_RIGHT: 6.0, FROM_LEFT: 6.0, ON_FOOT: 9.0}
YELLOW_S = 2.5
GREEN, YELLOW, RED = 0, 1, 2
GLOW = ((0.10, 1.5, 0.75), (1.9, 1.1, 0.10), (2.0, 0.14, 0.07))
"""What a lit lamp adds to its pixels, by colour: linear light."""
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


def lamp_code(phase: int, colour: int) -> int:
    """A lamp's number: which phase it speaks to, and its colour."""
    return 3 * phase + colour


def is_lit(signals: Signals, code: int, time: float) -> bool:
    """Whether a lamp shines at a time."""
    phase, colour = divmod(code, 3)
    green = signals.left(phase, time) > 0
    yellow = not green and signals.left(phase, time - YELLOW_S) > 0
    return colour == (GREEN if green else YELLOW if yellow else RED)


def round_s() -> float:
    """Seconds until everything begins again."""
    return sum(_GREEN_S.values()) + CLEARANCE_S * len(_ORDER)
