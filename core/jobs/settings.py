"""The settings of every job: one model each, from which the form, the options and the row come."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from core.jobs.setting_fields import (
    CAMERAS,
    NEW_CAMERAS,
    JobSettings,
    RuleName,
    advanced,
    body_field,
    rule_field,
    sources,
)
from core.mining.detectors.settings import (
    Device,
    MotionSettings,
    OnnxSettings,
    OwnSettings,
    RfdetrSettings,
    TorchvisionSettings,
)
from core.mining.keypoints.settings import KeypointRcnnSettings, OnnxKeypointSettings, OwnKeypointSettings
from core.mining.occlusion.settings import ClassifierSettings, OcclusionSettings, WaltSettings
from core.mining.thinning_settings import ThinningSettings
from core.mining.tracking import TrackingSettings


class AddSettings(JobSettings):
    """Index footage and add it to a camera."""

    path: Path = Field(title="File or folder", description="A video file or a folder of pictures.")
    camera: str = Field(
        "",
        title="Camera",
        description="The camera it belongs to; made if there is none of that name. Empty: the file's name.",
        json_schema_extra=NEW_CAMERAS,
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
        json_schema_extra=advanced(),
    )
    csv: Path | None = Field(
        None,
        title="Times file",
        description="A CSV of name,time for pictures.",
        json_schema_extra=advanced(widget="file"),
    )
    fps: float = Field(
        25.0,
        gt=0,
        le=1000,
        title="Pictures a second",
        description="Of numbered pictures that carry no times.",
        json_schema_extra=advanced(),
    )
    burst_gap_s: float | None = Field(
        None,
        gt=0,
        title="Burst gap",
        description="A pause longer than this starts a new burst. Empty: found from the usual step.",
        json_schema_extra=advanced(unit="s"),
    )


class BackgroundSettings(JobSettings):
    """Median backgrounds of one camera."""

    camera: str = Field(
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=CAMERAS
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
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=CAMERAS
    )
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources to mine. Empty: all of the camera's.",
        json_schema_extra=sources("Which to mine."),
    )
    detector: Literal["motion", "torchvision", "onnx", "rfdetr", "own"] = Field(
        "motion",
        title="Detector",
        description="What finds the objects.",
        json_schema_extra={
            "labels": {
                "motion": "Motion, without a network",
                "torchvision": "Mask R-CNN v2 (torchvision)",
                "onnx": "Your own ONNX file",
                "rfdetr": "RF-DETR Seg",
                "own": "Trained in this project",
            }
        },
    )
    every: int = Field(1, ge=1, le=1000, title="Every n-th frame", description="1 mines every frame.")
    start_s: float | None = Field(
        None, ge=0, title="From", description="Mine from this time on.", json_schema_extra=advanced(unit="s")
    )
    end_s: float | None = Field(
        None, ge=0, title="To", description="Mine up to this time.", json_schema_extra=advanced(unit="s")
    )
    motion: MotionSettings = Field(default_factory=MotionSettings)
    onnx: OnnxSettings = Field(default_factory=OnnxSettings)
    torchvision: TorchvisionSettings = Field(default_factory=TorchvisionSettings)
    rfdetr: RfdetrSettings = Field(default_factory=RfdetrSettings)
    own: OwnSettings = Field(default_factory=OwnSettings)
    tracking: TrackingSettings = Field(default_factory=TrackingSettings)
    rule: RuleName = rule_field("ours")
    occlusion: OcclusionSettings = Field(default_factory=OcclusionSettings)
    walt: WaltSettings = Field(default_factory=WaltSettings)
    classifier: ClassifierSettings = Field(default_factory=ClassifierSettings)
    thinning: ThinningSettings = Field(default_factory=ThinningSettings)
    crop_px: int = Field(
        256,
        ge=32,
        le=2048,
        title="Crop size",
        description="Longest side of a stored crop.",
        json_schema_extra=advanced(unit="px"),
    )
    processes: int | None = Field(
        None,
        ge=1,
        le=64,
        title="Processes",
        description="How many look for motion side by side. Empty: one for each processor. "
        "A network uses all processors by itself.",
        json_schema_extra=advanced(),
    )


class JudgeSettings(JobSettings):
    """Tell anew which of the objects that were found are unoccluded."""

    camera: str = Field(
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=CAMERAS
    )
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources whose objects to judge. Empty: all of the camera's.",
        json_schema_extra=sources("Whose objects to judge."),
    )
    rule: RuleName = rule_field("classifier")
    classifier: ClassifierSettings = Field(default_factory=ClassifierSettings)
    occlusion: OcclusionSettings = Field(default_factory=OcclusionSettings)
    walt: WaltSettings = Field(default_factory=WaltSettings)


class KeypointsSettings(JobSettings):
    """Let a network place keypoints on cars or people."""

    camera: str = Field(
        "", title="Camera", description="Which camera. Empty: all of them.", json_schema_extra=CAMERAS
    )
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources whose objects to look at. Empty: all of the camera's.",
        json_schema_extra=sources("Whose objects to look at."),
    )
    objects: Literal["cars", "people"] = Field(
        "cars",
        title="Place on",
        description="Cars get 12 points, people the 17 of COCO.",
        json_schema_extra={"labels": {"cars": "Cars", "people": "People"}},
    )
    network: Literal["own", "onnx", "torchvision"] = Field(
        "own",
        title="Network",
        description="What finds the points; the program's own knows cars only, torchvision's Keypoint R-CNN "
        "people only.",
        json_schema_extra={
            "labels": {
                "own": "The program's own, cars only",
                "onnx": "Your own ONNX file",
                "torchvision": "Keypoint R-CNN (torchvision), people only",
            }
        },
    )
    min_size_px: float = Field(
        32,
        ge=0,
        le=4096,
        title="Smallest object",
        description="Objects whose longer side is shorter than this are left out.",
        json_schema_extra={"unit": "px"},
    )
    include_thinned: bool = Field(
        False, title="Repeats too", description="Also views that another object stands for in the queue."
    )
    redo: bool = Field(
        False,
        title="Place again",
        description="Also those on which a network has placed some. What people placed or imported stays.",
    )
    own: OwnKeypointSettings = Field(default_factory=OwnKeypointSettings)
    onnx: OnnxKeypointSettings = Field(default_factory=OnnxKeypointSettings)
    torchvision: KeypointRcnnSettings = Field(default_factory=KeypointRcnnSettings)

    @model_validator(mode="before")
    @classmethod
    def _as_named(cls, given: Any) -> Any:
        """Where nobody says which network: the file that is named; and people need one."""
        if isinstance(given, dict) and "network" not in given:
            file = given.get("onnx")
            named = isinstance(file, dict) and file.get("model") is not None
            if named or given.get("objects") == "people":
                return {**given, "network": "onnx"}
        return given

    @model_validator(mode="after")
    def _of_people(self) -> KeypointsSettings:
        if self.network == "torchvision" and self.objects != "people":
            raise ValueError("Keypoint R-CNN finds points of people only; choose people, or an ONNX file")
        if self.network == "own" and self.objects != "cars":
            raise ValueError("the program's own network finds points of cars only; choose cars, or another")
        return self


class FitSettings(JobSettings):
    """Fit cars and people in 3D."""

    camera: str = Field(
        "",
        title="Camera",
        description="Which camera. Empty: all that are calibrated.",
        json_schema_extra=CAMERAS,
    )
    source: list[int] = Field(
        default_factory=list,
        title="Sources",
        description="Ids of the sources whose cars and people to fit. Empty: all of the camera's.",
        json_schema_extra=sources("Whose cars and people to fit."),
    )
    objects: Literal["all", "cars", "people"] = Field(
        "all",
        title="Fit",
        description="What to fit. People need keypoints, unless a network looks at them.",
        json_schema_extra={"labels": {"all": "Cars and people", "cars": "Cars", "people": "People"}},
    )
    method: Literal["track", "single", "traffic4d"] = Field(
        "track",
        title="Method",
        description="track: the frames of a track together, with one shape. single: each frame by itself. "
        "traffic4d: Traffic4D's objective as published, to compare with; it finds a road of its own, and "
        "knows no people.",
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
        description="others: only cars and people on which no person placed a point, for a shape space that "
        "has learned others' habits.",
        json_schema_extra=advanced(labels={"all": "Everyone's", "others": "Imported or found ones only"}),
    )
    redo: bool = Field(
        False,
        title="Fit again",
        description="Also what has an up-to-date fit. What a person fitted, accepted or rejected stays.",
    )
    space: Path | None = Field(
        None,
        title="Shape space",
        description="A file of car shapes, as `amodal shapes build` makes it. Empty: the program's own.",
        json_schema_extra=advanced(widget="file"),
    )
    people: str = Field(
        "points",
        min_length=1,
        max_length=80,
        title="People by",
        description="points: from their keypoints. hmr2: by HMR 2.0's network. Or the name of an installed "
        "adapter.",
        json_schema_extra=advanced(),
    )
    weights: Path | None = Field(
        None,
        title="Weights",
        description="HMR 2.0's checkpoint, or what an adapter needs. It does not come with this program: you "
        "get it from its makers, under their licence. Nothing in it is run by this program.",
        json_schema_extra=advanced(widget="file"),
    )
    device: Device = Field(
        Device.AUTO,
        title="Device",
        description="Where a network that looks at people runs; auto takes the GPU if there is one. "
        "cuda fits people's points there, too.",
        json_schema_extra=advanced(),
    )
    body: Path | None = body_field()


class RecordSettings(JobSettings):
    """Record bursts of a live stream."""

    address: str = Field(
        title="Address", description="rtsp://…, http://… (MJPEG), or usb:0 for the first camera plugged in."
    )
    camera: str = Field(
        title="Camera",
        description="The camera it belongs to; made if there is none.",
        json_schema_extra=NEW_CAMERAS,
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
        json_schema_extra={**CAMERAS, "none": "the only one there is"},
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
        json_schema_extra=advanced(),
    )
    threshold_m: float = Field(
        0.08,
        gt=0,
        le=10,
        title="Thickness",
        description="How near to the plane a point belongs to the road.",
        json_schema_extra=advanced(unit="m"),
    )
    least_share: float = Field(
        0.3,
        gt=0,
        le=1,
        title="Least share",
        description="The share of all points that must lie in the road's plane.",
        json_schema_extra=advanced(),
    )
    rounds: int = Field(
        2000,
        ge=10,
        le=100_000,
        title="Tries",
        description="How many planes through three points are tried.",
        json_schema_extra=advanced(),
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the tries.", json_schema_extra=advanced()
    )
