"""The ways to fit people that there are here: by points, by HMR 2.0's network, and by installed adapters.

An adapter is a package of somebody else's, installed beside this program. It announces, as an entry point of
the group `amodal_studio.body_estimators`, what makes a `BodyEstimator`: a callable that takes the path of a
weights file (or None) and the name of a device, "cpu" or "cuda". This program comes with none.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from core.errors import JobError

GROUP = "amodal_studio.body_estimators"
POINTS, HMR2 = "points", "hmr2"
"""What the setting `people` may be besides an adapter's name."""


def adapters() -> dict[str, EntryPoint]:
    """Name -> what installed packages announce, without importing any."""
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in (POINTS, HMR2)}


def ways() -> tuple[tuple[str, str], ...]:
    """The setting's values that can be chosen here, with their names for people."""
    own = ((POINTS, "Their keypoints"), (HMR2, "HMR 2.0's network"))
    return (*own, *((name, f"The adapter {name}") for name in sorted(adapters())))


def check_way(name: str) -> None:
    """Refuse a name that is no way to fit people.

    Raises:
        JobError: there is none of that name.
    """
    there = {value for value, _ in ways()}
    if name not in there:
        raise JobError(
            f"There is no way called {name} to fit people.",
            f"There are: {', '.join(sorted(there))}. Others come as packages.",
        )
