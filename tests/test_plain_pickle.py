"""Pickles as plain data: what Python writes comes back, what would run or burst is refused."""

from __future__ import annotations

import io
import os
import pickle
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import PickleRefusedError
from core.plain_pickle import loads
from core.plain_pickle_known import KNOWN, Constructor

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.none() | st.just(UTC))
)
keys = st.text() | st.integers() | st.tuples(st.text(), st.integers())
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=5)
    ),
    max_leaves=20,
)
protocols = st.integers(0, pickle.HIGHEST_PROTOCOL)


@given(values, protocols)
def test_plain_data_comes_back(value: Any, protocol: int) -> None:
    assert loads(pickle.dumps(value, protocol)) == value


plain_types = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes()
    | hnp.unsigned_integer_dtypes()
    | hnp.floating_dtypes(sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(sizes=(64, 128))
    | hnp.unicode_string_dtypes(max_len=5)
    | hnp.byte_string_dtypes(max_len=5)
)


@given(
    plain_types.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_side=0, max_side=4))),
    protocols,
    st.booleans(),
)
@settings(deadline=None)
def test_arrays_come_back(array: np.ndarray, protocol: int, columns_first: bool) -> None:
    array = np.asfortranarray(array) if columns_first else array
    back = loads(pickle.dumps({"array": array}, protocol))["array"]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_lists_and_times_come_back(protocol: int) -> None:
    ragged = np.empty(3, dtype=object)
    ragged[:] = [[1, 2], [3.5], [datetime(2021, 5, 1, 14, 23, 11, 500, timezone(timedelta(hours=-4)))]]
    shared = {"one": ragged, "same": ragged, "number": np.float32(2.5), "none": np.zeros((0, 3))}
    back = loads(pickle.dumps(shared, protocol))
    assert back["one"].tolist() == ragged.tolist()
    assert back["one"] is back["same"]
    assert back["number"] == 2.5
    assert back["none"].shape == (0, 3)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_times_of_dateutil_come_back(protocol: int) -> None:
    tz = pytest.importorskip("dateutil.tz")
    moment = datetime(2021, 5, 1, 0, 2, 23, 775683)
    for zone in (tz.tzutc(), tz.tzoffset(None, -14400), tz.tzlocal()):
        times = np.array([moment.replace(tzinfo=zone)], dtype=object)
        assert loads(pickle.dumps(times, protocol))[0].replace(tzinfo=None) == moment


def test_a_sparse_matrix_comes_as_its_parts() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]])
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        back = loads(pickle.dumps(sparse.csc_matrix(dense), protocol))
        np.testing.assert_array_equal(back.dense(), dense)


def as_python_2(array: np.ndarray) -> bytes:
    """An array in a chumpy variable, as Python 2 wrote it: texts of letters, and copy_reg."""
    raw = array.astype("<f8").tobytes()
    return (
        b"\x80\x02ccopy_reg\n_reconstructor\ncchumpy.ch\nCh\nc__builtin__\nobject\nN\x87R}(U\x01x"
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K"
        + bytes([array.shape[0]])
        + b"\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNN"
        + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<i", len(raw))
        + raw
        + b"tbU\x06dtermsK\x01ub."
    )


def test_chumpys_variables_of_python_2_come_as_arrays() -> None:
    array = np.array([1.5, -2.0, 1e300])
    np.testing.assert_array_equal(loads(as_python_2(array)), array)


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_that_a_pickle_names_is_called(tmp_path: Any, protocol: int) -> None:
    target = tmp_path / "made"
    array = np.empty(1, dtype=object)
    array[0] = Harmful(str(target))
    for value in (Harmful(str(target)), [1, {"deep": (Harmful(str(target)),)}], array):
        with pytest.raises(PickleRefusedError, match=r"posix\.mkdir|nt\.mkdir"):
            loads(pickle.dumps(value, protocol))
    assert not target.exists()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"(S'true'\nios\nsystem\n.", "INST"),
        (b"(cos\nsystem\nS'true'\no.", "OBJ"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93)\x81.", "os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93)}\x92.", "NEWOBJ_EX"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"Pmodule.name\n.", "PERSID"),
        (b"\x80\x04K\x01Q.", "BINPERSID"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"cos\nsystem\n.", "not complete"),  # a name alone is no data
        (b"]cos\nsystem\na.", "not complete"),
        (b"cos\nsystem\n}b.", "state"),
        (b"]q\x00h\x00a.", "holds itself"),
        (b"}q\x00(K\x01h\x00u.", "holds itself"),
        (b"}]K\x01s.", "list as a key"),
        (b"}K\x01\x85\x85K\x01s.", "tuple as a key"),
        (b"K\x01K\x02.", "too early"),
        (b"(K\x01.", "too early"),
        (b"K\x01", "damaged"),
        (b"", "damaged"),
        (b"t.", "damaged"),
        (b"K\x01a.", "damaged"),
        (b"h\x05.", "damaged"),
        (b"no pickle at all", "damaged"),
        (b"I" + b"9" * 5000 + b"\n.", "damaged"),
    ],
)
def test_what_is_no_plain_data_is_refused_with_the_reason(code: bytes, why: str) -> None:
    with pytest.raises(PickleRefusedError, match=why):
        loads(code)


def test_depth_is_bounded() -> None:
    with pytest.raises(PickleRefusedError, match="deep"):
        loads(b"(" * 0 + b"]" * 200_000 + b"a" * 199_999 + b".")
    with pytest.raises(PickleRefusedError, match="deep"):
        loads(b")" + b"\x85" * 200_000 + b".")


def test_lists_that_share_lists_do_not_burst() -> None:
    # each holds the one before it twice: 2^60 values in 300 bytes
    code = b"]q\x00" + b"".join(b"]q%c(h%ch%ce" % (n + 1, n, n) for n in range(25)) + b"."
    with pytest.raises(PickleRefusedError):
        loads(b"(" + code[:-1] + b"l.")
    wide = b"](" + b"K\x01" * 300 + b"eq\x00"
    for n in range(8):
        wide += b"](" + b"h%c" % n * 100 + b"eq%c" % (n + 1)
    with pytest.raises(PickleRefusedError, match="more than"):
        loads(b"(" + wide + b"l.")


def dtype_code(text: bytes) -> bytes:
    return (
        b"cnumpy\ndtype\nU" + bytes([len(text)]) + text + b"K\x00K\x01\x87R"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )


def array_code(shape: bytes, dtype: bytes, raw: bytes) -> bytes:
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
        + shape
        + dtype
        + b"\x89"
        + raw
        + b"tb."
    )


def test_the_hand_made_array_is_one() -> None:
    np.testing.assert_array_equal(loads(array_code(b"K\x01\x85", dtype_code(b"u1"), b"U\x01\x07")), [7])


@pytest.mark.parametrize(
    "code",
    [
        array_code(b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85", dtype_code(b"f8"), b"U\x08" + b"1" * 8),
        array_code(b"J\xff\xff\xff\x7f\x85", dtype_code(b"f8"), b"U\x08" + b"1" * 8),
        array_code(b"J\xff\xff\xff\x7f\x85", dtype_code(b"S0"), b"U\x00"),
        array_code(b"J\xff\xff\xff\x7f\x85", dtype_code(b"O8"), b"]"),
        array_code(b"J\xff\xff\xff\xff\x85", dtype_code(b"f8"), b"U\x00"),
        array_code(b"K\x01\x85", dtype_code(b"V8"), b"U\x08" + b"1" * 8),
        array_code(b"K\x01\x85", dtype_code(b"f99"), b"U\x08" + b"1" * 8),
        array_code(b"K\x01\x85", b"N", b"U\x08" + b"1" * 8),
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"abc.",
        b"\x80\x04X" + struct.pack("<I", 0xFFFFFFFF) + b"abc.",
    ],
)
def test_declared_sizes_take_no_memory(code: bytes) -> None:
    with pytest.raises(PickleRefusedError):
        loads(code)


def test_one_array_cannot_be_asked_for_again_and_again() -> None:
    again = (
        b"cnumpy.core.numeric\n_frombuffer\n(h\x00" + dtype_code(b"u1") + b"J" + struct.pack("<i", 100_000)
    )
    again += b"\x85S'C'\ntR"
    code = b"B" + struct.pack("<I", 100_000) + b"\x00" * 100_000 + b"q\x000("
    assert loads(code + again + b"l.")[0].shape == (100_000,)
    with pytest.raises(PickleRefusedError, match="unfolds"):
        loads(code + again * 2000 + b"l.")


@pytest.mark.parametrize(("code", "each"), [(b"}", 1), (b"]", 1), (b"N\x94", 2), (b"(1", 2), (b"K\x000", 2)])
def test_instructions_are_counted_as_they_are_done(code: bytes, each: int) -> None:
    """A byte can ask for a dict or for a place in the memo: once all of them are there, it is too late."""
    written = b"\x80\x02(" + 1000 // each * code + b"l."
    loads(written, most_instructions=1004)
    with pytest.raises(PickleRefusedError, match="more than 1,003 instructions"):
        loads(written + b"\xff", most_instructions=1003)  # what follows is not even looked at


def test_one_text_cannot_be_asked_for_again_and_again() -> None:
    letters = b"B" + struct.pack("<I", 396) + b"A\x00\x00\x00" * 99 + b"q\x000"
    code = b"(" + letters + dtype_code(b"U99") + b"q\x010cnumpy.core.multiarray\nscalar\nq\x020"
    again = b"h\x02(h\x01h\x00tR"
    assert loads(code + 3 * again + b"l.") == 3 * ["A" * 99]
    with pytest.raises(PickleRefusedError, match="unfolds"):
        loads(code + 100 * again + b"l.")


def test_one_sparse_matrix_cannot_be_asked_for_again_and_again() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csc_matrix(np.ones((30, 30)))
    assert len(loads(pickle.dumps([matrix] * 99))) == 99  # one, in many places
    many = [matrix]
    for _ in range(99):
        many.append(sparse.csc_matrix((30, 30)))
        many[-1].data, many[-1].indices, many[-1].indptr = matrix.data, matrix.indices, matrix.indptr
    with pytest.raises(PickleRefusedError, match="unfolds"):
        loads(pickle.dumps(many))


@given(values, st.data())
def test_every_truncation_is_refused_or_plain(value: Any, data: st.DataObject) -> None:
    whole = pickle.dumps([value, np.arange(3)])
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(PickleRefusedError):
        loads(cut)


def is_plain(value: Any) -> bool:
    """Whether a value is made of nothing but plain data, all the way down."""
    if isinstance(value, dict):
        return all(is_plain(one) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str, bytes, bytearray, np.ndarray)


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_noise_is_refused_or_plain(noise: bytes) -> None:
    with suppress(PickleRefusedError):
        assert is_plain(loads(b"\x80\x04" + noise + b"."))


def test_a_reader_can_know_more_names() -> None:
    code = pickle.dumps(Harmful("x"), 2)
    known = {**KNOWN, "posix.mkdir": Constructor(lambda arguments, _: ("asked for", *arguments))}
    assert loads(code, known) == ("asked for", "x")


def test_it_reads_what_numpy_saves_as_objects(tmp_path: Any) -> None:
    ragged = np.empty(2, dtype=object)
    ragged[:] = [[1.0, 2.0, 3.0], [4.0]]
    file = io.BytesIO()
    np.save(file, ragged, allow_pickle=True)
    data = file.getvalue()
    assert loads(data[data.index(b"\x80") :]).tolist() == ragged.tolist()
