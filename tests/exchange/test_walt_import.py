"""WALT's mined layout: objects on the frames of their clock, the mined set unoccluded, medians as hours."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from core.errors import ExchangeError, PickleRefusedError
from core.exchange.walt_import import import_walt
from core.geometry.masks import patch_to_full, rle_to_patch
from core.records.detections import Category
from core.records.media import FrameStamp, SourceKind, SourceTable
from core.records.occlusion import LabelOrigin, OcclusionLabel
from core.store.queries import instances
from core.store.queries.backgrounds import background_images, list_backgrounds
from core.store.writers.sources import add_source

WIDTH, HEIGHT = 64, 48
START = datetime(2021, 5, 1, 0, 2, 23, 775683, tzinfo=UTC)
TIMES = [START + timedelta(minutes=5 * n) for n in range(3)]


def walt_name(moment: datetime) -> str:
    """As WALT's own code names a picture."""
    return str(moment).replace(" ", "T").replace(":", "-").split("+")[0] + ".jpg"


def add_week(place: Any, folder: str = "cam2", *, captured: bool = True) -> list[int]:
    """Add a folder of WALT's pictures; gives the ids of its frames."""
    frames = tuple(
        FrameStamp(
            pts=n,
            time_s=300.0 * n,
            captured_at=moment.timestamp() if captured else None,
            content_hash=folder.encode()[:8].ljust(8, b"-") + n.to_bytes(8, "big"),
            keyframe=True,
            name=f"week1/{walt_name(moment)}",
        )
        for n, moment in enumerate(TIMES)
    )
    table = SourceTable(
        kind=SourceKind.FOLDER,
        path=Path("/footage") / folder,
        width=WIDTH,
        height=HEIGHT,
        time_base=Fraction(300),
        content_hash=folder.encode()[:8].ljust(16, b"-"),
        byte_size=10,
        frames=frames,
    )
    with place.project.bulk() as bulk:
        source = add_source(place.project, bulk, place.camera_id, table, [range(3)])
    from core.store.queries.frames import frames_of

    with place.project.read() as connection:
        return [frame.id for frame in frames_of(connection, source)]


BOXES = [
    (10.0, 8.0, 20.0, 12.0, 0.95),
    (40.0, 20.0, 16.0, 10.0, 0.97, 7.0),
    (42.0, 20.0, 16.0, 10.0, 0.4, 7.0),
]


def polygon(box: Sequence[float], scale: float = 1) -> list[int]:
    x, y, w, h = (int(value * scale) for value in box[:4])
    return [x, y, x + w - 1, y, x + w - 1, y + h - 1, x, y + h - 1]


def braces(values: Sequence[float]) -> str:
    return "{" + ",".join(str(value) for value in values) + "}"


def write_json(
    folder: Path, boxes: Sequence[Sequence[float]] = BOXES, labels: Sequence[int] = (1, 2, 2)
) -> Path:
    folder.mkdir(exist_ok=True)
    rows = [
        {
            "bbox": braces(box),
            "segmentation": braces(polygon(box)),
            "label_id": label,
            "time": moment.isoformat(),
        }
        for box, label, moment in zip(boxes, labels, TIMES, strict=False)
    ]
    path = folder / "cam2.json"
    path.write_text(json.dumps(rows))
    return path


def write_mined(path: Path, chosen: Sequence[int], *, scale: float = 0.5) -> Path:
    """As `np.savez` of WALT's script writes what it mined: lists of lists, which numpy pickles."""
    tracks = np.empty(len(chosen), dtype=object)
    outlines = np.empty(len(chosen), dtype=object)
    for place, n in enumerate(chosen):
        tracks[place] = [*(value * scale for value in BOXES[n][:4]), *BOXES[n][4:]]
        outlines[place] = polygon(BOXES[n], scale)
    target = Path(f"{path}.npz")
    np.savez(
        target,
        tracks_all_unoccluded=tracks,
        segmentation_all_unoccluded=outlines,
        labels_all_unoccluded=np.array([1 for _ in chosen]),
        timestamps_final_unoccluded=np.array([TIMES[n] for n in chosen], dtype=object),
    )
    return target


def rows_of(place: Any, frame_id: int) -> list[Any]:
    with place.project.read() as connection:
        return instances.of_frame(connection, frame_id)


def test_objects_come_to_the_frames_of_their_clock(place: Any, tmp_path: Path) -> None:
    frames = add_week(place)
    path = write_json(tmp_path / "cam2")
    write_mined(path, [0, 1])
    summary, _ = import_walt(place.project, path, people_labels=[1])
    assert (summary.images, summary.matched_images, summary.added, summary.labelled) == (3, 3, 3, 2)
    first, second, third = (rows_of(place, frame)[0] for frame in frames)
    assert [one.category for one in (first, second, third)] == [Category.PERSON, Category.CAR, Category.CAR]
    assert (first.box.x, first.box.y, first.box.w, first.box.h) == BOXES[0][:4]
    assert [one.label for one in (first, second, third)] == [OcclusionLabel.UNOCCLUDED] * 2 + [None]
    assert first.label_origin is LabelOrigin.IMPORT
    assert second.track_id == third.track_id is not None
    with place.project.read() as connection:
        mask = instances.masks(connection, [first.id])[first.id]
    drawn = patch_to_full(rle_to_patch(mask), HEIGHT, WIDTH)
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[8:20, 10:30] = True
    assert (drawn == expected).all()


def test_done_twice_it_changes_nothing(place: Any, tmp_path: Path) -> None:
    add_week(place)
    path = write_json(tmp_path / "cam2")
    write_mined(path, [0])
    cv2.imwrite(str(path.parent / "T18-median_image.jpg"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    import_walt(place.project, path)
    summary, backgrounds = import_walt(place.project, path)
    assert (summary.added, summary.found_again, backgrounds) == (0, 3, 0)


def test_names_tell_the_time_where_the_footage_has_none(place: Any, tmp_path: Path) -> None:
    frames = add_week(place, captured=False)
    import_walt(place.project, write_json(tmp_path / "cam2"))
    assert all(len(rows_of(place, frame)) == 1 for frame in frames)


def test_a_clock_in_another_zone_is_read_as_it_is_written(place: Any, tmp_path: Path) -> None:
    frames = add_week(place)
    path = write_json(tmp_path / "cam2")
    path.write_text(path.read_text().replace("+00:00", "-04:00"))
    import_walt(place.project, path)
    assert all(len(rows_of(place, frame)) == 1 for frame in frames)


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_a_mined_set_alone_is_halved_unless_it_reaches_too_far(
    place: Any, tmp_path: Path, scale: float
) -> None:
    frames = add_week(place)
    (tmp_path / "cam2").mkdir()
    import_walt(place.project, write_mined(tmp_path / "cam2/cam2.json", [0, 1], scale=scale))
    (one,) = rows_of(place, frames[1])
    assert (one.box.x, one.box.y, one.box.w, one.box.h) == BOXES[1][:4]
    assert one.label is OcclusionLabel.UNOCCLUDED


def test_medians_become_backgrounds_of_their_hours(place: Any, tmp_path: Path) -> None:
    add_week(place)
    path = write_json(tmp_path / "cam2")
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    cv2.imwrite(str(path.parent / "T07-median_image.jpg"), picture)
    cv2.imwrite(str(path.parent / "T08-median_image.jpg"), picture[::2, ::2])
    (path.parent / "T09-median_image.jpg").write_bytes(b"no picture")
    summary, backgrounds = import_walt(place.project, path)
    assert backgrounds == 1
    assert summary.left_out["backgrounds that are damaged or of another size than the footage"] == 2
    with place.project.read() as connection:
        (row,) = list_backgrounds(connection, place.camera_id)
        png, _ = background_images(connection, row.id)
    assert row.hour == 7
    kept = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert (kept == cv2.imread(str(path.parent / "T07-median_image.jpg"))).all()


def test_what_does_not_fit_is_counted_or_refused(place: Any, tmp_path: Path) -> None:
    add_week(place)
    path = write_json(tmp_path / "cam2")
    rows = json.loads(path.read_text())
    rows += [
        rows[0] | {"bbox": "{1,2}"},
        rows[0] | {"bbox": None},
        rows[0] | {"bbox": "{nan,1,1,1,1}"},
        rows[0] | {"time": "yesterday"},
        rows[0] | {"time": "2031-01-01 00:00:00"},
        rows[0] | {"bbox": "{900,900,5,5,0.9}"},
    ]
    path.write_text(json.dumps(rows))
    summary, _ = import_walt(place.project, path)
    assert summary.added == 3
    assert summary.left_out == {
        "with a box that cannot be read": 3,
        "without a time that can be read": 1,
        "at a time that is not in the project": 1,
        "without a box inside the picture": 1,
    }
    for text in ("{}", "[1]", '[{"bbox": "{}"}]', "no json", "[" * 5000):
        path.write_text(text)
        with pytest.raises(ExchangeError):
            import_walt(place.project, path)
    with pytest.raises(ExchangeError, match="cannot be read"):
        import_walt(place.project, tmp_path / "absent.json")


def test_times_of_several_sources_need_a_name(place: Any, tmp_path: Path) -> None:
    add_week(place)
    other = add_week(place, "again")
    path = write_json(tmp_path / "cam2")
    with pytest.raises(ExchangeError, match="None of the 3 times"):
        import_walt(place.project, path)
    with place.project.read() as connection:
        from core.store import tables

        source = connection.scalar(select(tables.frame.c.source_id).where(tables.frame.c.id == other[0]))
    summary, _ = import_walt(place.project, path, source_id=source)
    assert summary.added == 3


def test_a_mined_set_of_another_file_is_refused(place: Any, tmp_path: Path) -> None:
    add_week(place)
    path = write_json(tmp_path / "cam2", boxes=[(1.0, 1.0, 9.0, 9.0, 0.9)] * 3)
    write_mined(path, [0, 1])
    with pytest.raises(ExchangeError, match="mined from another file"):
        import_walt(place.project, path)


class Harmful:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.mkdir, (Path(self.path),)


def test_nothing_in_a_mined_set_is_run(place: Any, tmp_path: Path) -> None:
    add_week(place)
    path = write_json(tmp_path / "cam2")
    bad = np.empty(1, dtype=object)
    bad[0] = Harmful(str(tmp_path / "made"))
    np.savez(
        f"{path}.npz",
        tracks_all_unoccluded=bad,
        segmentation_all_unoccluded=bad,
        labels_all_unoccluded=bad,
        timestamps_final_unoccluded=bad,
    )
    with pytest.raises(PickleRefusedError, match=r"cam2\.json\.npz"):
        import_walt(place.project, path)
    assert not (tmp_path / "made").exists()
    for data in (b"", b"PK\x03\x04 broken", pickle.dumps([1])):
        Path(f"{path}.npz").write_bytes(data)
        with pytest.raises(ExchangeError):
            import_walt(place.project, path)


def test_every_truncation_of_a_mined_set_is_refused(place: Any, tmp_path: Path) -> None:
    add_week(place)
    path = write_json(tmp_path / "cam2")
    whole = write_mined(path, [0, 1]).read_bytes()
    for kept in range(0, len(whole) - 1, 97):
        Path(f"{path}.npz").write_bytes(whole[:kept])
        with pytest.raises(ExchangeError):
            import_walt(place.project, path)
