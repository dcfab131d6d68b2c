"""Requests to Gemini's generateContent: reads and validates their fields, in words like the service's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, Literal, cast

from onbrief.brief import Size
from onbrief.errors import PictureError
from onbrief_sandbox.files import size_of
from onbrief_sandbox.server.conversation import Conversation, Tool, Turn
from onbrief_sandbox.server.form import Form, parse
from onbrief_sandbox.server.refusals import invalid
from onbrief_sandbox.server.wires.catalogue import WireModel
from onbrief_sandbox.server.wires.gemini_fields import FIELDS, Message, where

MAX_OUTPUT = 65_536  # tokens
SHAPES: Final[dict[str, Size]] = {
    "1:1": (1024, 1024), "2:3": (848, 1264), "3:2": (1264, 848), "3:4": (896, 1200), "4:3": (1200, 896), "4:5": (928, 1152),
    "5:4": (1152, 928), "9:16": (768, 1376), "16:9": (1376, 768), "21:9": (1584, 672),
}  # fmt: skip
"""The sizes of pictures in pixels by aspect ratio, for the image size 1K."""

WIDE: Final[dict[str, Size]] = {"1:4": (512, 2064), "1:8": (352, 2928), "4:1": (2064, 512), "8:1": (2928, 352)}
_SCALES = {"512": 0.5, "1K": 1.0, "2K": 2.0, "4K": 4.0}
_MEDIA = ("image/png", "image/jpeg", "image/webp")
_MODALITIES = ("TEXT", "IMAGE", "AUDIO")
_INT32 = (-(2**31), 2**31 - 1)
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
_UNUSED = ("labels", "model", "safetySettings", "serviceTier", "store")
_UNUSED_CONFIG = (
    *("enableEnhancedCivicAnswers", "frequencyPenalty", "logprobs", "mediaResolution", "presencePenalty"),
    *("responseLogprobs", "speechConfig", "audioTimestamp"),
)
_UNUSED_PART = ("mediaResolution", "partMetadata", "thought", "thoughtSignature", "videoMetadata", "displayName")

Mode = Literal["AUTO", "ANY", "NONE", "VALIDATED"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `shape` is the aspect ratio that it asks for, or None; `size` the size of the picture, such as "1K"."""

    conversation: Conversation
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()
    seed: int | None = None
    modalities: tuple[str, ...] = ()
    shape: str | None = None
    size: str = "1K"

    @property
    def text(self) -> str:
        """All that the user says."""
        said = [self.conversation.system, *(turn.text for turn in self.conversation.turns if turn.role == "user")]
        return "\n".join(filter(None, said))

    @property
    def pictures(self) -> tuple[bytes, ...]:
        """All pictures that the user sends."""
        return tuple(data for turn in self.conversation.turns for data in turn.images)


@dataclass(slots=True)
class _Config:
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()
    seed: int | None = None
    modalities: tuple[str, ...] = ()
    schema: dict[str, object] | None = None
    shape: str | None = None
    size: str = "1K"


def read(model: WireModel, body: bytes) -> Ask:
    """Parse a body of generateContent.

    Raises:
        Refusal: the service or the model does not accept it.
    """
    return _read(model, Message(parse(body), FIELDS))


def counted(model: WireModel, body: bytes) -> Ask:
    """Parse a body of countTokens, which has the contents alone or a whole request.

    Raises:
        Refusal: the service does not accept it.
    """
    form = Message(parse(body), FIELDS)
    if form.has("generateContentRequest"):
        ask = _read(model, form.form("generateContentRequest"))
    else:
        ask = Ask(Conversation(model.id, "", _turns(form)))
    form.end()
    return ask


def draws(model: WireModel) -> bool:
    """Return whether a model makes pictures."""
    return "images" in model.facts


def shapes(model: WireModel) -> dict[str, Size]:
    """Return the sizes that a model draws at 1K, by aspect ratio."""
    return SHAPES | (WIDE if model.facts.get("wide") else {})


def pixels(model: WireModel, ask: Ask) -> Size:
    """Return the size of the picture that a request asks for: by default the shape of the first picture in it, or a square."""
    shape = ask.shape
    if shape is None and ask.pictures:
        width, height = size_of(ask.pictures[0])
        shape = min(shapes(model), key=lambda one: abs(_ratio(one) - width / height) / _ratio(one))
    width, height = shapes(model)[shape or "1:1"]
    return round(width * _SCALES[ask.size]), round(height * _SCALES[ask.size])


def _read(model: WireModel, form: Form) -> Ask:
    turns = _turns(form)
    system = ""
    if form.has("systemInstruction"):
        system = _content(form.form("systemInstruction")).text
    config = _config(model, form.form("generationConfig")) if form.has("generationConfig") else _Config()
    tools, forced = _tools(form)
    if tools and draws(model):
        raise invalid(f"Function calling is not enabled for models/{model.id}")
    if form.has("cachedContent"):
        raise invalid("CachedContent not found (or permission denied)")
    for name in _UNUSED:
        form.any(name)
    form.end()
    talk = Conversation(model.id, system, turns, tools, forced, config.schema)
    return Ask(talk, config.max_tokens, config.stops, config.seed, config.modalities, config.shape, config.size)


def _turns(form: Form) -> tuple[Turn, ...]:
    return tuple(_content(content) for content in form.forms("contents", least=1))


def _content(content: Form) -> Turn:
    role = content.text("role", default="user")
    if role not in ("user", "model", "function", "system"):
        raise invalid("Please use a valid role: user, model.")
    texts: list[str] = []
    images: list[bytes] = []
    for part in content.forms("parts", least=1):
        _part(part, texts, images)
    content.end()
    return Turn("assistant" if role == "model" else "user", "\n".join(texts), tuple(images))


def _part(part: Form, texts: list[str], images: list[bytes]) -> None:
    for name in _UNUSED_PART:
        part.any(name)
    if part.has("text"):
        texts.append(part.text("text"))
    elif part.has("inlineData"):
        images.append(_picture(part.form("inlineData")))
    elif part.has("functionCall"):
        call = part.form("functionCall")
        texts.append(f"{call.text('name')} {json.dumps(call.any('args'), ensure_ascii=False)}")
    elif part.has("functionResponse"):
        response = part.form("functionResponse")
        response.text("name")
        texts.append(json.dumps(response.form("response").fields, ensure_ascii=False))
    elif part.has("fileData"):
        raise invalid("You do not have permission to access the File, or it may not exist.")
    elif not part.has("thoughtSignature"):
        part.end()
        raise invalid(
            f"* GenerateContentRequest.{where(part.path)}.data: required oneof field 'data' must have one initialized field"
        )
    part.end()


def _picture(blob: Form) -> bytes:
    media = blob.text("mimeType", least=1)
    data = blob.bytes("data")
    blob.any("displayName")
    blob.end()
    if media not in _MEDIA:
        raise invalid(f"Unsupported MIME type: {media}")
    try:
        size_of(data)
    except PictureError as error:
        raise invalid("Unable to process input image. Please retry or report in the troubleshooting guide.") from error
    return data


def _config(model: WireModel, form: Form) -> _Config:
    config = _Config()
    for name, high in (("temperature", 2.0), ("topP", 1.0)):
        form.number(name, 0.0, high, default=0.0)
    form.number("topK", 1, default=1, high=1000)
    if form.whole("candidateCount", 1, 8, default=1) > 1 and draws(model):
        raise invalid(f"Multiple candidates is not enabled for models/{model.id}")
    if form.has("maxOutputTokens"):
        config.max_tokens = form.whole("maxOutputTokens", 1, MAX_OUTPUT)
    if form.has("seed"):
        config.seed = form.whole("seed", *_INT32)
    config.stops = tuple(filter(None, form.texts("stopSequences")))
    if len(config.stops) > 5:
        form.refuse("stopSequences", "at most 5 stop sequences are allowed")
    config.modalities = tuple(form.texts("responseModalities"))
    for modality in config.modalities:
        if modality not in _MODALITIES:
            raise invalid(form.wording.choice((*form.path, "responseModalities"), modality, _MODALITIES))
    if not set(config.modalities) <= ({"TEXT", "IMAGE"} if draws(model) else {"TEXT"}):
        raise invalid(
            f"The requested combination of response modalities ({', '.join(config.modalities)}) is not supported by the model. "
            f"models/{model.id} accepts the following combination of response modalities: * TEXT"
        )
    config.schema = _schema(model, form)
    if form.has("imageConfig"):
        _image_config(model, form.form("imageConfig"), config)
    if form.has("thinkingConfig"):
        _thinking(model, form.form("thinkingConfig"))
    for name in _UNUSED_CONFIG:
        form.any(name)
    form.end()
    return config


def _schema(model: WireModel, form: Form) -> dict[str, object] | None:
    kind = form.text("responseMimeType", default="text/plain")
    if kind not in ("text/plain", "application/json", "text/x.enum"):
        form.refuse("responseMimeType", "allowed mimetypes are `text/plain`, `application/json` and `text/x.enum`.")
    if kind == "application/json" and draws(model):
        raise invalid(f"JSON mode is not enabled for models/{model.id}")
    given = [name for name in ("responseSchema", "responseJsonSchema") if form.has(name)]
    if not given:
        return None
    if len(given) > 1:
        form.refuse("responseJsonSchema", "only one of response_schema and response_json_schema can be set.")
    if kind != "application/json":
        form.refuse(given[0], "only allowed if response_mime_type is `application/json`.")
    return _lowered(form.form(given[0]).fields)


def _image_config(model: WireModel, form: Form, config: _Config) -> None:
    if not draws(model):
        raise invalid(f"Image generation is not enabled for models/{model.id}")
    if form.has("aspectRatio"):
        config.shape = form.choice("aspectRatio", tuple(shapes(model)))
    if form.has("imageSize"):
        config.size = form.choice("imageSize", tuple(model.facts["images"]))
    form.end()


def _thinking(model: WireModel, form: Form) -> None:
    if not model.facts.get("thoughts") and form.fields:
        raise invalid("Thinking is not enabled for this model.")
    form.flag("includeThoughts")
    form.whole("thinkingBudget", -1, MAX_OUTPUT, default=-1)
    if form.has("thinkingLevel"):
        form.choice("thinkingLevel", ("MINIMAL", "LOW", "MEDIUM", "HIGH"))
    form.end()


def _tools(form: Form) -> tuple[tuple[Tool, ...], str | None]:
    tools: list[Tool] = []
    for entry in form.forms("tools") if form.has("tools") else ():
        if entry.has("functionDeclarations"):
            tools += map(_tool, entry.forms("functionDeclarations"))
        for name in ("googleSearch", "urlContext", "codeExecution"):
            entry.any(name)
        entry.end()
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise invalid("Duplicate function declaration found")
    if not form.has("toolConfig") or not (config := form.form("toolConfig")).has("functionCallingConfig"):
        return tuple(tools), None
    calling = config.form("functionCallingConfig")
    mode = calling.choice("mode", ("AUTO", "ANY", "NONE", "VALIDATED"), "AUTO")
    allowed = calling.texts("allowedFunctionNames")
    calling.end()
    config.any("includeServerSideToolInvocations")
    config.end()
    if not tools:
        raise invalid("Function calling config is set without function_declarations.")
    if allowed and mode not in ("ANY", "VALIDATED"):
        raise invalid("Allowed function names are only supported in the modes ANY and VALIDATED.")
    if unknown := [name for name in allowed if name not in names]:
        raise invalid(f"Function calling config names a function that is not declared: {unknown[0]}")
    return _chosen(tuple(tools), mode, allowed)


def _chosen(tools: tuple[Tool, ...], mode: Mode, allowed: tuple[str, ...]) -> tuple[tuple[Tool, ...], str | None]:
    """Return the tools that may be used, and the one that must be; `*` for any."""
    if mode == "NONE":
        return (), None
    usable = tuple(tool for tool in tools if not allowed or tool.name in allowed)
    if mode != "ANY":
        return usable, None
    return usable, usable[0].name if len(usable) == 1 else "*"


def _tool(form: Form) -> Tool:
    name = form.text("name", least=1)
    if not _NAME.fullmatch(name):
        form.refuse("name", "Invalid function name. Must start with a letter or an underscore.")
    given = [key for key in ("parameters", "parametersJsonSchema") if form.has(key)]
    if len(given) > 1:
        form.refuse("parametersJsonSchema", "only one of parameters and parameters_json_schema can be set.")
    schema: dict[str, object] = _lowered(form.form(given[0]).fields) if given else {"type": "object"}
    for other in ("description", "response", "responseJsonSchema", "behavior"):
        form.any(other)
    form.end()
    return Tool(name, schema)


def _lowered(schema: dict[str, object]) -> dict[str, object]:
    """Return a schema with its types as JSON Schema writes them: the API also takes "OBJECT" for "object"."""

    def low(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: low(part, name) for name, part in cast("dict[str, object]", value).items()}
        if isinstance(value, list):
            return [low(part, key) for part in cast("list[object]", value)]
        return value.lower() if key == "type" and isinstance(value, str) else value

    return cast("dict[str, object]", low(schema))


def _ratio(shape: str) -> float:
    width, height = map(int, shape.split(":"))
    return width / height
