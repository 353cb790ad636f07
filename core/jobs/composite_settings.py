"""The settings of the jobs that make composites."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from core.compositing.sampling.footprints import MARGIN_MM, MM_PER_M, PERSON_RADIUS_MM
from core.compositing.sampling.wanted import BINS
from core.jobs.setting_fields import JobSettings, body_field

_ADVANCED: dict[str, Any] = {"advanced": True}


class CutSettings(JobSettings):
    """Cut objects out for composites."""

    camera: str = Field("", title="Camera", description="Which camera. Empty: all of them.")
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources whose objects to cut out. Empty: all of the camera's.",
    )
    reviewed_only: bool = Field(
        False, title="Reviewed only", description="Only what a person has called unoccluded."
    )
    include_thinned: bool = Field(
        False, title="Repeats too", description="Also views that another object stands for in the queue."
    )
    min_size_px: float = Field(
        24,
        ge=0,
        le=4096,
        title="Smallest object",
        description="Objects whose longer side is shorter than this are left out.",
        json_schema_extra={"unit": "px"},
    )
    min_score: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Least score",
        description="Objects of which the detector was less sure are left out.",
    )
    coarse: bool = Field(
        True,
        title="Coarse fits too",
        description="Also places cars by fits of their outline alone. No: only by fits of keypoints.",
    )
    edge_percent: int = Field(
        96,
        ge=0,
        le=100,
        title="Clear edge",
        description="How much of what lies along an object's outline must be clear ground, as the background "
        "shows it, for WALT3D to paste it. Where less is, its mask may hold a part of what lies against it.",
        json_schema_extra={"unit": "%"},
    )
    standing: bool = Field(
        True,
        title="What stands there",
        description="Also cuts out, once each, what stands still in the background, so that what is pasted "
        "goes in front of it or behind it.",
    )
    person_radius_m: float = Field(
        PERSON_RADIUS_MM / MM_PER_M,
        gt=0,
        le=2,
        title="A person's radius",
        description="The disc that a person without a fit covers of the ground.",
        json_schema_extra={"unit": "m", **_ADVANCED},
    )
    body: Path | None = body_field()
    redo: bool = Field(
        False, title="Cut again", description="Also what is cut out already, such as for a better background."
    )


class ComposeSettings(JobSettings):
    """Make a set of composites."""

    camera: str = Field("", title="Camera", description="Which camera. Empty: all of them in turn.")
    name: str = Field(
        "", title="Name of the set", description="No other set has it. Empty: the sampler's and a number."
    )
    count: int = Field(1000, ge=1, le=10_000_000, title="Composites", description="How many to make.")
    sampler: Literal["walt3d", "walt2d"] = Field(
        "walt3d",
        title="Sampler",
        description="walt3d: objects at their own places, apart on the ground, far to near. walt2d: as WALT "
        "published it, in random order and without geometry, to compare with.",
        json_schema_extra={
            "labels": {"walt3d": "WALT3D, apart on the ground", "walt2d": "WALT2D, to compare"}
        },
    )
    split: Literal["train", "validation", "test"] = Field(
        "train",
        title="For",
        description="No object is in composites of two of these.",
        json_schema_extra={"labels": {"train": "Training", "validation": "Validation", "test": "Test"}},
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="The same seed makes the same composites again."
    )
    least: int = Field(
        4, ge=1, le=200, title="Objects from", description="Of WALT3D; what stands there is not counted."
    )
    most: int = Field(12, ge=1, le=200, title="Objects to", description="Of WALT3D.")
    walt2d_count: int = Field(
        30,
        ge=1,
        le=200,
        title="Objects of WALT2D",
        description="In each composite; WALT has 30.",
        json_schema_extra=_ADVANCED,
    )
    wanted: str = Field(
        "",
        title="Wanted occlusion",
        description="Ten whole numbers with commas between: parts of the objects that are hidden by 0 to 9 "
        "%, 10 to 19 % and so on, such as 4,2,2,1,1,1,1,1,1,0. Empty: as it comes. Only of WALT3D.",
    )
    hours: list[int] = Field(
        default_factory=list,
        title="Hours",
        description="Of the day, 0 to 23, whose backgrounds to use. Empty: all that there are.",
    )
    most_hidden_percent: int = Field(
        95,
        ge=1,
        le=100,
        title="Most hidden",
        description="An object that is hidden more is no example of anything.",
        json_schema_extra={"unit": "%", **_ADVANCED},
    )
    margin_mm: int = Field(
        MARGIN_MM,
        ge=0,
        le=5000,
        title="Gap",
        description="Between two objects on the ground at least.",
        json_schema_extra={"unit": "mm", **_ADVANCED},
    )
    light_percent: int = Field(
        20,
        ge=0,
        le=400,
        title="Other light",
        description="How much brighter or darker than its background an object's frame may have been.",
        json_schema_extra={"unit": "%", **_ADVANCED},
    )
    validation_percent: int = Field(
        10,
        ge=0,
        le=90,
        title="For validation",
        description="Share of the tracks, after those for training. The same for all sets of a project, or "
        "an object may be on two sides.",
        json_schema_extra={"unit": "%", **_ADVANCED},
    )
    test_percent: int = Field(
        10,
        ge=0,
        le=90,
        title="For the test",
        description="Share of the tracks, the last in time.",
        json_schema_extra={"unit": "%", **_ADVANCED},
    )
    guard_s: float = Field(
        2.0,
        ge=0,
        title="Guard time",
        description="A track that is seen this near to the border of two of them is in neither.",
        json_schema_extra={"unit": "s", **_ADVANCED},
    )

    @property
    def wanted_shares(self) -> tuple[int, ...] | None:
        """The wanted occlusion as numbers; None where it is taken as it comes."""
        parts = [part.strip() for part in self.wanted.split(",")] if self.wanted.strip() else []
        if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
            return ()
        return tuple(int(part) for part in parts) or None

    @model_validator(mode="after")
    def _fits_together(self) -> ComposeSettings:
        if self.least > self.most:
            raise ValueError("they ask for more objects at least than at most")
        shares = self.wanted_shares
        if shares is not None and (len(shares) != BINS or not sum(shares)):
            raise ValueError(
                "the wanted occlusion is ten whole numbers, one of them positive, commas between"
            )
        if any(not 0 <= hour <= 23 for hour in self.hours):
            raise ValueError("an hour is 0 to 23")
        if self.validation_percent + self.test_percent > 90:
            raise ValueError("nothing is left for training")
        return self


class ExportCompositesSettings(JobSettings):
    """Write composites as pictures with their labels."""

    path: Path = Field(
        title="Folder",
        description="Where to write: a new or empty folder, or one where this export was stopped.",
        json_schema_extra={"widget": "folder"},
    )
    set: str = Field("", title="Set", description="Which set of composites. Empty: the newest.")
    format: Literal["coco", "walt"] = Field(
        "coco",
        title="Format",
        description="COCO with whole and visible masks, or the layout that WALT's own code trains on.",
        json_schema_extra={"labels": {"coco": "COCO", "walt": "WALT"}},
    )
    blur_faces_and_plates: bool = Field(
        True,
        title="Blur faces and plates",
        description="Blurs faces and licence plates in every picture. Only switch this off for pictures that "
        "never leave your machine.",
    )
    contact_sheet: bool = Field(
        True,
        title="Contact sheet",
        description="Also writes pages that show what was blurred, as it is now.",
    )
    camera: str = Field("", title="Camera", description="Only this camera's composites. Empty: all.")
    split: Literal["all", "train", "validation", "test"] = Field(
        "all", title="Split", description="Only this part of the set."
    )
    picture: Literal["png", "jpeg"] = Field(
        "png",
        title="Pictures as",
        description="PNG keeps every pixel; JPEG takes a fifth of the room. WALT's are always JPEG.",
        json_schema_extra={"labels": {"png": "PNG", "jpeg": "JPEG"}},
    )
    walt_kind: Literal["vehicles", "people"] = Field(
        "vehicles",
        title="WALT's objects",
        description="Which objects get labels in WALT's layout, which knows one kind at a time.",
        json_schema_extra=_ADVANCED,
    )
    segmentation: Literal["rle", "polygon"] = Field(
        "rle",
        title="Masks as",
        description="Run lengths are exact; polygons suit tools that draw. COCO only.",
        json_schema_extra=_ADVANCED,
    )
    body: Path | None = body_field()
