"""Small real ONNX detectors: each of the 4 × 4 fields of a picture is a ball as far as it is red, a cube as far as it is green,
and a person as far as it is blue. They answer in every form in which detectors are exported.

ONNX files are protocol buffers; the few messages that these models need are written here, so that the tests need no package
for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Shape = Sequence[int | str]

NAMES = ("ball", "cube", "person")
FIELDS = 4  # in a row, and in a column
SIDE = 64
FORMS = ("columns", "rows", "objectness", "final", "masks", "boxes", "sizes", "logits", "nothing")
COLOURS = {"ball": (255, 0, 0), "cube": (0, 255, 0), "person": (0, 0, 255), "dim ball": (100, 0, 0)}
_FLOAT, _INT = 1, 7  # of TensorProto.DataType


def picture(*things: str, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """Draw these things, one in each field, row by row."""
    image = Image.new("RGB", (FIELDS, FIELDS), "black")
    for number, thing in enumerate(things):
        image.putpixel((number % FIELDS, number // FIELDS), COLOURS[thing])
    return image.resize(size, Image.Resampling.NEAREST)


def table(path: Path, **more: str) -> dict[str, str]:
    """Return the settings of a detector in this file."""
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), **more}


def write(path: Path, form: str = "columns", names: str | None = str(dict(enumerate(NAMES))), shape: Shape = ()) -> Path:
    """Write the model that answers in this form, to pictures of this shape, with these names in its metadata."""
    batch = [] if form == "boxes" else [1]
    number, classes = FIELDS * FIELDS, len(NAMES)
    middles = (np.indices((FIELDS, FIELDS)).reshape(2, number)[::-1] + 0.5) * SIDE / FIELDS
    sizes = np.full((2, number), SIDE / FIELDS)
    rows = np.concatenate((middles, sizes))[None]
    corners = np.concatenate((middles - sizes / 2, middles + sizes / 2))[None]
    graph = Graph()
    inputs = {"images": (_FLOAT, shape or [*batch, 3, SIDE, SIDE])}
    start = "images"
    if form == "boxes":
        start = graph.add("Reshape", "images", graph.constant(np.array([1, 3, SIDE, SIDE])))
    share = SIDE // FIELDS
    pooled = graph.add("AveragePool", start, kernel_shape=[share, share], strides=[share, share])
    clipped = graph.add("Clip", pooled, graph.constant(np.array(0.0)), graph.constant(np.array(1.0)))
    scores = graph.add("Reshape", clipped, graph.constant(np.array([1, classes, number])))
    certain = graph.add("ReduceMax", scores, axes=[1], keepdims=1)
    labels = graph.add("ArgMax", scores, axis=1, keepdims=1)
    match form:
        case "columns":
            outputs = {graph.add("Concat", graph.constant(rows), scores, axis=1): (_FLOAT, [1, 4 + classes, number])}
        case "masks":
            factors = graph.constant(np.zeros((1, 8, number)))
            outputs = {
                graph.add("Concat", graph.constant(rows), scores, factors, axis=1): (_FLOAT, [1, 12 + classes, number]),
                graph.add("Identity", graph.constant(np.zeros((1, 8, 5, 5)))): (_FLOAT, [1, 8, 5, 5]),
            }
        case "rows":
            joined = graph.add("Concat", graph.constant(rows), scores, axis=1)
            outputs = {graph.add("Transpose", joined, perm=[0, 2, 1]): (_FLOAT, [1, number, 4 + classes])}
        case "objectness":
            sure = graph.constant(np.ones((1, 1, number)))
            joined = graph.add("Concat", graph.constant(rows), sure, scores, axis=1)
            outputs = {graph.add("Transpose", joined, perm=[0, 2, 1]): (_FLOAT, [1, number, 5 + classes])}
        case "final":
            column = graph.add("Cast", labels, to=_FLOAT)
            joined = graph.add("Concat", graph.constant(corners), certain, column, axis=1)
            outputs = {graph.add("Transpose", joined, perm=[0, 2, 1]): (_FLOAT, [1, number, 6])}
        case "boxes" | "sizes":
            flat, last = graph.constant(np.array([*batch, number])), corners.transpose(0, 2, 1)
            given = last if batch else last[0]
            outputs = {
                graph.add("Identity", graph.constant(given)): (_FLOAT, given.shape),
                graph.add("Reshape", labels, flat): (_INT, [*batch, number]),
                graph.add("Reshape", certain, flat): (_FLOAT, [*batch, number]),
            }
            if form == "sizes":
                inputs["orig_target_sizes"] = (_INT, [1, 2])
        case "logits" | "nothing":
            shifted = graph.add("Sub", scores, graph.constant(np.array(0.45)))
            logits = graph.add("Mul", shifted, graph.constant(np.array(20.0)))
            if form == "nothing":
                logits = graph.add("Concat", logits, graph.constant(np.zeros((1, 1, number))), axis=1)
            columns = classes + (form == "nothing")
            relative = rows.transpose(0, 2, 1) / SIDE
            outputs = {
                graph.add("Transpose", logits, perm=[0, 2, 1]): (_FLOAT, [1, number, columns]),
                graph.rename(graph.constant(relative), "pred_boxes"): (_FLOAT, relative.shape),
            }
            if form == "nothing":
                inputs["pixel_mask"] = (_INT, [1, SIDE, SIDE])
        case _:  # a classifier
            outputs = {scores: (_FLOAT, [1, classes, number])}
    path.write_bytes(graph.model(inputs, outputs, {} if names is None else {"names": names}))
    return path


class Graph:
    """The nodes and constants of a model, as ONNX of operator set 13."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def add(self, operator: str, *inputs: str, **attributes: int | list[int]) -> str:
        """Add a node, and return the name of its output."""
        return self._added(operator, inputs, f"{operator.lower()}{len(self._nodes)}", attributes)

    def rename(self, value: str, name: str) -> str:
        """Give a value another name, and return it."""
        return self._added("Identity", [value], name, {})

    def _added(self, operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, int | list[int]]) -> str:
        texts = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, operator)
        given = b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(texts + given)
        return output

    def constant(self, values: NDArray[np.generic]) -> str:
        """Add a constant, and return its name."""
        name = f"constant{len(self._constants)}"
        kind, dtype = (_INT, "<i8") if values.dtype.kind == "i" else (_FLOAT, "<f4")
        dimensions = b"".join(_integer(1, side) for side in values.shape)
        data = values.astype(dtype).tobytes()
        self._constants.append(dimensions + _integer(2, kind) + _text(8, name) + _bytes(9, data))
        return name

    def model(
        self, inputs: Mapping[str, tuple[int, Shape]], outputs: Mapping[str, tuple[int, Shape]], metadata: Mapping[str, str]
    ) -> bytes:
        """Return the file."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _text(2, "fields")
        graph += b"".join(_bytes(5, constant) for constant in self._constants)
        graph += b"".join(_bytes(11, _value(name, *about)) for name, about in inputs.items())
        graph += b"".join(_bytes(12, _value(name, *about)) for name, about in outputs.items())
        told = b"".join(_bytes(14, _text(1, key) + _text(2, value)) for key, value in metadata.items())
        return _integer(1, 8) + _bytes(7, graph) + _bytes(8, _integer(2, 13)) + told


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _integer(3, value) + _integer(20, 2)
    return _text(1, name) + b"".join(_integer(8, number) for number in value) + _integer(20, 7)


def _value(name: str, kind: int, shape: Shape) -> bytes:
    sides = b"".join(_bytes(1, _integer(1, side) if isinstance(side, int) else _text(2, side)) for side in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _integer(1, kind) + _bytes(2, sides)))


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
