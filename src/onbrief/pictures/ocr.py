"""Lettering, read by a small model on this machine: the optional dependency rapidocr, which carries its weights.

Without it nothing is read, and nothing fails. Nothing is downloaded: only the weights in the installed package are used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, Final, cast

from PIL import Image

from onbrief.errors import ConfigError
from onbrief.pictures.decoding import decoding, opened
from onbrief.pictures.flattening import flatten
from onbrief.record import Box

EXTRA: Final = "onbrief[ocr]"
_NEEDED = ("rapidocr", "onnxruntime")
_MODELS = {"Det": "*_det_*.onnx", "Rec": "*_rec_*.onnx"}
_FINER = {"Det.thresh": 0.15, "Det.box_thresh": 0.3}  # the defaults, 0.3 and 0.5, miss letters of 10 pixels
_TILE, _OVERLAP = 700, 96  # pixels; in larger pictures, the detector overlooks letters below 16 pixels
_one_at_a_time = threading.Lock()  # it uses every core as it is, and several would only need more memory


@dataclass(frozen=True, slots=True)
class Line:
    """A line of lettering: its text, the probability that it is read rightly, and its place in the picture."""

    text: str
    probability: float
    box: Box


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
        return in_order(_distinct(_found(pixels.convert("RGB"))))


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


def _found(pixels: Image.Image) -> Iterator[Line]:
    """Yield the lines of a picture as a whole, for large letters, and those of its tiles, for small ones."""
    width, height = pixels.size
    whole = pixels if max(pixels.size) <= _TILE else pixels.resize(_reduced(pixels.size), Image.Resampling.LANCZOS)
    yield from _lines(whole, (0, 0), whole.size)
    across, down = -(-width // _TILE), -(-height // _TILE)
    if across * down == 1:
        return
    for row, column in product(range(down), range(across)):
        left, top = max(0, column * width // across - _OVERLAP), max(0, row * height // down - _OVERLAP)
        right = min(width, (column + 1) * width // across + _OVERLAP)
        bottom = min(height, (row + 1) * height // down + _OVERLAP)
        yield from _lines(pixels.crop((left, top, right, bottom)), (left, top), pixels.size)


def _lines(part: Image.Image, at: tuple[int, int], size: tuple[int, int]) -> Iterator[Line]:
    """Yield the lines of a part of a picture of this size."""
    for text, score, corners in _engine()(part):
        if text.strip():
            yield Line(text, float(score), _box(corners, at, size))


def _reduced(size: tuple[int, int]) -> tuple[int, int]:
    scale = _TILE / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _distinct(lines: Iterable[Line]) -> list[Line]:
    """Return each line once: of several in the same place, the longest one."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: (-len(line.text), -line.probability, line.box)):
        if not any(_shared(line.box, other.box) > 0.5 for other in kept):
            kept.append(line)
    return kept


def _shared(one: Box, other: Box) -> float:
    """Return the share of the smaller box that the two have in common."""
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down / smaller if smaller > 0 else 0.0


@cache
def _engine() -> Callable[[Image.Image], list[tuple[str, float, Any]]]:
    try:
        import rapidocr
    except Exception as error:  # a broken installation of compiled packages raises many kinds
        raise ConfigError(
            f"rapidocr cannot be imported: {error}", hint=f"pip install '{EXTRA}', or set ocr.use = never"
        ) from error
    folder = Path(rapidocr.__file__).parent / "models"
    models = {part: sorted(folder.glob(pattern)) for part, pattern in _MODELS.items()}
    if not all(models.values()):
        raise ConfigError(
            f"rapidocr {rapidocr.__file__} comes without weights in {folder}", hint=f"pip install --force-reinstall '{EXTRA}'"
        )
    given = {f"{part}.model_path": str(files[0]) for part, files in models.items()}
    reader: Any = rapidocr.RapidOCR(params={**given, **_FINER, "Global.use_cls": False, "Global.log_level": "critical"})

    def found(pixels: Image.Image) -> list[tuple[str, float, Any]]:
        result = reader(pixels)
        if result.txts is None:
            return []
        return list(zip(result.txts, result.scores, result.boxes, strict=True))

    return found


def _box(corners: Any, at: tuple[int, int], size: tuple[int, int]) -> Box:
    """Return the upright box around four corners of a part that begins at this place, as shares of the picture's sides."""
    points = cast("Sequence[tuple[float, float]]", corners)
    across, down = [float(x) + at[0] for x, _ in points], [float(y) + at[1] for _, y in points]
    left, right = (min(1.0, max(0.0, round(x / size[0], 5))) for x in (min(across), max(across)))
    top, bottom = (min(1.0, max(0.0, round(y / size[1], 5))) for y in (min(down), max(down)))
    return left, top, right, bottom
