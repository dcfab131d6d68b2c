"""What image models and editors on Bedrock have in common: where they are asked, how, and the picture in an answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, cast

from onbrief.errors import Blocked, CallError, ConfigError, Failed
from onbrief.ports import ModelName, Picture
from onbrief.providers.bedrock import client
from onbrief.providers.bedrock.runtime import Answer, Runtime
from onbrief.providers.catalogue import Body
from onbrief.providers.http import speaks_of_content
from onbrief.regions import check_region

OPTIONS = ("region", "timeout")
"""What every name may say: the region, and the seconds for a picture."""

_TIMEOUTS = (0.1, 3600.0)  # seconds
_FILTERED = "filter reason"


def runtime(name: ModelName, region: str) -> Runtime:
    """Where the models of this name are asked: in the region that its options say, or else in this one.

    Raises:
        UsageError: a region or timeout that is not allowed.
    """
    region = check_region(f"region of {name}", name.options.get("region", region))
    return Runtime(region, name.number("timeout", *_TIMEOUTS, client.TIMEOUT))


async def invoke(name: str, runtime: Runtime, model: str, body: dict[str, object]) -> Answer:
    """What Bedrock answers to a body, asked exactly once.

    Raises:
        CallError: one of its four classes, when no answer came.
        ConfigError: something must be changed first. Both say which model they are about.
    """
    try:
        return await runtime.invoke(model, body)
    except (CallError, ConfigError) as error:
        error.args = (f"{name} in {runtime.region}: {error}",)
        raise


def picture(name: str, body: Body, answer: Answer, warnings: tuple[str, ...]) -> Picture:
    """The picture in an answer. Why there is none is looked at first.

    Raises:
        Blocked: a filter objects to the prompt or the picture.
        Failed: there is no picture for another reason.
    """
    match body:
        case "stability":
            reason, seed, text = (_first(answer.document, key) for key in ("finish_reasons", "seeds", "images"))
        case "sdxl":
            artifact = _first(answer.document, "artifacts")
            about = cast("dict[str, Any]", artifact) if isinstance(artifact, dict) else {}
            reason, seed, text = about.get("finishReason"), about.get("seed"), about.get("base64")
            reason = None if reason == "SUCCESS" else reason
        case "amazon":
            reason, seed, text = answer.document.get("error"), None, _first(answer.document, "images")
    if reason is not None:
        told = str(reason)[:500]
        refused = told.lower().startswith(_FILTERED) or told == "CONTENT_FILTERED" or speaks_of_content(told)
        raise (Blocked if refused else Failed)(f"{name}: {told}")
    if not isinstance(text, str) or not text:
        raise Failed(f"{name} answered without a picture")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failed(f"{name} answered with a picture that is no base64: {error}") from error
    facts = {"request_id": answer.request_id} | ({"seed": str(seed)} if isinstance(seed, int) else {})
    return Picture(data, facts, warnings)


def _first(document: Mapping[str, Any], key: str) -> object:
    """The first of a list in an answer, or None."""
    value = document.get(key)
    return cast("list[object]", value)[0] if isinstance(value, list) and value else None
