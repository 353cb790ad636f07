"""The sizes of a reproduction: apart, so that the shell knows them without torch."""

from __future__ import annotations

from enum import StrEnum


class Size(StrEnum):
    """Three sizes."""

    SMOKE = "smoke"  # all parts run, in seconds; its figures say nothing
    SMALL = "small"  # two cores, within three hours
    FULL = "full"  # a GPU
