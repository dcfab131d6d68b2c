"""The checks of `onbrief doctor` for OpenAI: the key, and whether the server has each model. They cost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from onbrief.errors import CallError, ConfigError, OnbriefError
from onbrief.ports import Check, ModelName, Role, Values
from onbrief.providers import wire
from onbrief.providers.openai import catalogue
from onbrief.providers.openai.server import OPENAI, Server

_TIMEOUT = 20.0  # seconds


def check(models: Mapping[Role, ModelName], values: Values) -> Iterator[Check]:
    """Yield the finding on each model."""
    for role, name in models.items():
        try:
            server = Server.of(name, values)
        except OnbriefError as error:
            yield Check("error", role, f"{name}: {error}", error.hint, hopeless=True)
            continue
        yield _model(role, name, server)


def _model(role: Role, name: ModelName, server: Server) -> Check:
    facts = catalogue.image_models().get(catalogue.undated(name.model)) if server.own else None
    known = f", {facts.state} as of {catalogue.CATALOGUE.as_of}" if facts else ""
    at = "" if server.url == OPENAI else f" at {server.url}"
    try:
        wire.look(wire.Service(server.url, server.headers, _TIMEOUT), f"models/{name.model}")
    except ConfigError as error:
        if server.url == OPENAI:
            return Check("error", role, f"{name}: {error}", error.hint or "check the key, and the name of the model")
        return Check("warning", role, f"{name}{at}: {error}", "it may not list its models, or not have this one")
    except CallError as error:
        return Check("warning", role, f"{name}{at}{known}: no answer: {error}", "check the address and the network")
    return Check("ok", role, f"{name}{at}{known}")
