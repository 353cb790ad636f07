"""The settings of networks that find keypoints: the window's form, the shell and the job's row share them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from core.mining.detectors.settings import (
    DetectorSettings,
    Device,
    NetworkDevice,
    OnnxDevice,
    OnnxThreads,
)


class PointPixels(StrEnum):
    """What a network wants its pixels to be. `auto` goes by the kind of network."""

    AUTO = "auto"
    RGB_0_1 = "rgb_0_to_1"
    RGB_0_255 = "rgb_0_to_255"
    BGR_0_255 = "bgr_0_to_255"
    IMAGENET = "imagenet"


class PointUnit(StrEnum):
    """What a network counts the places of points in. `auto` goes by how large they are."""

    AUTO = "auto"
    PIXELS = "pixels"
    SHARE = "share"


class OnnxKeypointSettings(DetectorSettings):
    """A network of your own in an ONNX file: a crop in, a car's 12 or a person's 17 keypoints out."""

    model: Path | None = Field(
        default=None,
        title="ONNX file",
        description="A network that gives heat maps or points of a car (12) or a person (17), or SimCC "
        "(RTMPose), or YOLO-pose.",
        json_schema_extra={"widget": "file"},
    )
    min_score: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        title="Least score",
        description="Points that are less certain than this are left out.",
    )
    pixels: PointPixels = Field(
        default=PointPixels.AUTO,
        title="Pixels",
        description="Colour order and range that the network wants; imagenet: less the mean, by the spread; "
        "auto: imagenet for SimCC and a person's heat maps, else rgb_0_to_1.",
        json_schema_extra={"advanced": True},
    )
    unit: PointUnit = Field(
        default=PointUnit.AUTO,
        title="Points in",
        description="Pixels of its input, or shares of its sides; auto goes by how large they are.",
        json_schema_extra={"advanced": True},
    )
    input_px: int = Field(
        default=256,
        ge=32,
        le=2048,
        title="Input size",
        description="Height of what a network of variable size is given; for people it is 3 to 4 wide.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    threads: OnnxThreads = 0
    device: OnnxDevice = Device.AUTO


class OwnKeypointSettings(DetectorSettings):
    """The pre-labeller: the one that comes with the program, or the project's run that is in use."""

    min_score: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        title="Least score",
        description="Points that are less certain than this are left out.",
    )
    device: NetworkDevice = Device.AUTO


class KeypointRcnnSettings(DetectorSettings):
    """Keypoint R-CNN of torchvision, trained on COCO's people."""

    weights: Path | None = Field(
        default=None,
        title="Weights file",
        description="A .pth or .safetensors file; empty fetches torchvision's own (226 MB) once.",
        json_schema_extra={"widget": "file"},
    )
    min_score: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        title="Least score",
        description="Points that are less certain than this are left out.",
    )
    device: NetworkDevice = Device.AUTO
    short_side_px: int = Field(
        default=320,
        ge=64,
        le=2400,
        title="Short side",
        description="Crops are scaled to this short side; more takes longer.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
