"""MOT17's folders and text files: three copies that are one sequence, and lines that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ExchangeError
from core.exchange.benchmarks.mot17 import (
    read_of_sequences,
    read_own_detections,
    read_sequences,
    read_truth,
)
from core.exchange.benchmarks.mot_text import MotKind, parse_mot

from .mot_files import LENGTHS, found, truth_of, write_lines, write_mot17


@pytest.fixture(scope="module")
def mot17(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mot17(tmp_path_factory.mktemp("mot") / "MOT17")


def test_copies_are_one_sequence(mot17: Path) -> None:
    for folder in (mot17, mot17 / "train"):
        sequences = read_sequences(folder)
        assert {one.name: one.length for one in sequences} == LENGTHS
        assert {one.fps for one in sequences} == {30.0}
        assert sorted(sequences[0].copies) == ["DPM", "FRCNN"]
    (alone,) = read_sequences(mot17 / "train" / "MOT17-04-FRCNN")
    assert (alone.name, list(alone.copies)) == ("MOT17-04", ["FRCNN"])


def test_truth_has_flags_classes_and_shares(mot17: Path) -> None:
    boxes = read_truth(read_sequences(mot17)[0])
    assert len(boxes.frames) == len(truth_of("MOT17-02")) == 24
    assert sorted(set(boxes.classes.tolist())) == [1, 3, 7]
    assert boxes.boxes[0].tolist() == [104, 50, 20, 40]
    assert (boxes.scores[11], boxes.visible[11]) == (0, 0.2)


def test_detections_that_come_along(mot17: Path) -> None:
    sequences = read_sequences(mot17)
    dpm, _ = read_own_detections(sequences, "DPM")
    assert dpm.boxes[0].tolist() == [105, 50, 20, 40]
    assert set(dpm.ids.tolist()) == {-1}
    with pytest.raises(ExchangeError, match="MOT17-02 has no copy of SDP, but of DPM, FRCNN"):
        read_own_detections(sequences, "SDP")


def test_results_for_each_sequence_once(mot17: Path, tmp_path: Path) -> None:
    sequences = read_sequences(mot17)
    write_lines(tmp_path / "MOT17-02-FRCNN.txt", found(truth_of("MOT17-02")))
    with pytest.raises(ExchangeError, match="no files of results for MOT17-04"):
        read_of_sequences(tmp_path, MotKind.RESULTS, sequences)
    write_lines(tmp_path / "MOT17-04.txt", found(truth_of("MOT17-04")))
    assert [len(one.frames) for one in read_of_sequences(tmp_path, MotKind.RESULTS, sequences)] == [24, 16]
    write_lines(tmp_path / "MOT17-04-DPM.txt", found(truth_of("MOT17-04")))
    with pytest.raises(ExchangeError, match="2 files of results for MOT17-04"):
        read_of_sequences(tmp_path, MotKind.RESULTS, sequences)
    (tmp_path / "MOT17-04-DPM.txt").rename(tmp_path / "MOT17-09.txt")
    with pytest.raises(ExchangeError, match="MOT17-09, of which there is no truth"):
        read_of_sequences(tmp_path, MotKind.RESULTS, sequences)


def test_folders_that_are_no_mot17(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="no sequence with truth"):
        read_sequences(tmp_path)
    with pytest.raises(ExchangeError, match="is no folder"):
        read_sequences(tmp_path / "missing")
    folder = write_mot17(tmp_path / "MOT17")
    write_lines(folder / "train" / "MOT17-04-DPM" / "gt" / "gt.txt", truth_of("MOT17-04")[1:])
    with pytest.raises(ExchangeError, match="the truth of its copies DPM, FRCNN differs"):
        read_sequences(folder)
    (folder / "train" / "MOT17-02-DPM" / "seqinfo.ini").write_text("[Sequence]\nframeRate=30\n")
    with pytest.raises(ExchangeError, match=r"MOT17-02-DPM/seqinfo\.ini cannot be used"):
        read_sequences(folder)


def test_a_link_out_of_the_folder_is_refused(mot17: Path, tmp_path: Path) -> None:
    elsewhere = write_lines(tmp_path / "elsewhere" / "gt.txt", truth_of("MOT17-02"))
    folder = write_mot17(tmp_path / "MOT17")
    link = folder / "train" / "MOT17-02-DPM" / "gt"
    (link / "gt.txt").unlink()
    (link / "gt.txt").symlink_to(elsewhere)
    with pytest.raises(ExchangeError, match="leads out of MOT17-02-DPM"):
        read_sequences(folder)


BAD = [
    ("1,1,5,5,10,10\n1,2,5,5,0,10", "line 2 has a box without area"),
    ("1,1,5,5,10,10\n\n1,1,6,5,9,10", "line 3 has track 1 in frame 1, and so has line 1"),
    ("7,1,5,5,10,10", "line 1 is of frame 7, and there are 1 to 6"),
    ("1.5,1,5,5,10,10", "the frame of line 1 is “1.5”"),
    ("1,-1,5,5,10,10", "line 1 has no track"),
    ("1,1,5,5,10", "line 1 has 5 numbers"),
    ("1,1,5,x,10,10", "the box of line 1 is “x”"),
    ("1,1,5,nan,10,10", "the box of line 1 is “nan”"),
    ("\n \n", "it has no boxes"),
]


@pytest.mark.parametrize(("text", "words"), BAD, ids=[words for _, words in BAD])
def test_a_wrong_line_is_named(text: str, words: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        parse_mot(text, "MOT17-02.txt", MotKind.RESULTS, 6)
    assert f"MOT17-02.txt cannot be used: {words}" in str(caught.value)


def test_truth_of_an_unknown_class_is_refused() -> None:
    with pytest.raises(ExchangeError, match="line 1 is of class 99"):
        parse_mot("1,1,5,5,10,10,1,99,1", "gt.txt", MotKind.TRUTH, 6)


WORDS = st.one_of(
    st.integers(-2, 8).map(str), st.floats(width=32).map(str), st.sampled_from(["", "x", "1e400", " 3 "])
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=5, max_size=10).map(",".join), max_size=4), st.sampled_from(MotKind))
def test_any_text_is_boxes_or_a_sentence(lines: list[str], kind: MotKind) -> None:
    refused = ""
    try:
        boxes = parse_mot("\n".join(lines), "a.txt", kind, 6)
        assert len(boxes.frames) == sum(bool(line.strip()) for line in lines)
        assert (boxes.boxes[:, 2:] > 0).all()
    except ExchangeError as error:
        refused = str(error)
    assert not refused or refused.startswith("a.txt cannot be used: ")
