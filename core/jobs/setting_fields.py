"""What settings of jobs have in common: their base, and fields that several of them have."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class JobSettings(BaseModel):
    """What all settings share: unknown names are refused, so that a typing slip never goes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


RuleName = Literal["ours", "walt", "classifier"]
CAMERAS: dict[str, Any] = {"of": "cameras"}
NEW_CAMERAS: dict[str, Any] = {"of": "cameras", "may_be_new": True}


def sources(offer_help: str) -> dict[str, Any]:
    """A field for ids of sources.

    Args:
        offer_help: what the window says of it, which shows their names.
    """
    return {"of": "sources", "offer_help": offer_help}


def advanced(**more: Any) -> dict[str, Any]:
    return {"advanced": True, **more}


def rule_field(default: RuleName) -> Any:
    """A field for what tells which objects are unoccluded."""
    return Field(
        default,
        title="Unoccluded by",
        description="ours: overlap by mask, border and static things. walt: WALT's published rule. "
        "classifier: what a network believes, and the border.",
        json_schema_extra={
            "labels": {"ours": "Our tests", "walt": "WALT's rule", "classifier": "The occlusion classifier"}
        },
    )


def body_field(**more: Any) -> Any:
    """A field for the file of the body that people are fitted with; the window fills in this machine's.

    Args:
        more: hints for the form.
    """
    return Field(
        None,
        title="Body model",
        description="A file of SMPL's or SMPL-X's body (npz or pkl) that you have a licence for. Empty: the "
        "program's own.",
        json_schema_extra=advanced(widget="file", **more),
    )
