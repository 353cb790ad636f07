"""The settings of every job: one model each, from which the form, the options and the row come."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.mining.detectors.settings import (
    MotionSettings,
    OnnxSettings,
    RfdetrSettings,
    TorchvisionSettings,
)
from core.mining.keypoints.settings import OnnxKeypointSettings
from core.mining.occlusion.settings import OcclusionSettings, WaltSettings
from core.mining.thinning_settings import ThinningSettings
from core.mining.tracking import TrackingSettings


class JobSettings(BaseModel):
    """What all settings share: unknown names are refused, so that a typing slip never goes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_CAMERAS: dict[str, Any] = {"of": "cameras"}
_NEW_CAMERAS: dict[str, Any] = {"of": "cameras", "may_be_new": True}


def _sources(offer_help: str) -> dict[str, Any]:
    """A field for ids of sources.

    Args:
        offer_help: what the window says of it, which shows their names.
    """
    return {"of": "sources", "offer_help": offer_help}


def _advanced(**more: Any) -> dict[str, Any]:
    return {"advanced": True, **more}


class AddSettings(JobSettings):
    """Index footage and add it to a camera."""

    path: Path = Field(title="File or folder", description="A video file or a folder of pictures.")
    camera: str = Field(
        "",
        title="Camera",
        description="The camera it belongs to; made if there is none of that name. Empty: the file's name.",
        json_schema_extra=_NEW_CAMERAS,
    )
    start: str = Field(
        "",
        title="Start time",
        description="When the first frame was taken, such as 2026-05-01T14:00 (local to the camera).",
    )
    pattern: str = Field(
        "",
        title="Name pattern",
        description="How picture names carry their time, such as %Y-%m-%dT%H-%M-%S. Empty: usual ones.",
        json_schema_extra=_advanced(),
    )
    csv: Path | None = Field(
        None,
        title="Times file",
        description="A CSV of name,time for pictures.",
        json_schema_extra=_advanced(widget="file"),
    )
    fps: float = Field(
        25.0,
        gt=0,
        le=1000,
        title="Pictures a second",
        description="Of numbered pictures that carry no times.",
        json_schema_extra=_advanced(),
    )
    burst_gap_s: float | None = Field(
        None,
        gt=0,
        title="Burst gap",
        description="A pause longer than this starts a new burst. Empty: found from the usual step.",
        json_schema_extra=_advanced(unit="s"),
    )


class BackgroundSettings(JobSettings):
    """Median backgrounds of one camera."""

    camera: str = Field(
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=_CAMERAS
    )
    per_hour: bool = Field(
        True, title="One per hour of day", description="Makes one for each hour that the footage covers."
    )
    samples: int = Field(
        100,
        ge=3,
        le=5000,
        title="Frames",
        description="How many frames each rests on at most, spread over time.",
    )
    use_objects: bool = Field(
        True,
        title="Mask out objects",
        description="Leaves out the pixels of objects already found, and of what moves.",
    )


class MineSettings(JobSettings):
    """Find, follow and test objects."""

    camera: str = Field(
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=_CAMERAS
    )
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources to mine. Empty: all of the camera's.",
        json_schema_extra=_sources("Which to mine."),
    )
    detector: Literal["motion", "torchvision", "onnx", "rfdetr"] = Field(
        "motion",
        title="Detector",
        description="What finds the objects.",
        json_schema_extra={
            "labels": {
                "motion": "Motion, without a network",
                "torchvision": "Mask R-CNN v2 (torchvision)",
                "onnx": "Your own ONNX file",
                "rfdetr": "RF-DETR Seg",
            }
        },
    )
    every: int = Field(1, ge=1, le=1000, title="Every n-th frame", description="1 mines every frame.")
    start_s: float | None = Field(
        None, ge=0, title="From", description="Mine from this time on.", json_schema_extra=_advanced(unit="s")
    )
    end_s: float | None = Field(
        None, ge=0, title="To", description="Mine up to this time.", json_schema_extra=_advanced(unit="s")
    )
    motion: MotionSettings = Field(default_factory=MotionSettings)
    onnx: OnnxSettings = Field(default_factory=OnnxSettings)
    torchvision: TorchvisionSettings = Field(default_factory=TorchvisionSettings)
    rfdetr: RfdetrSettings = Field(default_factory=RfdetrSettings)
    tracking: TrackingSettings = Field(default_factory=TrackingSettings)
    rule: Literal["ours", "walt"] = Field(
        "ours",
        title="Unoccluded by",
        description="ours: overlap by mask, border and static things. walt: WALT's published rule.",
        json_schema_extra={"labels": {"ours": "Our tests", "walt": "WALT's rule"}},
    )
    occlusion: OcclusionSettings = Field(default_factory=OcclusionSettings)
    walt: WaltSettings = Field(default_factory=WaltSettings)
    thinning: ThinningSettings = Field(default_factory=ThinningSettings)
    crop_px: int = Field(
        256,
        ge=32,
        le=2048,
        title="Crop size",
        description="Longest side of a stored crop.",
        json_schema_extra=_advanced(unit="px"),
    )
    processes: int | None = Field(
        None,
        ge=1,
        le=64,
        title="Processes",
        description="How many look for motion side by side. Empty: one for each processor. "
        "A network uses all processors by itself.",
        json_schema_extra=_advanced(),
    )


class KeypointsSettings(JobSettings):
    """Let a network place keypoints."""

    camera: str = Field(
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=_CAMERAS
    )
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources whose cars to look at. Empty: all of the camera's.",
        json_schema_extra=_sources("Whose cars to look at."),
    )
    min_size_px: float = Field(
        32,
        ge=0,
        le=4096,
        title="Smallest car",
        description="Cars whose longer side is shorter than this are left out.",
        json_schema_extra={"unit": "px"},
    )
    include_thinned: bool = Field(
        False, title="Repeats too", description="Also views that another object stands for in the queue."
    )
    redo: bool = Field(
        False,
        title="Place again",
        description="Also cars on which a network has placed some. What people placed or imported stays.",
    )
    onnx: OnnxKeypointSettings = Field(default_factory=OnnxKeypointSettings)


class FitSettings(JobSettings):
    """Fit cars in 3D."""

    camera: str = Field(
        "",
        title="Camera",
        description="Which camera. Empty: all that are calibrated.",
        json_schema_extra=_CAMERAS,
    )
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources whose cars to fit. Empty: all of the camera's.",
        json_schema_extra=_sources("Whose cars to fit."),
    )
    method: Literal["track", "single", "traffic4d"] = Field(
        "track",
        title="Method",
        description="track: the frames of a track together, with one shape. single: each frame by itself. "
        "traffic4d: Traffic4D's objective as published, to compare with; it finds a road of its own.",
        json_schema_extra={
            "labels": {
                "track": "Whole tracks",
                "single": "Each frame by itself",
                "traffic4d": "As Traffic4D, to compare",
            }
        },
    )
    coarse: bool = Field(
        True,
        title="The others coarsely",
        description="Cars without keypoints by the outline of their mask and the motion of their track.",
    )
    points: Literal["all", "others"] = Field(
        "all",
        title="Whose points",
        description="others: only cars of which no person placed a point, for a shape space that has learned "
        "others' habits.",
        json_schema_extra=_advanced(labels={"all": "Everyone's", "others": "Imported or found ones only"}),
    )
    redo: bool = Field(
        False,
        title="Fit again",
        description="Also cars whose fit is up to date. What a person fitted, accepted or rejected stays.",
    )
    space: Path | None = Field(
        None,
        title="Shape space",
        description="A file of car shapes, as `amodal shapes build` makes it. Empty: the program's own.",
        json_schema_extra=_advanced(widget="file"),
    )


class RecordSettings(JobSettings):
    """Record bursts of a live stream."""

    address: str = Field(
        title="Address", description="rtsp://…, http://… (MJPEG), or usb:0 for the first camera plugged in."
    )
    camera: str = Field(
        title="Camera",
        description="The camera it belongs to; made if there is none.",
        json_schema_extra=_NEW_CAMERAS,
    )
    seconds: float = Field(10, gt=0, title="Burst length", description="", json_schema_extra={"unit": "s"})
    fps: float = Field(10, gt=0, le=120, title="Frames a second", description="Within a burst.")
    every_minutes: float = Field(
        10,
        ge=0,
        title="Every",
        description="From one burst's start to the next.",
        json_schema_extra={"unit": "min"},
    )
    bursts: int | None = Field(
        None, ge=1, title="Bursts", description="How many in all. Empty: until cancelled."
    )


class LocateSettings(JobSettings):
    """Find moved footage again."""

    place: Path = Field(
        title="Look in",
        description="A folder, which is searched with all below it, or the missing video itself. "
        "What is found must have the same content.",
        json_schema_extra={"widget": "place"},
    )
    annotator: str = Field(
        "",
        title="Annotator",
        description="In whose name it is noted where footage is now. Empty: the name you log in with.",
    )


class RoadSettings(JobSettings):
    """Find the road in a point cloud."""

    path: Path = Field(
        title="Point cloud",
        description="A PLY file in metres, best cut to the road, or COLMAP's points3D.bin or points3D.txt.",
    )
    camera: str = Field(
        "",
        title="Camera",
        description="Which camera; may be left out where there is one.",
        json_schema_extra={**_CAMERAS, "none": "the only one there is"},
    )
    lens: Path | None = Field(
        None,
        title="Lens and pose",
        description="A calibration file, or COLMAP's folder, with the lens and the camera's pose in the "
        "cloud. Empty: the lens in force, and a cloud in the frame of the camera (x right, y down, "
        "z forward).",
        json_schema_extra={"widget": "place"},
    )
    name: str = Field(
        "", title="Name in it", description="Which camera or picture of that file, where it has several."
    )
    picture: str = Field(
        "",
        pattern=r"^(\d{1,5}x\d{1,5})?$",
        title="Picture size",
        description="Width and height of the pictures, such as 1920x1080. Empty: the footage's.",
        json_schema_extra=_advanced(),
    )
    threshold_m: float = Field(
        0.08,
        gt=0,
        le=10,
        title="Thickness",
        description="How near to the plane a point belongs to the road.",
        json_schema_extra=_advanced(unit="m"),
    )
    least_share: float = Field(
        0.3,
        gt=0,
        le=1,
        title="Least share",
        description="The share of all points that must lie in the road's plane.",
        json_schema_extra=_advanced(),
    )
    rounds: int = Field(
        2000,
        ge=10,
        le=100_000,
        title="Tries",
        description="How many planes through three points are tried.",
        json_schema_extra=_advanced(),
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the tries.", json_schema_extra=_advanced()
    )


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
        "", title="Camera", description="Only this camera's objects. Empty: all.", json_schema_extra=_CAMERAS
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
        json_schema_extra=_advanced(),
    )
    segmentation: Literal["rle", "polygon"] = Field(
        "rle",
        title="Masks as",
        description="Run lengths are exact; polygons suit tools that draw.",
        json_schema_extra=_advanced(),
    )


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
        json_schema_extra=_advanced(),
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
        json_schema_extra=_advanced(),
    )
    source: int | None = Field(
        None,
        ge=1,
        title="Source",
        description="Only frames of the source with this id, where file names alone are ambiguous.",
        json_schema_extra=_advanced(
            **_sources("Only its frames, where file names alone are ambiguous."), none="any"
        ),
    )
