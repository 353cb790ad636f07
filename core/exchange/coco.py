"""COCO, the format that most tools read and write: out of a project and into one."""

from __future__ import annotations

from core.exchange.coco_export import ExportSummary, export_coco
from core.exchange.coco_import import ImportSummary, import_coco

__all__ = ["ExportSummary", "ImportSummary", "export_coco", "import_coco"]
