"""Reads requests for pictures and edits as OpenAI's API does: JSON or a form, whose fields are validated one by one."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, cast

from PIL import Image
from starlette.requests import Request

from onbrief.brief import Size
from onbrief.errors import PictureError
from onbrief_sandbox.files import size_of
from onbrief_sandbox.server.easel import Format
from onbrief_sandbox.server.wires import multipart, openai_errors
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel

MODELS: Final = SERVICES["openai"].models
MAX_PROMPT = 32_000  # characters
MAX_ORIGINALS = 16
MAX_ORIGINAL = 50_000_000  # bytes
MAX_MASK = 4_000_000  # bytes

_SHAPES = ((1024, 1024), (1024, 1536), (1536, 1024))
_SHARED = ("model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression", "user")
_ASIDE = ("safety_identifier", "stream", "partial_images", "complexity", "response_format")
_FOR_DRAWINGS = frozenset((*_SHARED, *_ASIDE, "moderation"))
_FOR_EDITS = frozenset((*_SHARED, *_ASIDE, "image", "mask", "input_fidelity"))
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Ask:
    """A valid request: the model, the words, the size, and what the picture is to be like. `originals` are pictures to edit."""

    model: WireModel
    prompt: str
    size: Size
    quality: str
    kind: Format
    number: int
    background: str
    originals: tuple[bytes, ...] = field(default=(), repr=False)
    mask: bytes | None = field(default=None, repr=False)

    @property
    def drawn(self) -> int:
        """The tokens of each picture that is made."""
        facts = self.model.facts
        if "tables" in facts:
            return facts["tables"][self.quality][_SHAPES.index(self.size)]
        (width, height), steps = self.size, facts["steps"][self.quality]
        narrow = int(steps * min(self.size) / max(self.size) + 0.5)
        return -(-steps * narrow * (2_000_000 + width * height) // 4_000_000)


def refuse(message: str, code: str | None = None, param: str | None = None, status: int = 400) -> NoReturn:
    """Decline a request.

    Raises:
        Declined: always.
    """
    raise openai_errors.declined(message, code, param, status)


def for_drawing(request: Request, body: bytes) -> Ask:
    """Return what a request for a picture asks for.

    Raises:
        Declined: the service does not accept it.
    """
    return _Fields(_json(request, body), _FOR_DRAWINGS).read()


def for_edit(request: Request, body: bytes) -> Ask:
    """Return what a request for an edit asks for.

    Raises:
        Declined: the service does not accept it.
    """
    texts, files = _form(request, body)
    fields = _Fields(texts, _FOR_EDITS, is_form=True)
    originals = files.pop("image", [])
    masks = files.pop("mask", [])
    if files:
        name = next(iter(files))
        refuse(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    if not originals:
        refuse("Missing required parameter: 'image'.", "missing_required_parameter", "image")
    if len(originals) > MAX_ORIGINALS:
        refuse(f"Invalid 'image': array too long. Expected at most {MAX_ORIGINALS}.", "array_above_max_length", "image")
    sizes = [_size_of_file("image", original, MAX_ORIGINAL) for original in originals]
    for mask in masks:
        _require_mask(mask, sizes[0])
    return fields.read(tuple(originals), masks[0] if masks else None)


class _Fields:
    """The fields of a request. In a form, all of them are texts."""

    def __init__(self, given: Mapping[str, object], known: Collection[str], *, is_form: bool = False) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}
        self._is_form = is_form
        for name in self._given:
            if name not in known:
                refuse(f"Unknown parameter: '{name}'.", "unknown_parameter", name)

    def read(self, originals: tuple[bytes, ...] = (), mask: bytes | None = None) -> Ask:
        """Return what the fields ask for."""
        prompt = self._text("prompt")
        if prompt is None:
            refuse("Missing required parameter: 'prompt'.", "missing_required_parameter", "prompt")
        if not prompt.strip():
            refuse("Invalid 'prompt': string too short. Expected a minimum length of 1.", "string_below_min_length", "prompt")
        if len(prompt) > MAX_PROMPT:
            long = f"Expected a string with maximum length {MAX_PROMPT}, but got a string with length {len(prompt)} instead."
            refuse(f"Invalid 'prompt': string too long. {long}", "string_above_max_length", "prompt")
        model = self._model()
        if "response_format" in self._given:
            refuse("Unknown parameter: 'response_format'.", "unknown_parameter", "response_format")
        if "input_fidelity" in self._given and not model.facts.get("fidelity"):
            refuse(
                f"The model '{model.id}' does not support the 'input_fidelity' parameter.",
                "invalid_input_fidelity_model",
                "input_fidelity",
            )
        qualities = tuple(model.facts.get("tables") or model.facts["steps"])
        quality = self._one_of("quality", (*qualities, "auto"), "auto")
        kind = self._one_of("output_format", ("png", "jpeg", "webp"), "png")
        background = self._one_of("background", ("transparent", "opaque", "auto"), "auto")
        if background == "transparent" and kind == "jpeg":
            refuse("Transparent background is not supported for JPEG output format.", "invalid_value", "background")
        if "output_compression" in self._given:
            self._whole("output_compression", 0, 100)
            if kind == "png":
                refuse(
                    "Compression less than 100 is not supported for PNG output format.", "invalid_value", "output_compression"
                )
        self._one_of("moderation", ("low", "auto"), "auto")
        self._one_of("input_fidelity", ("high", "low"), "low")
        self._one_of("complexity", ("low", "medium", "high"), "medium")
        for name in ("user", "safety_identifier"):
            self._text(name)
        if self._given.get("stream") not in (None, False, "false"):
            refuse("This server does not stream pictures.", "unsupported_parameter", "stream")
        number = self._whole("n", 1, 10) if "n" in self._given else 1
        size = self._size(model)
        chosen = "medium" if quality == "auto" else quality
        shown: Format = "jpeg" if kind == "jpeg" else "webp" if kind == "webp" else "png"
        return Ask(model, prompt, size, chosen, shown, number, background, originals, mask)

    def _model(self) -> WireModel:
        name = self._text("model")
        if name is None:
            refuse("Missing required parameter: 'model'.", "missing_required_parameter", "model")
        if name not in MODELS:
            _refuse_value(name, [one for one, model in MODELS.items() if not model.facts.get("ended")], "model")
        if MODELS[name].facts.get("ended"):
            refuse(f"The model `{name}` has been deprecated and is no longer available.", "model_not_found", "model", 404)
        return MODELS[name]

    def _size(self, model: WireModel) -> Size:
        text = self._text("size") or "auto"
        if text == "auto":
            return _SHAPES[0]
        found = _SIZE.fullmatch(text)
        if "tables" in model.facts:
            allowed = [f"{width}x{height}" for width, height in _SHAPES]
            if text not in allowed:
                _refuse_value(text, [*allowed, "auto"], "size")
        if found is None:
            refuse(f"Invalid size '{text}'. Expected WIDTHxHEIGHT or 'auto'.", "invalid_value", "size")
        width, height = int(found[1]), int(found[2])
        if "steps" in model.facts:
            _require_size(width, height)
        return width, height

    def _text(self, name: str) -> str | None:
        value = self._given.get(name)
        if value is not None and not isinstance(value, str):
            refuse(f"Invalid type for '{name}': expected a string, but got {_kind(value)} instead.", "invalid_type", name)
        return value

    def _one_of(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self._text(name)
        if value is None:
            return default
        if value not in allowed:
            _refuse_value(value, allowed, name)
        return value

    def _whole(self, name: str, low: int, high: int) -> int:
        value = self._given[name]
        if self._is_form and isinstance(value, str) and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            refuse(f"Invalid type for '{name}': expected an integer, but got {_kind(value)} instead.", "invalid_type", name)
        for limit, wrong, code in ((low, value < low, "below_min"), (high, value > high, "above_max")):
            if wrong:
                side = "below minimum" if code == "below_min" else "above maximum"
                sign = ">=" if code == "below_min" else "<="
                told = f"Expected a value {sign} {limit}, but got {value} instead."
                refuse(f"Invalid '{name}': integer {side} value. {told}", f"integer_{code}_value", name)
        return value


def _require_size(width: int, height: int) -> None:
    text = f"Invalid size '{width}x{height}'."
    if width % 16 or height % 16 or not (width and height):
        refuse(f"{text} Width and height must both be divisible by 16.", "invalid_value", "size")
    if max(width, height) > 3 * min(width, height):
        refuse(f"{text} The aspect ratio must be between 1:3 and 3:1.", "invalid_value", "size")
    if max(width, height) > 3840:
        refuse(f"{text} The longest edge must be at most 3840 pixels.", "invalid_value", "size")
    if not 655_360 <= width * height <= 8_294_400:
        refuse(f"{text} The total pixels must be between 655360 and 8294400.", "invalid_value", "size")


def _refuse_value(value: str, allowed: Sequence[str], name: str) -> NoReturn:
    *first, last = [f"'{one}'" for one in allowed]
    supported = f"{', '.join(first)}, and {last}" if first else last
    refuse(f"Invalid value: '{value[:80]}'. Supported values are: {supported}.", "invalid_value", name)


def _require_mask(mask: bytes, size: Size) -> None:
    if _size_of_file("mask", mask, MAX_MASK) != size:
        refuse("Invalid mask image format - mask size does not match image size", "invalid_image_format", "mask")
    with Image.open(io.BytesIO(mask)) as opened:
        if opened.format != "PNG" or "A" not in opened.getbands():
            refuse("Invalid mask image format - mask image missing alpha channel", "invalid_image_format", "mask")


def _size_of_file(name: str, data: bytes, most: int) -> Size:
    if len(data) > most:
        refuse(f"Invalid file '{name}': the file is larger than {most} bytes.", "file_too_large", name)
    try:
        return size_of(data)
    except PictureError:
        refuse("Invalid image file or mode for image, please check your image file.", "invalid_image_file", name)


def _json(request: Request, body: bytes) -> Mapping[str, object]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        refuse("Unsupported content type. This API only accepts 'application/json' requests.", "unsupported_content_type")
    try:
        given: Any = json.loads(body)
    except (ValueError, RecursionError):
        refuse("We could not parse the JSON body of your request. The OpenAI API expects a JSON payload.")
    if not isinstance(given, dict):
        refuse("We could not parse the JSON body of your request. The OpenAI API expects a JSON payload.")
    return cast("dict[str, object]", given)


def _form(request: Request, body: bytes) -> tuple[dict[str, object], dict[str, list[bytes]]]:
    """Return the texts and the files of a form by name; those of a list have the name with [] or without."""
    texts, files = dict[str, object](), dict[str, list[bytes]]()
    for part in multipart.parts(request, body):
        name = part.name.removesuffix("[]")
        if part.is_file:
            files.setdefault(name, []).append(part.data)
        else:
            texts[name] = part.data.decode("utf-8", "replace")
    return texts, files


def _kind(value: object) -> str:
    kinds: dict[type, str] = {bool: "a boolean", int: "an integer", float: "a decimal", dict: "an object", list: "an array"}
    return kinds.get(type(value), "a string")
