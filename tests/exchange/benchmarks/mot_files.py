"""A tiny MOT17: a sequence of six frames in two copies, and one of four."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

Line = tuple[float, ...]

LENGTHS = {"MOT17-02": 6, "MOT17-04": 4}


def walker(track: int, length: int, x: float, flag: int = 1, kind: int = 1) -> list[Line]:
    """A box that goes right by 4 px a frame: lines of truth."""
    return [(n, track, x + 4 * n, 50, 20, 40, flag, kind, 1.0) for n in range(1, length + 1)]


def found(lines: Iterable[Line], track: int | None = None, by: float = 0.0) -> list[Line]:
    """Lines of results about lines of truth: moved right, and of another track."""
    return [
        (frame, own if track is None else track, x + by, y, w, h, 0.9, -1, -1, -1)
        for frame, own, x, y, w, h, *_ in lines
    ]


def write_lines(path: Path, lines: Iterable[Line]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(f"{one:g}" for one in line) + "\n" for line in lines))
    return path


def truth_of(name: str) -> list[Line]:
    """Two pedestrians, one of them no longer counted at the end, a car, and somebody that stands still."""
    length = LENGTHS[name]
    second = walker(2, length, 200)
    second[-1] = (*second[-1][:6], 0, 1, 0.2)
    return [
        *walker(1, length, 100),
        *second,
        *walker(3, length, 300, 0, 3),
        *walker(4, length, 400, 0, 7),
    ]


def write_mot17(folder: Path) -> Path:
    """MOT17/train as it is unpacked."""
    for name, length in LENGTHS.items():
        for detector in ("DPM", "FRCNN"):
            place = folder / "train" / f"{name}-{detector}"
            truth = truth_of(name)
            write_lines(place / "gt" / "gt.txt", truth)
            people = [line for line in truth if line[1] in (1, 2)]
            write_lines(place / "det" / "det.txt", found(people, -1, 1.0 if detector == "DPM" else 0.0))
            (place / "seqinfo.ini").write_text(
                f"[Sequence]\nname={place.name}\nimDir=img1\nframeRate=30\nseqLength={length}\n"
                "imWidth=1920\nimHeight=1080\nimExt=.jpg\n"
            )
    return folder
