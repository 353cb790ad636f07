"""The settings of thinning, as a model: form, shell and job row share it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ThinningSettings(BaseModel):
    """How parked objects are marked and repeated views thinned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group_iou: float = Field(
        default=0.8,
        gt=0,
        lt=1,
        title="Same view from",
        description="Boxes that overlap by more than this IoU are one view.",
    )
    group_size: int = Field(
        default=10,
        ge=1,
        title="Thin above",
        description="A view seen more often than this is thinned to its best picture.",
    )
    stationary_iou: float = Field(
        default=0.99,
        gt=0,
        lt=1,
        title="Parked from",
        description="An object whose box meets one of another time by more than this IoU stands still.",
    )
    stationary_gap_s: float = Field(
        default=1.0,
        ge=0,
        title="Parked for",
        description="The two times must lie at least this far apart: a slow car is not parked.",
        json_schema_extra={"unit": "s", "advanced": True},
    )
    across_tracks: bool = Field(
        default=False,
        title="Thin across objects",
        description="Also thins different moving objects that pass the same place, as WALT's code does.",
    )
