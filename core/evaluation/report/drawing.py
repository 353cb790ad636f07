"""Charts of a report by matplotlib: bars with whiskers over slices, curves, and confusions.

Drawn without pyplot and without a display, in one fixed style. Evaluations are told apart by pattern and mark
as well as by colour (Okabe and Ito's, which colour-blind people tell apart). Names are plain text, never
mathematics.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter

from core.evaluation.report.told import BY_TITLES, Chart
from core.records.evaluations import Confusion, Curve
from core.records.figures import CURVES, Unit

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
_PATTERNS = ("", "///", "\\\\\\", "xx", "--", "||", "++")  # of lines alone: dots take 150 KB each
_MARKS = ("o", "s", "^", "D", "v", "P", "X")
_INK, _PALE = "#222222", "#d9d9d9"
_WIDTH, _HEIGHT = 7.4, 2.7
_MANY = 8  # bars, whose titles would touch
_MOST_SHOWN = 32  # letters of a name in a legend
_TIMES = {Unit.MILLIMETRES: 1000.0}  # what is kept in metres

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": _INK,
    "text.parse_math": False,
    "axes.edgecolor": "#777777",
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "grid.color": _PALE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "amodal",
    "pdf.fonttype": 42,
}
"""Of every drawing."""


def bars(chart: Chart, names: Sequence[str]) -> Drawing:
    """A chart's bars with their intervals as whiskers, the evaluations side by side."""
    with mpl.rc_context(STYLE):
        drawing, axes = _canvas(f"{chart.kind.title}, {BY_TITLES[chart.by].lower()}")
        count = len(names)
        wide = 0.8 / count
        places = np.arange(len(chart.slices), dtype=np.float64)
        for number, (name, values) in enumerate(zip(names, chart.values, strict=True)):
            there = [place for place, one in enumerate(values) if one is not None]
            own = [one for one in values if one is not None]
            x = places[there] + (number - (count - 1) / 2) * wide
            y = np.array([_shown(chart.kind.unit, one.value) for one in own])
            axes.bar(
                x,
                y,
                wide * 0.92,
                label=_short(name),
                color=COLOURS[number % len(COLOURS)],
                hatch=_PATTERNS[number % len(_PATTERNS)],
                edgecolor="white",
                linewidth=0.5,
            )
            ends = [
                (at, *(_shown(chart.kind.unit, end) for end in (one.low, one.high)))
                for at, one in zip(x, own, strict=True)
                if one.low is not None and one.high is not None
            ]
            if ends:
                at, low, high = (np.array(part) for part in zip(*ends, strict=True))
                axes.vlines(at, low, high, color=_INK, linewidth=0.9)
                axes.hlines(
                    [*low, *high], [*(at - wide / 6)] * 2, [*(at + wide / 6)] * 2, color=_INK, linewidth=0.9
                )
        small = 7.2 if len(chart.slices) > _MANY else None
        axes.set_xticks(places, [one.title for one in chart.slices], fontsize=small)
        axes.margins(x=0.02)
        _scaled(axes, chart.kind.unit)
        _legend(axes, count)
        return drawing


def lines(name: str, own: Sequence[Curve | None], names: Sequence[str]) -> Drawing:
    """The curves of evaluations over one slice."""
    title, x_title, y_title = CURVES[name]
    part = next(one.slice.title for one in own if one is not None)
    with mpl.rc_context(STYLE):
        drawing, axes = _canvas(title if part == "all" else f"{title}: {part}")
        for number, (label, curve) in enumerate(zip(names, own, strict=True)):
            if curve is None:
                continue
            axes.plot(
                curve.x,
                curve.y,
                label=_short(label),
                color=COLOURS[number % len(COLOURS)],
                marker=_MARKS[number % len(_MARKS)],
                markersize=3.5,
                markevery=max(len(curve.x) // 12, 1),
                linewidth=1.4,
            )
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title)
        axes.set_ylim(0, 1.02)
        if name.startswith("precision"):
            axes.set_xlim(0, 1.02)
        _legend(axes, len(names))
        return drawing


def matrix(confusion: Confusion, title: str) -> Drawing:
    """A confusion: shares of each row as shades, with the counts in words."""
    counts = np.array(confusion.counts, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 0.62
    with mpl.rc_context(STYLE):
        drawing = Drawing(
            figsize=(2.2 + side * len(confusion.said), 1.2 + 0.42 * len(confusion.truth)),
            layout="constrained",
        )
        axes = drawing.add_subplot()
        axes.pcolormesh(
            np.arange(len(confusion.said) + 1) - 0.5,
            np.arange(len(confusion.truth) + 1) - 0.5,
            shares,
            cmap="Blues",
            vmin=0,
            vmax=1,
            edgecolors="white",
            linewidth=1.5,
        )
        axes.invert_yaxis()
        axes.set_title(title)
        axes.set_xticks(range(len(confusion.said)), confusion.said, rotation=30, ha="right")
        axes.set_yticks(range(len(confusion.truth)), confusion.truth)
        axes.set_xlabel("said")
        axes.set_ylabel("in truth")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for row in range(len(confusion.truth)):
            for column in range(len(confusion.said)):
                dark = shares[row, column] > 0.55
                axes.text(
                    column,
                    row,
                    f"{int(counts[row, column]):,}",
                    ha="center",
                    va="center",
                    color="white" if dark else _INK,
                    fontsize=8,
                )
        return drawing


def as_svg(drawing: Drawing) -> str:
    """A drawing as an SVG element to stand in a page: no header, no date, nothing that is fetched.

    What it refers to within itself is named by a digest of what it is, so that drawings in one page agree.
    """
    stream = io.StringIO()
    with mpl.rc_context(STYLE):
        drawing.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def _canvas(title: str) -> tuple[Drawing, Axes]:
    drawing = Drawing(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = drawing.add_subplot()
    axes.set_title(title)
    axes.grid(axis="y")
    return drawing, axes


def _shown(unit: Unit, value: float) -> float:
    return float(np.degrees(value)) if unit is Unit.RADIANS else value * _TIMES.get(unit, 1.0)


def _scaled(axes: Axes, unit: Unit) -> None:
    if unit is Unit.SHARE:
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    elif unit is Unit.RADIANS:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}°"))
    elif unit in (Unit.METRES, Unit.MILLIMETRES):
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} {unit.value}"))


def _legend(axes: Axes, count: int) -> None:
    if count > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)


def _short(name: str) -> str:
    # a legend leaves out what begins with an underscore
    plain = name.lstrip("_") or "?"
    return plain if len(plain) <= _MOST_SHOWN else plain[: _MOST_SHOWN - 1] + "…"
