"""The settings of each detector, as models: the window's form, the shell and the job's row share them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class LookFor(StrEnum):
    """What a detector without classes of its own may call its finds."""

    BOTH = "cars_and_people"
    CARS = "cars"
    PEOPLE = "people"


class Device(StrEnum):
    """Where a network runs. `auto` takes the GPU if there is one, and says which it took."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Pixels(StrEnum):
    """What a network wants its pixels to be."""

    AUTO = "auto"
    RGB_0_1 = "rgb_0_to_1"
    BGR_0_255 = "bgr_0_to_255"
    RGB_0_255 = "rgb_0_to_255"


class RfdetrSize(StrEnum):
    """RF-DETR Seg's published sizes."""

    NANO = "nano"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


LeastScore = Annotated[
    float,
    Field(
        ge=0.0,
        le=1.0,
        title="Least score",
        description="Objects that are less certain than this are left out.",
    ),
]
NetworkDevice = Annotated[
    Device,
    Field(title="Device", description="Where the network runs; auto takes the GPU if there is one."),
]
OnnxDevice = Annotated[
    Device,
    Field(
        title="Device",
        description="Where the network runs; the GPU needs the onnxruntime-gpu package.",
        json_schema_extra={"advanced": True},
    ),
]
OnnxThreads = Annotated[
    int,
    Field(
        ge=0,
        le=64,
        title="Threads",
        description="Processor threads for the network; 0 lets onnxruntime choose.",
        json_schema_extra={"advanced": True},
    ),
]


class DetectorSettings(BaseModel):
    """What all detectors' settings share: unknown names are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MotionSettings(DetectorSettings):
    """What differs from the median background."""

    look_for: LookFor = Field(
        default=LookFor.BOTH,
        title="Look for",
        description="What may be in the picture; narrower is more certain.",
    )
    min_contrast: int = Field(
        default=18,
        ge=4,
        le=120,
        title="Least contrast",
        description="How far a pixel must be from the background to count, in grey levels of 255; "
        "noise raises it by itself.",
    )
    min_size_px: int = Field(
        default=14,
        ge=4,
        le=500,
        title="Smallest object",
        description="Objects whose longer side is shorter than this are left out.",
        json_schema_extra={"unit": "px"},
    )
    split_touching: bool = Field(
        default=True,
        title="Split touching objects",
        description="Cut a blob at its narrow places when it looks like several objects.",
    )
    remove_shadows: bool = Field(
        default=True,
        title="Remove shadows",
        description="Leave out what is only darker than the background, with the same texture.",
    )
    least_way: float = Field(
        default=0.5,
        ge=0.0,
        le=20.0,
        title="Least way",
        description="Leave out what never goes this far in all, in its own sizes: leaves, flags, flicker. "
        "Only in bursts of 20 s and more, for traffic stands still too. 0 keeps everything.",
        json_schema_extra={"advanced": True},
    )
    min_score: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        title="Least score",
        description="Objects that are less certain than this are left out.",
        json_schema_extra={"advanced": True},
    )


class TorchvisionSettings(DetectorSettings):
    """Mask R-CNN v2, trained on COCO."""

    weights: Path | None = Field(
        default=None,
        title="Weights file",
        description="A .pth or .safetensors file; empty fetches torchvision's own (177 MB) once.",
    )
    min_score: LeastScore = 0.4
    device: NetworkDevice = Device.AUTO
    short_side_px: int = Field(
        default=800,
        ge=64,
        le=2400,
        title="Short side",
        description="Pictures are scaled to this short side; more finds smaller objects and takes longer.",
        json_schema_extra={"unit": "px", "advanced": True},
    )


class OnnxSettings(DetectorSettings):
    """A network of your own in an ONNX file."""

    model: Path | None = Field(
        default=None,
        title="ONNX file",
        description="A YOLO, YOLO-seg or YOLOX network, or one with its own suppression at the end.",
    )
    min_score: float = Field(
        default=0.35,
        ge=0.01,
        le=1.0,
        title="Least score",
        description="Objects that are less certain than this are left out.",
    )
    max_overlap: float = Field(
        default=0.6,
        ge=0.1,
        le=1.0,
        title="Greatest overlap",
        description="Of two boxes of one kind that overlap more than this (IoU), the weaker is dropped.",
        json_schema_extra={"advanced": True},
    )
    tiles: bool = Field(
        default=False,
        title="Tiles for small objects",
        description="Look at overlapping parts of the picture at full size too: finds smaller objects, "
        "takes several times as long.",
    )
    tile_px: int = Field(
        default=0,
        ge=0,
        le=4096,
        title="Tile size",
        description="Side of a tile; 0 takes half of the picture's long side.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    class_names: str = Field(
        default="",
        title="Class names",
        description="Comma-separated, in the network's order; empty takes them from the file.",
        json_schema_extra={"advanced": True},
    )
    pixels: Pixels = Field(
        default=Pixels.AUTO,
        title="Pixels",
        description="Colour order and range that the network wants; auto goes by its layout.",
        json_schema_extra={"advanced": True},
    )
    input_px: int = Field(
        default=0,
        ge=0,
        le=4096,
        title="Input size",
        description="Long side of what a network of variable size is given; 0 takes the file's, else 640.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    threads: OnnxThreads = 0
    device: OnnxDevice = Device.AUTO


class RfdetrSettings(DetectorSettings):
    """RF-DETR Seg, trained on COCO; the extra `detect`."""

    size: RfdetrSize = Field(
        default=RfdetrSize.SMALL, title="Size", description="Larger finds more and takes longer."
    )
    weights: Path | None = Field(
        default=None,
        title="Weights file",
        description="A checkpoint of your own; empty fetches the published one once.",
    )
    min_score: LeastScore = 0.4
    device: NetworkDevice = Device.AUTO


class OwnSettings(DetectorSettings):
    """A detector that was trained in the project."""

    run: int | None = Field(
        default=None,
        ge=1,
        title="Run",
        description="Number of the run whose model finds the objects; empty takes the one in use.",
        json_schema_extra={"advanced": True},
    )
    min_score: LeastScore = 0.5
    min_point_score: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        title="Least score of a point",
        description="Keypoints of which the model is less certain than this are left out.",
        json_schema_extra={"advanced": True},
    )
    min_points_px: float = Field(
        default=32.0,
        ge=0.0,
        le=16384.0,
        title="Smallest object with points",
        description="Objects whose longer side is shorter than this get no keypoints.",
        json_schema_extra={"advanced": True, "unit": "px"},
    )
    device: NetworkDevice = Device.AUTO
