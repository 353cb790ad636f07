"""What a training needs of a project."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """Labels that a training needs.

    Attributes:
        what: in the plural, for people: "cars with keypoints by a person".
        have, least: how many the project has, and how many are needed.
        detail: of what they are, such as "12 composites, 3 reviewed frames", or "".
    """

    what: str
    have: int
    least: int
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether there are enough."""
        return self.have >= self.least

    @property
    def words(self) -> str:
        """Such as "12 of 50 cars with keypoints by a person"."""
        return f"{self.have} of {self.least} {self.what}" + (f" ({self.detail})" if self.detail else "")
