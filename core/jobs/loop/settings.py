"""The settings of a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from core.jobs.setting_fields import CAMERAS, JobSettings, advanced


class LoopSettings(JobSettings):
    """Mine, compose, train and evaluate, in rounds."""

    camera: str = Field(
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=CAMERAS
    )
    rounds: int = Field(3, ge=1, le=100, title="Rounds", description="At most.")
    least_gain: float = Field(
        0.005,
        ge=0,
        le=1,
        title="Least gain",
        description="It ends after a round whose figure rose by less than this.",
    )
    first: Literal["current", "motion", "torchvision", "rfdetr"] = Field(
        "current",
        title="Begin with",
        description="What finds the objects of the first round. current: the project's detector in use, or "
        "motion where there is none.",
        json_schema_extra={
            "labels": {
                "current": "What is in use",
                "motion": "Motion, without a network",
                "torchvision": "Mask R-CNN v2 (torchvision)",
                "rfdetr": "RF-DETR Seg",
            }
        },
    )
    least_found: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Least found",
        description="A round's model that finds fewer objects than this share of what was found before does "
        "not mine: what was found stays, and the round learns from that.",
        json_schema_extra=advanced(),
    )
    truth: Literal["street", "composites"] = Field(
        "street",
        title="Measured by",
        description="The same for all rounds, and never learned from. street: drawn streets, with exact "
        "truth. composites: a set of the project's own for the test, made before.",
        json_schema_extra={"labels": {"street": "A drawn street", "composites": "Composites for the test"}},
    )
    test_set: str = Field(
        "",
        max_length=200,
        title="Test set",
        description="The set of composites that it is measured by. Empty: the newest with a test side.",
    )
    figure: Literal["mask_ap", "mask_ap50", "box_ap", "box_ap50"] = Field(
        "mask_ap",
        title="Figure",
        description="Which decides.",
        json_schema_extra={
            "labels": {
                "mask_ap": "Whole mask AP",
                "mask_ap50": "Whole mask AP at 0.5",
                "box_ap": "Whole box AP",
                "box_ap50": "Whole box AP at 0.5",
            }
        },
    )
    sampler: Literal["walt3d", "walt2d"] = Field(
        "walt3d",
        title="Sampler",
        description="Of the composites. walt3d needs a calibrated camera.",
        json_schema_extra={"labels": {"walt3d": "WALT3D, apart on the ground", "walt2d": "WALT2D"}},
    )
    composites: int = Field(
        1000, ge=20, le=1_000_000, title="Composites", description="To learn from, in each round."
    )
    validation: int = Field(
        100,
        ge=5,
        le=100_000,
        title="For validation",
        description="Composites by which each round's best weights are chosen.",
    )
    epochs: int | None = Field(
        None,
        ge=1,
        le=100_000,
        title="Epochs",
        description="Of each round's training. Empty: what suits the network.",
    )
    variant: str = Field(
        "", max_length=80, title="Variant", description="Of the detector. Empty: what suits the device."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", title="Device", description="Where networks run.", json_schema_extra=advanced()
    )
    pictures: int = Field(
        1000,
        ge=1,
        le=1_000_000,
        title="Pictures",
        description="To be measured by, at most.",
        json_schema_extra=advanced(),
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Of everything random.",
        json_schema_extra=advanced(),
    )
    parts: Path | None = Field(
        None,
        title="Settings of the parts",
        description="A JSON file with further settings by the part's name, such as "
        '{"mine": {"every": 5}, "train": {"batch": 4}}. Parts: mine, fit, cut, compose, train, evaluate.',
        json_schema_extra=advanced(widget="file"),
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> LoopSettings:
        if self.test_set and self.truth != "composites":
            raise ValueError("a test set is named, and something else is to be measured by")
        return self
