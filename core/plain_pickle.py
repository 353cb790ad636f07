"""Pickles read as plain data: opcode by opcode, and never run.

Python's own reader calls whatever a pickle names. This one builds lists, tuples, dicts, numbers, texts, bytes
and numpy arrays of plain types, and what a table of known constructors says for a few names; it imports
nothing that a pickle names, and refuses all else with the reason. `docs/decisions/0044` says why.
"""

from __future__ import annotations

import codecs
import io
import pickletools
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import PickleRefusedError
from core.plain_pickle_known import KNOWN, MOST_VALUES, Constructor, Name, SparseColumns, refused

DEEPEST = 32
"""How deep lists, tuples, dicts and object arrays may lie in each other."""

_GROWTH, _ROOM = 8, 4096  # bytes of arrays for each byte of the pickle, and besides
_BYTES_A_PART = 8  # at most, of a text's letter (which takes 4) or a value's place in a tuple
_KEYS = (str, bytes, int, float, bool, type(None))
_INSTRUCTIONS = {one.code.encode("latin-1"): one for one in pickletools.opcodes}


def loads(
    data: bytes,
    constructors: Mapping[str, Constructor] | None = None,
    most_instructions: int = MOST_VALUES,
) -> Any:
    """The plain data that a pickle holds, whichever Python and protocol wrote it.

    Texts of Python 2 come as str, a letter for each byte (Latin-1).

    Args:
        data: the pickle.
        constructors: by "module.name"; KNOWN where None.
        most_instructions: how many it may have. Each takes time and, for a byte of the pickle, up to a
            hundred bytes: a list, a dict or a place in the memo.

    Raises:
        PickleRefusedError: it is damaged, names anything unknown, or is larger or deeper than is sensible.
    """
    machine = _Machine(KNOWN if constructors is None else constructors, _ROOM + _GROWTH * len(data))
    try:
        for count, (name, argument) in enumerate(_instructions(data)):
            if count == most_instructions:
                raise refused(f"it has more than {most_instructions:,} instructions")
            machine.step(name, argument)
    except PickleRefusedError:
        raise
    except (ValueError, struct.error, IndexError, KeyError, TypeError, OverflowError, EOFError) as error:
        raise refused(f"it is damaged ({error})") from None
    result = machine.result()
    _check_size(result)
    return result


def _instructions(data: bytes) -> Iterator[tuple[str, Any]]:
    """Each instruction's name and argument, up to STOP.

    As pickletools.genops, which takes the texts of protocol 0 for ASCII: those of Python 2 hold arrays, too.

    Raises:
        ValueError: an instruction is not known, or the pickle ends too early.
    """
    stream = io.BytesIO(data)
    name = ""
    while name != "STOP":
        code = stream.read(1)
        opcode = _INSTRUCTIONS.get(code)
        if opcode is None:
            raise ValueError(f"it has the instruction {code!r}" if code else "it ends too early")
        name = opcode.name
        if name == "STRING":
            quoted = pickletools.read_stringnl(stream, decode=False)
            yield name, codecs.escape_decode(quoted)[0].decode("latin-1")
        else:
            yield name, None if opcode.arg is None else opcode.arg.reader(stream)


@dataclass(slots=True, eq=False)
class _Pending:
    """A value that waits for its state."""

    make: Callable[[tuple[Any, ...], Any], Any]
    arguments: tuple[Any, ...]
    memo_keys: list[int] = field(default_factory=list)


class _Mark:
    """The place on the stack where a group begins."""


class _Machine:
    """The stack machine that a pickle is a program for, without the instructions that could do harm."""

    def __init__(self, constructors: Mapping[str, Constructor], room: int) -> None:
        self._constructors = constructors
        self._room = room
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._stopped = False

    def result(self) -> Any:
        """What is left at the end."""
        if not self._stopped or len(self._stack) != 1:
            raise refused("it is damaged (it ends too early)")
        return self._stack[0]

    def step(self, name: str, argument: Any) -> None:
        """Do one instruction."""
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _FIXED:
            self._stack.append(_FIXED[name]())
        elif name in _PUT:
            self._remember(argument)
        elif name in _GET:
            self._stack.append(self._memo[argument])
        elif name not in _STEPS:
            raise refused(f"it uses the instruction {name}, which plain data does not need")
        else:
            getattr(self, _STEPS[name])(argument)

    def _remember(self, key: int) -> None:
        value = self._stack[-1]
        if isinstance(value, _Mark):
            raise refused("it is damaged (it remembers what is no value)")
        if isinstance(value, _Pending):
            value.memo_keys.append(key)
        self._memo[key] = value

    def _group(self) -> list[Any]:
        """What stands above the last mark; the mark goes too."""
        for place in range(len(self._stack) - 1, -1, -1):
            if isinstance(self._stack[place], _Mark):
                group = self._stack[place + 1 :]
                del self._stack[place:]
                return group
        raise refused("it is damaged (a group has no beginning)")

    def _pop(self) -> Any:
        if not self._stack or isinstance(self._stack[-1], _Mark):
            raise refused("it is damaged (a value is missing)")
        return self._stack.pop()

    def _top(self, kind: type[Any]) -> Any:
        if not self._stack or not isinstance(self._stack[-1], kind):
            raise refused("it is damaged (something else than a list or dict is filled)")
        return self._stack[-1]

    def nothing(self, _: Any) -> None:
        """PROTO and FRAME say nothing that matters here."""

    def stop(self, _: Any) -> None:
        self._stopped = True

    def mark(self, _: Any) -> None:
        self._stack.append(_Mark())

    def pop(self, _: Any) -> None:
        self._stack.pop()

    def pop_mark(self, _: Any) -> None:
        self._group()

    def dup(self, _: Any) -> None:
        value = self._pop()
        if isinstance(value, _Pending):
            raise refused("it doubles a value that is not complete")
        self._stack += [value, value]

    def memoize(self, _: Any) -> None:
        self._remember(len(self._memo))

    def append(self, _: Any) -> None:
        value = self._pop()
        self._top(list).append(value)

    def appends(self, _: Any) -> None:
        group = self._group()
        self._top(list).extend(group)

    def make_list(self, _: Any) -> None:
        self._stack.append(self._group())

    def make_tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._group()))

    def tuple_1(self, _: Any) -> None:
        self._stack.append((self._pop(),))

    def tuple_2(self, _: Any) -> None:
        second, first = self._pop(), self._pop()
        self._stack.append((first, second))

    def tuple_3(self, _: Any) -> None:
        third, second, first = self._pop(), self._pop(), self._pop()
        self._stack.append((first, second, third))

    def make_dict(self, _: Any) -> None:
        group = self._group()
        self._stack.append({})
        self._fill(group)

    def set_item(self, _: Any) -> None:
        value, key = self._pop(), self._pop()
        self._fill([key, value])

    def set_items(self, _: Any) -> None:
        self._fill(self._group())

    def _fill(self, group: list[Any]) -> None:
        into = self._top(dict)
        if len(group) % 2:
            raise refused("it is damaged (a key has no value)")
        for key, value in zip(group[::2], group[1::2], strict=True):
            # a tuple deep enough would overflow the stack of whoever hashes it
            flat = type(key) in _KEYS or (type(key) is tuple and all(type(one) in _KEYS for one in key))
            if not flat:
                raise refused(f"it has {type(key).__name__} as a key")
            into[key] = value

    def name(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._stack.append(Name(f"{module}.{name}"))

    def stack_name(self, _: Any) -> None:
        name, module = self._pop(), self._pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise refused("it is damaged (a name is no text)")
        self._stack.append(Name(f"{module}.{name}"))

    def call(self, _: Any) -> None:
        """REDUCE and NEWOBJ: a known name with arguments."""
        arguments, named = self._pop(), self._pop()
        if not isinstance(named, Name) or not isinstance(arguments, tuple):
            raise refused("it is damaged (it calls what is no name)")
        if named.path in _RECONSTRUCTORS:  # (class, base, state of the base): an object of that class
            named, arguments = self._object_of(arguments)
        constructor = self._constructors.get(named.path)
        if constructor is None:
            raise refused(f"it asks for {named.path}, which this program does not know")
        if any(isinstance(one, _Pending) for one in arguments):
            raise refused(f"it gives {named.path} a value that is not complete")
        if constructor.has_state:
            self._stack.append(_Pending(constructor.make, arguments))
        else:
            self._stack.append(self._counted(constructor.make(arguments, None)))

    def _object_of(self, arguments: tuple[Any, ...]) -> tuple[Name, tuple[Any, ...]]:
        if len(arguments) != 3 or not isinstance(arguments[0], Name) or arguments[2] is not None:
            raise refused("it rebuilds an object of a kind that this program does not know")
        return arguments[0], ()

    def _counted(self, value: Any) -> Any:
        """The value, if there is room: a few bytes can ask for one array a thousand times."""
        if isinstance(value, np.ndarray):
            self._room -= value.nbytes
        elif isinstance(value, bytes):
            self._room -= len(value)
        elif isinstance(value, str | tuple):
            self._room -= _BYTES_A_PART * len(value)
        elif isinstance(value, SparseColumns):  # no bytes of its own, but each is looked through
            self._room -= value.data.nbytes + value.indices.nbytes + value.indptr.nbytes
        if self._room < 0:
            raise refused("it unfolds to much more than its own size")
        return value

    def build(self, _: Any) -> None:
        state, pending = self._pop(), self._pop()
        if not isinstance(pending, _Pending):
            raise refused("it gives a state to something that has none")
        value = self._counted(pending.make(pending.arguments, state))
        self._stack.append(value)
        for key in pending.memo_keys:
            self._memo[key] = value


_VALUES = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_FIXED: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
}
_PUT = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GET = frozenset({"GET", "BINGET", "LONG_BINGET"})
_STEPS = {
    "PROTO": "nothing",
    "FRAME": "nothing",
    "STOP": "stop",
    "MARK": "mark",
    "POP": "pop",
    "POP_MARK": "pop_mark",
    "DUP": "dup",
    "MEMOIZE": "memoize",
    "APPEND": "append",
    "APPENDS": "appends",
    "LIST": "make_list",
    "TUPLE": "make_tuple",
    "TUPLE1": "tuple_1",
    "TUPLE2": "tuple_2",
    "TUPLE3": "tuple_3",
    "DICT": "make_dict",
    "SETITEM": "set_item",
    "SETITEMS": "set_items",
    "GLOBAL": "name",
    "STACK_GLOBAL": "stack_name",
    "REDUCE": "call",
    "NEWOBJ": "call",
    "BUILD": "build",
}
_RECONSTRUCTORS = ("copyreg._reconstructor", "copy_reg._reconstructor")


def _check_size(result: Any) -> None:
    """Refuse what is too deep, goes round in a circle, is not complete, or would be huge written out."""
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    open_ids: set[int] = set()
    waiting = [(result, False)]
    while waiting:
        value, is_done = waiting.pop()
        if isinstance(value, _Pending | Name | _Mark):
            raise refused("it holds a value that is not complete")
        parts = _parts(value)
        if parts is None or (id(value) in sizes and not is_done):
            continue
        if is_done:
            open_ids.discard(id(value))
            depths[id(value)] = 1 + max((depths.get(id(part), 0) for part in parts), default=0)
            sizes[id(value)] = 1 + sum(sizes.get(id(part), 1) for part in parts)
            if depths[id(value)] > DEEPEST:
                raise refused(f"its lists lie more than {DEEPEST} deep in each other")
            if sizes[id(value)] > MOST_VALUES:
                raise refused(f"it holds more than {MOST_VALUES} values")
            continue
        if id(value) in open_ids:
            raise refused("a list in it holds itself")
        open_ids.add(id(value))
        waiting.append((value, True))
        waiting += [(part, False) for part in parts]


def _parts(value: Any) -> Any:
    """What a value holds; None where it holds nothing of its own."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return value.ravel().tolist()
    return None
