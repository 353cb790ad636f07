"""The settings of an evaluation, and of a report on some."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from core.jobs.setting_fields import JobSettings, advanced, body_field, sources

What = Literal["run", "predictions", "mining", "annotators", "fits"]
TruthName = Literal["auto", "reviewed", "composites", "street", "labels"]


class EvaluateSettings(JobSettings):
    """Measure a network, predictions, mining, annotators or fits in 3D."""

    what: What = Field(
        "run",
        title="Evaluate",
        description="What: run (a network of this project), predictions (another program's file), mining "
        "(the machine's labels, by what people said), annotators (two people, by each other) or fits (where "
        "cars and people stand in 3D, by the true 3D beside simulated footage).",
        json_schema_extra={
            "labels": {
                "run": "A network",
                "predictions": "Predictions of a file",
                "mining": "Mining's labels",
                "annotators": "Two annotators",
                "fits": "Fits in 3D",
            }
        },
    )
    run: int | None = Field(
        None, ge=1, title="Run", description="Number of the run. Empty: the detector in use."
    )
    predictions: Path | None = Field(
        None,
        title="Predictions",
        description="A file of COCO results for exported frames or composites, or of MOT's text for tracks.",
        json_schema_extra={"widget": "file"},
    )
    masks: Literal["whole", "seen"] = Field(
        "whole",
        title="Masks are",
        description="What a file's masks show: whole objects, or what is seen of them.",
        json_schema_extra=advanced(labels={"whole": "Whole objects", "seen": "What is seen"}),
    )
    truth: TruthName = Field(
        "auto",
        title="Measured by",
        description="reviewed (frames that people reviewed), composites, street (drawn, with exact truth) "
        "or labels (of single objects). auto: composites of the test where there are some, else reviewed "
        "frames; labels for what labels.",
        json_schema_extra={
            "labels": {
                "auto": "What there is",
                "reviewed": "Reviewed frames",
                "composites": "Composites for the test",
                "street": "A drawn street",
                "labels": "People's labels",
            }
        },
    )
    composites: str = Field(
        "",
        max_length=200,
        title="Composites",
        description="The set whose test side it is measured by. Empty: the newest with a test side.",
    )
    side: Literal["auto", "test", "validation", "all"] = Field(
        "auto",
        title="Side",
        description="Which labels count: test (no training has seen them), validation (by which a run's best "
        "weights were chosen: flattering) or all. auto: test for runs, all for what was never trained here.",
        json_schema_extra=advanced(
            labels={"auto": "As is fair", "test": "Test", "validation": "Validation", "all": "All"}
        ),
    )
    first: str = Field("", max_length=120, title="First annotator", description="Whose labels are the truth.")
    second: str = Field("", max_length=120, title="Second annotator", description="Whose are measured.")
    source: int | None = Field(
        None,
        ge=1,
        title="Footage",
        description="Number of the footage that a file of MOT's text is of.",
        json_schema_extra=sources("The footage that a file of MOT's text is of."),
    )
    fits: Literal["all", "good"] = Field(
        "all",
        title="Fits",
        description="all (that are in force) or good (that call themselves good and that nobody rejected, or "
        "that somebody accepted; the others count as none).",
        json_schema_extra={"labels": {"all": "All in force", "good": "Good or accepted ones"}},
    )
    space: Path | None = Field(
        None,
        title="Shape space",
        description="A file of car shapes with which cars were fitted. Empty: the program's own.",
        json_schema_extra=advanced(widget="file"),
    )
    body: Path | None = body_field()
    name: str = Field("", max_length=120, title="Name", description="Empty: what is measured by what.")
    most: int = Field(
        1000, ge=1, le=1_000_000, title="Pictures", description="At most, evenly out of all that there are."
    )
    shown_score: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Least score of extra finds",
        description="Finds where nothing is are listed from this score on. Average precision counts all.",
        json_schema_extra=advanced(),
    )
    draws: int = Field(
        1000,
        ge=0,
        le=100_000,
        title="Draws",
        description="Of pictures, for intervals. 0: no intervals.",
        json_schema_extra=advanced(),
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the draws.", json_schema_extra=advanced()
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", title="Device", description="Where a network runs.", json_schema_extra=advanced()
    )

    @model_validator(mode="before")
    @classmethod
    def _file_says_what(cls, values: Any) -> Any:
        """Predictions that are named are what is evaluated."""
        if isinstance(values, dict) and values.get("predictions") and "what" not in values:
            return {**values, "what": "predictions"}
        return values

    @model_validator(mode="after")
    def _belongs_together(self) -> EvaluateSettings:
        if self.what == "predictions" and self.predictions is None:
            raise ValueError("predictions are to be evaluated, and no file is named")
        if self.what != "predictions" and self.predictions is not None:
            raise ValueError("a file of predictions is named, and something else is to be evaluated")
        if self.what == "annotators" and (not self.first or not self.second or self.first == self.second):
            raise ValueError("two different annotators are needed")
        if self.what == "run" and self.side == "all":
            raise ValueError("a run is measured by what its training never saw: choose test or validation")
        return self


class ReportSettings(JobSettings):
    """Write a report on evaluations."""

    evaluations: str = Field(
        title="Evaluations",
        description="Their numbers, such as 1,2. The first is what the others are beside.",
    )
    out: Path = Field(
        title="File", description="The HTML file to write.", json_schema_extra={"widget": "new_file"}
    )
    pdf: bool = Field(False, title="PDF", description="Also writes a PDF beside it, of the same name.")
    title: str = Field("", max_length=200, title="Title", description="Empty: the project's name.")

    def numbers(self) -> list[int]:
        """The ids of the evaluations, in their order."""
        return [int(part) for part in self.evaluations.replace(",", " ").split()]

    @model_validator(mode="after")
    def _are_numbers(self) -> ReportSettings:
        try:
            numbers = self.numbers()
        except ValueError:
            raise ValueError(f"{self.evaluations!r} are no numbers of evaluations") from None
        if not numbers:
            raise ValueError("no evaluation is named")
        return self
