"""What image models and the editor share: the server, its checkpoints, the call, and the picture in its answer."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from onbrief.errors import CallError, ConfigError, Failed, Refused, Unknown
from onbrief.ports import ModelName, Picture
from onbrief.providers import http, wire
from onbrief.providers.encoding import decoded
from onbrief.providers.http import short
from onbrief.providers.wire import Reply, Service, Session

AUTH = "A1111_AUTH"
"""The variable with `user:password`, as the server was given it by `--api-auth`."""
OPTIONS = ("sampler_name", "scheduler", "base_url", "timeout")
"""The options of every name that are not in the catalogue: any sampler and scheduler that the server knows, the address of the
server, and the timeout for a picture in seconds."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on the server: its title, which requests name, and its short name, which answers name."""

    title: str
    name: str


def service(name: ModelName, base_url: str) -> Service:
    """Return the server for a model's name: that of its options, or by default the one at this address.

    Raises:
        UsageError: the address or the timeout is not allowed. ConfigError: what `A1111_AUTH` has is not `user:password`.
    """
    return connected(name, base_url, wire.timeout(name))


def connected(name: ModelName, base_url: str, timeout: float) -> Service:
    """Return the server for a model's name. The user and password in the environment, if there are any, are for the server at
    `base_url` alone: a name may come from others than who set them.

    Raises:
        UsageError: the address is not allowed. ConfigError: they are not written as `user:password`.
    """
    usual, headers = wire.base_url("a1111.base_url", base_url), dict[str, str]()
    url = wire.base_url(f"base_url of {name.setting}", name.options.get("base_url", usual))
    auth = os.environ.get(AUTH, "").strip()
    if auth and url == usual:
        if ":" not in auth:
            raise ConfigError(f"{AUTH} must be user:password, as the server was given it by --api-auth")
        headers["authorization"] = f"Basic {base64.b64encode(auth.encode()).decode()}"
    return Service(url, headers, timeout, outcome)


def texts(name: ModelName) -> dict[str, object]:
    """Return the sampler and the scheduler that a name asks for."""
    return {option: name.options[option] for option in ("sampler_name", "scheduler") if option in name.options}


def outcome(reply: Reply) -> CallError | ConfigError:
    """Return the outcome of an error response: the server's own document, or that of the library that checks its requests."""
    message, kind = _words(reply)
    words = short(": ".join(filter(None, (kind, message))) or f"HTTP {reply.status}")
    error = http.classify(reply.status, message, "", reply.headers, words=words)
    if isinstance(error, ConfigError):
        hints = {
            401: f"set {AUTH} to user:password, as in --api-auth, and the server's address as [a1111] base_url",
            404: "start the server with --api",
        }
        return ConfigError(str(error), hint="" if message == "Sampler not found" else hints.get(reply.status, ""))
    if "OutOfMemory" in kind:
        error.hint = "the server has too little memory for this size: ask for smaller pictures"
    return error


async def called(service: Service, path: str, model: str, body: Mapping[str, object], warnings: tuple[str, ...]) -> Picture:
    """Send a request once, for this checkpoint or the one that is loaded, and return the picture in the answer.

    Raises:
        CallError: one of its four classes, if there is no picture.
        ConfigError: something must be changed before any call can succeed.
    """
    async with service.session() as session:
        chosen = await _chosen(session, model) if model else None
        reply = await session.pay(f"sdapi/v1/{path}", json={**body, **(_loading(chosen) if chosen else {})})
    return _picture(reply, chosen, warnings)


def checkpoints(document: object) -> list[Checkpoint]:
    """Return the checkpoints in the server's list."""
    items = cast("list[object]", document) if isinstance(document, list) else []
    named = [cast("Mapping[str, Any]", item) for item in items if isinstance(item, dict)]
    return [Checkpoint(str(item.get("title") or ""), str(item.get("model_name") or "")) for item in named]


def find(checkpoints: Sequence[Checkpoint], wanted: str) -> Checkpoint:
    """Return the checkpoint with this title, file name, short name or hash.

    Raises:
        ConfigError: there is none; the hint has the nearest names.
    """
    for one in checkpoints:
        file, _, digest = one.title.partition(" [")
        if wanted in (one.title, one.name, file, digest.rstrip("]")):
            return one
    names = [one.name for one in checkpoints]
    near = get_close_matches(wanted, names, 3, 0.5) or names[:5]
    raise ConfigError(f"the server has no checkpoint {wanted}", hint=f"it has {', '.join(near) or 'none at all'}")


def _loading(chosen: Checkpoint) -> dict[str, object]:
    """Return what makes the server draw with a checkpoint. It stays loaded: loading takes longer than drawing."""
    return {
        "override_settings": {"sd_model_checkpoint": chosen.title},
        "override_settings_restore_afterwards": False,
    }


async def _chosen(session: Session, wanted: str) -> Checkpoint:
    """Return a checkpoint of the server. It is looked up first, as the server draws with another one if it does not know it."""
    try:
        listed = (await session.ask("sdapi/v1/sd-models")).json()
    except Unknown as error:  # nothing that pays was sent
        raise Refused(str(error)) from error
    return find(checkpoints(listed), wanted)


def _picture(reply: Reply, chosen: Checkpoint | None, warnings: tuple[str, ...]) -> Picture:
    """Return the picture in an answer.

    Raises:
        Failed: there is none.
    """
    document = reply.object()
    images: Any = document.get("images")
    first: object = cast("list[object]", images)[0] if isinstance(images, list) and images else None
    if not isinstance(first, str) or not first:
        raise Failed("answered without a picture")
    try:
        data = decoded(first)
    except ValueError as error:
        raise Failed(f"answered with a picture that is not valid base64: {error}") from error
    info = _info(document.get("info"))
    facts = {key: str(info[name]) for key, name in (("seed", "seed"), ("checkpoint", "sd_model_name")) if name in info}
    drew = facts.get("checkpoint", "")
    if chosen and drew and drew != chosen.name:
        warnings = (*warnings, f"the server drew with the checkpoint {drew} instead of {chosen.name}")
    return Picture(data, facts, warnings)


def _info(text: object) -> Mapping[str, Any]:
    try:
        info: Any = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", info) if isinstance(info, dict) else {}


def _words(reply: Reply) -> tuple[str, str]:
    """Return what an error document says, and the kind of the error in the server."""
    try:
        document: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        return short(reply.body[:400]), ""
    if not isinstance(document, dict):
        return short(reply.body[:400]), ""
    about = cast("dict[str, Any]", document)
    detail: Any = about.get("detail")
    if isinstance(detail, list):
        return "; ".join(map(_field, cast("list[object]", detail))), ""
    kind = str(about.get("error") or "")
    return str(detail or about.get("errors") or ""), "" if kind == "HTTPException" else kind


def _field(item: object) -> str:
    """Describe one field that is not valid."""
    if not isinstance(item, dict):
        return str(item)
    about = cast("dict[str, Any]", item)
    where = ".".join(map(str, about.get("loc") or ()))
    return f"{where}: {about.get('msg', '')}"
