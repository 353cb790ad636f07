"""Writes tiny ONNX files for tests, straight in protobuf's wire format (onnx.proto3 of the ONNX project).

The networks ignore their picture, or answer with a plain function of it: what is tested is everything
around them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

Shape = tuple[int | str, ...]
_ELEMENTS = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7, "float16": 10}


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, value: np.ndarray) -> bytes:
    dims = b"".join(_number(1, side) for side in value.shape)
    return dims + _number(2, _ELEMENTS[value.dtype.name]) + _bytes(8, name) + _bytes(9, value.tobytes())


def _value_info(name: str, element: str, shape: Shape) -> bytes:
    sides = b"".join(
        _bytes(1, _bytes(2, side) if isinstance(side, str) else _number(1, side)) for side in shape
    )
    tensor = _number(1, _ELEMENTS[element]) + _bytes(2, sides)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _node(kind: str, inputs: list[str], output: str) -> bytes:
    names = b"".join(_bytes(1, name) for name in inputs)
    return names + _bytes(2, output) + _bytes(4, kind)


def write_network(
    path: Path,
    outputs: dict[str, np.ndarray],
    *,
    picture: Shape = (1, 3, 320, 320),
    element: str = "float32",
    metadata: dict[str, str] | None = None,
    declared: dict[str, Shape] | None = None,
) -> Path:
    """A network that answers every picture with the same arrays.

    Args:
        outputs: name -> array. picture: shape of the input; a string names a side of variable size.
        declared: name -> shape to declare instead of the array's own.
    """
    nodes = b"".join(_bytes(1, _node("Identity", [f"{name}_value"], name)) for name in outputs)
    values = b"".join(_bytes(5, _tensor(f"{name}_value", value)) for name, value in outputs.items())
    shapes = declared or {}
    ports = b"".join(
        _bytes(12, _value_info(name, value.dtype.name, shapes.get(name, value.shape)))
        for name, value in outputs.items()
    )
    return _write(path, nodes + values, ports, picture, element, metadata)


def write_echo(path: Path, *, picture: Shape, element: str = "float32") -> Path:
    """A network whose one output is its picture."""
    nodes = _bytes(1, _node("Identity", ["images"], "echo"))
    return _write(path, nodes, _bytes(12, _value_info("echo", element, picture)), picture, element, None)


def _write(
    path: Path, body: bytes, ports: bytes, picture: Shape, element: str, metadata: dict[str, str] | None
) -> Path:
    graph = body + _bytes(2, "test") + _bytes(11, _value_info("images", element, picture)) + ports
    model = _number(1, 8) + _bytes(2, "tests") + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))
    for key, value in (metadata or {}).items():
        model += _bytes(14, _bytes(1, key) + _bytes(2, value))
    path.write_bytes(model)
    return path
