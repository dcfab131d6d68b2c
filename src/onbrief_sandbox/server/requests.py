"""Parses the bodies of all operations. No other code validates requests."""

from __future__ import annotations

from typing import assert_never

from onbrief_sandbox.server import claude, converse, images, messages, services
from onbrief_sandbox.server.catalogue import Called, of_anthropic
from onbrief_sandbox.server.claude import Asked
from onbrief_sandbox.server.faults import Operation
from onbrief_sandbox.server.form import MALFORMED, Form, parse
from onbrief_sandbox.server.images import Order
from onbrief_sandbox.server.refusals import Refusal, invalid
from onbrief_sandbox.server.wording import INPUTS, MEMBERS, SCHEMA


def model_named(body: bytes) -> str:
    """Return the model that a body of Anthropic's own API names, by its id on Bedrock.

    Raises:
        Refusal: it names none, or one that there is not.
    """
    return of_anthropic(Form(parse(body), INPUTS).text("model", least=1))


def read(called: Called, operation: Operation, body: bytes, version: str | None) -> Order | Asked:
    """Parse and validate a body. `version` is that of Anthropic's own API, from a header.

    Raises:
        Refusal: the body is invalid, or the model does not support the operation.
    """
    try:
        if called.model.speaks == "claude":
            return _conversation(called, operation, body, version)
        match operation:
            case "Converse" | "ConverseStream":
                raise invalid(
                    "This action doesn't support the model that you provided. Try again with a supported text or chat model."
                )
            case "InvokeModelWithResponseStream":
                raise invalid("The model is unsupported for streaming.")
            case "Messages":
                raise Refusal("ResourceNotFoundException", f"model: {called.id}")
            case "InvokeModel":
                return _order(called, body)
            case _:
                assert_never(operation)
    except RecursionError as error:
        raise invalid(MALFORMED) from error


def count(called: Called, operation: Operation, body: bytes, version: str | None) -> int:
    """Return the number of tokens in the request of a body of CountTokens, or for `Messages`, of Anthropic's own API.

    Raises:
        Refusal: the body is invalid, or tokens of this model cannot be counted.
    """
    if called.model.speaks != "claude":
        raise invalid("The provided model doesn't support counting tokens.")
    try:
        if operation == "Messages":
            asked = messages.read_own(called, Form(parse(body), INPUTS), version, counting=True)
        else:
            given = Form(parse(body), MEMBERS).form("input")
            if given.has("converse"):
                asked = converse.read(called, given.form("converse"))
            else:
                asked = messages.read(called, Form(parse(given.form("invokeModel").bytes("body")), INPUTS))
        return claude.count(asked.conversation)
    except RecursionError as error:
        raise invalid(MALFORMED) from error


def _conversation(called: Called, operation: Operation, body: bytes, version: str | None) -> Asked:
    match operation:
        case "Converse" | "ConverseStream":
            return converse.read(called, Form(parse(body), MEMBERS))
        case "Messages":
            return messages.read_own(called, Form(parse(body), INPUTS), version)
        case "InvokeModel" | "InvokeModelWithResponseStream":
            return messages.read(called, Form(parse(body), INPUTS))
        case _:
            assert_never(operation)


def _order(called: Called, body: bytes) -> Order:
    match called.model.speaks:
        case ("search-replace" | "search-recolor" | "inpaint" | "erase-object") as service:
            return services.read(service, Form(parse(body), SCHEMA))
        case "claude":
            raise AssertionError("Claude makes no pictures")
        case painter:
            return images.read(painter, Form(parse(body), SCHEMA))
