"""MOT17's folders: a sequence each, in three copies that differ in the detections that come along.

`MOT17-02-DPM`, `MOT17-02-FRCNN` and `MOT17-02-SDP` hold `seqinfo.ini`, `gt/gt.txt` and `det/det.txt`; the
truth of all three is the same, and counts once.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ExchangeError
from core.exchange.benchmarks.mot_text import MotBoxes, MotKind, parse_mot
from core.exchange.benchmarks.texts import inside, number, read_text, refuse, whole

_FOLDER = re.compile(r"(MOT\d\d-\d\d)(?:-([A-Za-z0-9]+))?")
_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class MotSequence:
    """One sequence, whatever copies of it there are.

    Attributes:
        name: without the copy's detector, such as MOT17-02.
        copies: detector -> folder; "" for a folder without one in its name.
        fps: frames a second. length: in frames.
    """

    name: str
    copies: Mapping[str, Path]
    fps: float
    length: int

    @property
    def folder(self) -> Path:
        """Of its first copy."""
        return self.copies[min(self.copies)]


def read_sequences(folder: Path) -> list[MotSequence]:
    """The sequences with truth in a folder: MOT17, MOT17/train, or one sequence.

    Raises:
        ExchangeError: there is none, a seqinfo.ini is damaged, or copies of a sequence differ in their truth.
    """
    if not folder.is_dir():
        raise ExchangeError(f"{folder} is no folder.", "Choose MOT17's folder train.")
    place = folder / "train" if (folder / "train").is_dir() else folder
    named = [(one, match) for one in _folders(place) if (match := _FOLDER.fullmatch(one.name))]
    copies: dict[str, dict[str, Path]] = {}
    for one, match in named:
        if inside(one, "gt", "gt.txt").is_file():
            copies.setdefault(match[1], {})[match[2] or ""] = one
    if not copies:
        raise ExchangeError(
            f"{folder} has no sequence with truth, such as MOT17-02-FRCNN/gt/gt.txt.",
            "Choose MOT17's folder train.",
        )
    return [_sequence(name, found) for name, found in sorted(copies.items())]


def _folders(place: Path) -> list[Path]:
    if _FOLDER.fullmatch(place.name):
        return [place]
    return sorted(one for one in place.iterdir() if one.is_dir())


def _sequence(name: str, copies: Mapping[str, Path]) -> MotSequence:
    truths = {read_text(inside(one, "gt", "gt.txt")).strip() for one in copies.values()}
    if len(truths) > 1:
        refuse(name, f"the truth of its copies {', '.join(sorted(copies))} differs")
    folder = copies[min(copies)]
    where = f"{folder.name}/seqinfo.ini"
    facts = configparser.ConfigParser(interpolation=None)
    try:
        facts.read_string(read_text(folder / "seqinfo.ini"))
        rate, frames = facts["Sequence"]["frameRate"], facts["Sequence"]["seqLength"]
    except (configparser.Error, KeyError) as error:
        refuse(where, f"it has no {error.args[0] if isinstance(error, KeyError) else 'sections of values'}")
    fps, length = number(rate, where, "frameRate"), whole(frames, where, "seqLength")
    if fps <= 0 or not 0 < length <= _LONGEST:
        refuse(where, f"{length} frames at {fps:g} a second are no sequence")
    return MotSequence(name, copies, fps, length)


def read_truth(sequence: MotSequence) -> MotBoxes:
    """The truth of a sequence.

    Raises:
        ExchangeError: as `parse_mot`.
    """
    return _named(inside(sequence.folder, "gt", "gt.txt"), MotKind.TRUTH, sequence)


def read_of_sequences(
    folder: Path, kind: MotKind, sequences: Sequence[MotSequence], others: Collection[str] = ()
) -> list[MotBoxes]:
    """What somebody says of each sequence.

    Args:
        folder: with `MOT17-02.txt` or `MOT17-02-FRCNN.txt` for each sequence; for detections also one like
            MOT17's own, with `MOT17-02-FRCNN/det/det.txt`.
        kind: results or detections.
        sequences: those to be read. others: names of sequences whose files may be there and are not read.

    Returns:
        one for each sequence.

    Raises:
        ExchangeError: a sequence has no file or several, a file is of another sequence, or as `parse_mot`.
    """
    if not folder.is_dir():
        raise ExchangeError(f"{folder} is no folder.", "Give a folder with a text file for each sequence.")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        match = _FOLDER.fullmatch(path.stem if path.suffix == ".txt" else path.name)
        own = inside(path, "det", "det.txt") if path.is_dir() else path
        if match is not None and own.is_file() and (path.suffix == ".txt" or kind is MotKind.DETECTIONS):
            found.setdefault(match[1], []).append(own)
    known = {*others, *(one.name for one in sequences)}
    if unknown := sorted(set(found) - known):
        raise ExchangeError(
            f"{folder.name} has {unknown[0]}, of which there is no truth.",
            "Leave it out, or take the truth of the same sequences.",
        )
    read = []
    for sequence in sequences:
        paths = found.get(sequence.name, [])
        if len(paths) != 1:
            raise ExchangeError(
                f"{folder.name} has {len(paths) or 'no'} files of {kind.value} for {sequence.name}, and one "
                "is needed.",
                "Give just one for each sequence: all three copies of a sequence are the same pictures.",
            )
        read.append(_named(paths[0], kind, sequence))
    return read


def read_own_detections(sequences: Sequence[MotSequence], detector: str) -> list[MotBoxes]:
    """The detections that come along with MOT17: those of DPM, FRCNN or SDP.

    Raises:
        ExchangeError: a sequence has no such copy, or as `parse_mot`.
    """
    read = []
    for sequence in sequences:
        if detector not in sequence.copies:
            raise ExchangeError(
                f"{sequence.name} has no copy of {detector}, but of {', '.join(sorted(sequence.copies))}.",
                "Choose one that all sequences have.",
            )
        folder = sequence.copies[detector]
        read.append(_named(inside(folder, "det", "det.txt"), MotKind.DETECTIONS, sequence))
    return read


def _named(path: Path, kind: MotKind, sequence: MotSequence) -> MotBoxes:
    """Read a file; gt.txt and det.txt are called by their folder as well."""
    name = path.name
    if path.stem in ("gt", "det"):
        name = "/".join(path.parts[-3:])
    return parse_mot(read_text(path), name, kind, sequence.length)
