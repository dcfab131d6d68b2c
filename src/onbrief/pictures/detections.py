"""What the outputs of object detectors mean, in the forms in which they are exported: boxes, and a score for each class."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_NOISE = 0.1  # a score at which nothing was found
_MOST_FINAL = 1000  # rows that a model gives which has removed duplicates itself; those that have not give thousands


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes (n × 4: left, top, right, bottom, in whatever unit) and their scores (n × classes, 0 to 1)."""

    boxes: Array
    scores: Array

    def number(self, classes: Collection[int], score: float, overlap: float) -> int:
        """Return how many things of these classes there are with at least this score. Of boxes whose intersection is a larger
        share of their union than `overlap`, the one with the highest score counts.
        """
        best = self.scores[:, sorted(classes)].max(axis=1)
        order = np.argsort(-best, kind="stable")
        left, found = order[best[order] >= score], 0
        while left.size:
            found += 1
            left = left[1:][_overlap(self.boxes[left[0]], self.boxes[left[1:]]) <= overlap]
        return found


def detections(outputs: Mapping[str, Array], classes: int) -> Detections:
    """Return what a model with this number of classes found in one picture, from its outputs by name.

    Raises:
        ValueError: they are in none of the known forms; the message says what they are.
    """
    batched = any(array.ndim == 3 for array in outputs.values())  # otherwise all are about one picture alone
    arrays = {name: array[0] if batched and array.shape[:1] == (1,) else array for name, array in outputs.items()}
    found = _queries(arrays, classes) if len(outputs) > 1 else None
    found = found or _rows(arrays, classes)
    if found is None:
        shapes = ", ".join(f"{name} {list(array.shape)} of {array.dtype}" for name, array in outputs.items())
        raise ValueError(f"for {classes} classes, outputs of this form are not known: {shapes}")
    boxes, scores = (array.astype(np.float32) for array in found)
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all() and (scores >= -0.01).all() and (scores <= 1.01).all()):
        raise ValueError("some boxes are no numbers, or some scores are not from 0 to 1")
    return Detections(boxes, scores)


def _queries(arrays: Mapping[str, Array], classes: int) -> Sequence[Array] | None:
    """Read boxes beside scores and labels (torchvision, RT-DETR, D-FINE), or beside the logits of all classes (DETR)."""
    floats = {name: array for name, array in arrays.items() if array.dtype.kind == "f"}
    boxes = [(name, array) for name, array in floats.items() if array.ndim == 2 and array.shape[1] == 4]
    if len(boxes) > 1:  # those of three or four classes look alike
        boxes = [(name, array) for name, array in boxes if "box" in name.lower() or "det" in name.lower()]
    if len(boxes) != 1:
        return None
    name, box = boxes[0]
    labels = [array for array in arrays.values() if array.dtype.kind in "iu" and array.shape == box.shape[:1]]
    certain = [array for array in floats.values() if array.shape == box.shape[:1]]
    if labels and certain:
        scores = np.zeros((len(box), classes), np.float32)
        known = (labels[0] >= 0) & (labels[0] < classes)
        if unnamed := sorted(set(labels[0][~known & (certain[0] > _NOISE)].tolist())):
            raise ValueError(f"it found something of class {unnamed[0]}, and there are {classes} names, the first for class 0")
        scores[known, labels[0][known]] = certain[0][known]
        return box, scores
    for other, array in floats.items():
        if other != name and array.shape in ((len(box), classes), (len(box), classes + 1)):
            logits = array.astype(np.float64)
            if array.shape[1] == classes:
                return _corners(box), 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))  # the last one is for "nothing"
            return _corners(box), (powers / powers.sum(axis=1, keepdims=True))[:, :classes]
    return None


def _rows(arrays: Mapping[str, Array], classes: int) -> Sequence[Array] | None:
    """Read one table of boxes with scores, as YOLO models give it: 4 + classes rows, or columns with or without a score of the
    box; or left, top, right, bottom, score and class. Models that also give masks have their factors behind it.
    """
    masks = sum(array.shape[0] for array in arrays.values() if array.ndim == 3)
    table = next((array for array in arrays.values() if array.ndim == 2 and array.dtype.kind == "f"), None)
    if table is None:
        return None
    if table.shape[1] == 6 + masks and len(table) <= _MOST_FINAL and _are_classes(table[:, 5], classes):
        scores = np.zeros((len(table), classes), np.float32)
        scores[np.arange(len(table)), table[:, 5].astype(int)] = table[:, 4]
        return table[:, :4], scores
    if table.shape[0] == 4 + classes + masks:
        table = table.T
    if table.shape[1] == 4 + classes + masks:
        return _corners(table[:, :4]), table[:, 4 : 4 + classes]
    if table.shape[1] == 5 + classes + masks:
        return _corners(table[:, :4]), table[:, 4:5] * table[:, 5 : 5 + classes]
    return None


def _are_classes(column: Array, classes: int) -> bool:
    return bool(((column == np.floor(column)) & (column >= 0) & (column < classes)).all())


def _corners(boxes: Array) -> Array:
    """Turn middle and size into left, top, right and bottom."""
    return np.concatenate((boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2), axis=1)


def _overlap(box: Array, others: Array) -> Array:
    """Return the intersection of a box with each of the others, as a share of their union."""
    corner, end = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.clip(end - corner, 0, None).prod(axis=1)
    areas = np.clip(others[:, 2:] - others[:, :2], 0, None).prod(axis=1)
    own = float(np.clip(box[2:] - box[:2], 0, None).prod())
    return shared / np.maximum(own + areas - shared, 1e-9)
