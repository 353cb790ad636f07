"""A report as a PDF, by matplotlib: the same tables, charts and statements as the page, on A4."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure as Drawing

from core.evaluation.report.drawing import STYLE, bars, lines, matrix
from core.evaluation.report.page import titles
from core.evaluation.report.told import about, charts, comparable, confusions, curves, summary
from core.records.evaluations import EvaluationNumbers
from core.records.figures import CURVES

_PAGE = (8.27, 11.69)  # A4, inches
_LETTERS, _LINES = 96, 62  # of a page of text
_LINE = 0.0143  # of the page's height


def write_pdf(found: Sequence[EvaluationNumbers], title: str, made: str, path: Path) -> None:
    """Writes the report; arguments as `html_report`.

    Raises:
        OSError: the file cannot be written.
    """
    names = titles(found)
    told = {"Title": title, "Creator": "Amodal Studio", "CreationDate": datetime.now(UTC)}
    with mpl.rc_context(STYLE), PdfPages(path, metadata=told) as pages:
        for text in _paged(_words(found, title, made)):
            pages.savefig(_page_of(text))
        for chart in charts(found):
            pages.savefig(bars(chart, names))
        for name in CURVES:
            for own in curves(found, name):
                pages.savefig(lines(name, own, names))
        for one, name in zip(found, names, strict=True):
            for confusion in confusions(one):
                pages.savefig(matrix(confusion, f"{name}: {confusion.name}"))


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    bold: bool = False


_NOTHING = _Line("")


def _words(found: Sequence[EvaluationNumbers], title: str, made: str) -> Iterator[_Line]:
    yield _Line(title, bold=True)
    yield _Line(made)
    yield _NOTHING
    yield _Line(comparable(found))
    yield _NOTHING
    for one in found:
        row = one.evaluation
        yield _Line(f"{row.id}. {row.name}: by {row.truth.value}, {row.pictures:,} pictures, seed {row.seed}")
    yield _NOTHING
    yield _Line("Figures, with intervals at 95 % by drawing pictures or tracks anew", bold=True)
    yield _NOTHING
    for line in summary(found):
        yield _Line(line.title)
        for one, cell in zip(found, line.cells, strict=True):
            if cell.value:
                ends = f"  ({cell.interval})" if cell.interval else ""
                yield _Line(f"    {one.evaluation.id}.  {cell.value}{ends}, of {cell.count}")
    for one in found:
        yield _NOTHING
        yield _Line(f"How {one.evaluation.id}. {one.evaluation.name} was measured", bold=True)
        yield _NOTHING
        for name, value in about(one.evaluation):
            yield _Line(f"    {name}: {value}")


def _paged(words: Iterator[_Line]) -> Iterator[list[_Line]]:
    page: list[_Line] = []
    for line in words:
        indent = " " * (len(line.text) - len(line.text.lstrip()))
        after = f"{indent}  " if indent else ""
        for part in textwrap.wrap(line.text, _LETTERS, subsequent_indent=after) or [""]:
            page.append(_Line(part, line.bold))
            if len(page) == _LINES:
                yield page
                page = []
    if page:
        yield page


def _page_of(lines_of: Sequence[_Line]) -> Drawing:
    drawing = Drawing(figsize=_PAGE)
    for number, line in enumerate(lines_of):
        weight = "bold" if line.bold else "normal"
        drawing.text(0.08, 0.95 - number * _LINE, line.text, fontsize=8.5, va="top", fontweight=weight)
    return drawing
