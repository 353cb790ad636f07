"""The settings of networks that find keypoints: the window's form, the shell and the job's row share them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from core.mining.detectors.settings import DetectorSettings, Device, OnnxDevice, OnnxThreads


class PointPixels(StrEnum):
    """What a network wants its pixels to be."""

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
    """A network of your own in an ONNX file: a car's crop in, its twelve keypoints out."""

    model: Path | None = Field(
        default=None,
        title="ONNX file",
        description="A network that gives heat maps (1x12xhxw) or points (1x12x2, or 1x12x3 with scores).",
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
        default=PointPixels.RGB_0_1,
        title="Pixels",
        description="Colour order and range that the network wants; imagenet: less the mean, by the spread.",
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
        description="Side of what a network of variable size is given.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    threads: OnnxThreads = 0
    device: OnnxDevice = Device.AUTO
