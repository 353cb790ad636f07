"""A settings model, nested or not, as a flat list of settings: the form, the shell and docs share it."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.errors import SettingsError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class FlatSetting:
    """One leaf of a settings model.

    Attributes:
        path: names from the outer model inwards; joined by dots it is the setting's name.
        annotation: its type, without Optional and Annotated.
        optional: whether None is allowed.
        info: pydantic's field.
    """

    path: tuple[str, ...]
    annotation: Any
    optional: bool
    info: FieldInfo

    @property
    def name(self) -> str:
        """Dotted name, such as "motion.threshold"."""
        return ".".join(self.path)

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.info.is_required()

    @property
    def default(self) -> Any:
        """The default as a plain JSON value; None where there is none."""
        value = self.info.get_default(call_default_factory=True)
        return None if value is PydanticUndefined else _plain(value)

    def extra(self, key: str, fallback: Any = None) -> Any:
        """A hint for the form, from json_schema_extra: unit, advanced, widget."""
        extra = self.info.json_schema_extra
        return extra.get(key, fallback) if isinstance(extra, dict) else fallback

    def bound(self, *names: str) -> float | None:
        """The numeric bound of the first of these names (such as ge, gt) that is set."""
        for constraint in self.info.metadata:
            for name in names:
                value = getattr(constraint, name, None)
                if value is not None:
                    return float(value)
        return None


def flat_settings(model: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[FlatSetting]:
    """The leaves of a settings model, in order."""
    for name, info in model.model_fields.items():
        annotation, optional = _bare(info.annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from flat_settings(annotation, (*prefix, name))
        else:
            yield FlatSetting((*prefix, name), annotation, optional, info)


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turns {"motion.threshold": 20} into {"motion": {"threshold": 20}}."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *outer, last = name.split(".")
        place = nested
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return nested


def checked(model: type[M], values: Mapping[str, Any]) -> M:
    """The settings model made from flat or nested plain values.

    Raises:
        SettingsError: a value does not fit; the message names the first one.
    """
    try:
        return model.model_validate(nest(values))
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        what = f"The setting {place} does not fit" if place else "The settings do not fit together"
        raise SettingsError(
            f"{what}: {reason[0].lower()}{reason[1:]}.",
            "Change it and try again.",
        ) from problem


def _bare(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        return _bare(inner[0])[0], True
    return annotation, False


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
