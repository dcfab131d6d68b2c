"""The parts of Claude that both wire formats share: validation per model, token counts, and how an answer ends."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from onbrief.errors import PictureError
from onbrief_sandbox.files import size_of
from onbrief_sandbox.server.catalogue import Called
from onbrief_sandbox.server.conversation import Answer, Conversation
from onbrief_sandbox.server.refusals import invalid
from onbrief_sandbox.server.tokens import cut, tokens

MAX_IMAGES = 20
MAX_SIDE = 8000  # pixels
MAX_BASE64 = 5 * 2**20  # bytes
IMAGE_FORMATS = ("png", "jpeg", "gif", "webp")

_PIXELS = 750  # pixels per token
_TOOL_USE = 346  # tokens; the documentation of Claude has this number for most models


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a Claude model. `max_tokens` is None for the model's maximum."""

    conversation: Conversation
    max_tokens: int | None
    stops: tuple[str, ...] = ()
    sampling: frozenset[str] = frozenset()
    """The parameters among temperature, top_p and top_k that the request sets."""
    stream: bool = False
    """Whether the answer is to be streamed, where the request says so and not the operation."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A complete answer. `stop` is the stop reason, `sequence` the stop sequence that ended it, if any."""

    answer: Answer
    stop: str
    tokens_in: int
    tokens_out: int
    sequence: str | None = None


def check(called: Called, asked: Asked) -> None:
    """Validate a request against the model's capabilities.

    Raises:
        Refusal: the model does not support the sampling parameters, the forced tool or a JSON schema, or the conversation is
        invalid or too large.
    """
    model, talk = called.model, asked.conversation
    if model.sampling == "none" and asked.sampling:
        raise invalid(f"`{min(asked.sampling)}` is deprecated for this model")
    if model.sampling == "one" and {"temperature", "top_p"} <= asked.sampling:
        raise invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if talk.forced and not model.forced:
        raise invalid('tool_choice: type "tool" and "any" are not supported for this model.')
    if talk.schema is not None and not model.schema:
        raise invalid("output_config.format: Extra inputs are not permitted")
    if not talk.turns or talk.turns[0].role != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message."
        )
    names = [tool.name for tool in talk.tools]
    if len(set(names)) < len(names):
        raise invalid("tools: Tool names must be unique.")
    if talk.forced and talk.forced != "*" and talk.forced not in names:
        raise invalid(f"Tool '{talk.forced}' not found in provided tools")
    if talk.forced == "*" and not names:
        raise invalid("tool_choice may only be specified while providing tools")
    if (images := sum(len(turn.images) for turn in talk.turns)) > MAX_IMAGES:
        raise invalid(f"too many images and documents: {images} + 0 > {MAX_IMAGES}")
    if (size := count(talk)) > model.context:
        raise invalid(f"prompt is too long: {size} tokens > {model.context} maximum")


def picture(data: bytes, format: str, where: str) -> bytes:  # noqa: A002 - the service's term
    """Return an image of a message as PNG, JPEG or WebP. `format` is the format that the message declares.

    Raises:
        Refusal: the image is too large, is not in the declared format, or cannot be read.
    """
    if (size := 4 * math.ceil(len(data) / 3)) > MAX_BASE64:
        raise invalid(f"{where}: image exceeds 5 MB maximum: {size} bytes > {MAX_BASE64} bytes")
    try:
        with Image.open(io.BytesIO(data), formats=[name.upper() for name in IMAGE_FORMATS]) as image:
            found, largest = str(image.format).lower(), max(image.size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        found, largest = format, MAX_SIDE + 1
    except Exception as error:  # Pillow raises about ten kinds, and more with each release
        raise invalid(f"{where}: Could not process image") from error
    if found != format:
        raise invalid(
            f"{where}: The image was specified using the image/{format} media type, "
            f"but the image appears to be a image/{found} image"
        )
    if largest > MAX_SIDE:
        raise invalid(f"{where}: At least one of the image dimensions exceed max allowed size: {MAX_SIDE} pixels")
    try:
        still = _still(data) if format == "gif" else data
        size_of(still)
    except PictureError as error:
        raise invalid(f"{where}: Could not process image") from error
    return still


def count(talk: Conversation) -> int:
    """Return the approximate number of tokens in a conversation: of its texts by script, one per 750 pixels, and those of the
    service's own instructions for the use of tools.
    """
    schemas = [*(tool.schema for tool in talk.tools), *([talk.schema] if talk.schema else [])]
    texts = [talk.system, *(turn.text for turn in talk.turns), *map(json.dumps, schemas)]
    pixels = 0
    for turn in talk.turns:
        for data in turn.images:
            with Image.open(io.BytesIO(data)) as image:
                pixels += image.width * image.height
    return sum(map(tokens, texts)) + math.ceil(pixels / _PIXELS) + (_TOOL_USE if talk.tools else 0)


def ended(asked: Asked, answer: Answer) -> Completion:
    """Return the answer, cut at the first stop sequence or at the maximum number of tokens."""
    stop = "tool_use" if answer.tool else "end_turn"
    sequence: str | None = None
    if met := [(place, text) for text in asked.stops if (place := answer.text.find(text)) >= 0]:
        place, sequence = min(met)
        answer, stop = Answer(answer.text[:place]), "stop_sequence"
    room = math.inf if asked.max_tokens is None else asked.max_tokens
    if _tokens(answer) > room:
        kept = cut(answer.text, room)
        answer, stop = replace(answer, text=kept, arguments={}), "max_tokens"
        sequence = None
    return Completion(answer, stop, count(asked.conversation), int(min(_tokens(answer), room)), sequence)


def halved(completion: Completion) -> Completion:
    """Return the first half of an answer."""
    text = completion.answer.text[: len(completion.answer.text) // 2]
    half = dict(list(completion.answer.arguments.items())[: len(completion.answer.arguments) // 2])
    return replace(
        completion, answer=Answer(text, completion.answer.tool, half), stop="max_tokens", tokens_out=completion.tokens_out // 2
    )


def joined(texts: Sequence[str]) -> str:
    """Return blocks of text as a single text."""
    return "\n".join(texts)


def _tokens(answer: Answer) -> int:
    arguments = json.dumps(answer.arguments, ensure_ascii=False) if answer.tool else ""
    return tokens(answer.text + arguments)


def _still(data: bytes) -> bytes:
    """Return the first frame of a GIF as PNG."""
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=["GIF"]) as image:
            image.convert("RGB").save(out, "PNG", compress_level=1)
    except Exception as error:  # Pillow raises about ten kinds, and more with each release
        raise PictureError(f"the GIF file cannot be decoded: {error}") from error
    return out.getvalue()
