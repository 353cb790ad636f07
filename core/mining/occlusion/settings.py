"""The settings of the occlusion tests and of WALT's rule, as models: form, shell and job row share them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WaltSettings(BaseModel):
    """WALT's rule (CVPR 2022, cwalt/Clip_WALT_Generate.py)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tau: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        title="WALT's overlap",
        description="Boxes that overlap by more than this IoU collide.",
    )
    keep_score: float = Field(
        default=0.9,
        ge=0,
        le=1,
        title="WALT's least score",
        description="Objects below this score are never kept.",
    )
    quirk: bool = Field(
        default=True,
        title="WALT's quirk",
        description="Only neighbours with a score below 0.5 hide an object, as in the published code. "
        "Off: all neighbours from 0.3 up do.",
    )
    quirk_score: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Quirk below",
        description="The score below which a neighbour counts, with the quirk.",
    )
    other_score: float = Field(
        default=0.3,
        ge=0,
        le=1,
        title="Neighbours from",
        description="The score from which one counts, without the quirk.",
    )
