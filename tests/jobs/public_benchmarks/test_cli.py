"""The shell's side of the public benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import main
from core.cli_benchmark import benchmark_app
from core.errors import ExchangeError
from tests.exchange.benchmarks.amodal_files import CAR, cocoa, kins, result, write
from tests.exchange.benchmarks.mot_files import write_mot17


def test_a_table_is_shown_with_the_papers_figures_and_written(tmp_path: Path) -> None:
    truth, said = write(tmp_path / "t.json", kins()), write(tmp_path / "r.json", [result(1, 4, CAR)])
    out = tmp_path / "out.json"
    given = ["kins", "--truth", str(truth), "--predictions", str(said), "--by-occlusion", "--json", str(out)]
    done = CliRunner().invoke(benchmark_app, given)
    assert done.exit_code == 0, done.output
    assert "COCO + WALT3D" in done.output
    assert "r.json" in done.output
    rows = {row["name"]: row["values"] for row in json.loads(out.read_text())["rows"]}
    assert rows["COCO + WALT3D"] == [28.8, 23.5]
    assert any("% hidden" in name for name in rows)


def test_a_wrong_record_is_named(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.json", cocoa())
    said = write(tmp_path / "r.json", [result(99, 4, CAR)])
    done = CliRunner().invoke(benchmark_app, ["coco-a", "--truth", str(truth), "--predictions", str(said)])
    assert isinstance(done.exception, ExchangeError)
    assert "99" in str(done.exception)


def test_one_tracker_over_mot17s_two_detectors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_mot17(tmp_path / "MOT17")
    given = ["benchmark", "mot17", str(folder), "--own", "DPM", "--own", "FRCNN", "--only", "MOT17-04"]
    assert main(given) == 0
    shown = capsys.readouterr().out
    assert [word in shown for word in ("sort, DPM", "sort, FRCNN", "MOTA", "HOTA")] == [True] * 4
    assert main([*given[:3], "--own", "SDP"]) == 2
    assert "amodal: MOT17-02 has no copy of SDP" in capsys.readouterr().err
    assert main([*given, "--json", str(tmp_path / "missing" / "x.json")]) == 2
