"""The job that writes a report on evaluations: one HTML file, and a PDF of the same."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import EvaluationError, ExchangeError
from core.exchange.targets import FileKind, check_target
from core.jobs.context import JobContext
from core.jobs.evaluate.settings import ReportSettings
from core.records.evaluations import EvaluationNumbers, EvaluationState
from core.store.project import program_version
from core.store.queries.evaluations import evaluation_numbers

_PACKAGES = ("jinja2", "matplotlib")
_MARK = b"Amodal Studio"  # near the beginning of every report

_PAGE = FileKind(
    "no report of this program",
    ".html",
    lambda start: start.startswith(b"<!DOCTYPE html>") and _MARK in start,
)
_PAPER = FileKind("no PDF", ".pdf", lambda start: start.startswith(b"%PDF-"))


def run_report(context: JobContext) -> dict[str, Any]:
    """Write the report.

    Raises:
        EvaluationError: an evaluation is not there or not done, or a package is missing.
        ExchangeError: the file cannot be written.
    """
    settings = context.settings(ReportSettings)
    missing = next((name for name in _PACKAGES if importlib.util.find_spec(name) is None), "")
    if missing:
        raise EvaluationError(
            f"A report needs the package {missing}, which this installation does not have.",
            "Install the program with pip, pipx or uv.",
        )
    from core.evaluation.report.page import html_report
    from core.evaluation.report.paper import write_pdf

    found = [_numbers(context, number) for number in dict.fromkeys(settings.numbers())]
    title = settings.title.strip() or f"Evaluation of {context.project.name}"
    made = f"Made {datetime.now().astimezone():%Y-%m-%d %H:%M} by Amodal Studio {program_version()}."
    path = settings.out.expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        path = path.with_name(path.name + ".html")
    paper = path.with_suffix(".pdf")
    check_target(context.project, path, _PAGE)
    if settings.pdf:
        check_target(context.project, paper, _PAPER)
    context.progress(0.1, "Drawing")
    page = html_report(found, title, made)
    context.check_stop()
    _write(path, lambda draft: draft.write_text(page, encoding="utf-8"))
    result = {"file": str(path)}
    if settings.pdf:
        context.progress(0.6, "Drawing the PDF")
        _write(paper, lambda draft: write_pdf(found, title, made, draft))
        result["pdf"] = str(paper)
    return result


def _numbers(context: JobContext, evaluation_id: int) -> EvaluationNumbers:
    with context.project.read() as connection:
        found = evaluation_numbers(connection, evaluation_id)
    if found is None:
        raise EvaluationError(
            f"There is no evaluation {evaluation_id}.", "List them with `amodal evaluations list`."
        )
    if found.evaluation.state is not EvaluationState.DONE:
        raise EvaluationError(
            f"Evaluation {evaluation_id} is not done: it is {found.evaluation.state.value}.",
            "Let its job end, or leave it out.",
        )
    return found


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """A file that is there once it is whole."""
    if not path.parent.is_dir():
        raise ExchangeError(f"There is no folder {path.parent}.", "Make it, or choose another.")
    draft = path.with_name(f".{path.name}.new")
    try:
        write(draft)
        draft.replace(path)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise ExchangeError(
            f"{path} cannot be written: {problem.strerror or problem}.", "Choose another file."
        ) from problem
