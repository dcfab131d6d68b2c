"""OpenAI's language models, whatever their wire: which there are, what each accepts, how it counts, and how an answer ends."""

from __future__ import annotations

import base64
import io
import json
import math
from dataclasses import dataclass, replace
from typing import cast

from PIL import Image

from onbrief.errors import PictureError
from onbrief_sandbox.files import size_of
from onbrief_sandbox.server import mind
from onbrief_sandbox.server.conversation import Answer, Conversation
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.tokens import cut, tokens
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.openai_errors import declined

FORMATS = ("png", "jpeg", "gif", "webp")
_MESSAGE = 4  # tokens of the frame of a message
_THOUGHT = 192  # tokens of a model that thinks
_SQUARE, _SHORT, _TILE, _PATCH = 2048, 768, 512, 32  # pixels


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `most`: the most tokens of the answer, None for the model's maximum. `thinks`: whether it thinks first.
    `json`: the answer's text must be JSON, of any schema.
    """

    model: WireModel
    conversation: Conversation
    most: int | None = None
    stops: tuple[str, ...] = ()
    thinks: bool = False
    json: bool = False
    low: bool = False
    """Whether pictures are to be seen at the lowest resolution."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A complete answer. `arguments`: those of the tool, as JSON. `finish`: stop, tool_calls, length, content_filter or what a
    script says. `refusal`: the model's words if it declines. `thought`: tokens, which are part of `tokens_out`.
    """

    text: str
    tool: str | None
    arguments: str
    finish: str
    tokens_in: int
    tokens_out: int
    thought: int = 0
    refusal: str = ""


def find(name: str, status: int, message: str) -> WireModel:
    """Return the model of this name, or decline with this status and message, which has a place for the name."""
    found = SERVICES["openai_language"].models.get(name)
    if found is None:
        raise declined(message.format(name), "model_not_found", "model", status)
    return found


def check(asked: Asked, too_long: str) -> None:
    """Decline a request that its model does not accept. `too_long` has places for the context, and for what was asked."""
    facts, talk = asked.model.facts, asked.conversation
    if any(turn.images for turn in talk.turns) and "pictures" not in facts:
        raise declined("Invalid content type. image_url is only supported by certain models.", None, "messages")
    if talk.schema is not None and not facts.get("schema", True):
        message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
        raise declined(message, None, "response_format")
    names = [tool.name for tool in talk.tools]
    if talk.forced == "*" and not names:
        raise declined("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
    if talk.forced and talk.forced != "*" and talk.forced not in names:
        raise declined(f"Tool choice '{talk.forced}' not found in 'tools' parameter.", None, "tool_choice")
    if asked.json and "json" not in " ".join([talk.system, *(turn.text for turn in talk.turns)]).lower():
        raise declined("'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")
    if (size := count(asked)) > facts["context"]:
        raise declined(too_long.format(facts["context"], size), "context_length_exceeded", "messages")


def check_most(asked: Asked, name: str) -> None:
    """Decline a maximum of tokens that is above the model's; `name` is the parameter."""
    most, limit = asked.most, asked.model.facts["answer"]
    if most is not None and most > limit:
        said = (
            f"{name} is too large: {most}. This model supports at most {limit} completion tokens, whereas you provided {most}."
        )
        raise declined(said, "invalid_value", name)


def check_sampling(asked: Asked, given: dict[str, float]) -> None:
    """Decline sampling parameters, which models that think do not take, unless they have their default."""
    for name, value in given.items():
        if asked.thinks and value != 1:
            if name == "temperature":
                said = f"Unsupported value: 'temperature' does not support {value} with this model. Only the default (1) value "
                raise declined(f"{said}is supported.")
            raise declined(f"Unsupported parameter: '{name}' is not supported with this model.")


def thinks(model: WireModel, effort: str | None) -> bool:
    """Return whether a model thinks before it answers, with this effort."""
    match model.facts.get("thinks"):
        case "always":
            return True
        case "unless asked not to":
            return effort != "none"
        case "if asked to":
            return effort not in (None, "none")
        case _:
            return False


def check_effort(model: WireModel, effort: str | None, param: str) -> None:
    """Decline an effort of a model that does not think, and one of none of a model that always does."""
    if effort is not None and "thinks" not in model.facts:
        raise declined(f"Unsupported parameter: '{param}' is not supported with this model.")
    if effort == "none" and model.facts.get("thinks") == "always":
        said = f"Unsupported value: '{param}' does not support 'none' with this model. Supported values are: 'low', 'medium'"
        raise declined(f"{said}, and 'high'.")


def picture(url: str, param: str) -> bytes:
    """Return the picture of a data URL as PNG, JPEG or WebP, or decline it."""
    head, comma, data = url.partition(",")
    if not head.startswith("data:"):
        raise declined(f"Error while downloading {url[:80]}.", "invalid_image_url", param)
    if not comma or not head.endswith(";base64"):
        said = "Invalid image data URL: expected a base64-encoded data URL with an image MIME type"
        raise declined(f"{said} (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=').", "invalid_value", param)
    unsupported = "You uploaded an unsupported image. Please make sure your image is valid and has one of the formats "
    try:
        decoded = base64.b64decode(data, validate=True)
        with Image.open(io.BytesIO(decoded), formats=[name.upper() for name in FORMATS]) as image:
            if image.format == "GIF":
                out = io.BytesIO()
                image.convert("RGB").save(out, "PNG", compress_level=1)
                decoded = out.getvalue()
        size_of(decoded)
    except (OSError, SyntaxError, ValueError, EOFError, PictureError, Image.DecompressionBombError, Warning) as error:
        raise declined(f"{unsupported}{list(FORMATS)}.", "invalid_image_format", param) from error
    return decoded


def check_strict(schema: object, about: str, path: tuple[str, ...] = ()) -> None:
    """Decline a schema that strict mode does not support: every object must name all fields as required, and allow no other."""
    if not isinstance(schema, dict):
        return
    part = cast("dict[str, object]", schema)
    begins = f"Invalid schema for {about}: In context={path!r}, "
    code = "invalid_function_parameters" if "function" in about else "invalid_json_schema"
    if part.get("type") == "object":
        fields = cast("dict[str, object]", part.get("properties") or {})
        if part.get("additionalProperties") is not False:
            raise declined(f"{begins}'additionalProperties' is required to be supplied and to be false.", code)
        missing = [name for name in fields if name not in cast("list[str]", part.get("required") or [])]
        if missing:
            said = "'required' is required to be supplied and to be an array including every key in properties."
            raise declined(f"{begins}{said} Missing '{missing[0]}'.", code)
        for name, inner in fields.items():
            check_strict(inner, about, (*path, "properties", name))
    check_strict(part.get("items"), about, (*path, "items"))
    for number, inner in enumerate(cast("list[object]", part.get("anyOf") or [])):
        check_strict(inner, about, (*path, "anyOf", str(number)))
    for name, inner in cast("dict[str, object]", part.get("$defs") or {}).items():
        check_strict(inner, about, (*path, "$defs", name))


def count(asked: Asked) -> int:
    """Return the number of tokens of a request."""
    talk = asked.conversation
    schemas = [*(tool.schema for tool in talk.tools), *([talk.schema] if talk.schema else [])]
    texts = [talk.system, *(turn.text for turn in talk.turns), *map(json.dumps, schemas)]
    rule = asked.model.facts.get("pictures")
    seen = sum(_picture_tokens(rule, image, low=asked.low) for turn in talk.turns for image in turn.images) if rule else 0
    return sum(map(tokens, texts)) + _MESSAGE * (len(talk.turns) + 1) + seen


def _picture_tokens(rule: dict[str, float], data: bytes, *, low: bool) -> int:
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    if "patch" in rule:
        patches = min(rule["most"], math.ceil(width / _PATCH) * math.ceil(height / _PATCH))
        return math.ceil(rule["patch"] * (min(patches, 64) if low else patches))
    if low:
        return int(rule["base"])
    scale = min(1.0, _SQUARE / max(width, height))
    scale *= min(1.0, _SHORT / (scale * min(width, height)))
    tiles = math.ceil(width * scale / _TILE) * math.ceil(height * scale / _TILE)
    return int(rule["base"] + rule["tile"] * tiles)


def price(model: WireModel, completion: Completion) -> float:
    """Return the price of an answer in US dollars."""
    facts = model.facts
    return round((facts["usd_in"] * completion.tokens_in + facts["usd_out"] * completion.tokens_out) / 1e6, 9)


async def complete(asked: Asked, fault: Fault | None) -> Completion:
    """Return the answer to a request, as a script wants it."""
    answer = await mind.answer(asked.conversation)
    if asked.json and not answer.tool and not answer.text.startswith("{"):
        answer = Answer("{}")
    refusal = ""
    match fault.does if fault else None:
        case "filtered":
            answer, refusal = Answer(), "I'm sorry, but I can't assist with that request."
        case "empty" | "blank":
            answer = Answer()
        case "text" if fault:
            answer = Answer(fault.text)
        case _:
            pass
    done = _ended(asked, answer, refusal)
    if fault and fault.does == "truncated":
        half = done.text[: len(done.text) // 2], done.arguments[: len(done.arguments) // 2]
        done = replace(done, text=half[0], arguments=half[1], finish="length", tokens_out=done.tokens_out // 2)
    return replace(done, finish=fault.stop_reason) if fault and fault.stop_reason else done


def _ended(asked: Asked, answer: Answer, refusal: str) -> Completion:
    """Return an answer, cut where it must be. What is thought comes first, and counts."""
    arguments = json.dumps(answer.arguments, ensure_ascii=False) if answer.tool else ""
    text = answer.text
    if met := [place for stop in asked.stops if (place := text.find(stop)) >= 0]:
        text = text[: min(met)]
    thought = _THOUGHT if asked.thinks else 0
    room = asked.model.facts["answer"] if asked.most is None else asked.most
    said = tokens(text + arguments + refusal)
    # of a tool that the request names, the answer ends as a text does
    finish = "tool_calls" if answer.tool and asked.conversation.forced in (None, "*") else "stop"
    tool = answer.tool
    if thought + said > room:
        left = max(0, room - thought)
        text, arguments, finish = cut(text, left), cut(arguments, left), "length"
        said, thought = left, min(thought, room)
        tool = tool if arguments else None
    return Completion(text, tool, arguments, finish, count(asked), thought + said, thought, refusal)
