"""What a sampler gives."""

from __future__ import annotations

from dataclasses import dataclass

from core.records.recipes import Recipe


@dataclass(frozen=True, slots=True)
class SampledRecipe:
    """A recipe and what is known of it before it is rendered.

    Attributes:
        recipe: what the composite is made of.
        occlusion_percent: hidden share of each object, far to near, as its label will say it.
    """

    recipe: Recipe
    occlusion_percent: tuple[int, ...]
