"""Lettering, read by a small model on this machine: the optional dependency rapidocr, which carries its weights.

Without it nothing is read, and nothing fails. Nothing is downloaded: only the weights in the installed package are used.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from PIL import Image

from onbrief.attempt import Box
from onbrief.errors import ConfigError
from onbrief.pictures.decoding import decoding, opened
from onbrief.pictures.flattening import flatten

EXTRA: Final = "onbrief[ocr]"
_NEEDED = ("rapidocr", "onnxruntime")
_MODELS = {"Det": "*_det_*.onnx", "Rec": "*_rec_*.onnx"}
_FINER = {"Det.thresh": 0.15, "Det.box_thresh": 0.3}  # the defaults, 0.3 and 0.5, miss letters of 10 pixels
_AS_GIVEN = {"Det.limit_side_len": 32, "Global.max_side_len": 4096}  # pictures come in the size in which to look at them
_ONE_THREAD = {"EngineConfig.onnxruntime.intra_op_num_threads": 1}  # two take nearly twice the CPU, and no less time
_FINE, _COARSE = 736, (400, 200)  # pixels of the longer side, for letters of 8 pixels and up, and for letters of 40 and up
_LONG = 1.5  # sides of a box: what is nearer to a square is a star or a wheel far more often than two letters
_SAME = 0.5  # the share that two boxes have in common of what they cover together, if they are about one line
_SURE = 0.8  # what is read with a smaller probability may be upside down
_one_at_a_time = threading.Lock()  # several at a time would need as much memory again

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Of a line, in pixels: upper left, upper right, lower right and lower left."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of lettering: its text, the probability that it is read rightly, and its place in the picture. The `parts` cover
    the line: it is the box itself, unless it runs across it.
    """

    text: str
    probability: float
    box: Box
    parts: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        if not self.parts:
            object.__setattr__(self, "parts", (self.box,))


def installed() -> bool:
    """Return whether lettering can be read here."""
    return all(find_spec(name) for name in _NEEDED)


def read(copy: bytes) -> list[Line]:
    """Return the lettering of a judge's copy of a picture in reading order. Blocks for about a second.

    Raises:
        ConfigError: the installed package cannot be used.
    """
    image = opened(copy, ["PNG", "JPEG", "WEBP"])
    with _one_at_a_time, decoding(image.size):
        image.load()
        pixels, _ = flatten(image, "white", alpha=image.mode in ("RGBA", "LA", "P"))
        return in_order(_distinct(_read(pixels.convert("RGB"))))


def in_order(lines: Sequence[Line]) -> list[Line]:
    """Return lines as people read them: row by row from above, and from left to right within a row."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        _, top, _, bottom = line.box
        last = rows[-1][-1].box if rows else None
        if last and (top + bottom) / 2 < last[3] - (last[3] - last[1]) * 0.25:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]


def _read(pixels: Image.Image) -> list[Line]:
    """Return the lines of a picture in no order; some may be there twice."""
    places = _found(pixels)
    cuts = [_cut(pixels, corners) for corners in places]
    texts = _engine().texts(cuts)
    unsure = [number for number, (_, probability) in enumerate(texts) if probability < _SURE]
    for number, turned in zip(unsure, _engine().texts([cuts[number].rotate(180) for number in unsure]), strict=True):
        texts[number] = max(texts[number], turned, key=lambda read: read[1])
    return [
        Line(text.strip(), probability, _box(corners, pixels.size), _parts(corners, pixels.size))
        for (text, probability), corners in zip(texts, places, strict=True)
        if any(letter.isalnum() for letter in text)
    ]


def _found(pixels: Image.Image) -> list[Corners]:
    """Return where the lines are: those of small letters in the picture as it is, those of large ones in smaller copies."""
    found: list[Corners] = []
    longer = max(pixels.size)
    for side in (max(_FINE, longer), *_COARSE):
        scale = side / longer
        size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
        for corners in _engine().lines(pixels.resize(size, Image.Resampling.LANCZOS) if size != pixels.size else pixels):
            a, b, c, d = ((x / scale, y / scale) for x, y in corners)
            if _is_long((a, b, c, d)) and not any(_alike((a, b, c, d), other) for other in found):
                found.append((a, b, c, d))
    return found


def _is_long(corners: Corners) -> bool:
    width, height = _sides(corners)
    return max(width, height) >= _LONG * min(width, height)


def _alike(one: Corners, other: Corners) -> bool:
    """Return whether two boxes are about the same line."""
    a, b = _around(one), _around(other)
    both = _common(a, b)
    return both > _SAME * (_area(a) + _area(b) - both)


def _cut(pixels: Image.Image, corners: Corners) -> Image.Image:
    """Return a line of a picture, upright or upside down."""
    upper_left, upper_right, lower_right, lower_left = corners
    width, height = _sides(corners)
    part = pixels.transform(
        (max(1, round(width)), max(1, round(height))),
        Image.Transform.QUAD,
        (*upper_left, *lower_left, *lower_right, *upper_right),
        Image.Resampling.BICUBIC,
    )
    return part.transpose(Image.Transpose.ROTATE_90) if height >= _LONG * width else part


def _distinct(lines: Sequence[Line]) -> list[Line]:
    """Return each line once: of several in the same place, the longest one, whose parts cover the others too, unless they are
    much higher: such are things beside the line, taken for letters.
    """
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: (-len(line.text), -line.probability, line.box)):
        for number, other in enumerate(kept):
            if _common(line.box, other.box) > _SAME * min(_area(line.box), _area(other.box)):
                if _height(line) <= 2 * _height(other):
                    kept[number] = replace(other, parts=(*other.parts, *line.parts))
                break
        else:
            kept.append(line)
    return kept


def _height(line: Line) -> float:
    return min(line.box[2] - line.box[0], line.box[3] - line.box[1])


def _common(one: Box, other: Box) -> float:
    """Return the area that two boxes have in common."""
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    return across * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


class _Engine:
    """The installed package, which finds lines in a picture and reads lines that were cut out."""

    def __init__(self) -> None:
        try:
            import numpy as np
            import rapidocr
        except Exception as error:  # a broken installation of compiled packages raises many kinds
            raise ConfigError(
                f"rapidocr cannot be imported: {error}", hint=f"pip install '{EXTRA}', or set ocr.use = never"
            ) from error
        folder = Path(rapidocr.__file__).parent / "models"
        models = {part: sorted(folder.glob(pattern)) for part, pattern in _MODELS.items()}
        if not all(models.values()):
            raise ConfigError(
                f"rapidocr {rapidocr.__file__} comes without weights in {folder}",
                hint=f"pip install --force-reinstall '{EXTRA}'",
            )
        given = {f"{part}.model_path": str(files[0]) for part, files in models.items()}
        self._array: Any = np.asarray
        self._reader: Any = rapidocr.RapidOCR(
            params={**given, **_FINER, **_AS_GIVEN, **_ONE_THREAD, "Global.use_cls": False, "Global.log_level": "critical"}
        )

    def lines(self, pixels: Image.Image) -> list[Corners]:
        """Return the corners of each line of lettering in a picture."""
        boxes = self._reader(pixels, use_det=True, use_cls=False, use_rec=False).boxes
        if boxes is None:
            return []
        return [tuple((float(x), float(y)) for x, y in corners) for corners in boxes]  # pyright: ignore[reportReturnType]

    def texts(self, cuts: Sequence[Image.Image]) -> list[tuple[str, float]]:
        """Return the text of each of these lines, and the probability that it is read rightly."""
        if not cuts:
            return []
        result = self._reader.recognize_txt([self._array(cut)[..., ::-1] for cut in cuts])  # it wants blue first
        return [(str(text), float(score)) for text, score in zip(result.txts, result.scores, strict=True)]


@cache
def _engine() -> _Engine:
    return _Engine()


def _sides(corners: Corners) -> tuple[float, float]:
    """Return the width and the height of a line, in pixels."""
    a, b, c, d = corners
    return max(math.dist(a, b), math.dist(d, c)), max(math.dist(a, d), math.dist(b, c))


def _around(points: Sequence[tuple[float, float]]) -> Box:
    across, down = [x for x, _ in points], [y for _, y in points]
    return min(across), min(down), max(across), max(down)


def _box(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Box:
    """Return the upright box around points, as shares of the sides of a picture of this size."""
    left, top, right, bottom = _around(points)
    x, y = (
        [min(1.0, max(0.0, round(v / size[0], 5))) for v in (left, right)],
        [min(1.0, max(0.0, round(v / size[1], 5))) for v in (top, bottom)],
    )
    return x[0], y[0], x[1], y[1]


def _parts(corners: Corners, size: tuple[int, int]) -> tuple[Box, ...]:
    """Return upright boxes that cover a line, as many as it takes to leave free what lies beside a line that is turned."""
    a, b, c, d = corners
    width, height = _sides(corners)
    if height > width:
        a, b, c, d = d, a, b, c
        width, height = height, width
    rise = min(abs(b[0] - a[0]), abs(b[1] - a[1]))
    number = max(1, min(16, math.ceil(rise / max(height, 1.0))))
    edges = [(_between(a, b, step / number), _between(d, c, step / number)) for step in range(number + 1)]
    return tuple(_box((*one, *other), size) for one, other in pairwise(edges))


def _between(one: tuple[float, float], other: tuple[float, float], share: float) -> tuple[float, float]:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
