"""People who walk through the yard."""

from __future__ import annotations

from tests.jobs.yard import GROUND, Walker
from tests.placed_people import person_at


def walker(places: list[tuple[float, float] | None], colour: int) -> Walker:
    """Somebody who strides on while they are there."""
    return Walker(
        tuple(
            None if place is None else person_at(GROUND, place, 0.4, phase=0.17 * n)
            for n, place in enumerate(places)
        ),
        colour,
    )


PEOPLE = (
    walker([(12.0, 1.0), (12.6, 1.3), None, None, None, None], 5),
    walker([None, None, None, (13.0, -2.0), (13.6, -1.7), (14.2, -1.5)], 6),
    # behind where a car stands at other times
    walker([(25.0, 0.6), (25.5, 0.9), None, None, None, None], 2),
    # and between two of them
    walker([(25.0, 4.3), None, None, None, None, None], 3),
)
