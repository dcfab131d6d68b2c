"""An object detector of the user's own, an ONNX file, that counts things beside the judge.

It is known by the hash of its file, and nothing is downloaded. When it is loaded, it is also shown a grey picture, so that one
that cannot be used is refused before anything is paid for.
"""

from __future__ import annotations

import ast
import hashlib
import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from PIL import Image

from onbrief.attempt import Finding
from onbrief.brief import Requirement
from onbrief.documents import decoded
from onbrief.errors import ConfigError, UsageError
from onbrief.pictures.decoding import decoding, opened
from onbrief.pictures.flattening import flatten
from onbrief.questions.claims import Amount, amount
from onbrief.questions.wording import same_thing

if TYPE_CHECKING:
    from onbrief.pictures.detections import Array, Detections

EXTRA: Final = "onbrief[detector]"
PIXELS: Final = ("0-1", "0-255", "imagenet")
"""How a model wants its pixels: divided by 255, as they are, or also less the mean of ImageNet and divided by its deviation."""
SURE, POSSIBLE = 0.5, 0.25  # the scores from which a thing counts as found, and below which it counts as not found
APART, TWICE = 0.45, 0.7  # the overlaps up to which two boxes are surely of two things, and above which surely of one
AGREES, DISAGREES = 0.9, 0.1  # the probability of a number that was found, and of another one
SIDE = 640  # pixels of a side, for a model that takes any
_GREY = 114  # of 255, around pictures of another shape; YOLO models are trained with it
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}
_LONGEST_NAMES, _MOST_CLASSES = 1_000_000, 50_000  # characters of the metadata, and classes
_one_at_a_time = threading.Lock()  # it uses every core as it is


class _Value(Protocol):
    """An input of a model, as onnxruntime describes it."""

    name: str
    shape: Sequence[int | str | None]
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A loaded model. `digest` is what identifies it in the request of an order: its file, names, size and kind of pixels."""

    file: str
    sha256: str
    digest: str
    names: tuple[str, ...]
    _look: Callable[[Image.Image], Detections] = field(repr=False)

    @property
    def name(self) -> str:
        """What a record calls it."""
        return f"{self.file} (sha256 {self.sha256[:12]})"

    def counts(self, requirements: Sequence[Requirement]) -> dict[str, tuple[Amount, frozenset[int]]]:
        """Return the counts among requirements whose things have a class, by their ids, with these classes."""
        found: dict[str, tuple[Amount, frozenset[int]]] = {}
        for requirement in requirements:
            if wanted := amount(requirement):
                classes = frozenset(n for n, name in enumerate(self.names) if same_thing(name, wanted.things))
                if classes:
                    found[requirement.id] = wanted, classes
        return found

    def counted(self, requirements: Sequence[Requirement], copy: bytes) -> list[Finding]:
        """Return a finding for each count among requirements that is clearly right or wrong in a judge's copy of a picture.
        Blocks for as long as the model takes.
        """
        counts = self.counts(requirements)
        if not counts:
            return []
        image = opened(copy, ["PNG", "JPEG", "WEBP"])
        with _one_at_a_time, decoding(image.size):
            image.load()
            pixels, _ = flatten(image, "white", alpha=image.mode in ("RGBA", "LA", "P"))
            found = self._look(pixels.convert("RGB"))
        findings = (_compared(id_, wanted, _range(found, classes), self.file) for id_, (wanted, classes) in counts.items())
        return [finding for finding in findings if finding]


def load(settings: Mapping[str, str]) -> Detector | None:
    """Return the detector that the settings of the table `detector` name; None without a path.

    Raises:
        UsageError: the file is not there, is another one, or cannot be used.
        ConfigError: onnxruntime is not installed.
    """
    path, sha256 = settings.get("path", ""), settings.get("sha256", "")
    if not path:
        if settings and "path" not in settings:
            raise UsageError("detector.path: none is set; expected an ONNX file, as other settings of [detector] are set")
        return None
    if missing := [name for name in ("onnxruntime", "numpy") if not find_spec(name)]:
        raise ConfigError(
            f"the detector {path} cannot be used: not installed: {' '.join(missing)}", hint=f"pip install '{EXTRA}'"
        )
    names = _in_file(settings.get("names", ""))  # not kept: the file may change
    return _loaded(path, sha256.lower(), names, settings.get("pixels", "0-1"), settings.get("size", ""))


@lru_cache(4)
def _loaded(path: str, sha256: str, names: tuple[str, ...], pixels: str, size: str) -> Detector:
    data = _read(path, "detector.path", "an ONNX file that can be read")
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise UsageError.of("detector.sha256", sha256, f"{found}, the hash of {path}")
    try:
        session = _session(data)
    except Exception as error:  # onnxruntime raises many kinds
        raise UsageError.of("detector.path", path, f"an ONNX file that onnxruntime can load ({_line(error)})") from error
    metadata = cast("dict[str, str]", session.get_modelmeta().custom_metadata_map)
    classes = names or _in_metadata(metadata.get("names", ""))
    if not classes:
        where = "expected a text file with one in each line, the first for class 0"
        raise UsageError(f"detector.names: there are no names of classes in the metadata of {path}; {where}")
    look = _looking(path, session, len(classes), pixels, int(size or 0), metadata)
    digest = hashlib.sha256(json.dumps([found, classes, pixels, size]).encode()).hexdigest()[:16]
    return Detector(file=Path(path).name, sha256=found, digest=digest, names=classes, _look=look)


def _read(path: str, setting: str, allowed: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError.of(setting, path, f"{allowed} ({getattr(error, 'strerror', error)})") from error


def _session(data: bytes) -> Any:
    import onnxruntime

    runtime = cast("Any", onnxruntime)
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _in_file(path: str) -> tuple[str, ...]:
    """Return the names of the classes in a file with one in each line, in their order; none without a path."""
    if not path:
        return ()
    allowed = "a text file in UTF-8 with the name of a class in each line"
    data = _read(path, "detector.names", allowed)
    try:
        text = decoded(data, "it").rstrip()
    except UsageError as error:
        raise UsageError.of("detector.names", path, f"{allowed} ({error})") from error
    if not text:
        raise UsageError.of("detector.names", path, f"{allowed} (it is empty)")
    return tuple(line.strip() for line in text.splitlines())


def _in_metadata(text: str) -> tuple[str, ...]:
    """Return the names in a text such as "{0: 'person', 1: 'bicycle'}", which is Python, or the same as JSON."""
    if len(text) > _LONGEST_NAMES:
        return ()
    try:
        named: object = ast.literal_eval(text)
        if isinstance(named, Mapping):
            by_number = {int(cast("Any", key)): str(value) for key, value in cast("Mapping[object, object]", named).items()}
            last = max(by_number, default=-1)
            return tuple(by_number.get(n, "") for n in range(last + 1)) if last < _MOST_CLASSES else ()
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return ()
    return tuple(str(name) for name in cast("Collection[object]", named)) if isinstance(named, list | tuple) else ()


def _looking(
    path: str, session: Any, classes: int, pixels: str, size: int, metadata: Mapping[str, str]
) -> Callable[[Image.Image], Detections]:
    """Return what shows a picture to a model, after it has shown it a grey one."""
    import numpy as np

    from onbrief.pictures.detections import detections

    inputs, outputs = cast("list[_Value]", session.get_inputs()), [value.name for value in session.get_outputs()]
    own = next((value for value in inputs if _takes_picture(value)), None)
    others = {value.name for value in inputs if value is not own} - {"orig_target_sizes", "pixel_mask"}
    if own is None or others:
        shown = ", ".join(f"{value.name} {list(value.shape)} of {value.type}" for value in inputs)
        raise UsageError.of("detector.path", path, f"a model with one input of [1, 3, height, width], and not {shown}")
    height, width = (_side(side, size, metadata.get("imgsz", ""), at) for at, side in enumerate(own.shape[-2:]))
    dtype = np.dtype(_TYPES[own.type])

    def look(picture: Image.Image) -> Detections:
        array: Array = np.asarray(_fitted(picture, (width, height)), np.float32).transpose(2, 0, 1)
        if dtype.kind == "f" and pixels != "0-255":
            array = array / 255
        if dtype.kind == "f" and pixels == "imagenet":
            array = (array - np.reshape(_MEAN, (3, 1, 1))) / np.reshape(_DEVIATION, (3, 1, 1))
        given: dict[str, Array] = {own.name: array.astype(dtype).reshape((1, *array.shape)[4 - len(own.shape) :])}
        for value in inputs:
            if value.name == "orig_target_sizes":
                given[value.name] = np.array([[width, height]], np.int64)
            elif value.name == "pixel_mask":
                given[value.name] = np.ones((1, height, width), np.int64)
        return detections(dict(zip(outputs, session.run(outputs, given), strict=True)), classes)

    try:
        look(Image.new("RGB", (width, height), (_GREY,) * 3))
    except Exception as error:  # onnxruntime raises many kinds
        raise UsageError.of("detector.path", path, f"a detector that can be used ({_line(error)})") from error
    return look


def _takes_picture(value: _Value) -> bool:
    shape = list(value.shape)
    known = [(side, allowed) for side, allowed in zip(shape, (1, 3)[4 - len(shape) :], strict=False) if isinstance(side, int)]
    return len(shape) in (3, 4) and value.type in _TYPES and all(side == allowed for side, allowed in known)


def _side(side: int | str | None, size: int, trained: str, at: int) -> int:
    """Return the height (at 0) or the width (at 1) of the pictures that a model is shown."""
    if isinstance(side, int) and side > 0:
        if size not in (0, side):
            raise UsageError.of("detector.size", size, f"{side}, the size that this model takes")
        return side
    sides = [int(number) for number in trained.strip("[]() ").split(",") if number.strip().isdecimal()]
    return size or (sides[at % len(sides)] if sides else SIDE)


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture in this size without changing its shape: what is left is grey."""
    scale = min(size[0] / picture.width, size[1] / picture.height)
    inner = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    fitted = Image.new("RGB", size, (_GREY,) * 3)
    fitted.paste(picture.resize(inner, Image.Resampling.BILINEAR), ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return fitted


def _range(found: Detections, classes: Collection[int]) -> tuple[int, int]:
    """Return the least and the largest number of things that the model may have found."""
    least, most = found.number(classes, SURE, APART), found.number(classes, POSSIBLE, TWICE)
    return least, max(least, most)


def _compared(id_: str, wanted: Amount, found: tuple[int, int], file: str) -> Finding | None:
    """Return a finding if all numbers that the model may have found agree with what is wanted, or none of them."""
    least, most = found
    largest = wanted.most if wanted.most is not None else most
    evidence = f"{file} counts {least if least == most else f'{least} to {most}'} {wanted.things}"
    if wanted.least <= least and most <= largest:
        return Finding(id_, "met", AGREES, evidence, "detector")
    if most < wanted.least or least > largest:
        return Finding(id_, "unmet", DISAGREES, evidence, "detector")
    return None


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
