"""What image models and editors on Bedrock share: the region, the call, and the picture in a response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from onbrief.errors import Blocked, CallError, ConfigError, Failed
from onbrief.ports import ModelName, Picture
from onbrief.providers.bedrock import client
from onbrief.providers.bedrock.runtime import Answer, Runtime
from onbrief.providers.encoding import decoded
from onbrief.providers.http import short, speaks_of_content
from onbrief.regions import check_region

OPTIONS = ("region", "timeout")
"""The options of every name: the region, and the timeout for a picture in seconds."""

_TIMEOUTS = (0.1, 3600.0)  # seconds
_FILTERED = "filter reason"


def runtime(name: ModelName, region: str) -> Runtime:
    """Return the runtime for a model's name: in the region of its options, or by default in this one.

    Raises:
        UsageError: the region or the timeout is not allowed.
    """
    region = check_region(f"region of {name}", name.options.get("region", region))
    return Runtime(region, name.number("timeout", *_TIMEOUTS, client.TIMEOUT))


async def invoke(name: str, runtime: Runtime, model: str, body: dict[str, object], tag: str = "") -> Answer:
    """Send a request body once, with a tag for Bedrock's log, and return the answer of Bedrock.

    Raises:
        CallError: one of its four classes, if there is no answer. Its message names the model.
        ConfigError: something must be changed before any call can succeed. Its message names the model.
    """
    try:
        return await runtime.invoke(model, body, tag)
    except (CallError, ConfigError) as error:
        error.args = (f"{name} in {runtime.region}: {error}",)
        raise


def picture(name: str, body: str, answer: Answer, warnings: tuple[str, ...]) -> Picture:
    """Return the picture in an answer. An answer that gives a reason for an error raises, even if it also has a picture.

    Raises:
        Blocked: a filter objects to the prompt or the picture.
        Failed: there is no picture for another reason.
    """
    match body:
        case "sdxl":
            artifact = _first(answer.document, "artifacts")
            about = cast("dict[str, Any]", artifact) if isinstance(artifact, dict) else {}
            reason, seed, text = about.get("finishReason"), about.get("seed"), about.get("base64")
            reason = None if reason == "SUCCESS" else reason
        case "amazon":
            reason, seed, text = answer.document.get("error"), None, _first(answer.document, "images")
        case _:  # Stability's
            reason, seed, text = (_first(answer.document, key) for key in ("finish_reasons", "seeds", "images"))
    if reason is not None:
        message = short(str(reason))
        refused = message.lower().startswith(_FILTERED) or message == "CONTENT_FILTERED" or speaks_of_content(message)
        raise (Blocked if refused else Failed)(f"{name}: {message}")
    if not isinstance(text, str) or not text:
        raise Failed(f"{name} answered without a picture")
    try:
        data = decoded(text)
    except ValueError as error:
        raise Failed(f"{name} answered with a picture that is not valid base64: {error}") from error
    facts = {"request_id": answer.request_id} | ({"seed": str(seed)} if isinstance(seed, int) else {})
    return Picture(data, facts, warnings)


def _first(document: Mapping[str, Any], key: str) -> object:
    """Return the first item of a list in an answer, or None."""
    value = document.get(key)
    return cast("list[object]", value)[0] if isinstance(value, list) and value else None
