"""The report: all that was measured in one file that fetches nothing, and what it does not overwrite."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from core.errors import EvaluationError, ExchangeError, SettingsError
from core.evaluation.report.told import FILES, about
from core.jobs.evaluate.settings import EvaluateSettings, ReportSettings
from core.jobs.flatten import checked
from core.records.evaluations import Confusion, Curve, EvaluationState, Figure, Subject, Truth
from core.records.slices import ALL, UNKNOWN, By, Slice
from core.store import tables
from core.store.project import Project
from core.store.queries.evaluations import evaluation_numbers
from core.store.writers.evaluations import make_evaluation, update_evaluation, write_figures
from tests.jobs.doing import do_job

WILD = 'Night & <script>alert("$x_1$")</script>'


class Elements(HTMLParser):
    """Every element of a page with its attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def add(project: Project, name: str, value: float, key: str) -> int:
    with project.bulk() as bulk:
        one = bulk.run(
            lambda c: make_evaluation(
                c, name, Subject.MINING, Truth.LABELS, job_id=None, settings={"draws": 1000}, seed=11
            )
        )
        figures = [
            Figure("mask_ap", ALL, value, value - 0.05, value + 0.05, 40),
            Figure("mask_ap", Slice(By.OCCLUSION, 0), value, None, None, 30),
            Figure("mask_ap", Slice(By.OCCLUSION, 9), value / 2, 0.1, 0.3, 8),
            Figure("mask_ap", Slice(By.OCCLUSION, UNKNOWN), 0.0, None, None, 2),
        ]
        curve = Curve("precision_recall.box", ALL, (0.0, 0.5), (1.0, 0.5))
        confusion = Confusion(
            "category", ALL, ("car", "nothing there"), ("car", "not found"), ((3, 1), (2, 0))
        )
        some = Confusion(
            "category",
            Slice(By.OCCLUSION, 7),
            ("car", "nothing there"),
            ("car", "not found"),
            ((11, 9), (0, 0)),
        )
        bulk.run(lambda c: write_figures(c, one, figures, [curve], [confusion, some]))
        bulk.run(
            lambda c: update_evaluation(
                c,
                one,
                state=EvaluationState.DONE,
                truth_key=key,
                versions={"torch": "2.99"},
                data={"side": "all"},
            )
        )
    return one


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "street.amodal"
    with Project.create(made, "Kerb <b>") as project:
        add(project, WILD, 0.614, "aa")
        add(project, "Day", 0.5, "bb")
    return made


def test_a_report_is_one_file_with_every_number_and_no_script(path: Path, tmp_path: Path) -> None:
    do_job(path, "report", evaluations="1, 2", out=str(tmp_path / "report"), pdf=True)
    page = Elements()
    page.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    names = [tag for tag, _ in page.tags]
    assert not {"script", "b", "link", "iframe", "object", "img"}.intersection(names)
    for tag, values in page.tags:
        for name, value in values.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "xlink:href"):
                assert value.startswith("#"), value  # within the page
    for words in (
        WILD,
        "61.4 %",
        "56.4 % to 66.4 %",
        "of 40",
        "90-100 %",
        "not known",
        "2.99",
        "11",
        "Kerb <b>",
    ):
        assert words in page.text, words
    assert "not all measured by the same" in page.text
    # confusions of bars are tables: rows of which there is nothing are left out
    assert page.text.count("category, by occlusion") == 2
    cells = page.text.split("category, by occlusion")[-1].split("How it was")[0]
    assert [line for line in cells.split("\n") if line] == ["In truthcarnot found", "70-80 %car119"]
    assert names.count("svg") == 1 + 1 + 2  # a chart, a curve, and a confusion of each
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    # again, over itself
    do_job(path, "report", evaluations="1", out=str(tmp_path / "report.html"))
    again = Elements()
    again.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "Day" not in again.text
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith(".")) == []


def test_equal_truths_can_be_compared(path: Path, tmp_path: Path) -> None:
    with Project.open(path) as project:
        third = add(project, "Rain", 0.4, "bb")
    do_job(path, "report", evaluations=f"2 {third}", out=str(tmp_path / "r.html"))
    assert "their numbers can be compared" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_report_names_no_folder(path: Path) -> None:
    files = {name for name, field in EvaluateSettings.model_fields.items() if "Path" in str(field.annotation)}
    assert files == FILES
    places = {name: f"/home/ann/secret/{name}.json" for name in files} | {"body": "C:\\Ann\\secret\\body.npz"}
    with Project.open(path) as project:
        with project.bulk() as bulk:
            bulk.run(lambda c: c.execute(tables.evaluation.update().values(settings={**places, "most": 7})))
        with project.read() as connection:
            numbers = evaluation_numbers(connection, 1)
    assert numbers is not None
    told = dict(about(numbers.evaluation))
    shown = [told[f"setting: {name}"] for name in ("predictions", "space", "body", "most")]
    assert shown == ["predictions.json", "space.json", "body.npz", "7"]


def test_what_is_not_a_report_is_left_as_it_is(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "page.html"
    other.write_text("<html>mine</html>")
    with pytest.raises(ExchangeError, match="left as it is"):
        do_job(path, "report", evaluations="1", out=str(other))
    with pytest.raises(ExchangeError, match="no folder"):
        do_job(path, "report", evaluations="1", out=str(tmp_path / "nowhere" / "r.html"))
    with pytest.raises(EvaluationError, match="no evaluation 9"):
        do_job(path, "report", evaluations="9", out=str(tmp_path / "r.html"))
    with Project.open(path) as project, project.bulk() as bulk:
        bulk.run(lambda c: update_evaluation(c, 2, state=EvaluationState.FAILED))
    with pytest.raises(EvaluationError, match="is not done: it is failed"):
        do_job(path, "report", evaluations="1,2", out=str(tmp_path / "r.html"))
    for words in ("", "one", "1;2"):
        with pytest.raises(SettingsError):
            checked(ReportSettings, {"evaluations": words, "out": "r.html"})
    assert other.read_text() == "<html>mine</html>"
