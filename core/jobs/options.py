"""A job's settings model as the options of a shell command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin

import typer
from pydantic import BaseModel
from rich.markup import escape

from core.jobs.flatten import FlatSetting, flat_settings


def command_of(
    model: type[BaseModel],
    call: Callable[[Path, dict[str, Any]], None],
    name: str,
    help_text: str,
    positional: tuple[str, ...] = (),
) -> Callable[..., None]:
    """A function that Typer can register: PROJECT first, then one option for each setting.

    Args:
        model: the settings model.
        call: is given the project's path and the settings that the person named, by flat name.
        positional: names of settings that are arguments rather than options.
    """
    settings = {_python_name(setting): setting for setting in flat_settings(model)}

    def command(**values: Any) -> None:
        project = values.pop("project")
        given = {
            settings[key].name: str(value) if isinstance(value, Path) else value
            for key, value in values.items()
            if value is not None and value != []
        }
        call(project, given)

    parameters = [_project_parameter()]
    parameters += [_parameter(key, settings[key], settings[key].name in positional) for key in settings]
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__name__ = name
    command.__doc__ = help_text
    return command


def _project_parameter() -> inspect.Parameter:
    annotation = Annotated[Path, typer.Argument(help="The project file, NAME.amodal.", show_default=False)]
    return inspect.Parameter("project", inspect.Parameter.KEYWORD_ONLY, annotation=annotation)


def _parameter(key: str, setting: FlatSetting, positional: bool) -> inspect.Parameter:
    help_text = setting.info.description or setting.info.title or ""
    unit = setting.extra("unit", "")
    if unit:
        help_text = f"{help_text} [{unit}]"
    inner = setting.annotation
    is_list = get_origin(inner) in (list, tuple)
    if get_origin(inner) is Literal or isinstance(inner, type):
        annotation: Any = inner
    else:
        annotation = inner if is_list else str
    if get_origin(inner) is tuple:
        annotation = list[str]
    numeric = inner in (int, float)
    info: Any
    default: Any = inspect.Parameter.empty
    if positional:
        info = typer.Argument(help=escape(help_text))
    else:
        info = typer.Option(
            _flag(setting),
            help=escape(_with_default(help_text, setting)),
            show_default=False,
            rich_help_panel="Advanced" if setting.extra("advanced") else None,
            min=setting.bound("ge") if numeric else None,
            max=setting.bound("le") if numeric else None,
        )
    if not setting.required:
        # None means "not named": the model's own default holds, so there is one place for defaults
        default = None
        annotation = annotation | None
    return inspect.Parameter(
        key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[annotation, info]
    )


def _with_default(help_text: str, setting: FlatSetting) -> str:
    if setting.required:
        return help_text
    default = setting.default
    if default is None or default == [] or default == "":
        return help_text
    return f"{help_text} [default: {default}]".strip()


def _flag(setting: FlatSetting) -> str:
    flag = setting.name.replace(".", "-").replace("_", "-")
    return f"--{flag}/--no-{flag}" if setting.annotation is bool else f"--{flag}"


def _python_name(setting: FlatSetting) -> str:
    return "__".join(setting.path)
