"""The settings of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from core.jobs.setting_fields import JobSettings, body_field

_ADVANCED: dict[str, Any] = {"advanced": True}
_AS_PROPOSED = "Empty: what suits the network."
_USUAL: dict[str, Any] = {"none": "usual"}
_OF_DETECTORS: dict[str, Any] = {"only": ("what", ("detector",))}
_OF_HIDDEN_POINTS: dict[str, Any] = {"only": ("what", ("hidden_points",))}
_OF_BOTH: dict[str, Any] = {"only": ("what", ("detector", "hidden_points"))}


class TrainSettings(JobSettings):
    """Train a network."""

    what: Literal["detector", "classifier", "prelabeller", "hidden_points"] = Field(
        "detector",
        title="Train",
        description="What for: detector (whole objects), classifier (unoccluded or not), prelabeller (a "
        "car's keypoints) or hidden_points (those that cannot be seen).",
        json_schema_extra={
            "labels": {
                "detector": "Amodal detector",
                "classifier": "Occlusion classifier",
                "prelabeller": "Keypoint pre-labeller",
                "hidden_points": "Hidden points",
            }
        },
    )
    name: str = Field(
        "", max_length=120, title="Name", description="Of the run. Empty: what it trains and a number."
    )
    variant: str = Field(
        "",
        max_length=80,
        title="Variant",
        description="Of the network, such as a smaller one. Empty: what suits the device.",
    )
    composites: str = Field(
        "",
        max_length=200,
        title="Composites",
        description="The set that a detector or hidden points learn from. They are measured by that set's "
        "own part for validation, or by another set for it. Empty: the newest.",
        json_schema_extra=_OF_BOTH,
    )
    crops: Path | None = Field(
        None,
        title="Synthetic crops",
        description="A folder that `amodal synth crops` has made. Hidden points learn from its cars, too, "
        "and are measured by them, so that they need no composites.",
        json_schema_extra={"widget": "folder", **_ADVANCED, **_OF_HIDDEN_POINTS},
    )
    hidden_from: Literal["labels", "trifocal"] = Field(
        "labels",
        title="Hidden points from",
        description="What tells where hidden points are: labels, which are exact in composites and simulated "
        "cars; or trifocal, two other calibrated cameras that see them, as in the paper. Those the synthetic "
        "street has: cars that three cameras see at once. Labels of hidden points are left out then.",
        json_schema_extra={
            **_OF_HIDDEN_POINTS,
            "labels": {"labels": "Exact labels", "trifocal": "Other cameras (trifocal)"},
        },
    )
    weight_reviewed: float = Field(
        1.0,
        ge=0,
        le=1000,
        title="Weight of reviewed labels",
        description="How often what people have reviewed is seen, against other kinds of data. With 1 for "
        "all, each picture is seen once in an epoch; with 3, three times as often; 0 leaves them out.",
    )
    weight_composites: float = Field(
        1.0,
        ge=0,
        le=1000,
        title="Weight of composites",
        description="Likewise, of composites.",
    )
    weight_synthetic: float | None = Field(
        None,
        ge=0,
        le=1000,
        title="Weight of the synthetic street",
        description="Likewise, of pictures of simulated streets and single cars. They are drawn once on this "
        "machine, which takes some minutes. Empty: 1 where they are drawn already, and where other cameras "
        "tell hidden points, else 0.",
        json_schema_extra={"none": "1 or 0"},
    )
    begin_with: Literal["usual", "nothing", "published", "street", "file"] = Field(
        "usual",
        title="Begin with",
        description="A detector's first weights: nothing; what torchvision publishes for it, of COCO "
        "or ImageNet, which is fetched once (45 to 170 MB; in a shell this is the consent); the program's "
        "own, taught on simulated streets, for the small variant; or a file of yours. Usual: the program's "
        "own where it has come with any, else nothing. The other networks begin with what comes with the "
        "program, unless a file is named.",
        json_schema_extra={
            **_OF_DETECTORS,
            "labels": {
                "usual": "What suits the variant",
                "nothing": "Nothing",
                "published": "Published weights",
                "street": "The program's own",
                "file": "A file",
            },
        },
    )
    start: Path | None = Field(
        None,
        title="Start weights",
        description="The file to begin with: the weights of another run of the same network, or, for a "
        "detector, a file of torchvision's weights. Its content tells which it is.",
        json_schema_extra={"widget": "file"},
    )
    in_3d: bool = Field(
        False,
        title="In 3D",
        description="A detector also learns cars' shapes and poses and people's bodies, where composites "
        "have fits and the camera is calibrated. Hidden points: the car's shape and pose by its points, too.",
        json_schema_extra={**_ADVANCED, **_OF_BOTH},
    )
    body: Path | None = body_field(**_OF_DETECTORS)
    motions: Path | None = Field(
        None,
        title="Real poses",
        description="Motions of AMASS that you have a licence for, an npz file or a folder of them: what "
        "poses of people are real. Empty: the program's own walk.",
        json_schema_extra={"widget": "place", **_ADVANCED, **_OF_DETECTORS},
    )
    epochs: int | None = Field(
        None,
        ge=1,
        le=100_000,
        title="Epochs",
        description=f"How many times through all there is to learn from. {_AS_PROPOSED}",
        json_schema_extra=_USUAL,
    )
    batch: int | None = Field(
        None,
        ge=1,
        le=4096,
        title="Batch",
        description=f"Samples for each step, over all GPUs together. {_AS_PROPOSED}",
        json_schema_extra={**_ADVANCED, **_USUAL},
    )
    rate: float | None = Field(
        None,
        gt=0,
        le=10,
        title="Learning rate",
        description=f"After the warm-up. {_AS_PROPOSED}",
        json_schema_extra={**_ADVANCED, **_USUAL},
    )
    accumulate: int = Field(
        1,
        ge=1,
        le=4096,
        title="Parts of a batch",
        description="A batch is taken in so many parts, one after another, to need less memory. Where memory "
        "runs out, there are more by themselves.",
        json_schema_extra=_ADVANCED,
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto",
        title="Device",
        description="Where it trains; auto takes the GPU if there is one. A GPU that is named is taken or "
        "refused.",
        json_schema_extra={"labels": {"cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)", "cpu": "CPU"}},
    )
    gpus: int = Field(
        1,
        ge=1,
        le=64,
        title="GPUs",
        description="How many of this machine train together, each in a process of its own. On the CPU: so "
        "many processes.",
        json_schema_extra=_ADVANCED,
    )
    precision: Literal["auto", "32", "bf16"] = Field(
        "auto",
        title="Precision",
        description="bf16 is faster on newer GPUs; auto takes it there.",
        json_schema_extra=_ADVANCED,
    )
    validate_every: int | None = Field(
        None,
        ge=1,
        title="Validate every",
        description="Empty: after each epoch.",
        json_schema_extra={"unit": "steps", "none": "each epoch", **_ADVANCED},
    )
    patience: int | None = Field(
        None,
        ge=1,
        title="Patience",
        description="Stops after so many validations that were no better than the best. Empty: never.",
        json_schema_extra={"none": "never"},
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Of everything random.",
        json_schema_extra=_ADVANCED,
    )
    workers: int | None = Field(
        None,
        ge=0,
        le=64,
        title="Workers",
        description="Processes that prepare samples ahead. Empty: the processors that there are to spare.",
        json_schema_extra={**_ADVANCED, **_USUAL},
    )
    estimate: bool = Field(
        False,
        title="Only estimate",
        description="Makes a few steps and says how long the training will take and what memory it needs. "
        "Nothing is kept.",
        json_schema_extra=_ADVANCED,
    )

    @model_validator(mode="after")
    def _has_a_file(self) -> TrainSettings:
        if self.begin_with == "file" and self.start is None:
            raise ValueError("it is to begin with a file, and none is named as start weights")
        if self.begin_with == "published" and self.start is not None:
            raise ValueError("it is to begin with published weights, and a file is named too")
        if self.what == "hidden_points" and self.hidden_from == "trifocal" and self.weight_synthetic == 0:
            raise ValueError("other cameras are to tell hidden points, and the street, which has them, has 0")
        return self
