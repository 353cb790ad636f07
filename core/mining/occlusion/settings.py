"""The settings of the occlusion tests and of WALT's rule, as models: form, shell and job row share them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from core.mining.detectors.settings import Device, NetworkDevice


class OcclusionSettings(BaseModel):
    """Our tests: overlap with nearer objects, the picture's border, static things in front."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    overlap_share: float = Field(
        default=0.3,
        gt=0,
        le=5,
        title="Shared border",
        description="An object is covered when nearer ones lie against it along more than this share of "
        "its size. Lower is stricter.",
    )
    overlap_box_share: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        title="Shared box",
        description="The same where a detector gives boxes only: the share of its box behind nearer ones.",
        json_schema_extra={"advanced": True},
    )
    border_px: float = Field(
        default=1.5,
        ge=0,
        le=100,
        title="Border",
        description="An object nearer to the picture's border than this is cut by it; large ones a little "
        "earlier.",
        json_schema_extra={"unit": "px"},
    )
    static_share: float = Field(
        default=0.3,
        gt=0,
        le=5,
        title="Static cover",
        description="An object is hidden by poles, signs and the like when they cross or border it along "
        "more than this share of its size. Lower is stricter.",
    )
    static_tracks: int = Field(
        default=2,
        ge=2,
        le=20,
        title="Static things after",
        description="How many moving objects must have passed behind something before it counts as static.",
        json_schema_extra={"unit": "objects", "advanced": True},
    )
    static_spread: float = Field(
        default=9.0,
        gt=0,
        le=60,
        title="Static colour",
        description="How much a static thing's colour may vary while objects pass behind it, in grey levels "
        "of 255.",
        json_schema_extra={"advanced": True},
    )


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
        json_schema_extra={"advanced": True},
    )
    other_score: float = Field(
        default=0.3,
        ge=0,
        le=1,
        title="Neighbours from",
        description="The score from which one counts, without the quirk.",
        json_schema_extra={"advanced": True},
    )


class ClassifierSettings(BaseModel):
    """The occlusion classifier: the one that comes with the program, or the project's run that is in use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least_belief: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        title="Least belief",
        description="Objects of which the network is at least so sure count as unoccluded. Higher is "
        "stricter.",
    )
    device: NetworkDevice = Device.AUTO
