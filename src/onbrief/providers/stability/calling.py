"""What image models and the editor share: the service, the call, and the picture in its answer."""

from __future__ import annotations

from collections.abc import Mapping

from onbrief.errors import Blocked, CallError, ConfigError, Failed
from onbrief.ports import ModelName, Picture
from onbrief.providers import wire
from onbrief.providers.encoding import decoded
from onbrief.providers.http import short
from onbrief.providers.stability import KEY, KEYS_AT, TITLE
from onbrief.providers.wire import Reply, Service

OPTIONS = ("timeout",)
"""The options of every name: the timeout for a picture in seconds."""

_HINTS = {401: f"check {KEY}", 402: "buy credits at https://platform.stability.ai/account/credits"}


def service(name: ModelName, base_url: str) -> Service:
    """Return the service for a model's name.

    Raises:
        UsageError: the timeout is not allowed. ConfigError: there is no key.
    """
    return connected(base_url, wire.timeout(name))


def connected(base_url: str, timeout: float) -> Service:
    """Return the service at this address, with the key in the environment.

    Raises:
        ConfigError: there is no key.
    """
    key = wire.key(KEY, TITLE, KEYS_AT)
    headers = {"authorization": f"Bearer {key}", "accept": "application/json"}
    return Service(base_url, headers, timeout, outcome)


def outcome(reply: Reply) -> CallError | ConfigError:
    """Return the outcome of an error response. Refused content costs nothing."""
    error = wire.outcome(reply)
    if isinstance(error, Blocked):
        error.usd = 0.0
    if isinstance(error, ConfigError):
        return ConfigError(str(error), hint=_HINTS.get(reply.status, ""))
    return error


async def called(
    name: str, service: Service, path: str, fields: Mapping[str, object], files: Mapping[str, bytes], warnings: tuple[str, ...]
) -> Picture:
    """Send a form once, and return the picture in the answer.

    Raises:
        CallError: one of its four classes, if there is no picture. Its message names the model.
        ConfigError: something must be changed before any call can succeed. Its message names the model.
    """
    form: dict[str, object] = {field: (None, str(value)) for field, value in fields.items()}
    form |= {field: (field, data, "application/octet-stream") for field, data in files.items()}
    with wire.naming(name):
        async with service.session() as session:
            reply = await session.pay(f"v2beta/stable-image/{path}", files=form)
        return _picture(reply, warnings)


def _picture(reply: Reply, warnings: tuple[str, ...]) -> Picture:
    """Return the picture in an answer. A filtered picture is blurred: it is no picture.

    Raises:
        Blocked: a filter objects to the picture, which is charged. Failed: there is none for another reason.
    """
    document = reply.object()
    reason = str(document.get("finish_reason") or "")
    if reason != "SUCCESS":
        message = f"the picture has been withheld: {short(reason)}" if reason else "the answer says no reason for its end"
        raise (Blocked if "FILTER" in reason else Failed)(message)
    image = document.get("image")
    if not isinstance(image, str) or not image:
        raise Failed("answered without a picture")
    try:
        data = decoded(image)
    except ValueError as error:
        raise Failed(f"answered with a picture that is not valid base64: {error}") from error
    facts = {"request_id": reply.headers["x-request-id"]} if "x-request-id" in reply.headers else {}
    seed = document.get("seed")
    return Picture(data, facts | ({"seed": str(seed)} if isinstance(seed, int) else {}), warnings)
