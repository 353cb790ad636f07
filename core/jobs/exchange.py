"""The jobs that write and read other tools' formats."""

from __future__ import annotations

from typing import Any

from core.errors import ExchangeError
from core.exchange.coco import ImportSummary, export_coco, import_coco
from core.exchange.coco_sides import SideCheck
from core.exchange.targets import check_target
from core.exchange.walt_import import import_walt
from core.jobs.bodies import Bodies
from core.jobs.context import JobContext
from core.jobs.exchange_settings import ExportSettings, ImportSettings
from core.jobs.frame_pictures import picture_names, write_frames
from core.records.occlusion import OcclusionLabel
from core.records.project import QueueFilter
from core.store.queries.cameras import camera_by_name

_PICTURES = 0.95  # of the progress, where pictures are written too


def run_export(context: JobContext) -> dict[str, Any]:
    """Write the chosen objects as COCO, with pictures of their frames where that is asked for.

    Raises:
        ExchangeError: there is no such camera, or the file cannot be written.
    """
    settings = context.settings(ExportSettings)
    path = settings.path.expanduser().absolute()
    chosen = QueueFilter(
        camera_id=_camera_id(context, settings.camera),
        label=None if settings.label == "any" else OcclusionLabel(settings.label),
        verdict="any" if settings.reviewed_only else None,
        include_thinned=settings.include_thinned,
    )
    written: dict[str, Any] = {}
    begun, name_of = 0.0, None
    if settings.pictures:
        check_target(context.project, path)
        begun, name_of = _PICTURES, picture_names(context.project)
        written = write_frames(
            context,
            path.with_suffix("") if path.suffix else path.with_name(f"{path.name}-pictures"),
            chosen,
            name_of,
            rejected=settings.include_rejected,
            blur=settings.blur_faces_and_plates,
            bodies=Bodies(settings.body),
            sheet=settings.contact_sheet,
            progress=lambda share: _show(context, begun * share, "Writing pictures"),
        )
    summary = export_coco(
        context.project,
        path,
        chosen,
        segmentation=settings.segmentation,
        include_rejected=settings.include_rejected,
        name_of=name_of,
        progress=lambda share: _show(context, begun + (1 - begun) * share, f"Writing {path.name}"),
    )
    return {"file": str(path), "images": summary.images, "objects": summary.annotations, **written}


def run_import(context: JobContext) -> dict[str, Any]:
    """Read a file's objects into the frames that the project has.

    Raises:
        ExchangeError: the file cannot be read, or is of another format.
    """
    settings = context.settings(ImportSettings)
    path = settings.path.expanduser().absolute()
    if settings.format == "walt":
        summary, backgrounds = import_walt(
            context.project,
            path,
            source_id=settings.source,
            people_labels=settings.people_labels,
            job_id=context.job_id,
            progress=lambda share: _show(context, share, f"Reading {path.name}"),
        )
        return _told(summary) | {"backgrounds": backgrounds}
    summary = import_coco(
        context.project,
        path,
        source_id=settings.source,
        reviews=settings.reviews,
        mirrored=settings.mirrored,
        job_id=context.job_id,
        progress=lambda share: _show(context, share, f"Reading {path.name}"),
    )
    warnings = _words_of_sides(summary.sides, path.name, settings.mirrored) if summary.pointed else []
    for warning in warnings:
        context.log(warning)
    unsure = bool(summary.pointed) and not summary.sides.sure
    return {
        # first, for the window shows little of a result
        **({"left and right": "not checked, see the log"} if unsure else {}),
        **_told(summary),
        **({"warnings": warnings} if warnings else {}),
    }


def _told(summary: ImportSummary) -> dict[str, Any]:
    return {
        "images": summary.images,
        "images in the project": summary.matched_images,
        "added": summary.added,
        "found again": summary.found_again,
        "labelled": summary.labelled,
        "with keypoints": summary.pointed,
        **{f"left out, {why}": count for why, count in summary.left_out.items()},
    }


def _words_of_sides(sides: SideCheck, name: str, mirrored: bool) -> list[str]:
    """What a person must know of the left and right of imported keypoints."""
    said: list[str] = []
    if mirrored and sides.own:
        said.append(
            f"The keypoints of {_cars(sides.own)} of {name} are as this program wrote them. Their left is "
            "the driver's, and they were not exchanged."
        )
    if not sides.sure:
        way = "without" if mirrored else "with"
        taken = "exchanged, as you said" if mirrored else "as the file names them"
        if sides.asked:
            why = (
                f"the wheels of {_cars(sides.asked)} are not enough to tell "
                f"({sides.asked - sides.against} for, {sides.against} against, "
                f"{sides.confidence_percent:.1f} % sure where 99.9 % are wanted)"
            )
        else:
            why = f"none of {_cars(sides.others)} shows three wheels"
        said.append(
            f"Left and right of the keypoints in {name} could not be checked: {why}. They are taken {taken}. "
            f"Look at a few cars. If their sides are wrong, import it again {way} “Left and right exchanged”."
        )
    return said


def _cars(count: int) -> str:
    return "1 car" if count == 1 else f"{count} cars"


def _camera_id(context: JobContext, name: str) -> int | None:
    if not name:
        return None
    with context.project.read() as connection:
        camera = camera_by_name(connection, name)
    if camera is None:
        raise ExchangeError(f"There is no camera {name}.", "Name one of the project's cameras, or none.")
    return camera.id


def _show(context: JobContext, share: float, words: str) -> None:
    context.check_stop()
    context.progress(share, words)
