"""The settings of the jobs that read and write other tools' files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from core.jobs.setting_fields import CAMERAS, JobSettings, advanced, body_field, sources


class ExportSettings(JobSettings):
    """Write another tool's format."""

    path: Path = Field(title="File", description="Where to write.", json_schema_extra={"widget": "new_file"})
    format: Literal["coco"] = Field(
        "coco",
        title="Format",
        description="COCO instances JSON.",
        json_schema_extra={"labels": {"coco": "COCO"}},
    )
    camera: str = Field(
        "", title="Camera", description="Only this camera's objects. Empty: all.", json_schema_extra=CAMERAS
    )
    label: Literal["any", "unoccluded", "occluded"] = Field(
        "any", title="Label", description="Only objects with this label."
    )
    reviewed_only: bool = Field(False, title="Reviewed only", description="Only what a person has looked at.")
    include_thinned: bool = Field(
        True, title="Repeats too", description="Also views that another object stands for in the queue."
    )
    include_rejected: bool = Field(
        False,
        title="Rejected too",
        description="Also what a person rejected. It says so in occlusion.verdict, which other tools do not "
        "read.",
    )
    pictures: bool = Field(
        False,
        title="Pictures too",
        description="Also writes the frames as pictures, into a folder of the file's name beside it.",
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
        description="With pictures: also writes pages that show what was blurred, as it is now.",
        json_schema_extra=advanced(),
    )
    segmentation: Literal["rle", "polygon"] = Field(
        "rle",
        title="Masks as",
        description="Run lengths are exact; polygons suit tools that draw.",
        json_schema_extra=advanced(),
    )
    body: Path | None = body_field()


class ImportSettings(JobSettings):
    """Read another tool's format."""

    path: Path = Field(title="File", description="The file to read.")
    format: Literal["coco", "walt"] = Field(
        "coco",
        title="Format",
        description="COCO instances JSON, or what WALT mined: CAMERA.json, or its npz alone.",
        json_schema_extra={"labels": {"coco": "COCO", "walt": "WALT"}},
    )
    people_labels: list[int] = Field(
        default_factory=list,
        title="WALT's people",
        description="WALT's numbers (label_id) that mean people. All others are taken for cars.",
        json_schema_extra=advanced(),
    )
    reviews: bool = Field(
        True,
        title="Verdicts with their annotators",
        description="Takes along what people said in the project that wrote the file, in their names, where "
        "they said nothing here. No: what they said becomes an imported label.",
    )
    mirrored: bool = Field(
        False,
        title="Left and right exchanged",
        description="The file's keypoints call left what is the driver's right. Checked on the largest cars; "
        "what this program wrote is taken as it is.",
        json_schema_extra=advanced(),
    )
    source: int | None = Field(
        None,
        ge=1,
        title="Source",
        description="Only frames of the source with this id, where file names alone are ambiguous.",
        json_schema_extra=advanced(
            **sources("Only its frames, where file names alone are ambiguous."), none="any"
        ),
    )
