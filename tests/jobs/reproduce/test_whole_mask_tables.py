"""What is said of the paper's claims, by cases that are plain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from core.jobs.reproduce.arms import Arm
from core.jobs.reproduce.precision import GROUPS, Kind, Measured, place_of
from core.jobs.reproduce.whole_mask_tables import claims, report

NOISE = np.random.default_rng(0).normal(0, 0.01, 200)
OWN = np.random.default_rng(1).normal(0, 0.01, 200)


def networks(value: float, noise: np.ndarray, groups: int = 6) -> Measured:
    count = len(GROUPS) * len(Kind)
    drawn = np.tile((value + noise)[:, None], (1, count))
    return Measured(np.full(count, value), drawn, np.array([value]), np.full(count, groups))


def counts() -> dict[str, Any]:
    return {
        "learned from": {},
        "test pictures": 1,
        "test objects": {kind: [10 * place] * len(GROUPS) for place, kind in enumerate(Kind)},
    }


@pytest.mark.parametrize(
    ("value", "noise", "verdict"),
    [
        (0.40, NOISE, "holds: the intervals do not overlap"),
        (0.31, NOISE, "holds by paired draws alone: the intervals overlap"),
        (0.30, OWN, "not shown: the difference is within chance"),
        (0.25, NOISE, "does not hold: it is the other way about"),
    ],
)
def test_a_claim_is_judged_by_its_intervals(value: float, noise: np.ndarray, verdict: str) -> None:
    found = {
        (Arm.WALT2D, 1.0, False): networks(0.3, NOISE),
        (Arm.WALT3D, 1.0, False): networks(value, noise),
    }
    said = claims(found)
    assert {one.verdict for one in said} == {verdict}
    of = ("all objects", "hidden objects", "all vehicles", "hidden vehicles", "all people", "hidden people")
    assert [one.words for one in said] == [
        f"WALT3D's composites beat WALT2D's at equal data, {one}" for one in of
    ]
    claim = said[0]
    assert f"| {claim.verdict} |" in report(found, {}, counts(), {"seeds": 1})


def test_what_is_not_there_yet_is_no_claim() -> None:
    assert claims({(Arm.WALT3D, 1.0, False): networks(0.3, NOISE)}) == []


def test_of_too_few_cameras_nothing_is_claimed() -> None:
    found = {
        (Arm.WALT2D, 1.0, False): networks(0.3, NOISE, 4),
        (Arm.WALT3D, 1.0, False): networks(0.4, NOISE, 4),
    }
    assert {one.verdict for one in claims(found)} == {"not told: too few to draw from"}


def test_vehicles_and_people_have_tables_of_their_own_with_intervals() -> None:
    one = networks(0.3, NOISE)
    one.values[place_of(5, Kind.PEOPLE)] = np.nan
    told = report({(Arm.WALT3D, 1.0, False): one}, {}, counts(), {"seeds": 1})
    _, after = told.split("### Figure 6: whole masks of vehicles")
    vehicles, after = after.split("### Figure 7: whole masks of people")
    assert "| objects | 10 | 10 |" in vehicles
    row = next(line for line in vehicles.splitlines() if line.startswith("| WALT3D's"))
    assert row.count("0.300 (0.2") == len(GROUPS)
    people = next(line for line in after.splitlines() if line.startswith("| WALT3D's"))
    assert people.split(" | ")[6] == "-"  # nobody is hidden by 20 to 30 %
    assert people.count("0.300 (0.2") == len(GROUPS) - 1
