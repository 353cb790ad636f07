"""WALT3D's published figures, as ALGORITHMS 2.6 has them. What is lost there is not here.

Table 3's metric and the headers of Table 4 are inferred, not read; whatever is made of them says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.records.benchmark_tables import FigureSource, TableRow

Figures = Mapping[str, tuple[float, ...]]

KINS: Figures = {
    "COCO": (27.8, 20.8),
    "COCO + WALT2D": (28.2, 22.4),
    "COCO + WALT3D": (28.8, 23.5),
    "COCO + COCO-A + KINS": (36.8, 32.9),
    "COCO + COCO-A + KINS + WALT2D": (37.4, 33.3),
    "COCO + COCO-A + KINS + WALT3D": (38.8, 35.6),
}
"""Table 1: box AP and mask AP, by what the network learned from."""

COCOA: Figures = {
    "COCO": (38.0, 31.2),
    "COCO + WALT2D": (40.4, 36.4),
    "COCO + WALT3D": (43.2, 38.7),
    "COCO + COCO-A + KINS": (46.9, 42.7),
    "COCO + COCO-A + KINS + WALT2D": (47.9, 43.5),
    "COCO + COCO-A + KINS + WALT3D": (48.7, 45.3),
}
"""Table 1, on COCO-A."""

MOT17: Figures = {
    "SORT, detector of COCO": (42.2, 40.3, 46.7, 40.1),
    "SORT, detector of COCO + WALT3D": (47.2, 43.2, 49.5, 42.0),
}
"""Table 2: MOTA, DetA, IDF1 and HOTA on MOT17-train."""

OOD_CV: Figures = {
    "NeMo": (66.7, 51.7, 56.9, 52.6, 51.3, 49.8),
    "WALT3D": (75.4, 48.6, 50.8, 56.7, 49.1, 55.6),
}
"""Table 3: iid, shape, pose, texture, context, weather."""

OCCLUDED_PASCAL3D: Figures = {
    "NeMo": (48.3, 34.3, 18.2, 17.4, 9.6, 3.3, 0.5, 1.0, 2.4, 1.9, 2.0, 2.3),
    "Ma et al.": (66.6, 47.9, 27.4, 30.8, 16.2, 5.3, 0.3, 0.6, 1.1, 0.8, 1.2, 1.9),
    "WALT3D": (70.4, 56.5, 35.3, 36.8, 25.4, 15.3, 0.2, 0.4, 0.8, 0.6, 1.0, 1.4),
}
"""Table 4, cars: Acc pi/6, Acc pi/18, median pose error in radians and median ADD, each at L1, L2 and L3."""


def paper_rows(figures: Figures) -> list[TableRow]:
    """The paper's lines of a table."""
    return [TableRow(name, values, FigureSource.PAPER) for name, values in figures.items()]
