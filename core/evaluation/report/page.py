"""A report as one HTML file: figures as SVG in it, no script, nothing fetched, all text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from itertools import groupby
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from core.evaluation.report.confused import confused_by
from core.evaluation.report.drawing import as_svg, bars, lines, matrix
from core.evaluation.report.told import (
    BY_TITLES,
    about,
    chart_rows,
    charts,
    comparable,
    confusions,
    curves,
    summary,
)
from core.records.evaluations import EvaluationNumbers
from core.records.figures import CURVES

_KEY = 10  # digits of a truth's digest that are shown


def html_report(found: Sequence[EvaluationNumbers], title: str, made: str) -> str:
    """The page.

    Args:
        found: the evaluations, in their order; at least one.
        title: of the page. made: one line about when and by what it was made.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = (resources.files("resources") / "report" / "report.html.j2").read_text(encoding="utf-8")
    names = titles(found)
    groups = [
        {
            "title": BY_TITLES[by],
            "charts": [
                {
                    "svg": Markup(as_svg(bars(chart, names))),  # drawn here, its texts escaped by matplotlib
                    "title": chart.kind.title,
                    "rows": chart_rows(found, chart),
                }
                for chart in own
            ],
        }
        for by, own in groupby(charts(found), key=lambda chart: chart.by)
    ]
    return environment.from_string(source).render(
        title=title,
        made=made,
        rows=[_row(one) for one in found],
        comparable=comparable(found),
        mixed=len({one.evaluation.truth_key for one in found}) > 1,
        summary=summary(found),
        groups=groups,
        curves=[Markup(as_svg(lines(name, own, names))) for name in CURVES for own in curves(found, name)],
        confusions=[
            Markup(as_svg(matrix(confusion, f"{name}: {confusion.name}")))
            for one, name in zip(found, names, strict=True)
            for confusion in confusions(one)
        ],
        confused=[
            {"of": name, "tables": tables}
            for one, name in zip(found, names, strict=True)
            if (tables := confused_by(one))
        ],
    )


def titles(found: Sequence[EvaluationNumbers]) -> list[str]:
    """What the evaluations are called in charts: number and name."""
    return [f"{one.evaluation.id}. {one.evaluation.name}" for one in found]


def _row(one: EvaluationNumbers) -> dict[str, Any]:
    row = one.evaluation
    what = row.file or (f"run {row.run_id}" if row.run_id is not None else row.subject.value)
    return {
        "id": row.id,
        "name": row.name,
        "what": what,
        "truth": row.truth.value,
        "pictures": f"{row.pictures:,}",
        "seed": row.seed,
        "key": row.truth_key[:_KEY],
        "about": about(row),
    }
