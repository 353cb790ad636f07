"""Table 2 on a tiny MOT17: what trackeval's own reading of the same files counts, we count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ExchangeError
from core.jobs.public_benchmarks.choices import Tracker
from core.jobs.public_benchmarks.mot17 import mot17_table
from core.records.benchmark_tables import BenchmarkTable, FigureSource
from tests.exchange.benchmarks.mot_files import LENGTHS, Line, found, truth_of, write_lines, write_mot17


@pytest.fixture(scope="module")
def mot17(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mot17(tmp_path_factory.mktemp("mot") / "MOT17")


def measured(one: BenchmarkTable) -> dict[str, tuple[float | None, ...]]:
    return {row.name: row.values for row in one.rows if row.source is FigureSource.MEASURED}


def said(name: str, length: int) -> list[Line]:
    """Somebody's tracks: one changes its identity, one is off, and the car and the one that stands too."""
    one, two, car, still = ([line for line in truth_of(name) if line[1] == track] for track in (1, 2, 3, 4))
    half = length // 2
    return [
        *found(one[:half], 1, 2.0),
        *found(one[half:], 9, -3.0),
        *found(two, 2, 5.0),
        *found(car, 3),
        *found(still[1:], 4, 1.0),
    ]


def by_trackeval(folder: Path, results: Path, tmp_path: Path) -> tuple[float, ...]:
    """The same figures by trackeval's own reader and protocol."""
    from trackeval import Evaluator
    from trackeval.datasets import MotChallenge2DBox
    from trackeval.metrics import CLEAR, HOTA, Identity

    place = tmp_path / "trackers" / "mine" / "data"
    place.mkdir(parents=True)
    names = [f"{name}-DPM" for name in LENGTHS]
    for name in LENGTHS:
        (place / f"{name}-DPM.txt").write_text((results / f"{name}.txt").read_text())
    data = MotChallenge2DBox(
        {
            "GT_FOLDER": str(folder / "train"),
            "TRACKERS_FOLDER": str(tmp_path / "trackers"),
            "SKIP_SPLIT_FOL": True,
            "SEQ_INFO": dict.fromkeys(names),
            "PRINT_CONFIG": False,
        }
    )
    quiet = {"PRINT_RESULTS": False, "PRINT_CONFIG": False, "TIME_PROGRESS": False}
    quiet |= {"OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False, "PLOT_CURVES": False}
    metrics = [one({"PRINT_CONFIG": False}) for one in (CLEAR, Identity)]
    found, _ = Evaluator(quiet).evaluate([data], [*metrics, HOTA()])
    whole = found["MotChallenge2DBox"]["mine"]["COMBINED_SEQ"]["pedestrian"]
    higher = whole["HOTA"]
    figures = (whole["CLEAR"]["MOTA"], np.mean(higher["DetA"]), whole["Identity"]["IDF1"])
    return tuple(100 * float(one) for one in (*figures, np.mean(higher["HOTA"])))


def write_said(folder: Path) -> Path:
    for name, length in LENGTHS.items():
        write_lines(folder / f"{name}.txt", said(name, length))
    return folder


def test_as_trackeval_reads_and_counts_it(mot17: Path, tmp_path: Path) -> None:
    results = write_said(tmp_path / "ours")
    ours = measured(mot17_table(mot17, results=[results]))["ours"]
    assert ours == pytest.approx(by_trackeval(mot17, results, tmp_path))
    # of 18 true boxes all are found; the car's 10 boxes and the 2 of the flagless pedestrian are wrong,
    # and 2 identities change; what stands still does not count
    assert ours[0] == pytest.approx(100 * (1 - (10 + 2 + 2) / 18))


def test_of_few_sequences_there_is_no_interval(
    mot17: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = mot17_table(mot17, results=[write_said(tmp_path / "ours")], draws=30)
    assert [row.intervals for row in few.rows if row.source is FigureSource.MEASURED] == [(None,) * 4]
    assert any("No intervals: of the sequences there are 2" in note for note in few.notes)
    for number in range(5, 8):
        monkeypatch.setitem(LENGTHS, f"MOT17-0{number}", number)
    results = write_said(tmp_path / "five")
    whole = mot17_table(write_mot17(tmp_path / "MOT17"), results=[results], draws=30)
    [row] = [row for row in whole.rows if row.source is FigureSource.MEASURED]
    for value, ends in zip(row.values, row.intervals, strict=True):
        assert value is not None
        assert ends is not None
        assert ends[0] <= value <= ends[1]
    assert any("30 draws" in note for note in whole.notes)


def test_the_papers_lines_stand_beside(mot17: Path, tmp_path: Path) -> None:
    table = mot17_table(mot17, results=[write_said(tmp_path / "ours")])
    paper = {row.name: row.values for row in table.rows if row.source is FigureSource.PAPER}
    assert paper["SORT, detector of COCO + WALT3D"] == (47.2, 43.2, 49.5, 42.0)
    assert table.columns == ("MOTA", "DetA", "IDF1", "HOTA")
    assert "only orient" in table.comparable


@pytest.mark.parametrize("tracker", Tracker)
def test_one_tracker_over_two_detectors(mot17: Path, tracker: Tracker, tmp_path: Path) -> None:
    worse = tmp_path / "worse"
    for name in LENGTHS:
        people = [line for line in truth_of(name) if line[1] == 1]
        write_lines(worse / f"{name}.txt", found(people, -1))
    table = mot17_table(mot17, own_detectors=["FRCNN"], detections=[worse], tracker=tracker)
    rows = measured(table)
    # both pedestrians are found as they are, in each frame; in two frames one of them has no flag
    assert rows[f"{tracker.value}, FRCNN"][0] == pytest.approx(100 * (1 - 2 / 18))
    # of one nothing is said: 8 of 18 boxes are missed
    assert rows[f"{tracker.value}, worse"][0] == pytest.approx(100 * (1 - 8 / 18))
    assert any("confidence of 0.5" in note for note in table.notes)


def refused(**given: Any) -> str:
    with pytest.raises(ExchangeError) as caught:
        mot17_table(**given)
    return str(caught.value)


def test_what_cannot_be_counted_is_said(mot17: Path, tmp_path: Path) -> None:
    ours = write_said(tmp_path / "ours")
    assert "Nothing says what to count" in refused(folder=mot17)
    assert "no sequence MOT17-99" in refused(folder=mot17, results=[ours], only=["MOT17-99"])
    assert "none of 12 detections" in refused(folder=mot17, own_detectors=["DPM"], least_score=0.95)
    assert "Two folders have one name" in refused(folder=mot17, results=[ours, ours])
    write_lines(ours / "MOT17-04.txt", [(1, 1, 5, 5, 10, 10), (2, 1, 5, 5, 10, -1)])
    assert "MOT17-04.txt cannot be used: line 2 has a box without area" in refused(
        folder=mot17, results=[ours]
    )
